//! Moments as the API writes them, and as connectors do.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Seconds since 1970-01-01T00:00:00Z, to the millisecond, as REST-JSON has timestamps.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(f64);

impl Moment {
    /// This moment, by the machine's clock.
    pub fn now() -> Self {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self((elapsed.as_secs_f64() * 1000.0).round() / 1000.0)
    }
}

/// Reads `YYYY-MM-DDThh:mm:ss[.SSSSSSSSS]` with `Z` or `±HH:mm`.
pub fn iso(text: &str) -> Option<Timestamp> {
    // The general parser would also take a space for the `T`, week dates and zones in brackets.
    let rest = text.strip_prefix(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])?;
    let zone =
        rest.ends_with('Z') || rest.as_bytes().iter().rev().nth(5).is_some_and(|b| matches!(b, b'+' | b'-'));
    (zone && text.as_bytes().get(10) == Some(&b'T') && !text.contains('['))
        .then(|| text.parse().ok())
        .flatten()
}

/// Epoch seconds of the API's deprecated form.
pub fn epoch(seconds: f64) -> Option<Timestamp> {
    if !seconds.is_finite() {
        return None;
    }
    // The API's clients send at most milliseconds; beyond them a double holds only noise.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "a cast of what is out of range saturates, and is refused"
    )]
    let milliseconds = (seconds * 1000.0).round() as i64;
    Timestamp::from_millisecond(milliseconds).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_breaks_the_reading(text in any::<String>(), at in 0_i64..4_000_000_000) {
            let _ = iso(&text);
            let time = Timestamp::from_second(at).expect("it is in range");
            prop_assert_eq!(iso(&time.to_string()), Some(time));
        }
    }

    #[test]
    fn only_the_documented_form_is_a_time() {
        for (text, expected) in [
            ("2022-08-25T00:00:00Z", Some(1_661_385_600_000_000_000)),
            ("2022-08-25T00:00:00.000000001Z", Some(1_661_385_600_000_000_001)),
            ("2022-08-25T02:00:00+02:00", Some(1_661_385_600_000_000_000)),
            ("2022-08-25T00:00:00", None),
            ("2022-08-25 00:00:00Z", None),
            ("2022-08-25", None),
            ("2022-13-25T00:00:00Z", None),
            ("2022-08-25T00:00:00Z[UTC]", None),
            ("yesterday, at about noon", None),
        ] {
            assert_eq!(iso(text).map(Timestamp::as_nanosecond), expected, "{text}");
        }
    }

    #[test]
    fn epoch_seconds_may_have_fractions() {
        for (seconds, expected) in [
            (1_661_385_600.0, Some(1_661_385_600_000)),
            (1_661_385_600.25, Some(1_661_385_600_250)),
            (f64::MAX, None),
            (f64::NAN, None),
        ] {
            assert_eq!(epoch(seconds).map(Timestamp::as_millisecond), expected, "{seconds}");
        }
    }
}
