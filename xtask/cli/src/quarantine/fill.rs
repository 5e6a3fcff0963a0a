//! What the store has of an event already: its good values, which were stored when the others went to quarantine.
//!
//! In the layout `multi` they are a record, at the version of the event's arrival, and a store refuses another record of
//! that version. So the whole event is written one version higher, one millisecond of arrival, where the store has
//! nothing at its place that the event does not say too. Where it has something else, another event said it, and the
//! version of the arrival decides, as it would have at first.

use std::collections::HashMap;

use kinesis_consumer::outgoing::Outgoing;
use telemetry::{MeasureValue, Measured, Model, Record};

use crate::store::Store;
use crate::store::copy::table::Table;
use session::Failure;

/// Places of one query.
const PLACES: usize = 50;

/// Series, measure name and time of a record.
type Place = (Vec<(String, String)>, String, i64);

/// Raises the version of each record that completes what the store has at its place.
pub async fn raise(
    store: &Store,
    name: &str,
    model: &Model,
    outgoing: &mut [Outgoing],
) -> Result<(), Failure> {
    let several = |one: &Outgoing| matches!(one.record.measured, Measured::Multi(_));
    if !outgoing.iter().any(several) {
        return Ok(());
    }
    // Each time anew: columns come with the first value.
    let table = Table::open(store.clone(), name, model).await?;
    let mut several: Vec<&mut Outgoing> = outgoing.iter_mut().filter(|one| several(one)).collect();
    for part in several.chunks_mut(PLACES) {
        let records: Vec<&Record> = part.iter().map(|one| &one.record).collect();
        let stored = table.beside(&records).await?;
        let stored: HashMap<Place, &Record> = stored.iter().map(|record| (place(record), record)).collect();
        for one in part.iter_mut() {
            if stored.get(&place(&one.record)).is_some_and(|stored| completes(&one.record, stored)) {
                one.record.version = one.record.version.saturating_add(1);
            }
        }
    }
    Ok(())
}

fn place(record: &Record) -> Place {
    let dimensions = record.dimensions.iter().map(|one| (one.name.to_string(), one.value.clone()));
    let mut dimensions: Vec<_> = dimensions.collect();
    dimensions.sort();
    (dimensions, record.measure_name.to_string(), record.time)
}

/// Whether a record has all that the stored one has.
fn completes(record: &Record, stored: &Record) -> bool {
    let values = |record: &Record| -> Vec<MeasureValue> {
        match &record.measured {
            Measured::Multi(values) => values.clone(),
            Measured::Single(_) => Vec::new(),
        }
    };
    let own = values(record);
    values(stored).iter().all(|value| own.contains(value))
}

#[cfg(test)]
mod tests {
    use telemetry::{DimensionValue, Value};

    use super::*;

    fn record(values: &[(&str, f64)]) -> Record {
        let value =
            |(name, value): &(&str, f64)| MeasureValue { name: (*name).into(), value: Value::Double(*value) };
        let dimension = |name: &str| DimensionValue { name: name.into(), value: "x".to_owned() };
        Record {
            dimensions: [dimension("device"), dimension("a")].into(),
            measure_name: "m".into(),
            measured: Measured::Multi(values.iter().map(value).collect()),
            time: 5,
            version: 7,
        }
    }

    #[test]
    fn a_record_completes_what_says_nothing_else() {
        let own = record(&[("t", 1.0), ("h", 2.0)]);
        for (stored, expected) in [
            (&[("t", 1.0)][..], true),
            (&[("h", 2.0), ("t", 1.0)], true),
            (&[], true),
            (&[("t", 1.5)], false),
            (&[("t", 1.0), ("h", 2.0), ("w", 3.0)], false),
            (&[("w", 3.0)], false),
        ] {
            assert_eq!(completes(&own, &record(stored)), expected, "{stored:?}");
        }
        let mut turned = own.clone();
        turned.dimensions = own.dimensions.iter().rev().cloned().collect();
        assert_eq!(place(&turned), place(&own));
    }
}
