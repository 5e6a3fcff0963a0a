//! From the records of a batch to what is written: no two of them have the same place in the store.
//!
//! The store decides between records of one place (series, measure name, time) by their versions,
//! but not within one request. So that is decided here, and the same way for every replay: measures
//! of both are joined; of a measure that both have, the higher version wins; of the same version, the
//! first of the stream stays and the event of the other one is left to quarantine.
//!
//! Pure: values in, values out.

use std::collections::HashMap;
use std::sync::Arc;

use telemetry::{DimensionValue, MAX_RECORD_BYTES, MeasureValue, Measured, Record};

/// A record to be written, and the events of the batch that it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// What is written.
    pub record: Record,
    /// Indexes into the batch, at least one.
    pub origins: Vec<usize>,
}

/// The records of a batch, one for each place in the store.
#[derive(Debug, Default)]
pub struct Gathered {
    /// What is written, in the order of the stream.
    pub outgoing: Vec<Outgoing>,
    /// Events that contradict another one of the same arrival.
    pub conflicting: Vec<usize>,
    /// Values that a later arrival of the batch replaced.
    pub superseded: u64,
    places: HashMap<Place, usize>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Place {
    dimensions: Arc<[DimensionValue]>,
    measure_name: Arc<str>,
    time: i64,
}

impl Gathered {
    /// Adds a record of the event with index `origin`, in the order of the stream.
    pub fn add(&mut self, record: Record, origin: usize) {
        let place = Place {
            dimensions: Arc::clone(&record.dimensions),
            measure_name: Arc::clone(&record.measure_name),
            time: record.time,
        };
        let Some(&at) = self.places.get(&place) else {
            self.places.insert(place, self.outgoing.len());
            self.outgoing.push(Outgoing { record, origins: vec![origin] });
            return;
        };
        let there = &mut self.outgoing[at];
        let joined = join(&there.record, &record);
        self.superseded += joined.superseded;
        match joined.left_out {
            Some(Side::First) => self.conflicting.extend(&there.origins),
            Some(Side::Second) => self.conflicting.push(origin),
            None => {}
        }
        there.record = joined.record;
        there.origins.push(origin);
    }
}

struct Joined {
    record: Record,
    superseded: u64,
    /// The one of which something is neither written nor replaced by a later arrival.
    left_out: Option<Side>,
}

#[derive(Debug, Clone, Copy)]
enum Side {
    First,
    Second,
}

/// Joins two records of one place; `first` is the one that the stream has first.
fn join(first: &Record, second: &Record) -> Joined {
    let (winner, loser, losing_side) = if second.version > first.version {
        (second, first, Side::First)
    } else {
        (first, second, Side::Second)
    };
    let same_version = first.version == second.version;
    let mut joined = values(winner);
    let (mut superseded, mut left_out) = (0, None);
    for lost in values(loser) {
        match joined.iter().find(|value| value.name == lost.name) {
            None => joined.push(lost),
            Some(value) if value.value == lost.value => {}
            Some(_) if same_version => left_out = Some(losing_side),
            Some(_) => superseded += 1,
        }
    }
    let measured = match &winner.measured {
        Measured::Multi(_) => Measured::Multi(joined),
        Measured::Single(value) => Measured::Single(value.clone()),
    };
    let record = Record { measured, ..winner.clone() };
    if record.bytes() <= MAX_RECORD_BYTES {
        return Joined { record, superseded, left_out };
    }
    // Both do not fit into one record: the winner is written as it is.
    Joined { record: winner.clone(), superseded, left_out: Some(losing_side) }
}

fn values(record: &Record) -> Vec<MeasureValue> {
    match &record.measured {
        Measured::Multi(values) => values.clone(),
        Measured::Single(value) => {
            vec![MeasureValue { name: Arc::clone(&record.measure_name), value: value.clone() }]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use telemetry::Value;

    fn record(time: i64, version: i64, values: &[(&str, f64)]) -> Record {
        Record {
            dimensions: [DimensionValue { name: "device".into(), value: "a".into() }].into(),
            measure_name: "m".into(),
            measured: Measured::Multi(
                values
                    .iter()
                    .map(|(name, value)| MeasureValue { name: (*name).into(), value: Value::Double(*value) })
                    .collect(),
            ),
            time,
            version,
        }
    }

    /// Name; records of the events 0, 1, …; what is written, and from which; conflicting events; superseded values.
    type Case<'a> = (&'a str, Vec<Record>, Vec<(Record, Vec<usize>)>, Vec<usize>, u64);

    #[test]
    fn one_record_for_each_place() {
        let long = "n".repeat(1500);
        let other = "o".repeat(1500);
        let table: Vec<Case<'_>> = vec![
            (
                "different times stay apart",
                vec![record(1, 5, &[("t", 1.0)]), record(2, 5, &[("t", 2.0)])],
                vec![(record(1, 5, &[("t", 1.0)]), vec![0]), (record(2, 5, &[("t", 2.0)]), vec![1])],
                vec![],
                0,
            ),
            (
                "the same event twice",
                vec![record(1, 5, &[("t", 1.0)]), record(1, 5, &[("t", 1.0)])],
                vec![(record(1, 5, &[("t", 1.0)]), vec![0, 1])],
                vec![],
                0,
            ),
            (
                "the later version wins",
                vec![record(1, 5, &[("t", 1.0)]), record(1, 6, &[("t", 2.0)])],
                vec![(record(1, 6, &[("t", 2.0)]), vec![0, 1])],
                vec![],
                1,
            ),
            (
                "in whatever order",
                vec![record(1, 6, &[("t", 2.0)]), record(1, 5, &[("t", 1.0)])],
                vec![(record(1, 6, &[("t", 2.0)]), vec![0, 1])],
                vec![],
                1,
            ),
            (
                "of the same version the first stays",
                vec![record(1, 5, &[("t", 1.0)]), record(1, 5, &[("t", 2.0)])],
                vec![(record(1, 5, &[("t", 1.0)]), vec![0, 1])],
                vec![1],
                0,
            ),
            (
                "different measures are joined",
                vec![record(1, 5, &[("t", 1.0)]), record(1, 6, &[("h", 2.0)])],
                vec![(record(1, 6, &[("h", 2.0), ("t", 1.0)]), vec![0, 1])],
                vec![],
                0,
            ),
            (
                "what does not fit together is a conflict",
                vec![record(1, 5, &[(&long, 1.0)]), record(1, 6, &[(&other, 2.0)])],
                vec![(record(1, 6, &[(&other, 2.0)]), vec![0, 1])],
                vec![0],
                0,
            ),
        ];
        for (name, records, outgoing, conflicting, superseded) in table {
            let mut gathered = Gathered::default();
            for (origin, record) in records.into_iter().enumerate() {
                gathered.add(record, origin);
            }
            let found: Vec<_> = gathered.outgoing.into_iter().map(|one| (one.record, one.origins)).collect();
            assert_eq!(
                (found, gathered.conflicting, gathered.superseded),
                (outgoing, conflicting, superseded),
                "{name}"
            );
        }
    }
}
