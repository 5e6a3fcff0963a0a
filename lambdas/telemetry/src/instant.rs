//! Reads a time in any of the forms in which devices send it, to the nanosecond.
//!
//! Knows no clock: what a missing or wrong time means is decided elsewhere.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::TimeUnit;
use crate::decimal::Decimal;
use crate::reason::{Fault, quoted};
use crate::scalar::Scalar;

/// Length of `2026-11-21`: a date without a time of day is not an instant.
const DATE_BYTES: usize = 10;

impl TimeUnit {
    /// The power of ten that makes nanoseconds of this unit.
    const fn power(self) -> u8 {
        match self {
            Self::Seconds => 9,
            Self::Milliseconds => 6,
            Self::Microseconds => 3,
            Self::Nanoseconds => 0,
        }
    }
}

/// Nanoseconds since 1970-01-01T00:00:00Z. A number, in JSON or as text, counts in `unit`, and what
/// is finer than a nanosecond is cut off; other text is ISO-8601, in UTC unless it says otherwise.
pub(crate) fn read(scalar: &Scalar<'_>, unit: TimeUnit) -> Result<i64, Fault> {
    let text = match scalar {
        Scalar::Number(text) => text,
        Scalar::Text(text) => text.trim(),
        Scalar::Boolean(_) => return Err(Fault::TimeUnreadable { text: scalar.quoted() }),
    };
    let out_of_range = || Fault::TimeOutOfRange { text: quoted(text) };
    if let Some(number) = Decimal::parse(text) {
        return number.integer(unit.power()).map(|integer| integer.value).map_err(|_| out_of_range());
    }
    let instant = iso_8601(text).ok_or_else(|| Fault::TimeUnreadable { text: quoted(text) })?;
    i64::try_from(instant.as_nanosecond()).map_err(|_| out_of_range())
}

fn iso_8601(text: &str) -> Option<jiff::Timestamp> {
    if text.len() <= DATE_BYTES {
        return None;
    }
    text.parse().ok().or_else(|| {
        text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_time_is_read_exactly() {
        let ok = |ns| Ok(ns);
        let table = [
            (r"1609757175225.499", TimeUnit::Milliseconds, ok(1_609_757_175_225_499_000)),
            (r#""1609757175225""#, TimeUnit::Milliseconds, ok(1_609_757_175_225_000_000)),
            (r#"" 1609757175 ""#, TimeUnit::Seconds, ok(1_609_757_175_000_000_000)),
            (r"1609757175.225499123", TimeUnit::Seconds, ok(1_609_757_175_225_499_123)),
            (r"1.609757175225e12", TimeUnit::Milliseconds, ok(1_609_757_175_225_000_000)),
            (r"1609757175225499", TimeUnit::Microseconds, ok(1_609_757_175_225_499_000)),
            (r"1609757175225499123", TimeUnit::Nanoseconds, ok(1_609_757_175_225_499_123)),
            (r"-1.5", TimeUnit::Seconds, ok(-1_500_000_000)),
            (r#""2021-01-04T10:46:15.225499123Z""#, TimeUnit::Seconds, ok(1_609_757_175_225_499_123)),
            (r#""2021-01-04T12:46:15.225+02:00""#, TimeUnit::Milliseconds, ok(1_609_757_175_225_000_000)),
            (r#""2021-01-04T10:46:15""#, TimeUnit::Milliseconds, ok(1_609_757_175_000_000_000)),
            (r#""2021-01-04 10:46:15.5""#, TimeUnit::Milliseconds, ok(1_609_757_175_500_000_000)),
            (r#""2021-01-04""#, TimeUnit::Milliseconds, Err("time_unreadable")),
            (r#""yesterday""#, TimeUnit::Milliseconds, Err("time_unreadable")),
            (r#""""#, TimeUnit::Milliseconds, Err("time_unreadable")),
            (r"true", TimeUnit::Milliseconds, Err("time_unreadable")),
            (r"9223372036854775808", TimeUnit::Nanoseconds, Err("time_out_of_range")),
            (r"9223372036855", TimeUnit::Milliseconds, Err("time_out_of_range")),
            (r#""2262-04-12T00:00:00Z""#, TimeUnit::Milliseconds, Err("time_out_of_range")),
        ];
        for (json, unit, expected) in table {
            let scalar = Scalar::parse(json).expect(json);
            assert_eq!(read(&scalar, unit).map_err(|fault| fault.code()), expected, "{json}");
        }
    }
}
