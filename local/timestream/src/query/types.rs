//! The types of Timestream's dialect, and values of them.
//!
//! The engine below thinks in Arrow types; everything that a person sees, and every rule about which
//! operation fits which operand, is in terms of these.
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/supported-data-types.html>

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use datafusion::{
    arrow::{
        array::{
            Array, ArrayRef, AsArray, BooleanBuilder, Date32Builder, DurationNanosecondBuilder,
            Float64Builder, Int32Builder, Int64Builder, IntervalYearMonthBuilder, ListArray, StringBuilder,
            StructArray, Time64NanosecondBuilder, TimestampNanosecondArray, TimestampNanosecondBuilder,
            new_null_array,
        },
        buffer::{NullBuffer, OffsetBuffer},
        datatypes::{
            DataType, Date32Type, DurationNanosecondType, Field, Fields, Float64Type, Int32Type, Int64Type,
            IntervalUnit, IntervalYearMonthType, Time64NanosecondType, TimeUnit, TimestampNanosecondType,
            UInt64Type,
        },
    },
    error::DataFusionError,
};
use serde_json::{Value, json};

use super::failure::Failure;

/// A type of the dialect.
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
    /// `array` of scalars
    Array(&'static Type),
    /// `timeseries`: times, each once and in order, with a scalar for each
    Timeseries(&'static Type),
}

/// The types of which there are arrays and time series.
pub static SCALARS: [Type; 11] = [
    Type::Unknown,
    Type::Boolean,
    Type::Integer,
    Type::Bigint,
    Type::Double,
    Type::Varchar,
    Type::Timestamp,
    Type::Date,
    Type::Time,
    Type::DayToSecond,
    Type::YearToMonth,
];

static NESTED_NAMES: LazyLock<HashMap<Type, String>> = LazyLock::new(|| {
    let array = |of: &'static Type| (Type::Array(of), format!("array({})", of.name()));
    let series = |of: &'static Type| (Type::Timeseries(of), format!("timeseries({})", of.name()));
    SCALARS.iter().flat_map(|of| [array(of), series(of)]).collect()
});

/// The fields of a point of a time series.
fn point(value: Type) -> Fields {
    Fields::from(vec![
        Field::new("time", Type::Timestamp.data_type(), true),
        Field::new("value", value.data_type(), true),
    ])
}

impl Type {
    /// The array of values of this type; none of what is no scalar.
    pub fn array(self) -> Option<Self> {
        SCALARS.iter().find(|kind| **kind == self).map(Self::Array)
    }

    /// The time series of values of this type; none of what is no scalar.
    pub fn timeseries(self) -> Option<Self> {
        SCALARS.iter().find(|kind| **kind == self).map(Self::Timeseries)
    }

    /// Whether a value is one value.
    pub fn is_scalar(self) -> bool {
        !matches!(self, Self::Array(_) | Self::Timeseries(_))
    }

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
            DataType::List(element) => match element.data_type() {
                DataType::Struct(fields) => match fields.as_ref() {
                    [time, value] if time.name() == "time" && value.name() == "value" => {
                        Self::of(value.data_type())?.timeseries()?
                    }
                    _ => return None,
                },
                element => Self::of(element)?.array()?,
            },
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
            Self::Array(of) => DataType::List(Arc::new(Field::new_list_field(of.data_type(), true))),
            Self::Timeseries(of) => {
                DataType::List(Arc::new(Field::new_list_field(DataType::Struct(point(*of)), true)))
            }
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
            Self::Array(_) | Self::Timeseries(_) => NESTED_NAMES.get(&self).map_or("array", String::as_str),
        }
    }

    /// The `Type` of a column:
    /// <https://docs.aws.amazon.com/timestream/latest/developerguide/API_query_Type.html>.
    pub fn column_type(self) -> Value {
        let scalar = match self {
            Self::Array(of) => return json!({ "ArrayColumnInfo": { "Type": of.column_type() } }),
            Self::Timeseries(of) => {
                return json!({ "TimeSeriesMeasureValueColumnInfo": { "Type": of.column_type() } });
            }
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
        };
        json!({ "ScalarType": scalar })
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
            (Self::Array(from), Self::Array(to)) => from.distance(*to),
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
    /// Values of one type
    Array(Vec<Datum>),
    /// Points, by time: nanoseconds since the epoch
    Timeseries(Vec<(i64, Datum)>),
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
            DataType::List(_) => {
                let values = array.as_list::<i32>().value(index);
                if let Some(points) = values.as_struct_opt() {
                    let times = points.column(0).as_primitive::<TimestampNanosecondType>();
                    let point = |row| Ok((times.value(row), Self::read(points.column(1), row)?));
                    Self::Timeseries((0..points.len()).map(point).collect::<Result<_, DataFusionError>>()?)
                } else {
                    let value = |row| Self::read(&values, row);
                    Self::Array((0..values.len()).map(value).collect::<Result<_, _>>()?)
                }
            }
            _ => {
                return Err(Failure::Unplaced("A value of this type is not supported here".to_owned()).into());
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
        Type::Array(of) => {
            let mut lists = Lists::default();
            for value in values {
                match value? {
                    Datum::Array(items) => lists.append(items),
                    _ => lists.append_null(),
                }
            }
            let items = std::mem::take(&mut lists.items);
            lists.finish(of.data_type(), collect(*of, items.into_iter().map(Ok))?)
        }
        Type::Timeseries(of) => {
            let mut lists = Lists::default();
            for value in values {
                match value? {
                    Datum::Timeseries(points) => lists.append(points),
                    _ => lists.append_null(),
                }
            }
            let (times, items): (Vec<i64>, Vec<Datum>) = std::mem::take(&mut lists.items).into_iter().unzip();
            let times: ArrayRef = Arc::new(TimestampNanosecondArray::from(times));
            let items = collect(*of, items.into_iter().map(Ok))?;
            let points = StructArray::try_new(point(*of), vec![times, items], None)?;
            lists.finish(points.data_type().clone(), Arc::new(points))
        }
    }
}

/// Lists, whose items are behind each other.
struct Lists<T> {
    items: Vec<T>,
    lengths: Vec<usize>,
    valid: Vec<bool>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self { items: Vec::new(), lengths: Vec::new(), valid: Vec::new() }
    }
}

impl<T> Lists<T> {
    fn append(&mut self, items: Vec<T>) {
        self.lengths.push(items.len());
        self.valid.push(true);
        self.items.extend(items);
    }

    fn append_null(&mut self) {
        self.lengths.push(0);
        self.valid.push(false);
    }

    fn finish(self, element: DataType, items: ArrayRef) -> Result<ArrayRef, DataFusionError> {
        let field = Arc::new(Field::new_list_field(element, true));
        let offsets = OffsetBuffer::from_lengths(self.lengths);
        Ok(Arc::new(ListArray::try_new(field, offsets, items, Some(NullBuffer::from(self.valid)))?))
    }
}
