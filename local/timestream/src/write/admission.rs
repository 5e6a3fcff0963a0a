//! Judges a record against its table: windows, names and types, versions.
//!
//! Rules are those of [writes](https://docs.aws.amazon.com/timestream/latest/developerguide/writes.html):
//! the first writer of a key (series and time) wins, the same values again change nothing, a higher
//! version replaces the row.

use std::cmp::Ordering;

use super::{
    late,
    limits::at_most,
    rejection::{Rejection, Window},
};
use crate::{
    clock::MINUTE,
    store::{Columns, Draft, Enforcement, Measures, NameUse, PartitionKeyType, Row, Table},
};

/// How far ahead of the present a time may be.
const FUTURE: i64 = 15 * MINUTE;
/// Dimensions of a table.
const DIMENSIONS: usize = 128;
/// Measure names of a table.
const MEASURE_NAMES: usize = 8192;
/// Distinct values of the multi-measure rows of a table.
const MULTI_MEASURES: usize = 1024;

/// Which store takes a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// The fast one, for what is recent.
    Memory,
    /// The large one, for what comes late.
    Magnetic,
}

/// A record that the answer counts as ingested.
#[derive(Debug, PartialEq)]
pub struct Admission {
    /// By which store.
    pub tier: Tier,
    /// Set when the record is not stored all the same: the magnetic store finds a conflict only after
    /// it has accepted the record, and reports it elsewhere.
    pub late: Option<late::Failure>,
}

/// Judges `record` at the time `now` (nanoseconds), and drafts its row.
pub fn admit(record: Row, table: &Table, now: i64, draft: &mut Draft<'_>) -> Result<Admission, Rejection> {
    let tier = tier(record.time, table, now)?;
    check_partition_key(&record, table)?;
    check_names(&record, draft.columns())?;
    match (conflict(&record, draft.row(&record.series, record.time)), tier) {
        (Ok(Write::Nothing), _) => Ok(Admission { tier, late: None }),
        (Ok(Write::Row), _) => {
            draft.put(record);
            Ok(Admission { tier, late: None })
        }
        (Err(rejection), Tier::Magnetic) => {
            Ok(Admission { tier, late: Some(late::Failure { record, rejection }) })
        }
        (Err(rejection), Tier::Memory) => Err(rejection),
    }
}

fn tier(time: i64, table: &Table, now: i64) -> Result<Tier, Rejection> {
    let until = now.saturating_add(FUTURE);
    let memory = now.saturating_sub(table.retention.memory());
    let (from, window) = if table.magnetic_writes.enable_magnetic_store_writes {
        (now.saturating_sub(table.retention.total()), Window::Ingestion)
    } else {
        (memory, Window::MemoryStore)
    };
    if !(from..until).contains(&time) {
        Err(Rejection::OutsideWindow { from, until, window })
    } else if time < memory {
        Ok(Tier::Magnetic)
    } else {
        Ok(Tier::Memory)
    }
}

fn check_partition_key(record: &Row, table: &Table) -> Result<(), Rejection> {
    for key in &table.schema.composite_partition_key {
        let (PartitionKeyType::Dimension, Some(name), Some(Enforcement::Required)) =
            (key.kind, &key.name, key.enforcement_in_record)
        else {
            continue;
        };
        if !record.series.dimensions.iter().any(|(dimension, _)| dimension == name) {
            return Err(Rejection::PartitionKeyMissing { name: name.clone() });
        }
    }
    Ok(())
}

fn check_names(record: &Row, columns: &Columns) -> Result<(), Rejection> {
    let dimensions = &record.series.dimensions;
    let is_dimension = |name: &str| {
        columns.name_use(name) == Some(NameUse::Dimension)
            || dimensions.iter().any(|(dimension, _)| dimension == name)
    };
    let shared = |name: &str| Err(Rejection::SharedName { name: name.to_owned() });

    let mut new_dimensions = 0;
    for (name, _) in dimensions {
        match columns.name_use(name) {
            Some(NameUse::Dimension) => {}
            Some(NameUse::MultiMeasure(_)) => return shared(name),
            None if columns.has_single_measure(name) => return shared(name),
            None => new_dimensions += 1,
        }
    }
    let measure_name = &record.series.measure_name;
    let mut new_values = 0;
    match &record.measures {
        Measures::Single(_) if is_dimension(measure_name) => return shared(measure_name),
        Measures::Single(_) => {}
        Measures::Multi(values) => {
            for (name, value) in values {
                match columns.name_use(name) {
                    Some(NameUse::MultiMeasure(existing)) if existing != value.value_type() => {
                        let (name, given) = (name.clone(), value.value_type());
                        return Err(Rejection::OtherType { name, given, existing });
                    }
                    Some(NameUse::MultiMeasure(_)) => {}
                    _ if is_dimension(name) => return shared(name),
                    _ => new_values += 1,
                }
            }
        }
    }
    let new_names = usize::from(!columns.has_measure_name(measure_name));
    let table = || "table".to_owned();
    at_most(table, columns.dimensions() + new_dimensions, "dimensions", DIMENSIONS)?;
    at_most(table, columns.measure_names() + new_names, "measure names", MEASURE_NAMES)?;
    at_most(table, columns.multi_measures() + new_values, "distinct multi-measure names", MULTI_MEASURES)
}

/// What an accepted record changes.
enum Write {
    Nothing,
    Row,
}

fn conflict(record: &Row, existing: Option<&Row>) -> Result<Write, Rejection> {
    let Some(existing) = existing else { return Ok(Write::Row) };
    match record.version.cmp(&existing.version) {
        Ordering::Greater => Ok(Write::Row),
        Ordering::Less => {
            Err(Rejection::LowerVersion { version: record.version, existing: existing.version })
        }
        Ordering::Equal if record.measures == existing.measures => Ok(Write::Nothing),
        Ordering::Equal => Err(Rejection::SameVersion { existing: existing.version }),
    }
}
