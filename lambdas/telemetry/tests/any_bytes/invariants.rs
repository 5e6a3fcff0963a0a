//! What holds for every message, whatever is in it.

use std::collections::HashSet;

use telemetry::{Arrival, Decoded, MAX_REASONS, Measured, Record, Value};
use timestream::{LIMITS, size};

/// Fails if a message vanished, or became a record that the store would refuse.
pub fn hold(decoded: &Decoded, arrival: Arrival<'_>) {
    assert!(decoded.rejection.is_some() || !decoded.records.is_empty(), "the message vanished");
    assert!(
        decoded
            .rejection
            .as_ref()
            .is_none_or(|rejection| (1..=MAX_REASONS).contains(&rejection.reasons.len()))
    );
    let limit = arrival.time_ms * 1_000_000 + LIMITS.window.ahead;
    // What is moved stays where every store takes it.
    let earliest = arrival.time_ms * 1_000_000 - LIMITS.window.span;
    for record in &decoded.records {
        assert!(record.time <= limit && record.version == arrival.time_ms);
        assert!(decoded.corrected.is_none() || record.time >= earliest);
        assert!(size::bytes(record) <= LIMITS.record_bytes);
        assert!(!record.dimensions.is_empty() && record.dimensions.iter().all(|one| !one.value.is_empty()));
        let series: usize = record.dimensions.iter().map(|one| one.name.len() + one.value.len()).sum();
        assert!(series <= LIMITS.series_bytes);
        assert!(!values(record).is_empty());
        values(record).into_iter().for_each(is_storable);
    }
    let mut keys = HashSet::new();
    let key = |record: &Record| (record.dimensions.to_vec(), record.time, record.measure_name.to_string());
    assert!(
        decoded.records.iter().all(|record| keys.insert(key(record))),
        "two records of a message have one key"
    );
}

fn values(record: &Record) -> Vec<&Value> {
    match &record.measured {
        Measured::Single(value) => vec![value],
        Measured::Multi(values) => values.iter().map(|measure| &measure.value).collect(),
    }
}

fn is_storable(value: &Value) {
    match value {
        Value::Double(value) => {
            assert!(value.is_finite() && !(*value == 0.0 && value.is_sign_negative()));
        }
        Value::Varchar(text) => assert!((1..=LIMITS.text_bytes).contains(&text.len())),
        Value::Timestamp(time) => assert!(*time >= 0),
        Value::Bigint(_) | Value::Boolean(_) => {}
    }
}
