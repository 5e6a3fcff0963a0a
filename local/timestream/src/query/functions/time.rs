//! Functions over timestamps and dates, all in UTC.
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/date-time-functions.html>

use jiff::{Span, civil};

use super::overload::{
    Answer, Date, DayToSecond, Overload, Sql, Time, Timestamp, YearToMonth, binary, ternary, unary,
};
use crate::query::text;

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const NANOS_PER_DAY: i64 = 86_400 * NANOS_PER_SECOND;

/// A timestamp from a computation: queries have those that nanoseconds reach, from 1677 to 2262.
/// <https://docs.aws.amazon.com/timestream/latest/developerguide/supported-data-types.html>
pub fn timestamp(nanos: Option<i64>) -> Answer<Timestamp> {
    nanos.map(Timestamp).ok_or_else(|| "Timestamp overflow".to_owned())
}

/// The calendar date and clock time of an instant.
pub fn datetime(time: Timestamp) -> Answer<civil::DateTime> {
    text::civil_datetime(time.0).ok_or_else(|| "Timestamp overflow".to_owned())
}

fn day(date: Date) -> Answer<civil::Date> {
    text::civil_date(date.0).ok_or_else(|| "Date overflow".to_owned())
}

fn from_day(date: civil::Date) -> Answer<Date> {
    text::days_since_epoch(date).map(Date).ok_or_else(|| "Date overflow".to_owned())
}

/// Moves by calendar months; a day that the month lacks becomes its last.
pub fn add_months(time: Timestamp, months: i64) -> Answer<Timestamp> {
    let moved =
        Span::new().try_months(months).ok().and_then(|span| datetime(time).ok()?.checked_add(span).ok());
    timestamp(moved.and_then(text::nanos_of))
}

/// As [`add_months`], for a date.
pub fn add_months_to_date(date: Date, months: i64) -> Answer<Date> {
    let moved = Span::new()
        .try_months(months)
        .ok()
        .and_then(|span| day(date).ok()?.checked_add(span).ok())
        .ok_or("Date overflow")?;
    from_day(moved)
}

/// A unit of `date_trunc`, `date_add` and `date_diff`.
#[derive(Clone, Copy)]
enum Unit {
    /// A fixed length in nanoseconds; a week starts on Monday.
    Fixed(i64),
    Months(i64),
}

fn unit(name: &str) -> Answer<Unit> {
    Ok(match name.to_ascii_lowercase().as_str() {
        "nanosecond" => Unit::Fixed(1),
        "microsecond" => Unit::Fixed(1_000),
        "millisecond" => Unit::Fixed(1_000_000),
        "second" => Unit::Fixed(NANOS_PER_SECOND),
        "minute" => Unit::Fixed(60 * NANOS_PER_SECOND),
        "hour" => Unit::Fixed(3_600 * NANOS_PER_SECOND),
        "day" => Unit::Fixed(NANOS_PER_DAY),
        "week" => Unit::Fixed(7 * NANOS_PER_DAY),
        "month" => Unit::Months(1),
        "quarter" => Unit::Months(3),
        "year" => Unit::Months(12),
        _ => return Err(format!("'{name}' is not a valid TIMESTAMP field")),
    })
}

/// Rounds down to a multiple of `width` counted from `origin`.
fn floor(nanos: i64, width: i64, origin: i64) -> Option<i64> {
    let offset = nanos.checked_sub(origin)?;
    offset.checked_sub(offset.rem_euclid(width))?.checked_add(origin)
}

/// Rounds down to a multiple of months counted from January 1970.
fn floor_months(time: Timestamp, width: i64) -> Answer<Timestamp> {
    let at = datetime(time)?;
    let months = (i64::from(at.year()) - 1970) * 12 + i64::from(at.month()) - 1;
    add_months(Timestamp(0), months - months.rem_euclid(width))
}

fn truncate(name: &str, time: Timestamp) -> Answer<Timestamp> {
    // The epoch was a Thursday; weeks start on Monday, three days before.
    const MONDAY: i64 = -3 * NANOS_PER_DAY;
    match unit(name)? {
        Unit::Fixed(width) if width == 7 * NANOS_PER_DAY => timestamp(floor(time.0, width, MONDAY)),
        Unit::Fixed(width) => timestamp(floor(time.0, width, 0)),
        Unit::Months(months) => floor_months(time, months),
    }
}

