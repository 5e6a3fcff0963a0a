//! The types of Timestream's dialect, and values of them.
//!
//! The engine below thinks in Arrow types; everything that a person sees, and every rule about which
//! operation fits which operand, is in terms of these.
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/supported-data-types.html>

use datafusion::{
    arrow::{
        array::{
            Array, ArrayRef, AsArray, BooleanBuilder, Date32Builder, DurationNanosecondBuilder,
            Float64Builder, Int32Builder, Int64Builder, IntervalYearMonthBuilder, StringBuilder,
            Time64NanosecondBuilder, TimestampNanosecondBuilder, new_null_array,
        },
        datatypes::{
            DataType, Date32Type, DurationNanosecondType, Float64Type, Int32Type, Int64Type, IntervalUnit,
            IntervalYearMonthType, Time64NanosecondType, TimeUnit, TimestampNanosecondType, UInt64Type,
        },
    },
    error::DataFusionError,
};
use std::sync::Arc;

use super::failure::Failure;

/// A scalar type of the dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// `boolean`
    Boolean,
    /// `integer`, 32 bits
    Integer,
    /// `bigint`, 64 bits
    Bigint,
    /// `double`
    Double,
    /// `varchar`
    Varchar,
    /// `timestamp`, nanoseconds, UTC
    Timestamp,
    /// `date`
    Date,
    /// `time`, nanoseconds of the day
    Time,
    /// `interval day to second`, nanoseconds
    DayToSecond,
    /// `interval year to month`, months
    YearToMonth,
    /// The type of a bare `NULL`
    Unknown,
}

impl Type {
    /// The type that an Arrow type stands for.
    pub fn of(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Boolean => Self::Boolean,
            DataType::Int8 | DataType::Int16 | DataType::Int32 => Self::Integer,
            DataType::Int64 | DataType::UInt64 | DataType::UInt32 => Self::Bigint,
            DataType::Float64 => Self::Double,
            DataType::Utf8 => Self::Varchar,
            DataType::Timestamp(TimeUnit::Nanosecond, None) => Self::Timestamp,
            DataType::Date32 => Self::Date,
            DataType::Time64(TimeUnit::Nanosecond) => Self::Time,
            DataType::Duration(TimeUnit::Nanosecond) => Self::DayToSecond,
            DataType::Interval(IntervalUnit::YearMonth) => Self::YearToMonth,
            DataType::Null => Self::Unknown,
            _ => return None,
        })
    }

    /// The Arrow type that carries this type.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::Integer => DataType::Int32,
            Self::Bigint => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Varchar => DataType::Utf8,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Nanosecond, None),
            Self::Date => DataType::Date32,
            Self::Time => DataType::Time64(TimeUnit::Nanosecond),
            Self::DayToSecond => DataType::Duration(TimeUnit::Nanosecond),
            Self::YearToMonth => DataType::Interval(IntervalUnit::YearMonth),
            Self::Unknown => DataType::Null,
        }
    }

    /// The name in SQL and in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Bigint => "bigint",
            Self::Double => "double",
            Self::Varchar => "varchar",
            Self::Timestamp => "timestamp",
            Self::Date => "date",
            Self::Time => "time",
            Self::DayToSecond => "interval day to second",
            Self::YearToMonth => "interval year to month",
            Self::Unknown => "unknown",
        }
    }

    /// The name in `ColumnInfo`:
    /// <https://docs.aws.amazon.com/timestream/latest/developerguide/API_query_Type.html>.
    pub fn scalar_type(self) -> &'static str {
        match self {
            Self::Boolean => "BOOLEAN",
            Self::Integer => "INTEGER",
            Self::Bigint => "BIGINT",
            Self::Double => "DOUBLE",
            Self::Varchar => "VARCHAR",
            Self::Timestamp => "TIMESTAMP",
            Self::Date => "DATE",
            Self::Time => "TIME",
            Self::DayToSecond => "INTERVAL_DAY_TO_SECOND",
            Self::YearToMonth => "INTERVAL_YEAR_TO_MONTH",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// How far an implicit conversion to `target` goes; none when there is no such conversion.
    pub fn distance(self, target: Self) -> Option<u32> {
        match (self, target) {
            (from, to) if from == to => Some(0),
            (Self::Unknown, _)
            | (Self::Integer, Self::Bigint)
            | (Self::Bigint, Self::Double)
            | (Self::Date, Self::Timestamp) => Some(1),
            (Self::Integer, Self::Double) => Some(2),
            _ => None,
        }
    }

    /// Whether text is read as this type where one is expected, as in `time > '2022-06-17'`.
    pub fn reads_text(self) -> bool {
        matches!(self, Self::Timestamp | Self::Date | Self::Time)
    }

    /// The type in which values of both are compared.
    pub fn compared(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Varchar, time) | (time, Self::Varchar) if time.reads_text() => Some(time),
            _ => self.common(other),
        }
    }

    /// The type to which both convert implicitly.
    pub fn common(self, other: Self) -> Option<Self> {
        if self.distance(other).is_some() {
            Some(other)
        } else if other.distance(self).is_some() {
            Some(self)
        } else {
            None
        }
    }
}

