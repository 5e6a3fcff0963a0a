//! Instants, to the nanosecond, in the forms of TwinMaker.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// An instant between the years 1677 and 2262.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

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

    /// As TwinMaker reads it: `2022-08-25T00:00:00Z`, with as many digits of a second as it has.
    pub fn iso(self) -> String {
        self.timestamp().to_string()
    }

    /// The same with nine digits of a second.
    pub fn iso_to_the_nanosecond(self) -> String {
        format!("{:.9}", self.timestamp())
    }
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
        let written = Instant::parse("2022-08-25T00:00:00.120Z").expect("a time");
        assert_eq!(written.iso(), "2022-08-25T00:00:00.12Z");
        assert_eq!(written.iso_to_the_nanosecond(), "2022-08-25T00:00:00.120000000Z");
        assert_eq!(Instant::from_seconds(1.5), Some(Instant(1_500_000_000)));
        assert_eq!(Instant::from_seconds(1e300), None);
        assert_eq!(Instant::from_seconds(f64::NAN), None);
        assert_eq!(Instant::from_whole_seconds(i64::MAX), None);
    }
}
