//! The shape of a `WriteRecords` request, and its records with the common attributes merged in.
//!
//! What is wrong here fails the request as a whole, with a `ValidationException`. The sentences about
//! time, dimensions and `TIMESTAMP` are the service's own, as its clients report them.

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;

use super::value::{self, TimeUnit};
use crate::{
    names,
    store::{Measures, Row, Series, Value, ValueType},
    wire,
};

/// Records in a request.
const MAX_RECORDS: usize = 100;
/// Dimensions of a record.
const MAX_DIMENSIONS: usize = 128;
/// Characters in the text of a value.
const MAX_VALUE_CHARACTERS: usize = 2048;

/// A request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct WriteRecords {
    /// Where to.
    pub database_name: String,
    /// Where to.
    pub table_name: String,
    /// What the records share.
    pub common_attributes: Option<Record>,
    /// What is to be written.
    pub records: Vec<Record>,
}

/// A record, or what records share.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Record {
    dimensions: Option<Vec<Dimension>>,
    measure_name: Option<String>,
    measure_value: Option<String>,
    measure_value_type: Option<MeasureValueType>,
    measure_values: Option<Vec<MeasureValue>>,
    time: Option<String>,
    time_unit: Option<TimeUnit>,
    version: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Dimension {
    name: String,
    value: String,
    #[serde(rename = "DimensionValueType", default)]
    _value_type: DimensionValueType,
}