/// A value of the dialect.
#[derive(Debug, Clone, PartialEq)]
pub enum Datum {
    /// No value
    Null,
    /// `boolean`
    Boolean(bool),
    /// `integer`
    Integer(i32),
    /// `bigint`
    Bigint(i64),
    /// `double`
    Double(f64),
    /// `varchar`
    Varchar(String),
    /// Nanoseconds since the epoch
    Timestamp(i64),
    /// Days since the epoch
    Date(i32),
    /// Nanoseconds since midnight
    Time(i64),
    /// Nanoseconds
    DayToSecond(i64),
    /// Months
    YearToMonth(i32),
}

impl Datum {
    /// Row `index` of an array.
    pub fn read(array: &dyn Array, index: usize) -> Result<Self, DataFusionError> {
        if array.is_null(index) {
            return Ok(Self::Null);
        }
        Ok(match array.data_type() {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Boolean(array.as_boolean().value(index)),
            DataType::Int32 => Self::Integer(array.as_primitive::<Int32Type>().value(index)),
            DataType::Int64 => Self::Bigint(array.as_primitive::<Int64Type>().value(index)),
            DataType::UInt64 => {
                let value = array.as_primitive::<UInt64Type>().value(index);
                Self::Bigint(
                    i64::try_from(value)
                        .map_err(|_| Failure::Unplaced(format!("bigint overflow: {value}")))?,
                )
            }
            DataType::Float64 => Self::Double(array.as_primitive::<Float64Type>().value(index)),
            DataType::Utf8 => Self::Varchar(array.as_string::<i32>().value(index).to_owned()),
            DataType::Timestamp(TimeUnit::Nanosecond, None) => {
                Self::Timestamp(array.as_primitive::<TimestampNanosecondType>().value(index))
            }
            DataType::Date32 => Self::Date(array.as_primitive::<Date32Type>().value(index)),
            DataType::Time64(TimeUnit::Nanosecond) => {
                Self::Time(array.as_primitive::<Time64NanosecondType>().value(index))
            }
            DataType::Duration(TimeUnit::Nanosecond) => {
                Self::DayToSecond(array.as_primitive::<DurationNanosecondType>().value(index))
            }
            DataType::Interval(IntervalUnit::YearMonth) => {
                Self::YearToMonth(array.as_primitive::<IntervalYearMonthType>().value(index))
            }
            other => {
                return Err(Failure::Unplaced(format!("Values of type {other} are not supported")).into());
            }
        })
    }
}

/// Collects `values` of one type into an array.
pub fn collect(
    kind: Type,
    values: impl ExactSizeIterator<Item = Result<Datum, Failure>>,
) -> Result<ArrayRef, DataFusionError> {
    macro_rules! build {
        ($builder:ident, $variant:ident) => {{
            let mut builder = $builder::with_capacity(values.len());
            for value in values {
                match value? {
                    Datum::$variant(value) => builder.append_value(value),
                    _ => builder.append_null(),
                }
            }
            Ok(Arc::new(builder.finish()))
        }};
    }
    match kind {
        Type::Boolean => build!(BooleanBuilder, Boolean),
        Type::Integer => build!(Int32Builder, Integer),
        Type::Bigint => build!(Int64Builder, Bigint),
        Type::Double => build!(Float64Builder, Double),
        Type::Timestamp => build!(TimestampNanosecondBuilder, Timestamp),
        Type::Date => build!(Date32Builder, Date),
        Type::Time => build!(Time64NanosecondBuilder, Time),
        Type::DayToSecond => build!(DurationNanosecondBuilder, DayToSecond),
        Type::YearToMonth => build!(IntervalYearMonthBuilder, YearToMonth),
        Type::Varchar => {
            let mut builder = StringBuilder::new();
            for value in values {
                match value? {
                    Datum::Varchar(value) => builder.append_value(value),
                    _ => builder.append_null(),
                }
            }
            Ok(Arc::new(builder.finish()))
        }
        Type::Unknown => Ok(new_null_array(&DataType::Null, values.len())),
    }
}
