//! How often Grafana looks whether people are to be alarmed.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::config::{Fault, Section};

/// The word for no alerts at all.
const OFF: &str = "off";

/// The time between two looks, in minutes: from 1 to a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AlertInterval(u32);

impl AlertInterval {
    const MAX_MINUTES: u32 = 24 * 60;

    /// In seconds.
    pub fn seconds(self) -> u32 {
        self.0 * 60
    }
}

impl fmt::Display for AlertInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}m", self.0)
    }
}

impl Serialize for AlertInterval {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for AlertInterval {
    type Err = ();

    /// Reads whole minutes or hours, `5m` or `1h`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (number, minutes) = match (text.strip_suffix('m'), text.strip_suffix('h')) {
            (Some(number), _) => (number, 1),
            (None, Some(number)) => (number, 60),
            (None, None) => return Err(()),
        };
        if !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(());
        }
        let minutes = number.parse::<u32>().ok().and_then(|number| number.checked_mul(minutes)).ok_or(())?;
        if (1..=Self::MAX_MINUTES).contains(&minutes) { Ok(Self(minutes)) } else { Err(()) }
    }
}

/// Why there is no such interval.
#[derive(Debug, thiserror::Error)]
#[error("is \"{written}\", which is no time between two looks")]
struct AlertFault {
    written: String,
}

impl Fault for AlertFault {
    fn help(&self) -> String {
        "write minutes or hours from \"1m\" to \"24h\", such as \"5m\", or \"off\"; each look is a query that is paid for"
            .into()
    }
}

/// Reads `alerts`. Without it there are none: they query the store day and night.
#[expect(clippy::option_option, reason = "whether it is sound, and whether there are any")]
pub(super) fn read(section: &Section<'_>) -> Option<Option<AlertInterval>> {
    let written = section.text_like("alerts", "the time between two looks, such as \"5m\", or \"off\"");
    let interval = written.read_as(|written| match written.as_str() {
        OFF => Ok(None),
        text => text.parse().map(Some).map_err(|()| AlertFault { written }),
    });
    interval.or(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_whole_minutes() {
        for (text, expected) in [
            ("1m", Some(60)),
            ("5m", Some(300)),
            ("90m", Some(5_400)),
            ("1h", Some(3_600)),
            ("24h", Some(86_400)),
            ("25h", None),
            ("0m", None),
            ("30s", None),
            ("+5m", None),
            ("m", None),
            ("5", None),
            ("5 m", None),
            ("99999999999m", None),
            ("off", None),
            ("", None),
        ] {
            let interval = text.parse::<AlertInterval>().ok();
            assert_eq!(interval.map(AlertInterval::seconds), expected, "{text}");
        }
        assert_eq!("1h".parse::<AlertInterval>().map(|interval| interval.to_string()), Ok("60m".to_owned()));
    }
}