/// Dimensions have one type; another one is refused when the request is read.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum DimensionValueType {
    #[default]
    Varchar,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MeasureValue {
    name: String,
    value: String,
    #[serde(rename = "Type")]
    kind: MeasureValueType,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum MeasureValueType {
    Double,
    Bigint,
    Varchar,
    Boolean,
    Timestamp,
    Multi,
}

impl MeasureValueType {
    fn scalar(self) -> Option<ValueType> {
        Some(match self {
            Self::Double => ValueType::Double,
            Self::Bigint => ValueType::Bigint,
            Self::Varchar => ValueType::Varchar,
            Self::Boolean => ValueType::Boolean,
            Self::Timestamp => ValueType::Timestamp,
            Self::Multi => return None,
        })
    }
}

/// Why a request fails as a whole.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// No record, or too many.
    #[error(
        "1 validation error detected: Value at 'records' failed to satisfy constraint: Member must have length between 1 and {MAX_RECORDS}, but it has {0}."
    )]
    RecordCount(usize),
    /// Too many dimensions in one record.
    #[error(
        "1 validation error detected: Value at 'dimensions' failed to satisfy constraint: Member must have length less than or equal to {MAX_DIMENSIONS}."
    )]
    DimensionCount,
    /// A text that is too long or empty.
    #[error(
        "1 validation error detected: Value of measure \"{0}\" failed to satisfy constraint: Member must have length between 1 and {MAX_VALUE_CHARACTERS}."
    )]
    ValueLength(String),
    /// No dimension.
    #[error("At least one dimension is required for a record.")]
    NoDimension,
    /// The same dimension twice, in a record or in it and the common attributes.
    #[error(
        "A record must contain dimensions with unique names; the dimension \"{0}\" is given more than once."
    )]
    DuplicateDimension(String),
    /// The same value twice, in a record or in it and the common attributes.
    #[error("A record must contain measures with unique names; the measure \"{0}\" is given more than once.")]
    DuplicateMeasure(String),
    /// A name that the service does not accept.
    #[error(transparent)]
    Name(#[from] names::Error),
    /// No time, or text that is not one.
    #[error("Invalid time for record.")]
    Time,
    /// A version below 1.
    #[error("Invalid version {0} for record: the version must be 1 or greater.")]
    Version(i64),
    /// No measure name.
    #[error("A measure name is required for a record.")]
    NoMeasureName,
    /// No value.
    #[error("A measure value is required for a record.")]
    NoMeasureValue,
    /// `MULTI` without values, or with a single one.
    #[error("A record of type MULTI must have MeasureValues, and must not have a MeasureValue.")]
    MultiShape,
    /// Values in a record that is not `MULTI`.
    #[error("MeasureValues are only allowed for a record of type MULTI.")]
    SingleShape,
    /// A type that is not allowed here.
    #[error("{0} is an invalid measure value type")]
    InvalidType(&'static str),
    /// Text that is not of its type.
    #[error("The value \"{text}\" of measure \"{name}\" is not a valid {kind}.", kind = kind.name())]
    Value {
        /// Name of the measure.
        name: String,
        /// As given.
        text: String,
        /// As declared.
        kind: ValueType,
    },
}

impl From<Error> for wire::Error {
    fn from(error: Error) -> Self {
        Self::validation(error.to_string())
    }
}

/// The records of a request as rows, with the common attributes merged in.
pub fn read(records: &[Record], common: Option<&Record>) -> Result<Vec<Row>, Error> {
    if records.is_empty() || records.len() > MAX_RECORDS {
        return Err(Error::RecordCount(records.len()));
    }
    let nothing = Record::default();
    let common = common.unwrap_or(&nothing);
    records.iter().map(|record| row(record, common)).collect()
}

fn row(record: &Record, common: &Record) -> Result<Row, Error> {
    let unit = record.time_unit.or(common.time_unit).unwrap_or_default();
    let time = record.time.as_ref().or(common.time.as_ref()).ok_or(Error::Time)?;
    let time = unit.nanoseconds(time).ok_or(Error::Time)?;
    let version = record.version.or(common.version).unwrap_or(1);
    if version < 1 {
        return Err(Error::Version(version));
    }
    let series = Arc::new(Series {
        dimensions: dimensions(record, common)?,
        measure_name: measure_name(record, common)?,
    });
    let measures = measures(record, common, &series.measure_name, unit)?;
    Ok(Row { time, series, measures, version })
}

fn dimensions(record: &Record, common: &Record) -> Result<Vec<(String, String)>, Error> {
    let mut merged = BTreeMap::new();
    for dimension in common.dimensions.iter().chain(&record.dimensions).flatten() {
        names::check_column("dimension", &dimension.name)?;
        if merged.insert(dimension.name.clone(), dimension.value.clone()).is_some() {
            return Err(Error::DuplicateDimension(dimension.name.clone()));
        }
    }
    match merged.len() {
        0 => Err(Error::NoDimension),
        1..=MAX_DIMENSIONS => Ok(merged.into_iter().collect()),
        _ => Err(Error::DimensionCount),
    }
}

fn measure_name(record: &Record, common: &Record) -> Result<String, Error> {
    let name = record.measure_name.as_ref().or(common.measure_name.as_ref()).ok_or(Error::NoMeasureName)?;
    names::check_measure_name(name)?;
    Ok(name.clone())
}

fn measures(record: &Record, common: &Record, measure_name: &str, unit: TimeUnit) -> Result<Measures, Error> {
    let kind = record.measure_value_type.or(common.measure_value_type).unwrap_or(MeasureValueType::Double);
    let single = record.measure_value.as_ref().or(common.measure_value.as_ref());
    let mut multi = common.measure_values.iter().chain(&record.measure_values).flatten().peekable();
    let Some(kind) = kind.scalar() else {
        if single.is_some() || multi.peek().is_none() {
            return Err(Error::MultiShape);
        }
        let mut values = BTreeMap::new();
        for MeasureValue { name, value, kind } in multi {
            names::check_column("measure", name)?;
            let kind = kind.scalar().ok_or(Error::InvalidType("MULTI"))?;
            if values.insert(name.clone(), read_value(name, kind, value, unit)?).is_some() {
                return Err(Error::DuplicateMeasure(name.clone()));
            }
        }
        return Ok(Measures::Multi(values.into_iter().collect()));
    };
    if multi.peek().is_some() {
        return Err(Error::SingleShape);
    }
    // The service knows instants only as values of multi-measure records.
    if kind == ValueType::Timestamp {
        return Err(Error::InvalidType("TIMESTAMP"));
    }
    let text = single.ok_or(Error::NoMeasureValue)?;
    Ok(Measures::Single(read_value(measure_name, kind, text, unit)?))
}

fn read_value(name: &str, kind: ValueType, text: &str, unit: TimeUnit) -> Result<Value, Error> {
    if text.is_empty() || text.chars().count() > MAX_VALUE_CHARACTERS {
        return Err(Error::ValueLength(name.to_owned()));
    }
    value::read(kind, text, unit).ok_or_else(|| Error::Value {
        name: name.to_owned(),
        text: text.to_owned(),
        kind,
    })
}
