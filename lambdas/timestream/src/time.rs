//! How the store writes an instant, and reads it in a `TIMESTAMP` literal: `2022-08-25 00:00:00.000000000`.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The length of a time.
const LENGTH: usize = 29;

/// The text of an instant, in nanoseconds since 1970-01-01T00:00:00Z.
pub fn text(nanoseconds: i64) -> String {
    // Every number of nanoseconds that an i64 holds is a timestamp.
    let timestamp = Timestamp::from_nanosecond(nanoseconds.into()).unwrap_or_default();
    timestamp.strftime("%Y-%m-%d %H:%M:%S.%9f").to_string()
}

/// The instant of a time, in nanoseconds since 1970-01-01T00:00:00Z.
pub fn instant(text: &str) -> Option<i64> {
    let civil: DateTime = text.parse().ok().filter(|_| is_time(text))?;
    let timestamp = TimeZone::UTC.to_timestamp(civil).ok()?;
    timestamp.as_nanosecond().try_into().ok()
}

/// A time in ISO-8601, with the digits of a second that it needs. `None`: it is none.
pub fn iso(text: String) -> Option<String> {
    let mut text = iso_to_the_nanosecond(text)?;
    text.pop();
    let digits = text.trim_end_matches('0').trim_end_matches('.').len();
    // A second that ends with a zero keeps it: the point is in front of what is cut.
    text.truncate(digits.max("2022-08-25T00:00:00".len()));
    text.push('Z');
    Some(text)
}

/// A time in ISO-8601, with nine digits of a second. `None`: it is none.
pub fn iso_to_the_nanosecond(mut text: String) -> Option<String> {
    if !is_time(&text) {
        return None;
    }
    text.replace_range(10..11, "T");
    text.push('Z');
    Some(text)
}

fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == LENGTH
        && bytes.iter().enumerate().all(|(index, byte)| match index {
            4 | 7 => *byte == b'-',
            10 => *byte == b' ',
            13 | 16 => *byte == b':',
            19 => *byte == b'.',
            _ => byte.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for (nanoseconds, expected) in [
            (0, "1970-01-01 00:00:00.000000000"),
            (1_661_385_600_000_000_001, "2022-08-25 00:00:00.000000001"),
            (-1, "1969-12-31 23:59:59.999999999"),
            (i64::MAX, "2262-04-11 23:47:16.854775807"),
        ] {
            assert_eq!(text(nanoseconds), expected);
            assert_eq!(instant(expected), Some(nanoseconds));
        }
    }

    #[test]
    fn times_become_iso() {
        for (store, expected) in [
            ("2022-08-25 00:00:00.000000000", Some("2022-08-25T00:00:00Z")),
            ("2022-08-25 00:00:10.000000000", Some("2022-08-25T00:00:10Z")),
            ("2022-08-25 00:00:00.120000000", Some("2022-08-25T00:00:00.12Z")),
            ("2022-08-25 00:00:00.000000001", Some("2022-08-25T00:00:00.000000001Z")),
            ("2022-08-25T00:00:00.000000000", None),
            ("2022-08-25 00:00:00", None),
            ("2022-08-25 00:00:00.00000000x", None),
            ("", None),
        ] {
            assert_eq!(iso(store.into()).as_deref(), expected, "{store}");
            assert_eq!(instant(store).is_some(), expected.is_some(), "{store}");
        }
        assert_eq!(
            iso_to_the_nanosecond("2022-08-25 00:00:00.120000000".into()).as_deref(),
            Some("2022-08-25T00:00:00.120000000Z")
        );
    }
}
