//! What became of everything that was read, and what stays behind, by reason.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use telemetry::Record;

use super::windows::instant;

/// Examples of a reason.
const EXAMPLES: usize = 3;

/// What is listed of a window: each reason of a source that nothing fits stays a page of a file.
const LISTED: usize = 10_000;

/// Counts, which add up: each point that was read is stored, superseded or left, or the store would not answer.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Lines of the lake.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub lines: u64,
    /// Points that the source has.
    pub read: u64,
    /// Points that the store took, or had as the source has them. Of a late point Timestream does not say that it has
    /// a higher version, and keeps that.
    pub stored: u64,
    /// Points of which the store, or a later event of the source, has a higher version.
    pub superseded: u64,
    /// What stays behind, by reason.
    pub left: BTreeMap<String, Behind>,
    /// Messages of the lake that have a fault, by its code: a consumer put them into quarantine when they came.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub faulty: BTreeMap<String, u64>,
    /// What stays behind of this window.
    #[serde(skip)]
    pub listed: Vec<Value>,
}

/// What stays behind for one reason.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub struct Behind {
    /// How many points, values or lines.
    pub count: u64,
    /// The first of them.
    pub examples: Vec<Value>,
}

/// One that stays behind.
#[derive(Debug, Clone, PartialEq)]
pub struct Left {
    /// Why.
    pub reason: String,
    /// Which, for people.
    pub what: Value,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Tally {
    /// Counts one that stays behind.
    pub fn leave(&mut self, Left { reason, what }: Left) {
        let behind = self.left.entry(reason.clone()).or_default();
        behind.count += 1;
        if behind.examples.len() < EXAMPLES {
            behind.examples.push(what.clone());
        }
        if self.listed.len() < LISTED {
            self.listed.push(json!({"reason": reason, "what": what}));
        }
    }

    /// Adds what became of another part. What is listed of it is its own.
    pub fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.read += other.read;
        self.stored += other.stored;
        self.superseded += other.superseded;
        for (reason, behind) in &other.left {
            let all = self.left.entry(reason.clone()).or_default();
            all.count += behind.count;
            let room = EXAMPLES.saturating_sub(all.examples.len());
            all.examples.extend(behind.examples.iter().take(room).cloned());
        }
        for (code, count) in &other.faulty {
            *self.faulty.entry(code.clone()).or_default() += count;
        }
    }

    /// Lists what stays behind of a part of the same window.
    pub fn list(&mut self, listed: Vec<Value>) {
        let room = LISTED.saturating_sub(self.listed.len());
        self.listed.extend(listed.into_iter().take(room));
    }
}

/// A point, for people.
pub fn point(record: &Record) -> Value {
    let dimensions = record.dimensions.iter().map(|one| (one.name.to_string(), Value::from(&*one.value)));
    json!({
        "time": instant(record.time).to_string(),
        "measure_name": &*record.measure_name,
        "dimensions": dimensions.collect::<serde_json::Map<_, _>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_behind_is_counted_by_reason_with_its_first_examples() {
        let left = |reason: &str, what: u64| Left { reason: reason.to_owned(), what: what.into() };
        let mut window = Tally { read: 9, stored: 3, superseded: 1, ..Tally::default() };
        for what in 0..5 {
            window.leave(left("old", what));
        }
        let mut all = Tally::default();
        all.leave(left("new", 7));
        all.add(&window);
        all.add(&Tally { faulty: BTreeMap::from([("not_json".to_owned(), 2)]), ..Tally::default() });
        assert_eq!((all.read, all.stored, all.superseded), (9, 3, 1));
        assert_eq!((all.left["old"].count, all.left["new"].count), (5, 1));
        assert_eq!(all.left["old"].examples, [0, 1, 2].map(Value::from));
        assert_eq!((window.listed.len(), all.listed.len()), (5, 1));
        assert_eq!(all.faulty["not_json"], 2);
    }
}
