//! Reads a time in any of the forms in which devices send it, to the nanosecond.
//!
//! Knows no clock: what a missing or wrong time means is decided elsewhere.

mod format;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};

use crate::decimal::Decimal;
use crate::reason::{Fault, quoted};
use crate::scalar::Scalar;
use crate::{TimeField, TimeUnit};

use format::Format;

/// How the times of a kind of events are written.
#[derive(Debug, Clone)]
pub(crate) struct Times {
    unit: TimeUnit,
    format: Option<Format>,
    zone: Zone,
}

/// Where text without an offset is.
#[derive(Debug, Clone)]
enum Zone {
    Utc,
    Iana(TimeZone),
    /// The database in this binary does not have it.
    Unknown,
}

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

/// Digits behind the point of a second that are nanoseconds.
const FRACTION_DIGITS: usize = 9;

impl Times {
    /// Prepares what the model says of the time.
    pub(crate) fn of(time: &TimeField) -> Self {
        Self {
            unit: time.unit,
            format: time.format.as_deref().map(Format::of),
            zone: time.zone.as_deref().map_or(Zone::Utc, |name| {
                TimeZoneDatabase::bundled().get(name).map_or(Zone::Unknown, Zone::Iana)
            }),
        }
    }

    /// Numbers in `unit`, and text that is ISO-8601 in UTC.
    pub(crate) const fn in_unit(unit: TimeUnit) -> Self {
        Self { unit, format: None, zone: Zone::Utc }
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z. A number, in JSON or as text, counts in the unit; other text
    /// is in the format or ISO-8601, and in the zone unless it says otherwise. What is finer than a
    /// nanosecond is cut off.
    pub(crate) fn read(&self, scalar: &Scalar<'_>) -> Result<i64, Fault> {
        let (text, format) = match scalar {
            Scalar::Number(text) => (&**text, None),
            Scalar::Text(text) => (text.trim(), self.format.as_ref()),
            Scalar::Boolean(_) => return Err(Fault::TimeUnreadable { text: scalar.quoted() }),
        };
        let out_of_range = || Fault::TimeOutOfRange { text: quoted(text) };
        let formatted = format.and_then(|format| format.read(text));
        if let (None, Some(number)) = (&formatted, Decimal::parse(text)) {
            return number
                .integer(self.unit.power())
                .map(|integer| integer.value)
                .map_err(|_| out_of_range());
        }
        let unreadable = || Fault::TimeUnreadable { text: quoted(text) };
        let (civil, offset) = formatted
            .or_else(|| iso_8601(text))
            .or_else(|| iso_8601(&to_the_nanosecond(text)))
            .ok_or_else(unreadable)?;
        let instant = match (offset, &self.zone) {
            (Some(offset), _) => offset.to_timestamp(civil),
            (None, Zone::Utc) => Offset::UTC.to_timestamp(civil),
            (None, Zone::Iana(zone)) => zone.to_ambiguous_timestamp(civil).compatible(),
            (None, Zone::Unknown) => return Err(unreadable()),
        };
        let nanoseconds = instant.map(Timestamp::as_nanosecond).map_err(|_| out_of_range())?;
        i64::try_from(nanoseconds).map_err(|_| out_of_range())
    }
}

/// A date with a time of day, and its offset from UTC if it has one. The name of a zone in brackets, as some
/// runtimes write it behind an offset, adds nothing; without an offset it is refused, because the
/// instant would hang on a database of zones that the model does not name.
fn iso_8601(text: &str) -> Option<(DateTime, Option<Offset>)> {
    let pieces = Pieces::parse(text).ok()?;
    let offset = match (pieces.to_numeric_offset(), pieces.time_zone_annotation()) {
        (None, Some(_)) => return None,
        (offset, _) => offset,
    };
    Some((pieces.date().to_datetime(pieces.time()?), offset))
}

/// ISO-8601 text without the digits of fractions that are finer than a nanosecond, which the parser
/// refuses. What stands in brackets is no fraction.
fn to_the_nanosecond(text: &str) -> String {
    let (time, annotations) = text.split_at(text.find('[').unwrap_or(text.len()));
    let mut parts = time.split_inclusive(['.', ',']);
    let mut cut = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        cut.push_str(&part[..digits.min(FRACTION_DIGITS)]);
        cut.push_str(&part[digits..]);
    }
    cut + annotations
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
            (
                r#""2021-01-04T11:46:15+01:00[Europe/Berlin][u-ca=iso8601]""#,
                TimeUnit::Milliseconds,
                ok(1_609_757_175_000_000_000),
            ),
            (r#""2021-01-04T11:46:15[Europe/Berlin]""#, TimeUnit::Milliseconds, Err("time_unreadable")),
            (r#""2021-01-04[Europe/Berlin]""#, TimeUnit::Milliseconds, Err("time_unreadable")),
            (r#""+002021-01-04""#, TimeUnit::Milliseconds, Err("time_unreadable")),
            (r#""2021-01-04T10:46:15+25:59:59.9""#, TimeUnit::Milliseconds, Err("time_unreadable")),
            (r#""9999-12-31T23:59:59.999""#, TimeUnit::Milliseconds, Err("time_out_of_range")),
            (r#""2021-01-04""#, TimeUnit::Milliseconds, Err("time_unreadable")),
            (r#""yesterday""#, TimeUnit::Milliseconds, Err("time_unreadable")),
            (r#""2021-01-04T10:46:15.2254991239Z""#, TimeUnit::Seconds, ok(1_609_757_175_225_499_123)),
            (
                r#""20210104T124615,22549912399999999999+0200[Europe/Berlin]""#,
                TimeUnit::Milliseconds,
                ok(1_609_757_175_225_499_123),
            ),
            (
                r#""2021-01-04T10:46:15.000000001+00:00:00.4999999999""#,
                TimeUnit::Milliseconds,
                ok(1_609_757_175_000_000_001),
            ),
            (r#""2021-01-04T10:46:15.Z""#, TimeUnit::Milliseconds, Err("time_unreadable")),
            (r#""2021.0000000000-01-04T10:46:15Z""#, TimeUnit::Milliseconds, Err("time_unreadable")),
            (r#""2021-01-04T10:46:15.12345678901.2Z""#, TimeUnit::Milliseconds, Err("time_unreadable")),
            (r"true", TimeUnit::Milliseconds, Err("time_unreadable")),
            (r"9223372036854775808", TimeUnit::Nanoseconds, Err("time_out_of_range")),
            (r"9223372036855", TimeUnit::Milliseconds, Err("time_out_of_range")),
            (r#""2262-04-12T00:00:00Z""#, TimeUnit::Milliseconds, Err("time_out_of_range")),
        ];
        for (json, unit, expected) in table {
            let scalar = Scalar::parse(json).expect(json).expect(json);
            assert_eq!(Times::in_unit(unit).read(&scalar).map_err(|fault| fault.code()), expected, "{json}");
        }
    }
}
