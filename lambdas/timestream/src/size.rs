//! How large a record is to the store.
//!
//! The service does not publish its formula. This one counts names and values as the text of a request, and
//! eight bytes for the time.

use telemetry::{DimensionValue, MeasureValue, Measured, Record, Value};

/// Bytes of a record.
pub(crate) const MAX_RECORD_BYTES: usize = 2_048;

/// The bytes of a record.
pub fn bytes(record: &Record) -> usize {
    sum(record, |value| value.text().len())
}

/// The bytes of a record that is too large, at the cost of a few additions for one that is not.
pub(crate) fn too_large(record: &Record) -> Option<usize> {
    if sum(record, bound) <= MAX_RECORD_BYTES {
        return None;
    }
    Some(bytes(record)).filter(|bytes| *bytes > MAX_RECORD_BYTES)
}

fn sum(record: &Record, of_value: impl Fn(&Value) -> usize) -> usize {
    let measured = match &record.measured {
        Measured::Single(value) => of_value(value),
        Measured::Multi(values) => {
            values.iter().map(|MeasureValue { name, value }| name.len() + of_value(value)).sum()
        }
    };
    let series: usize = record.dimensions.iter().map(DimensionValue::bytes).sum();
    series + record.measure_name.len() + measured + size_of::<i64>()
}

/// At least the length of a value's text, without making it.
fn bound(value: &Value) -> usize {
    match value {
        Value::Double(_) | Value::Bigint(_) | Value::Timestamp(_) => 24,
        Value::Boolean(_) => 5,
        Value::Varchar(value) => value.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_within_their_bound() {
        for value in [
            Value::Double(-f64::MIN_POSITIVE),
            Value::Double(1e300),
            Value::Bigint(i64::MIN),
            Value::Boolean(false),
            Value::Varchar("ä".into()),
            Value::Timestamp(i64::MAX),
        ] {
            assert!(value.text().len() <= bound(&value), "{value:?}");
        }
    }

    #[test]
    fn a_record_is_too_large_by_its_texts_and_not_by_their_bound() {
        let record = |text: usize| Record {
            dimensions: [DimensionValue { name: "device".into(), value: "d".to_owned() }].into(),
            measure_name: "m".into(),
            measured: Measured::Multi(vec![
                MeasureValue { name: "n".into(), value: Value::Double(1.0) },
                MeasureValue { name: "t".into(), value: Value::Varchar("x".repeat(text)) },
            ]),
            time: 0,
            version: 1,
        };
        let room = MAX_RECORD_BYTES - bytes(&record(0));
        for (text, expected) in
            [(0, None), (room - 1, None), (room, None), (room + 1, Some(MAX_RECORD_BYTES + 1))]
        {
            assert_eq!(too_large(&record(text)), expected, "{text}");
        }
    }
}