fn start_of(date: Date) -> Answer<Timestamp> {
    i64::from(date.0).checked_mul(NANOS_PER_DAY).map(Timestamp).ok_or_else(|| "Date overflow".to_owned())
}

fn truncate_date(name: &str, date: Date) -> Answer<Date> {
    match unit(name)? {
        Unit::Fixed(width) if width < NANOS_PER_DAY => Err(format!("'{name}' is not a valid DATE field")),
        _ => Ok(Date(text::days_of(truncate(name, start_of(date)?)?.0))),
    }
}

fn add(name: &str, count: i64, time: Timestamp) -> Answer<Timestamp> {
    match unit(name)? {
        Unit::Fixed(width) => timestamp(count.checked_mul(width).and_then(|by| time.0.checked_add(by))),
        Unit::Months(months) => add_months(time, count.checked_mul(months).ok_or("Timestamp overflow")?),
    }
}

fn add_to_date(name: &str, count: i64, date: Date) -> Answer<Date> {
    match unit(name)? {
        Unit::Fixed(width) if width < NANOS_PER_DAY => Err(format!("'{name}' is not a valid DATE field")),
        Unit::Fixed(width) => count
            .checked_mul(width / NANOS_PER_DAY)
            .and_then(|days| i64::from(date.0).checked_add(days))
            .and_then(|days| i32::try_from(days).ok())
            .map(Date)
            .ok_or_else(|| "Date overflow".to_owned()),
        Unit::Months(months) => add_months_to_date(date, count.checked_mul(months).ok_or("Date overflow")?),
    }
}

/// Complete units from `start` to `end`, negative when `end` is the earlier.
fn difference(name: &str, start: Timestamp, end: Timestamp) -> Answer<i64> {
    match unit(name)? {
        Unit::Fixed(width) => end
            .0
            .checked_sub(start.0)
            .map(|nanos| nanos / width)
            .ok_or_else(|| "Timestamp overflow".to_owned()),
        Unit::Months(width) => {
            let span = datetime(start)?
                .until((jiff::Unit::Month, datetime(end)?))
                .map_err(|_| "Timestamp overflow")?;
            Ok(i64::from(span.get_months()) / width)
        }
    }
}

fn bin(time: Timestamp, width: i64) -> Answer<Timestamp> {
    if width <= 0 {
        return Err("Bin interval must be positive".to_owned());
    }
    timestamp(floor(time.0, width, 0))
}

fn bin_months(time: Timestamp, months: i32) -> Answer<Timestamp> {
    if months <= 0 {
        return Err("Bin interval must be positive".to_owned());
    }
    floor_months(time, i64::from(months))
}

fn bin_bigint(value: i64, width: i64) -> Answer<i64> {
    if width <= 0 {
        return Err("Bin width must be positive".to_owned());
    }
    floor(value, width, 0).ok_or_else(|| "bigint overflow".to_owned())
}

fn bin_double(value: f64, width: f64) -> Answer<f64> {
    if width <= 0.0 {
        return Err("Bin width must be positive".to_owned());
    }
    Ok((value / width).floor() * width)
}

fn from_unixtime(seconds: f64) -> Answer<Timestamp> {
    timestamp(super::math::to_bigint((seconds * 1e9).round()))
}

fn from_iso8601(text: &str) -> Answer<Timestamp> {
    let invalid = || format!("Invalid format: \"{text}\"");
    timestamp(Some(text::parse_timestamp(text).ok_or_else(invalid)?))
}

