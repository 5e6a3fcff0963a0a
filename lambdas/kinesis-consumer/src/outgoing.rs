//! From the records of a batch to what is written: no two of them have the same place in the store.
//!
//! The store decides between records of one place (series, measure name, time) by their versions,
//! but not within one request. So that is decided here, value by value and the same way for every
//! replay: of a measure that several records have, the highest version wins; of the same version, the
//! first of the stream is written and a different one is left to quarantine. The record has the
//! highest version of its values.
//!
//! Pure: values in, values out.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use telemetry::{DimensionValue, Limits, MeasureValue, Measured, Record};

/// A record to be written, and where it comes from. Events are indexes into the batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// What is written.
    pub record: Record,
    /// For each value of the record, in its order, the events that have it: at least one.
    pub origins: Vec<Vec<usize>>,
    /// What is neither written nor replaced by a later arrival.
    pub left_out: Vec<LeftOut>,
    /// All events of this place, also those of which nothing is written.
    pub events: Vec<usize>,
}

/// A value that is not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The event that has it.
    pub event: usize,
    /// Name of the measure.
    pub measure: Arc<str>,
    /// Why it is left out.
    pub cause: Cause,
}

/// Why a value is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Another event of the same arrival has another value.
    Contradicted,
    /// The values of all events of this place do not fit into one record.
    NoRoom,
}

/// What a batch writes.
#[derive(Debug, Default, PartialEq)]
pub struct Settled {
    /// One for each place in the store, in the order of the stream.
    pub outgoing: Vec<Outgoing>,
    /// Values that a later arrival of the batch replaces.
    pub superseded: u64,
    /// Records that get measures of an earlier event: had they come in different batches, the later one would
    /// have replaced the earlier one with all its measures.
    pub joined: u64,
}

/// The records of a batch by their places in the store.
#[derive(Debug, Default)]
pub struct Gathered {
    /// In the order in which the stream has the places.
    said: Vec<Vec<Said>>,
    places: HashMap<Place, usize>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Place {
    dimensions: Arc<[DimensionValue]>,
    measure_name: Arc<str>,
    time: i64,
}

/// What an event says of a place.
#[derive(Debug)]
struct Said {
    record: Record,
    event: usize,
}

impl Gathered {
    /// Adds a record of the event with index `event`, in the order of the stream.
    pub fn add(&mut self, record: Record, event: usize) {
        let place = Place {
            dimensions: Arc::clone(&record.dimensions),
            measure_name: Arc::clone(&record.measure_name),
            time: record.time,
        };
        let said = Said { record, event };
        match self.places.entry(place) {
            Entry::Occupied(at) => self.said[*at.get()].push(said),
            Entry::Vacant(at) => {
                at.insert(self.said.len());
                self.said.push(vec![said]);
            }
        }
    }

    /// Decides what is written to a store.
    pub fn settle(self, limits: &Limits) -> Settled {
        let mut settled = Settled::default();
        for mut said in self.said {
            // Stable: what arrived together stays in the order of the stream.
            said.sort_by_key(|one| Reverse(one.record.version));
            let own = said.first().map_or(0, |latest| count(&latest.record));
            let Some(outgoing) = join(said, limits, &mut settled.superseded) else { continue };
            settled.joined += u64::from(count(&outgoing.record) > own);
            settled.outgoing.push(outgoing);
        }
        settled
    }
}

/// A value that wins its measure.
struct Winner {
    value: MeasureValue,
    version: i64,
    events: Vec<usize>,
}

/// Joins what events say of one place, the latest arrival first. `None` of nothing.
fn join(said: Vec<Said>, limits: &Limits, superseded: &mut u64) -> Option<Outgoing> {
    let mut all = said.iter();
    let latest = &all.next()?.record;
    if all.next().is_none() {
        return said.into_iter().next().map(alone);
    }
    let mut winners: Vec<Winner> = Vec::new();
    let mut left_out = Vec::new();
    for Said { record, event } in &said {
        for value in values(record) {
            match winners.iter_mut().find(|winner| winner.value.name == value.name) {
                Some(winner) if winner.value.value == value.value => winner.events.push(*event),
                Some(winner) if winner.version == record.version => {
                    left_out.push(LeftOut { event: *event, measure: value.name, cause: Cause::Contradicted });
                }
                Some(_) => *superseded += 1,
                None => winners.push(Winner { value, version: record.version, events: vec![*event] }),
            }
        }
    }
    let mut record = latest.clone();
    let mut origins = Vec::new();
    if let Measured::Multi(values) = &mut record.measured {
        values.clear();
    }
    for Winner { value, events, .. } in winners {
        let measure = Arc::clone(&value.name);
        if fits(&mut record, value, limits) {
            origins.push(events);
        } else {
            let out = |event| LeftOut { event, measure: Arc::clone(&measure), cause: Cause::NoRoom };
            left_out.extend(events.into_iter().map(out));
        }
    }
    Some(Outgoing { record, origins, left_out, events: said.iter().map(|one| one.event).collect() })
}

/// Puts a value into a record, if that has room for it. A single value is there already.
fn fits(record: &mut Record, value: MeasureValue, limits: &Limits) -> bool {
    let Measured::Multi(values) = &mut record.measured else { return true };
    values.push(value);
    let fits = (limits.too_large)(record).is_none();
    if let Measured::Multi(values) = &mut record.measured
        && !fits
    {
        values.pop();
    }
    fits
}

fn alone(Said { record, event }: Said) -> Outgoing {
    let origins = vec![vec![event]; count(&record)];
    Outgoing { record, origins, left_out: Vec::new(), events: vec![event] }
}

impl Outgoing {
    /// The events that a value comes from.
    pub fn origins_of(&self, measure: &str) -> &[usize] {
        let at = match &self.record.measured {
            Measured::Multi(values) => values.iter().position(|value| &*value.name == measure),
            Measured::Single(_) => Some(0),
        };
        at.and_then(|at| self.origins.get(at)).map_or(&[], Vec::as_slice)
    }
}

/// The record without one of its values; `None` where nothing is left of it.
pub fn without(record: &Record, measure: &str) -> Option<Record> {
    let Measured::Multi(values) = &record.measured else { return None };
    let rest: Vec<MeasureValue> = values.iter().filter(|value| &*value.name != measure).cloned().collect();
    (!rest.is_empty()).then(|| Record { measured: Measured::Multi(rest), ..record.clone() })
}

fn count(record: &Record) -> usize {
    match &record.measured {
        Measured::Multi(values) => values.len(),
        Measured::Single(_) => 1,
    }
}

fn values(record: &Record) -> Vec<MeasureValue> {
    match &record.measured {
        Measured::Multi(values) => values.clone(),
        Measured::Single(value) => {
            vec![MeasureValue { name: Arc::clone(&record.measure_name), value: value.clone() }]
        }
    }
}
