//! What a table holds: rows of series, and the columns that they make.
//!
//! These types are shared by the write rules, the disk and the queries. None of them checks anything:
//! a value here has passed the rules.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A row of a table: one record as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub time: i64,
    /// What the record is about. Rows of one series share it.
    pub series: Arc<Series>,
    /// What was measured.
    pub measures: Measures,
    /// The version with which it was written, from 1.
    pub version: i64,
}

/// The identity of a time series: dimensions (sorted by name) and measure name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Series {
    /// Names and values, sorted by name.
    pub dimensions: Vec<(String, String)>,
    /// `measure_name`.
    pub measure_name: String,
}

/// The measured part of a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Measures {
    /// One value under the series' measure name.
    Single(Value),
    /// Named values, sorted by name.
    Multi(Vec<(String, Value)>),
}

/// A value of a measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// 64-bit floating point; never NaN, infinite or `-0.0`.
    Double(f64),
    /// 64-bit signed integer.
    Bigint(i64),
    /// `true` or `false`.
    Boolean(bool),
    /// Text.
    Varchar(String),
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
}

impl Value {
    /// Its type.
    pub fn value_type(&self) -> ValueType {
        match self {
            Self::Double(_) => ValueType::Double,
            Self::Bigint(_) => ValueType::Bigint,
            Self::Boolean(_) => ValueType::Boolean,
            Self::Varchar(_) => ValueType::Varchar,
            Self::Timestamp(_) => ValueType::Timestamp,
        }
    }
}

/// Type of a measured value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ValueType {
    /// 64-bit floating point.
    Double,
    /// 64-bit signed integer.
    Bigint,
    /// `true` or `false`.
    Boolean,
    /// Text.
    Varchar,
    /// An instant.
    Timestamp,
}

impl ValueType {
    /// The name in requests, for instance `DOUBLE`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Double => "DOUBLE",
            Self::Bigint => "BIGINT",
            Self::Boolean => "BOOLEAN",
            Self::Varchar => "VARCHAR",
            Self::Timestamp => "TIMESTAMP",
        }
    }

    /// The name in columns, for instance `double` in `measure_value::double`.
    pub fn column_suffix(self) -> &'static str {
        match self {
            Self::Double => "double",
            Self::Bigint => "bigint",
            Self::Boolean => "boolean",
            Self::Varchar => "varchar",
            Self::Timestamp => "timestamp",
        }
    }
}

/// The columns of a table in the service's order: dimensions (in order of first write), then
/// `measure_name`, `time`, then `measure_value::<type>` for each type written as single measure, then
/// the multi-measure columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableSchema {
    /// In the order of `SELECT *`.
    pub columns: Vec<Column>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Column {
    /// As queries name it.
    pub name: String,
    /// Where its values come from.
    pub kind: ColumnKind,
}

/// Where the values of a column come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ColumnKind {
    /// A dimension of the series; null where the series lacks it.
    Dimension,
    /// The measure name of the series.
    MeasureName,
    /// The time of the row.
    Time,
    /// The value of a single-measure row of this type.
    SingleMeasure(ValueType),
    /// The value of this name in multi-measure rows.
    MultiMeasure(ValueType),
}

/// An immutable view of a table; rows are shared.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The columns at the moment of the view.
    pub schema: TableSchema,
    /// Sorted by time.
    pub rows: Vec<Arc<Row>>,
}
