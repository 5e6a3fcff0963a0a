//! Instants, to the nanosecond, in the forms of TwinMaker and of the store.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// An instant between the years 1677 and 2262.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

/// Length of a time of the store, `2022-08-25 00:00:00.000000000`.
const STORE_TEXT: usize = 29;

impl Instant {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The time of this machine's clock.
    pub fn now() -> Self {
        Self::from_timestamp(Timestamp::now()).unwrap_or(Self(i64::MAX))
    }

    fn from_timestamp(timestamp: Timestamp) -> Option<Self> {
        i64::try_from(timestamp.as_nanosecond()).ok().map(Self)
    }

    fn timestamp(self) -> Timestamp {
        // Every number of nanoseconds that an i64 holds is a timestamp.
        Timestamp::from_nanosecond(self.0.into()).unwrap_or_default()
    }

    /// Reads ISO-8601 with a time of day, in UTC unless it says otherwise.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.contains(['T', 't', ' ']) {
            return None;
        }
        let timestamp = text.parse::<Timestamp>().ok().or_else(|| {
            text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
        })?;
        Self::from_timestamp(timestamp)
    }

    /// From seconds since 1970-01-01T00:00:00Z.
    pub fn from_seconds(seconds: f64) -> Option<Self> {
        let nanos = (seconds * 1e9).round();
        // Both ends are exact.
        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
        (nanos >= i64::MIN as f64 && nanos < i64::MAX as f64).then_some(Self(nanos as i64))
    }

    /// From whole seconds since 1970-01-01T00:00:00Z.
    pub fn from_whole_seconds(seconds: i64) -> Option<Self> {
        seconds.checked_mul(1_000_000_000).map(Self)
    }

    /// Reads a time of the store.
    pub fn from_store(text: &str) -> Option<Self> {
        shape(text).then(|| Self::parse(text)).flatten()
    }

    /// As the store writes it, and reads it in a `TIMESTAMP` literal.
    pub fn store_text(self) -> String {
        self.timestamp().strftime("%Y-%m-%d %H:%M:%S.%9f").to_string()
    }

    /// As TwinMaker reads it: `2022-08-25T00:00:00Z`, with as many digits of a second as it has.
    pub fn iso(self) -> String {
        self.timestamp().to_string()
    }
}

/// A time of the store as TwinMaker reads it, with the digits of a second that it needs. `None`: it is
/// none.
pub fn iso_from_store(mut text: String) -> Option<String> {
    if !shape(&text) {
        return None;
    }
    text.replace_range(10..11, "T");
    let digits = text.trim_end_matches('0').trim_end_matches('.').len();
    // A second that ends with a zero keeps it: the point is in front of what is cut.
    text.truncate(digits.max("2022-08-25T00:00:00".len()));
    text.push('Z');
    Some(text)
}

/// A time of the store with nine digits of a second, as text of a property.
pub fn text_from_store(mut text: String) -> Option<String> {
    if !shape(&text) {
        return None;
    }
    text.replace_range(10..11, "T");
    text.push('Z');
    Some(text)
}

fn shape(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == STORE_TEXT
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
    fn times_are_read_exactly() {
        for (text, nanos) in [
            ("2022-08-25T00:00:00Z", Some(1_661_385_600_000_000_000)),
            ("2022-08-25T00:00:00.000000001Z", Some(1_661_385_600_000_000_001)),
            ("2022-08-25T02:00:00+02:00", Some(1_661_385_600_000_000_000)),
            ("2022-08-25T00:00:00", Some(1_661_385_600_000_000_000)),
            ("2022-08-25", None),
            ("yesterday", None),
            ("' OR 1=1 --", None),
            ("9999-08-25T00:00:00Z", None),
        ] {
            assert_eq!(Instant::parse(text).map(Instant::nanos), nanos, "{text}");
        }
        assert_eq!(Instant::from_seconds(1.5), Some(Instant(1_500_000_000)));
        assert_eq!(Instant::from_seconds(1e300), None);
        assert_eq!(Instant::from_seconds(f64::NAN), None);
        assert_eq!(Instant::from_whole_seconds(i64::MAX), None);
    }

    #[test]
    fn times_of_the_store_become_times_of_the_twin() {
        for (store, twin) in [
            ("2022-08-25 00:00:00.000000000", Some("2022-08-25T00:00:00Z")),
            ("2022-08-25 00:00:10.000000000", Some("2022-08-25T00:00:10Z")),
            ("2022-08-25 00:00:00.120000000", Some("2022-08-25T00:00:00.12Z")),
            ("2022-08-25 00:00:00.000000001", Some("2022-08-25T00:00:00.000000001Z")),
            ("2022-08-25T00:00:00.000000000", None),
            ("", None),
        ] {
            assert_eq!(iso_from_store(store.into()).as_deref(), twin, "{store}");
            if let Some(instant) = Instant::from_store(store) {
                assert_eq!(Some(instant.iso().as_str()), twin);
                assert_eq!(instant.store_text(), store);
            }
        }
        assert_eq!(
            text_from_store("2022-08-25 00:00:00.120000000".into()).as_deref(),
            Some("2022-08-25T00:00:00.120000000Z")
        );
    }
}
