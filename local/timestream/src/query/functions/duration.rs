//! Interval literals (`5m`, `24h`, `INTERVAL '2' DAY`) and functions over intervals.

use super::overload::{Answer, DayToSecond, Overload, unary};
use crate::query::types::Datum;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// What a unit of an interval is: nanoseconds or months.
enum Unit {
    Nanos(i64),
    Months(i32),
}

fn unit(name: &str) -> Option<Unit> {
    Some(match name.to_ascii_lowercase().as_str() {
        "ns" | "nanosecond" | "nanoseconds" => Unit::Nanos(1),
        "us" | "microsecond" | "microseconds" => Unit::Nanos(1_000),
        "ms" | "millisecond" | "milliseconds" => Unit::Nanos(1_000_000),
        "s" | "sec" | "second" | "seconds" => Unit::Nanos(NANOS_PER_SECOND),
        "m" | "min" | "minute" | "minutes" => Unit::Nanos(60 * NANOS_PER_SECOND),
        "h" | "hour" | "hours" => Unit::Nanos(3_600 * NANOS_PER_SECOND),
        "d" | "day" | "days" => Unit::Nanos(86_400 * NANOS_PER_SECOND),
        "w" | "week" | "weeks" => Unit::Nanos(7 * 86_400 * NANOS_PER_SECOND),
        "mo" | "month" | "months" => Unit::Months(1),
        "y" | "year" | "years" => Unit::Months(12),
        _ => return None,
    })
}

/// The interval of `count` times a unit, for instance `5` and `m`; none when there is no such unit or the
/// interval is too long.
pub fn parse_interval(count: &str, unit_name: &str) -> Option<Datum> {
    match unit(unit_name)? {
        Unit::Nanos(nanos) => decimal(count.trim(), nanos).map(Datum::DayToSecond),
        Unit::Months(months) => count.trim().parse::<i32>().ok()?.checked_mul(months).map(Datum::YearToMonth),
    }
}

/// `count`, which may have a fraction, times `unit`; none when that is no whole number of nanoseconds.
fn decimal(count: &str, unit: i64) -> Option<i64> {
    let (whole, fraction) = count.split_once('.').unwrap_or((count, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let divisor = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let scaled = digits.checked_mul(i128::from(unit))?;
    if scaled % divisor != 0 {
        return None;
    }
    i64::try_from(scaled / divisor).ok()
}

/// Reads `42.8ms`, `3.81 d`, `5m`, as `parse_duration` does.
fn parse_duration(text: &str) -> Answer<DayToSecond> {
    let invalid = || format!("duration is not a valid data duration string: {text}");
    let trimmed = text.trim();
    let digits = trimmed
        .find(|character: char| !character.is_ascii_digit() && character != '.')
        .ok_or_else(invalid)?;
    let (count, name) = trimmed.split_at(digits);
    let count: f64 = count.parse().map_err(|_| invalid())?;
    let Some(Unit::Nanos(nanos)) = unit(name.trim()) else {
        return Err(invalid());
    };
    #[expect(clippy::cast_precision_loss, reason = "a unit is at most 6.048e14, exact in a double")]
    let total = (count * nanos as f64).round();
    if !(0.0..9.2e18).contains(&total) {
        return Err(invalid());
    }
    #[expect(clippy::cast_possible_truncation, reason = "in range by the check above")]
    Ok(DayToSecond(total as i64))
}

/// The functions.
pub fn overloads() -> Vec<Overload> {
    vec![unary("parse_duration", |text: String| parse_duration(&text))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_have_their_lengths() {
        for (count, unit, expected) in [
            ("15", "s", Some(Datum::DayToSecond(15_000_000_000))),
            ("5", "m", Some(Datum::DayToSecond(300_000_000_000))),
            ("24", "h", Some(Datum::DayToSecond(86_400_000_000_000))),
            ("7", "D", Some(Datum::DayToSecond(604_800_000_000_000))),
            ("250", "ms", Some(Datum::DayToSecond(250_000_000))),
            ("72.5", "h", Some(Datum::DayToSecond(261_000_000_000_000))),
            ("-0.5", "s", Some(Datum::DayToSecond(-500_000_000))),
            ("0.5", "ns", None),
            ("1.x", "s", None),
            (".", "s", None),
            ("2", "year", Some(Datum::YearToMonth(24))),
            ("1", "fortnight", None),
            ("99999999999", "d", None),
        ] {
            assert_eq!(parse_interval(count, unit), expected, "{count}{unit}");
        }
    }
}
