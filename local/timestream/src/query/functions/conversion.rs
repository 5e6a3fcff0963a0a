//! `CAST` and `TRY_CAST`, under the names `$cast <type>` and `$try_cast <type>`.
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/conversion-functions.html>

use super::{
    overload::{Answer, Date, DayToSecond, Overload, Sql, Time, Timestamp, YearToMonth, of_one, unary},
    time::timestamp,
};
use crate::query::{
    text,
    types::{Datum, SCALARS, Type},
};

/// A cast and the same cast that answers null where the first fails.
fn cast<A: Sql, R: Sql>(function: fn(A) -> Answer<R>) -> [Overload; 2] {
    [
        unary(strict_name(R::TYPE), function),
        unary(lenient_name(R::TYPE), move |value| Ok(function(value).ok())),
    ]
}

/// The name of the function behind `CAST(… AS type)`; none for a type that cannot be cast to.
pub fn strict_name(target: Type) -> &'static str {
    match target {
        Type::Boolean => "$cast boolean",
        Type::Integer => "$cast integer",
        Type::Bigint => "$cast bigint",
        Type::Double => "$cast double",
        Type::Varchar => "$cast varchar",
        Type::Timestamp => "$cast timestamp",
        Type::Date => "$cast date",
        Type::Time => "$cast time",
        Type::DayToSecond => "$cast interval day to second",
        Type::YearToMonth => "$cast interval year to month",
        Type::Unknown | Type::Array(_) | Type::Timeseries(_) => "$cast unknown",
    }
}

fn lenient_name(target: Type) -> &'static str {
    match target {
        Type::Boolean => "$try_cast boolean",
        Type::Integer => "$try_cast integer",
        Type::Bigint => "$try_cast bigint",
        Type::Double => "$try_cast double",
        Type::Varchar => "$try_cast varchar",
        Type::Timestamp => "$try_cast timestamp",
        Type::Date => "$try_cast date",
        Type::Time => "$try_cast time",
        Type::DayToSecond => "$try_cast interval day to second",
        Type::YearToMonth => "$try_cast interval year to month",
        Type::Unknown | Type::Array(_) | Type::Timeseries(_) => "$try_cast unknown",
    }
}

fn unreadable(text: &str, target: Type) -> String {
    format!("Cannot cast '{text}' to {}", target.name().to_uppercase())
}

fn read<T: Sql + std::str::FromStr>(text: &str) -> Answer<T> {
    text.trim().parse().map_err(|_| unreadable(text, T::TYPE))
}

fn read_double(text: &str) -> Answer<f64> {
    let trimmed = text.trim();
    // Rust reads more spellings than Java does.
    match trimmed {
        "NaN" => Ok(f64::NAN),
        "Infinity" | "+Infinity" => Ok(f64::INFINITY),
        "-Infinity" => Ok(f64::NEG_INFINITY),
        _ if trimmed.chars().any(|c| c.is_ascii_digit()) => read(trimmed),
        _ => Err(unreadable(text, Type::Double)),
    }
}

fn read_boolean(text: &str) -> Answer<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" => Ok(true),
        "false" | "f" | "0" => Ok(false),
        _ => Err(unreadable(text, Type::Boolean)),
    }
}

/// Rounds half away from zero, unlike a cast in Rust or Arrow.
fn to_bigint(value: f64) -> Answer<i64> {
    super::math::to_bigint(value.round())
        .ok_or_else(|| format!("Cannot cast {} to bigint", text::double(value)))
}

fn to_integer(value: i64) -> Answer<i32> {
    i32::try_from(value).map_err(|_| format!("Out of range for integer: {value}"))
}

#[expect(clippy::cast_precision_loss, reason = "as the service converts")]
fn to_double(value: i64) -> f64 {
    value as f64
}

#[expect(clippy::unnecessary_wraps, reason = "casts may fail, this one does not")]
fn written<A: Sql>(value: A) -> Answer<Option<String>> {
    Ok(text::format(&value.into_datum()))
}

fn midnight(date: Date) -> Answer<Timestamp> {
    timestamp(i64::from(date.0).checked_mul(86_400_000_000_000))
}

/// The casts.
pub fn overloads() -> Vec<Overload> {
    [
        cast(|v: bool| Ok(v)),
        cast(|v: i64| Ok(v != 0)),
        cast(|v: f64| Ok(v != 0.0)),
        cast(|v: String| read_boolean(&v)),
        cast(|v: bool| Ok(i32::from(v))),
        cast(|v: i32| Ok(v)),
        cast(to_integer),
        cast(|v: f64| to_integer(to_bigint(v)?)),
        cast(|v: String| read::<i32>(&v)),
        cast(|v: bool| Ok(i64::from(v))),
        cast(|v: i64| Ok(v)),
        cast(to_bigint),
        cast(|v: String| read::<i64>(&v)),
        cast(|v: bool| Ok(f64::from(u8::from(v)))),
        cast(|v: i64| Ok(to_double(v))),
        cast(|v: f64| Ok(v)),
        cast(|v: String| read_double(&v)),
        cast(written::<bool>),
        cast(written::<i64>),
        cast(written::<f64>),
        cast(|v: String| Ok(v)),
        cast(written::<Timestamp>),
        cast(written::<Date>),
        cast(written::<Time>),
        cast(written::<DayToSecond>),
        cast(written::<YearToMonth>),
        cast(|v: Timestamp| Ok(v)),
        cast(midnight),
        cast(|v: String| {
            let nanos = text::parse_timestamp(&v).ok_or_else(|| unreadable(&v, Type::Timestamp))?;
            timestamp(Some(nanos))
        }),
        cast(|v: Timestamp| Ok(Date(text::days_of(v.0)))),
        cast(|v: Date| Ok(v)),
        cast(|v: String| text::parse_date(&v).map(Date).ok_or_else(|| unreadable(&v, Type::Date))),
        cast(|v: Timestamp| Ok(Time(v.0.rem_euclid(86_400_000_000_000)))),
        cast(|v: Time| Ok(v)),
        cast(|v: String| text::parse_time(&v).map(Time).ok_or_else(|| unreadable(&v, Type::Time))),
        cast(|v: DayToSecond| Ok(v)),
        cast(|v: YearToMonth| Ok(v)),
    ]
    .into_iter()
    .flatten()
    .chain(SCALARS.iter().flat_map(|of| [*of, Type::Array(of), Type::Timeseries(of)]).map(|kind| {
        of_one("typeof", kind, Type::Varchar, move |_| Ok(Datum::Varchar(kind.name().to_owned())))
    }))
    .collect()
}

/// Reads a time in text, as a cast does.
pub fn time(target: Type, text: &str) -> Answer<Datum> {
    literal(target, text).map_err(|_| unreadable(text, target))
}

/// Reads the literal `TIMESTAMP '…'`, `DATE '…'` and their like.
pub fn literal(target: Type, text: &str) -> Answer<Datum> {
    match target {
        Type::Timestamp => text::parse_timestamp(text).map(Datum::Timestamp),
        Type::Date => text::parse_date(text).map(Datum::Date),
        Type::Time => text::parse_time(text).map(Datum::Time),
        _ => None,
    }
    .ok_or_else(|| format!("'{text}' is not a valid {} literal", target.name()))
}
