//! The day on which an environment may go without being asked for. Reads no clock.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Serialize, Serializer};

use crate::config::Fault;

/// A day of UTC, written `2026-11-30`. What expires on it is expired from its first moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expiry(Date);

/// Why a text is no such day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is {text:?}, which is no day")]
pub struct ExpiryFault {
    text: String,
}

impl Fault for ExpiryFault {
    fn help(&self) -> String {
        "write it as `2026-11-30`; it begins at midnight UTC".into()
    }
}

impl Expiry {
    /// The day itself.
    pub fn on(day: Date) -> Self {
        Self(day)
    }

    /// Whether it has come.
    pub fn is_past(self, today: Date) -> bool {
        self.0 <= today
    }
}

impl FromStr for Expiry {
    type Err = ExpiryFault;

    fn from_str(text: &str) -> Result<Self, ExpiryFault> {
        // A date with a time behind it, or with a sign before it, would be read too.
        let day = text.parse::<Date>().ok().filter(|day| day.year() >= 0 && day.to_string() == text);
        day.map(Self).ok_or_else(|| ExpiryFault { text: text.to_owned() })
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Expiry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::Expiry;

    #[test]
    fn a_day_is_written_in_one_way() {
        for (text, sound) in [
            ("2026-11-30", true),
            ("2024-02-29", true),
            ("2026-02-29", false),
            ("2026-11-31", false),
            ("2026-11-3", false),
            ("20261130", false),
            ("2026-11-30T00:00", false),
            ("+002026-11-30", false),
            ("-000001-11-30", false),
            ("tomorrow", false),
            ("", false),
        ] {
            let day = text.parse::<Expiry>();
            assert_eq!(day.is_ok(), sound, "{text}");
            assert!(day.is_err() || day.is_ok_and(|day| day.to_string() == text), "{text}");
        }
    }

    #[test]
    fn it_is_expired_from_the_start_of_its_day() {
        let day: Expiry = "2026-11-30".parse().unwrap();
        for (today, past) in [
            (date(2026, 11, 29), false),
            (date(2026, 11, 30), true),
            (date(2026, 12, 1), true),
            (date(2025, 12, 31), false),
        ] {
            assert_eq!(day.is_past(today), past, "{today}");
        }
    }
}
