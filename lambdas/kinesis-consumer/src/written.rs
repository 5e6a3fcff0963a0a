//! What became of records that were to be written, whichever store it is.

use std::time::Duration;

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is in the store, but for values that are refused.
    Stored,
    /// A later version of it is.
    Superseded,
    /// The store will never take it.
    Refused(Refused),
    /// It is not stored, and may be later.
    Unwritten,
}

/// Why the store does not take something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Stable, for machines.
    pub code: &'static str,
    /// The service's words.
    pub reason: String,
}

/// A value that the store does not take, of a record that it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedValue {
    /// Index of the record.
    pub record: usize,
    /// Name of the measure.
    pub measure: String,
    /// Why.
    pub why: Refused,
}

/// What became of all records, and what it took.
#[derive(Debug, Default)]
pub struct Written {
    /// One for each record, in the same order.
    pub fates: Vec<Fate>,
    /// Values that are in none of the records as they were written.
    pub values: Vec<RefusedValue>,
    /// Requests that were throttled.
    pub throttled: u64,
    /// Requests that failed on the other side, or were not answered.
    pub unavailable: u64,
    /// How long each answered request took.
    pub latencies: Vec<Duration>,
    /// Why nothing more was tried, where that is so.
    pub unusable: Option<String>,
}
