//! Brings the records of a batch into the store: in requests of the permitted size, a few at once,
//! again while that helps, and apart where one record spoils the others.
//!
//! It may not lose sight of a record: each has a fate at the end.

use std::ops::Range;
use std::time::{Duration, Instant};

use futures::StreamExt;
use telemetry::Record;
use tokio::time::Instant as Deadline;

use crate::outgoing::Outgoing;
use crate::request::MAX_RECORDS;
use crate::store::{Answer, Busy, Refusal, Table};
use crate::time_left::{pause, within};

/// Requests at once. The shards of a stream, and the batches of a shard where it is read in
/// parallel, multiply this.
pub const CONCURRENT_REQUESTS: usize = 4;

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is in the store.
    Stored,
    /// A later version of it is.
    Superseded,
    /// The store will never take it.
    Refused {
        /// Stable, for machines.
        code: &'static str,
        /// The service's words.
        reason: String,
    },
    /// It is not stored, and may be later.
    Unwritten,
}

/// What became of all records, and what it took.
#[derive(Debug, Default)]
pub struct Written {
    /// One for each record, in the same order.
    pub fates: Vec<Fate>,
    /// Requests that were throttled.
    pub throttled: u64,
    /// Requests that failed on the other side, or were not answered.
    pub unavailable: u64,
    /// How long each answered request took.
    pub latencies: Vec<Duration>,
    /// Why nothing more was tried, where that is so.
    pub unusable: Option<String>,
}

/// Writes all records until `until`.
pub async fn write(table: &Table, outgoing: &[Outgoing], until: Deadline) -> Written {
    let requests =
        (0..outgoing.len()).step_by(MAX_RECORDS).map(|start| start..outgoing.len().min(start + MAX_RECORDS));
    let parts: Vec<(usize, Written)> = futures::stream::iter(requests)
        .map(|range| async move {
            let records: Vec<&Record> = outgoing[range.clone()].iter().map(|one| &one.record).collect();
            (range.start, write_request(table, &records, until).await)
        })
        .buffer_unordered(CONCURRENT_REQUESTS)
        .collect()
        .await;
    let mut written = Written { fates: vec![Fate::Unwritten; outgoing.len()], ..Written::default() };
    for (start, part) in parts {
        for (fate, done) in written.fates[start..].iter_mut().zip(part.fates) {
            *fate = done;
        }
        written.throttled += part.throttled;
        written.unavailable += part.unavailable;
        written.latencies.extend(part.latencies);
        written.unusable = written.unusable.or(part.unusable);
    }
    written
}

/// Writes the records of one request; in halves, and halves of these, where it is invalid.
async fn write_request(table: &Table, records: &[&Record], until: Deadline) -> Written {
    let mut written = Written { fates: vec![Fate::Unwritten; records.len()], ..Written::default() };
    let all = 0..records.len();
    let mut ranges: Vec<Range<usize>> = vec![all];
    while let Some(range) = ranges.pop() {
        match attempt(table, &records[range.clone()], until, &mut written).await {
            Some(Answer::Stored) => written.fates[range].fill(Fate::Stored),
            Some(Answer::Refused(refusals)) => {
                written.fates[range.clone()].fill(Fate::Stored);
                for refusal in refusals {
                    let index = range.start + refusal.index;
                    written.fates[index] = fate(refusal, records[index].version);
                }
            }
            Some(Answer::Invalid(reason)) if range.len() == 1 => {
                written.fates[range.start] = Fate::Refused { code: "store_invalid", reason };
            }
            Some(Answer::Invalid(_)) => {
                let middle = range.start + range.len() / 2;
                ranges.extend([middle..range.end, range.start..middle]);
            }
            Some(Answer::Unusable(reason)) => {
                written.unusable = Some(reason);
                break;
            }
            // The time is over: what is left stays unwritten.
            Some(Answer::Busy(_)) | None => break,
        }
    }
    written
}

/// Sends a request until the store decides or the time is over. An attempt without an answer may have
/// been stored; the same records again, with the same versions, change nothing.
async fn attempt(
    table: &Table,
    records: &[&Record],
    until: Deadline,
    written: &mut Written,
) -> Option<Answer> {
    for attempts in 1.. {
        let started = Instant::now();
        let answer = within(until, table.write(records)).await.ok()?;
        written.latencies.push(started.elapsed());
        match answer {
            Answer::Busy(Busy::Throttled) => written.throttled += 1,
            Answer::Busy(Busy::Unavailable) => written.unavailable += 1,
            answer => return Some(answer),
        }
        pause(attempts, until).await.ok()?;
    }
    None
}

fn fate(refusal: Refusal, version: i64) -> Fate {
    match refusal.existing_version {
        Some(existing) if existing > version => Fate::Superseded,
        _ => Fate::Refused { code: "store_rejected", reason: refusal.reason },
    }
}
