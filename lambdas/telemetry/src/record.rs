//! What a store takes: records of one series and instant. Knows nothing of events, of limits or of the wire.

use std::borrow::Cow;
use std::sync::Arc;

use crate::MeasureType;

/// Name of the measure that keeps a corrected record's own time.
pub const ORIGINAL_TIME: &str = "original_time";

/// Name of the measure that marks a corrected record.
pub const TIME_CORRECTED: &str = "time_corrected";

/// One record of the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The series: the device first, then the other dimensions in the order of the model. Shared by all records of an event.
    pub dimensions: Arc<[DimensionValue]>,
    /// `measure_name` of the record.
    pub measure_name: Arc<str>,
    /// What was measured.
    pub measured: Measured,
    /// When, in nanoseconds since 1970-01-01T00:00:00Z.
    pub time: i64,
    /// Of two records with the same dimensions, measure name and time, the higher version wins. At least 1.
    pub version: i64,
}

/// The content of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Measured {
    /// The value of the measure that the record is named after. Never a timestamp, which is a named value.
    Single(Value),
    /// Named values, in the order of the model.
    Multi(Vec<MeasureValue>),
}

/// A dimension of a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DimensionValue {
    /// Name in the store.
    pub name: Arc<str>,
    /// Never empty.
    pub value: String,
}

/// A measure of a multi-measure record.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasureValue {
    /// Name in the store.
    pub name: Arc<str>,
    /// The value.
    pub value: Value,
}

/// A value that any store accepts.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Finite, and not `-0.0`.
    Double(f64),
    /// An integer.
    Bigint(i64),
    /// A truth value.
    Boolean(bool),
    /// Not empty, and of at most [`Limits::text_bytes`](crate::Limits::text_bytes).
    Varchar(String),
    /// Nanoseconds since 1970-01-01T00:00:00Z, not negative.
    Timestamp(i64),
}

impl Value {
    /// The type in the store.
    pub fn kind(&self) -> MeasureType {
        match self {
            Self::Double(_) => MeasureType::Double,
            Self::Bigint(_) => MeasureType::Bigint,
            Self::Boolean(_) => MeasureType::Boolean,
            Self::Varchar(_) => MeasureType::Varchar,
            Self::Timestamp(_) => MeasureType::Timestamp,
        }
    }

    /// The value as text. A timestamp is in nanoseconds.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            // The shortest text that reads back as the same number, with an exponent where it is long.
            Self::Double(value) => format!("{value:?}").into(),
            Self::Bigint(value) | Self::Timestamp(value) => value.to_string().into(),
            Self::Boolean(true) => "true".into(),
            Self::Boolean(false) => "false".into(),
            Self::Varchar(value) => value.into(),
        }
    }
}

impl DimensionValue {
    /// Bytes of name and value together.
    pub fn bytes(&self) -> usize {
        self.name.len() + self.value.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_read_back() {
        let values = [
            (Value::Double(10.0), "10.0"),
            (Value::Double(-f64::MIN_POSITIVE), "-2.2250738585072014e-308"),
            (Value::Double(1e300), "1e300"),
            (Value::Bigint(i64::MIN), "-9223372036854775808"),
            (Value::Boolean(false), "false"),
            (Value::Varchar("ä".into()), "ä"),
            (Value::Timestamp(i64::MAX), "9223372036854775807"),
        ];
        for (value, text) in values {
            assert_eq!(value.text(), text);
        }
    }
}
