//! Reports about records that fail after the magnetic store has accepted them.
//!
//! The service writes them to a bucket of the table. Here they are lines of JSON in the state folder,
//! `rejected-data/<database>/<table>.jsonl`, so that nothing vanishes without a trace.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
};

use serde_json::json;

use super::rejection::Rejection;
use crate::store::Row;

/// A record that was accepted and is not stored.
#[derive(Debug, PartialEq)]
pub struct Failure {
    /// As it was accepted.
    pub record: Row,
    /// Why it is not stored.
    pub rejection: Rejection,
}

/// Appends failures to the report of their table. `now` in nanoseconds.
pub fn report(state: &Path, database: &str, table: &str, now: i64, failures: &[Failure]) -> io::Result<()> {
    let folder = state.join("rejected-data").join(database);
    fs::create_dir_all(&folder)?;
    let mut lines = Vec::new();
    for Failure { record, rejection } in failures {
        let line = json!({
            "reportedAt": now,
            "reason": rejection.to_string(),
            "existingVersion": rejection.existing_version(),
            "time": record.time,
            "version": record.version,
            "series": *record.series,
            "measures": record.measures,
        });
        writeln!(lines, "{line}")?;
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join(format!("{table}.jsonl")))?
        .write_all(&lines)
}
