//! Times as a device writes them.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit, Zoned};
use telemetry::{TimeField, TimeUnit};

use crate::tree::Scalar;

/// How the devices of a kind write times.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    unit: TimeUnit,
    format: Option<String>,
    /// `None`: text has an offset.
    zone: Option<TimeZone>,
}

impl Clock {
    /// The clock of a kind. Without a time of its own, its points and timestamps have one in milliseconds.
    pub(crate) fn new(time: Option<&TimeField>) -> Self {
        let zone = time.and_then(|time| time.zone.as_deref());
        Self {
            unit: time.map_or(TimeUnit::Milliseconds, |time| time.unit),
            format: time.and_then(|time| time.format.clone()),
            // A zone that this machine does not know is not in a model that was checked.
            zone: zone.map(|name| TimeZone::get(name).unwrap_or(TimeZone::UTC)),
        }
    }

    pub(crate) fn unit(&self) -> TimeUnit {
        self.unit
    }

    /// A time in microseconds since 1970, and the time that it says there, which may be less exact.
    pub(crate) fn write(&self, time: i64) -> (Scalar, i64) {
        if self.format.is_none() && self.zone.is_none() {
            return (number(time, self.unit), time);
        }
        self.text(time)
    }

    /// The same as text.
    pub(crate) fn text(&self, time: i64) -> (Scalar, i64) {
        let instant = Timestamp::from_microsecond(time).unwrap_or(Timestamp::UNIX_EPOCH);
        let zone = self.zone.clone().unwrap_or(TimeZone::UTC);
        let has = |directive: &str| self.format.as_deref().is_none_or(|format| format.contains(directive));
        let finest = match () {
            () if has("%f") => Unit::Microsecond,
            () if has("%S") => Unit::Second,
            () if has("%M") => Unit::Minute,
            () => Unit::Hour,
        };
        let local = instant.to_zoned(zone.clone());
        let local = local.round(jiff::ZonedRound::new().smallest(finest).mode(jiff::RoundMode::Trunc));
        let local: Zoned = local.unwrap_or_else(|_| instant.to_zoned(zone.clone()));
        // Without an offset, an hour that comes twice is the first one.
        let said = |zoned: &Zoned| zoned.datetime().to_zoned(zone.clone()).map(|zoned| zoned.timestamp());
        let (text, said) = match (&self.format, &self.zone) {
            (Some(format), _) if has("%z") => (local.strftime(format).to_string(), Ok(local.timestamp())),
            (Some(format), _) => (local.strftime(format).to_string(), said(&local)),
            (None, Some(_)) => (local.datetime().to_string(), said(&local)),
            (None, None) => (instant.to_string(), Ok(instant)),
        };
        (Scalar::Text(text), said.map_or(time, Timestamp::as_microsecond))
    }
}

/// A time in microseconds as a number of `unit`: whole where it is whole, else with a fraction.
///
/// A double holds the microseconds of any time until 2255 exactly, whatever its unit.
#[allow(clippy::cast_precision_loss, reason = "see above")]
pub(crate) fn number(microseconds: i64, unit: TimeUnit) -> Scalar {
    let unit_microseconds = match unit {
        TimeUnit::Seconds => 1_000_000,
        TimeUnit::Milliseconds => 1_000,
        TimeUnit::Microseconds => 1,
        TimeUnit::Nanoseconds => return Scalar::Bigint(microseconds.saturating_mul(1_000)),
    };
    if microseconds % unit_microseconds == 0 {
        Scalar::Bigint(microseconds / unit_microseconds)
    } else {
        Scalar::Double(microseconds as f64 / unit_microseconds as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use telemetry::TimeUnit::{Microseconds, Milliseconds, Nanoseconds, Seconds};

    #[test]
    fn times_are_numbers_of_their_unit() {
        let cases = [
            (1_609_757_175_225_499, Milliseconds, "1609757175225.499"),
            (1_609_757_175_225_000, Milliseconds, "1609757175225"),
            (1_609_757_175_225_499, Seconds, "1609757175.225499"),
            (1_609_757_175_000_000, Seconds, "1609757175"),
            (1_609_757_175_225_499, Microseconds, "1609757175225499"),
            (1_609_757_175_225_499, Nanoseconds, "1609757175225499000"),
        ];
        for (microseconds, unit, expected) in cases {
            assert_eq!(number(microseconds, unit).text(), expected, "{unit:?}");
        }
    }

    #[test]
    fn text_is_written_as_the_model_says() {
        let summer = 1_793_494_800_123_456; // 2026-11-01T01:00:00.123456Z
        let twice = 1_792_890_000_000_000; // 2026-10-25T01:00:00Z, the second 02:00 in Berlin
        let cases = [
            (None, Some("Europe/Berlin"), summer, "2026-11-01T02:00:00.123456", summer),
            (
                Some("%d.%m.%Y %H:%M:%S"),
                Some("Europe/Berlin"),
                summer,
                "01.11.2026 02:00:00",
                summer - 123_456,
            ),
            (
                Some("%Y-%m-%d %H:%M"),
                None,
                summer + 61_000_000,
                "2026-11-01 01:01",
                summer + 60_000_000 - 123_456,
            ),
            (
                Some("%d.%m.%Y %H:%M:%S"),
                Some("Europe/Berlin"),
                twice,
                "25.10.2026 02:00:00",
                twice - 3_600_000_000,
            ),
            (Some("%Y-%m-%d %H:%M:%S %z"), Some("Europe/Berlin"), twice, "2026-10-25 02:00:00 +0100", twice),
        ];
        for (format, zone, time, text, said) in cases {
            let clock = Clock::new(Some(&TimeField {
                field: "t".to_owned(),
                unit: Milliseconds,
                format: format.map(str::to_owned),
                zone: zone.map(str::to_owned),
            }));
            assert_eq!(clock.write(time), (Scalar::Text(text.to_owned()), said), "{format:?} {zone:?}");
        }
    }
}
