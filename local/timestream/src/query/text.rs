//! How values read as text: in results, in casts to and from `varchar`, and in literals.
//!
//! Timestamps are UTC with nine digits; doubles are written as Java writes them, since the service does.

use jiff::{Timestamp, civil, tz::Offset};

use super::types::Datum;

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const NANOS_PER_DAY: i64 = 86_400 * NANOS_PER_SECOND;

/// The text of a scalar; none for null.
pub fn format(value: &Datum) -> Option<String> {
    Some(match value {
        Datum::Null | Datum::Array(_) | Datum::Timeseries(_) => return None,
        Datum::Boolean(value) => value.to_string(),
        Datum::Integer(value) => value.to_string(),
        Datum::Bigint(value) => value.to_string(),
        Datum::Double(value) => double(*value),
        Datum::Varchar(value) => value.clone(),
        Datum::Timestamp(nanos) => timestamp(*nanos),
        Datum::Date(days) => date(*days),
        Datum::Time(nanos) => time_of_day(*nanos),
        Datum::DayToSecond(nanos) => day_to_second(*nanos),
        Datum::YearToMonth(months) => year_to_month(*months),
    })
}

/// A double as `java.lang.Double.toString` writes it: `10.0`, `1.0E10`, `1.0E-5`.
pub fn double(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let magnitude = value.abs();
    if value == 0.0 || (1e-3..1e7).contains(&magnitude) {
        return format!("{value:?}");
    }
    // Rust writes the shortest digits that read back, as `1e10` or `1.5e-7`.
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if digits.contains('.') => format!("{digits}E{exponent}"),
        Some((digits, exponent)) => format!("{digits}.0E{exponent}"),
        None => text,
    }
}

/// `2021-10-15 20:45:43.287000000`
pub fn timestamp(nanos: i64) -> String {
    format!("{} {}", date(days_of(nanos)), time_of_day(nanos.rem_euclid(NANOS_PER_DAY)))
}

/// `2021-10-15T20:45:43.287000000Z`
pub fn iso8601(nanos: i64) -> String {
    format!("{}T{}Z", date(days_of(nanos)), time_of_day(nanos.rem_euclid(NANOS_PER_DAY)))
}

/// `2021-10-15`
pub fn date(days: i32) -> String {
    match civil_date(days) {
        Some(date) => format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day()),
        // Days outside of the calendar cannot come from a table; they stay readable.
        None => format!("{days} days since 1970-01-01"),
    }
}

/// `20:45:43.287000000`
pub fn time_of_day(nanos: i64) -> String {
    let seconds = nanos / NANOS_PER_SECOND;
    format!(
        "{:02}:{:02}:{:02}.{:09}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60,
        nanos % NANOS_PER_SECOND
    )
}

/// `1 02:03:04.000000000`
pub fn day_to_second(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let magnitude = nanos.unsigned_abs();
    let seconds = magnitude / NANOS_PER_SECOND.unsigned_abs();
    format!(
        "{sign}{} {:02}:{:02}:{:02}.{:09}",
        seconds / 86_400,
        seconds / 3_600 % 24,
        seconds / 60 % 60,
        seconds % 60,
        magnitude % NANOS_PER_SECOND.unsigned_abs()
    )
}

/// `4-2`: four years and two months
pub fn year_to_month(months: i32) -> String {
    let sign = if months < 0 { "-" } else { "" };
    let magnitude = months.unsigned_abs();
    format!("{sign}{}-{}", magnitude / 12, magnitude % 12)
}

/// The day of an instant, in days since the epoch.
pub fn days_of(nanos: i64) -> i32 {
    // An i64 of nanoseconds spans 213,503 days.
    i32::try_from(nanos.div_euclid(NANOS_PER_DAY)).unwrap_or_default()
}

/// The calendar day of a number of days since the epoch.
pub fn civil_date(days: i32) -> Option<civil::Date> {
    civil::date(1970, 1, 1).checked_add(jiff::Span::new().try_days(i64::from(days)).ok()?).ok()
}

/// Days since the epoch of a calendar day.
pub fn days_since_epoch(date: civil::Date) -> Option<i32> {
    date.since(civil::date(1970, 1, 1)).ok().map(|span| span.get_days())
}

/// The calendar date and clock time of an instant.
pub fn civil_datetime(nanos: i64) -> Option<civil::DateTime> {
    let instant = Timestamp::from_nanosecond(i128::from(nanos)).ok()?;
    Some(Offset::UTC.to_datetime(instant))
}

/// The instant of a calendar date and clock time; none outside of what nanoseconds can say.
pub fn nanos_of(datetime: civil::DateTime) -> Option<i64> {
    let instant = Offset::UTC.to_timestamp(datetime).ok()?;
    i64::try_from(instant.as_nanosecond()).ok()
}

/// Reads `2022-06-17`, `2022-06-17 10:15`, `2022-06-17 10:15:20.5`, with `T` or a space, without a zone or with
/// `Z`, `UTC` or an offset.
pub fn parse_timestamp(text: &str) -> Option<i64> {
    let text = text.trim();
    let text = text.strip_suffix(" UTC").unwrap_or(text);
    if let Ok(instant) = text.parse::<Timestamp>() {
        return i64::try_from(instant.as_nanosecond()).ok();
    }
    if text.len() < "2022-06-17".len() || text.ends_with('Z') {
        return None;
    }
    nanos_of(text.parse::<civil::DateTime>().ok()?)
}

/// Reads `2022-06-17`.
pub fn parse_date(text: &str) -> Option<i32> {
    let text = text.trim();
    if text.len() != "2022-06-17".len() {
        return None;
    }
    days_since_epoch(text.parse::<civil::Date>().ok()?)
}

/// Reads `10:15`, `10:15:20` and `10:15:20.5`: nanoseconds since midnight.
pub fn parse_time(text: &str) -> Option<i64> {
    let text = text.trim();
    if !text.contains(':') || !text.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let time = text.parse::<civil::Time>().ok()?;
    let seconds = i64::from(time.hour()) * 3_600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    Some(seconds * NANOS_PER_SECOND + i64::from(time.subsec_nanosecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_read_as_java_writes_them() {
        for (value, text) in [
            (10.0, "10.0"),
            (0.0, "0.0"),
            (0.001, "0.001"),
            (0.0001, "1.0E-4"),
            (9_999_999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (1.25e10, "1.25E10"),
            (-1e10, "-1.0E10"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(double(value), text);
        }
    }

    #[test]
    fn times_read_as_the_service_writes_them() {
        assert_eq!(timestamp(1_634_330_743_287_000_000), "2021-10-15 20:45:43.287000000");
        assert_eq!(iso8601(0), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(day_to_second(93_784_000_000_000), "1 02:03:04.000000000");
        assert_eq!(day_to_second(-1), "-0 00:00:00.000000001");
        assert_eq!(year_to_month(50), "4-2");
    }

    #[test]
    fn times_are_read_with_and_without_a_zone() {
        for (text, nanos) in [
            ("1970-01-02", Some(NANOS_PER_DAY)),
            ("1970-01-01 00:01", Some(60 * NANOS_PER_SECOND)),
            ("1970-01-01 00:00:01.5", Some(1_500_000_000)),
            ("1970-01-01T01:00:00+01:00", Some(0)),
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-01 00:00:00 UTC", Some(0)),
            ("yesterday", None),
            ("1970-13-01", None),
            ("9999-01-01", None),
        ] {
            assert_eq!(parse_timestamp(text), nanos, "{text}");
        }
    }
}
