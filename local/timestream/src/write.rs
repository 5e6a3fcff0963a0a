//! `WriteRecords`: from the request to rows in the store.
//!
//! Three steps, each of which knows less than the next: [`request`] reads the request and fails it as a
//! whole, [`limits`] judges each record alone, [`admission`] judges it against its table. Nothing here
//! knows how rows are kept.

mod admission;
mod late;
mod limits;
mod rejection;
mod request;
#[cfg(test)]
mod tests;
mod value;

use serde_json::{Value, json};

use crate::{
    faults::RecordFaults,
    store::Store,
    wire::{self, ErrorCode},
};
use admission::{Admission, Tier, admit};
use rejection::Rejection;
use request::WriteRecords;

/// Writes the records of a request and answers as
/// [WriteRecords](https://docs.aws.amazon.com/timestream/latest/developerguide/API_WriteRecords.html) does.
///
/// A request that breaks the form fails as a whole. A record that breaks a rule is rejected alone: the
/// others are on disk when the answer names it. Blocks while it writes.
pub fn write_records(store: &Store, faults: &mut RecordFaults, body: Value) -> Result<Value, wire::Error> {
    let request: WriteRecords = wire::parse(body)?;
    let records = request::read(&request.records, request.common_attributes.as_ref())?;
    let now = store.now();
    let (database, table) = (request.database_name.as_str(), request.table_name.as_str());
    let report = store.write_rows(database, table, |table, draft| {
        let mut report = Report::default();
        for (index, record) in records.into_iter().enumerate() {
            let judged = match faults.draw() {
                Some(reason) => Err(Rejection::Injected { reason }),
                None => limits::check(&record).and_then(|()| admit(record, table, now, draft)),
            };
            match judged {
                Ok(Admission { tier, late }) => {
                    report.count(tier);
                    report.late.extend(late);
                }
                Err(rejection) => report.rejected.push((index, rejection)),
            }
        }
        report
    })?;
    if !report.late.is_empty() {
        late::report(store.state(), database, table, now, &report.late).map_err(|cause| {
            wire::Error::internal(format!("The rejected-data report cannot be written: {cause}"))
        })?;
    }
    report.into_answer()
}

/// What became of the records of a request.
#[derive(Default)]
struct Report {
    memory: u32,
    magnetic: u32,
    rejected: Vec<(usize, Rejection)>,
    late: Vec<late::Failure>,
}

impl Report {
    fn count(&mut self, tier: Tier) {
        match tier {
            Tier::Memory => self.memory += 1,
            Tier::Magnetic => self.magnetic += 1,
        }
    }

    fn into_answer(self) -> Result<Value, wire::Error> {
        if self.rejected.is_empty() {
            return Ok(json!({ "RecordsIngested": {
                "Total": self.memory + self.magnetic,
                "MemoryStore": self.memory,
                "MagneticStore": self.magnetic,
            }}));
        }
        let rejected: Vec<Value> = self
            .rejected
            .iter()
            .map(|(index, rejection)| {
                let mut entry = json!({ "RecordIndex": index, "Reason": rejection.to_string() });
                if let Some(version) = rejection.existing_version() {
                    entry["ExistingVersion"] = json!(version);
                }
                entry
            })
            .collect();
        let message = "One or more records have been rejected. See RejectedRecords for details.";
        Err(wire::Error::new(ErrorCode::RejectedRecords, message)
            .with_field("RejectedRecords", json!(rejected)))
    }
}
