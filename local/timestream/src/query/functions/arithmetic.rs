//! `+ - * / %` and the sign. Integers never wrap: an overflow is a failure, as is an integer division by zero;
//! doubles follow IEEE 754. Times move by intervals.

use super::{
    math::to_bigint,
    overload::{Answer, Date, DayToSecond, Overload, Sql, Timestamp, YearToMonth, binary, unary},
    time::{add_months, timestamp},
};

type Operator<T> = fn(T, T) -> Option<T>;

fn integers<T: Sql + Copy + std::fmt::Display>(name: &'static str, operator: Operator<T>) -> Overload {
    binary(name, move |left: T, right: T| {
        operator(left, right).ok_or_else(|| {
            let operation = name.trim_start_matches('$');
            format!("{} overflow: {left} {operation} {right}", T::TYPE.name())
        })
    })
}

fn divisions<T: Sql + Copy + PartialEq + Default + std::fmt::Display>(
    name: &'static str,
    operator: Operator<T>,
) -> Overload {
    binary(name, move |left: T, right: T| {
        if right == T::default() {
            return Err("Division by zero".to_owned());
        }
        operator(left, right).ok_or_else(|| format!("{} overflow: {left} / {right}", T::TYPE.name()))
    })
}

fn doubles(name: &'static str, operator: fn(f64, f64) -> f64) -> Overload {
    binary(name, move |left, right| Ok(operator(left, right)))
}

fn interval_overflow() -> String {
    "Interval overflow".to_owned()
}

fn scaled(interval: i64, factor: f64) -> Answer<DayToSecond> {
    #[expect(clippy::cast_precision_loss, reason = "the service scales intervals as doubles")]
    let nanos = (interval as f64 * factor).round();
    to_bigint(nanos).map(DayToSecond).ok_or_else(interval_overflow)
}

fn moved(time: Timestamp, interval: Option<i64>) -> Answer<Timestamp> {
    timestamp(interval.and_then(|nanos| time.0.checked_add(nanos)))
}

/// Dates move by whole days only.
fn moved_date(date: Date, nanos: i64) -> Answer<Date> {
    const NANOS_PER_DAY: i64 = 86_400_000_000_000;
    if nanos % NANOS_PER_DAY != 0 {
        return Err("Cannot add hour, minutes or seconds to a date".to_owned());
    }
    i32::try_from(nanos / NANOS_PER_DAY)
        .ok()
        .and_then(|days| date.0.checked_add(days))
        .map(Date)
        .ok_or_else(|| "Date overflow".to_owned())
}

/// The operators.
pub fn overloads() -> Vec<Overload> {
    vec![
        integers("$+", i32::checked_add),
        integers("$+", i64::checked_add),
        doubles("$+", |a, b| a + b),
        integers("$-", i32::checked_sub),
        integers("$-", i64::checked_sub),
        doubles("$-", |a, b| a - b),
        integers("$*", i32::checked_mul),
        integers("$*", i64::checked_mul),
        doubles("$*", |a, b| a * b),
        divisions("$/", i32::checked_div),
        divisions("$/", i64::checked_div),
        doubles("$/", |a, b| a / b),
        divisions("$%", i32::checked_rem),
        divisions("$%", i64::checked_rem),
        doubles("$%", |a, b| a % b),
        unary("$minus", |a: i32| a.checked_neg().ok_or_else(|| format!("integer overflow: -{a}"))),
        unary("$minus", |a: i64| a.checked_neg().ok_or_else(|| format!("bigint overflow: -{a}"))),
        unary("$minus", |a: f64| Ok(-a)),
        unary("$minus", |a: DayToSecond| a.0.checked_neg().map(DayToSecond).ok_or_else(interval_overflow)),
        unary("$minus", |a: YearToMonth| a.0.checked_neg().map(YearToMonth).ok_or_else(interval_overflow)),
        binary("$+", |time: Timestamp, by: DayToSecond| moved(time, Some(by.0))),
        binary("$+", |by: DayToSecond, time: Timestamp| moved(time, Some(by.0))),
        binary("$-", |time: Timestamp, by: DayToSecond| moved(time, by.0.checked_neg())),
        binary("$+", |time: Timestamp, by: YearToMonth| add_months(time, i64::from(by.0))),
        binary("$+", |by: YearToMonth, time: Timestamp| add_months(time, i64::from(by.0))),
        binary("$-", |time: Timestamp, by: YearToMonth| add_months(time, -i64::from(by.0))),
        binary("$+", |date: Date, by: DayToSecond| moved_date(date, by.0)),
        binary("$+", |by: DayToSecond, date: Date| moved_date(date, by.0)),
        binary("$-", |date: Date, by: DayToSecond| {
            moved_date(date, by.0.checked_neg().ok_or_else(interval_overflow)?)
        }),
        binary("$+", |date: Date, by: YearToMonth| super::time::add_months_to_date(date, i64::from(by.0))),
        binary("$+", |by: YearToMonth, date: Date| super::time::add_months_to_date(date, i64::from(by.0))),
        binary("$-", |date: Date, by: YearToMonth| super::time::add_months_to_date(date, -i64::from(by.0))),
        binary("$-", |a: Timestamp, b: Timestamp| {
            a.0.checked_sub(b.0).map(DayToSecond).ok_or_else(interval_overflow)
        }),
        binary("$+", |a: DayToSecond, b: DayToSecond| {
            a.0.checked_add(b.0).map(DayToSecond).ok_or_else(interval_overflow)
        }),
        binary("$-", |a: DayToSecond, b: DayToSecond| {
            a.0.checked_sub(b.0).map(DayToSecond).ok_or_else(interval_overflow)
        }),
        binary("$+", |a: YearToMonth, b: YearToMonth| {
            a.0.checked_add(b.0).map(YearToMonth).ok_or_else(interval_overflow)
        }),
        binary("$-", |a: YearToMonth, b: YearToMonth| {
            a.0.checked_sub(b.0).map(YearToMonth).ok_or_else(interval_overflow)
        }),
        binary("$*", |a: DayToSecond, b: i64| {
            a.0.checked_mul(b).map(DayToSecond).ok_or_else(interval_overflow)
        }),
        binary("$*", |a: i64, b: DayToSecond| {
            b.0.checked_mul(a).map(DayToSecond).ok_or_else(interval_overflow)
        }),
        binary("$*", |a: DayToSecond, b: f64| scaled(a.0, b)),
        binary("$*", |a: f64, b: DayToSecond| scaled(b.0, a)),
        binary(
            "$/",
            |a: DayToSecond, b: f64| {
                if b == 0.0 { Err("Division by zero".to_owned()) } else { scaled(a.0, 1.0 / b) }
            },
        ),
    ]
}
