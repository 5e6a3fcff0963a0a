//! What the store takes: records as [WriteRecords](https://docs.aws.amazon.com/timestream/latest/developerguide/API_Record.html)
//! names them, with values instead of text.
//!
//! Knows the store's limits on sizes, and nothing of events or of the wire.

use std::borrow::Cow;
use std::sync::Arc;

use crate::MeasureType;

/// Bytes of a record: [Quotas](https://docs.aws.amazon.com/timestream/latest/developerguide/ts-limits.html).
pub const MAX_RECORD_BYTES: usize = 2048;

/// Bytes of the names and values of a record's dimensions together.
pub const MAX_SERIES_BYTES: usize = 2048;

/// Bytes of a text.
pub const MAX_TEXT_BYTES: usize = 2048;

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
    /// The value of the measure that the record is named after. Never a timestamp, which the store
    /// [takes in multi-measure records only](https://docs.aws.amazon.com/timestream/latest/developerguide/writes.html#writes.data-types).
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

/// A value that the store accepts.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Finite, and not `-0.0`.
    Double(f64),
    /// An integer.
    Bigint(i64),
    /// A truth value.
    Boolean(bool),
    /// 1 to [`MAX_TEXT_BYTES`] bytes.
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

    /// The text of a request. A timestamp is in nanoseconds, the unit that its record declares.
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

    /// At least as large as the length of [`text`](Self::text), without making it.
    fn text_bytes_bound(&self) -> usize {
        match self {
            Self::Double(_) | Self::Bigint(_) | Self::Timestamp(_) => 24,
            Self::Boolean(_) => 5,
            Self::Varchar(value) => value.len(),
        }
    }
}

impl Record {
    /// The size that counts against [`MAX_RECORD_BYTES`]. The service does not publish its formula;
    /// this counts names and values as text, and eight bytes for the time.
    pub fn bytes(&self) -> usize {
        self.bytes_with(|value| value.text().len())
    }

    /// Whether the record is small enough, at the cost of a few additions for a usual record.
    pub(crate) fn fits(&self) -> bool {
        self.bytes_with(Value::text_bytes_bound) <= MAX_RECORD_BYTES || self.bytes() <= MAX_RECORD_BYTES
    }

    fn bytes_with(&self, value_bytes: impl Fn(&Value) -> usize) -> usize {
        let measured = match &self.measured {
            Measured::Single(value) => value_bytes(value),
            Measured::Multi(values) => {
                values.iter().map(|one| one.name.len() + value_bytes(&one.value)).sum()
            }
        };
        series_bytes(&self.dimensions) + self.measure_name.len() + measured + size_of::<i64>()
    }
}

/// The size that counts against [`MAX_SERIES_BYTES`].
pub(crate) fn series_bytes(dimensions: &[DimensionValue]) -> usize {
    dimensions.iter().map(|dimension| dimension.name.len() + dimension.value.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_read_back_and_stay_within_their_bound() {
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
            assert!(text.len() <= value.text_bytes_bound(), "{text}");
        }
    }
}