/// A field of a date, under the names by which it is called.
fn date_field(names: &[&'static str], field: fn(civil::Date) -> i64) -> Vec<Overload> {
    names
        .iter()
        .flat_map(|name| {
            [
                unary(name, move |time: Timestamp| Ok(field(datetime(time)?.date()))),
                unary(name, move |date: Date| Ok(field(day(date)?))),
            ]
        })
        .collect()
}

fn clock_field(name: &'static str, field: fn(civil::DateTime) -> i64) -> Overload {
    unary(name, move |time: Timestamp| Ok(field(datetime(time)?)))
}

#[expect(clippy::cast_precision_loss, reason = "as the service converts")]
fn to_unixtime(time: Timestamp) -> f64 {
    time.0 as f64 / 1e9
}

/// A constant that stands in for a literal: the engine folds it away.
fn literal<R: Sql>(name: &'static str, make: fn(i64) -> Answer<R>) -> Overload {
    unary(name, make)
}

/// The functions.
pub fn overloads() -> Vec<Overload> {
    let mut all = vec![
        literal("$timestamp", |nanos| Ok(Timestamp(nanos))),
        literal("$interval", |nanos| Ok(DayToSecond(nanos))),
        literal("$months", |months| {
            i32::try_from(months).map(YearToMonth).map_err(|_| "Interval overflow".to_owned())
        }),
        literal("$time", |nanos| Ok(Time(nanos))),
        literal("$date", |days| i32::try_from(days).map(Date).map_err(|_| "Date overflow".to_owned())),
        binary("bin", |time: Timestamp, width: DayToSecond| bin(time, width.0)),
        binary("bin", |time: Timestamp, width: YearToMonth| bin_months(time, width.0)),
        binary("bin", bin_bigint),
        binary("bin", bin_double),
        binary("date_trunc", |unit: String, time: Timestamp| truncate(&unit, time)),
        binary("date_trunc", |unit: String, date: Date| truncate_date(&unit, date)),
        ternary("date_add", |unit: String, count: i64, time: Timestamp| add(&unit, count, time)),
        ternary("date_add", |unit: String, count: i64, date: Date| add_to_date(&unit, count, date)),
        ternary("date_diff", |unit: String, start: Timestamp, end: Timestamp| difference(&unit, start, end)),
        unary("from_iso8601_timestamp", |s: String| from_iso8601(&s)),
        unary("from_iso8601_date", |s: String| {
            text::parse_date(&s).map(Date).ok_or_else(|| format!("Invalid format: \"{s}\""))
        }),
        unary("to_iso8601", |time: Timestamp| Ok(text::iso8601(time.0))),
        unary("to_iso8601", |date: Date| Ok(text::date(date.0))),
        unary("from_milliseconds", |ms: i64| timestamp(ms.checked_mul(1_000_000))),
        unary("from_nanoseconds", |nanos: i64| timestamp(Some(nanos))),
        unary("from_unixtime", from_unixtime),
        unary("to_milliseconds", |time: Timestamp| Ok(time.0.div_euclid(1_000_000))),
        unary("to_milliseconds", |interval: DayToSecond| Ok(interval.0 / 1_000_000)),
        unary("to_nanoseconds", |time: Timestamp| Ok(time.0)),
        unary("to_nanoseconds", |interval: DayToSecond| Ok(interval.0)),
        unary("to_unixtime", |time: Timestamp| Ok(to_unixtime(time))),
        unary("date", |time: Timestamp| Ok(Date(text::days_of(time.0)))),
        unary("date", |date: Date| Ok(date)),
        unary("date", |s: String| {
            text::parse_date(&s).map(Date).ok_or_else(|| format!("Cannot cast '{s}' to DATE"))
        }),
        unary("last_day_of_month", |time: Timestamp| from_day(datetime(time)?.date().last_of_month())),
        unary("last_day_of_month", |date: Date| from_day(day(date)?.last_of_month())),
        clock_field("hour", |at| i64::from(at.hour())),
        clock_field("minute", |at| i64::from(at.minute())),
        clock_field("second", |at| i64::from(at.second())),
        clock_field("nanosecond", |at| i64::from(at.subsec_nanosecond())),
        clock_field("millisecond", |at| i64::from(at.millisecond())),
    ];
    all.extend(date_field(&["year"], |d| i64::from(d.year())));
    all.extend(date_field(&["quarter"], |d| i64::from((d.month() + 2) / 3)));
    all.extend(date_field(&["month"], |d| i64::from(d.month())));
    all.extend(date_field(&["week", "week_of_year"], |d| i64::from(d.iso_week_date().week())));
    all.extend(date_field(&["year_of_week", "yow"], |d| i64::from(d.iso_week_date().year())));
    all.extend(date_field(&["day", "day_of_month"], |d| i64::from(d.day())));
    all.extend(date_field(&["day_of_week", "dow"], |d| i64::from(d.weekday().to_monday_one_offset())));
    all.extend(date_field(&["day_of_year", "doy"], |d| i64::from(d.day_of_year())));
    all
}
