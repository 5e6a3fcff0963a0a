//! What a record may measure by itself, from the service's
//! [quotas](https://docs.aws.amazon.com/timestream/latest/developerguide/ts-limits.html).

use super::rejection::Rejection;
use crate::store::{Measures, Row, Value};

/// Bytes of a dimension name.
const DIMENSION_NAME_BYTES: usize = 60;
/// Bytes of a measure name, and of the name of a value.
const MEASURE_NAME_BYTES: usize = 256;
/// Bytes of all names and values of the dimensions.
const DIMENSIONS_BYTES: usize = 2048;
/// Values of a multi-measure record.
const VALUES: usize = 256;
/// Bytes of a record.
const RECORD_BYTES: usize = 2048;
/// Bytes of a time, a number or an instant.
const WORD_BYTES: usize = 8;

/// Judges a record by itself.
pub fn check(row: &Row) -> Result<(), Rejection> {
    for (name, _) in &row.series.dimensions {
        at_most(|| format!("dimension name \"{name}\""), name.len(), "bytes", DIMENSION_NAME_BYTES)?;
    }
    let measure_name = &row.series.measure_name;
    at_most(|| format!("measure name \"{measure_name}\""), measure_name.len(), "bytes", MEASURE_NAME_BYTES)?;
    let dimensions: usize = row.series.dimensions.iter().map(|(name, value)| name.len() + value.len()).sum();
    at_most(|| "set of dimension names and values".to_owned(), dimensions, "bytes", DIMENSIONS_BYTES)?;
    let values = match &row.measures {
        Measures::Single(value) => bytes(value),
        Measures::Multi(values) => {
            at_most(|| "record".to_owned(), values.len(), "measures", VALUES)?;
            for (name, _) in values {
                at_most(|| format!("measure name \"{name}\""), name.len(), "bytes", MEASURE_NAME_BYTES)?;
            }
            values.iter().map(|(name, value)| name.len() + bytes(value)).sum()
        }
    };
    let record = dimensions + measure_name.len() + values + WORD_BYTES;
    at_most(|| "record".to_owned(), record, "bytes", RECORD_BYTES)
}

/// Rejects what is over its limit. `what` is only named then.
pub fn at_most(
    what: impl FnOnce() -> String,
    actual: usize,
    unit: &'static str,
    limit: usize,
) -> Result<(), Rejection> {
    if actual > limit { Err(Rejection::OverLimit { what: what(), actual, unit, limit }) } else { Ok(()) }
}

fn bytes(value: &Value) -> usize {
    match value {
        Value::Double(_) | Value::Bigint(_) | Value::Timestamp(_) => WORD_BYTES,
        Value::Boolean(_) => 1,
        Value::Varchar(text) => text.len(),
    }
}
