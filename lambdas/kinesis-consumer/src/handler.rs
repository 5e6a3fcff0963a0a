//! Decides the fate of every event of a batch: stored, in quarantine, or delivered again.
//!
//! There is no fourth. An event with a fault is stored as far as it can be and goes to quarantine; an
//! event whose records could not all be written, or that could not be put into quarantine, is
//! reported, so that Lambda delivers it again together with all that follows it in the shard. What was
//! stored before is then written a second time with the same versions, which changes nothing; what
//! was quarantined before may be there twice, with the same sequence number.
//!
//! Each event of an [aggregate](crate::events) has a fate of its own, but for being delivered again: that
//! happens to the record.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use telemetry::{Decoder, Rejection, Retention};
use tokio::time::Instant;

use crate::batch::{Batch, BatchResponse, ItemFailure};
use crate::events::{self, Event};
use crate::metrics::Metrics;
use crate::outgoing::{Cause, Gathered, LeftOut, Outgoing, Settled};
use crate::quarantine::{Quarantine, QuarantinedEvent, Reason};
use crate::store::Store;
use crate::time_left::TimeLeft;
use crate::written::{Fate, Refused, Written};

/// What a batch needs on its way.
#[derive(Debug)]
pub struct Consumer {
    /// Knows what the devices send.
    pub decoder: Decoder,
    /// Where records go.
    pub store: Store,
    /// How long the store keeps records: which of them are late.
    pub retention: Retention,
    /// Where everything else goes.
    pub quarantine: Quarantine,
}

/// What became of a batch.
#[derive(Debug)]
pub struct Handled {
    /// For Lambda.
    pub response: BatchResponse,
    /// For CloudWatch.
    pub metrics: Metrics,
}

/// The reasons of one event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reasons {
    /// The first of them.
    pub told: Vec<Reason>,
    /// How many more there are.
    pub omitted: usize,
}

/// The events that go to quarantine, by their indexes.
pub type Rejected = BTreeMap<usize, Reasons>;

/// What is to become of events.
#[derive(Debug, Default)]
pub struct Intended {
    /// What is to be written.
    pub outgoing: Vec<Outgoing>,
    rejected: Rejected,
    metrics: Metrics,
}

/// What became of events. Those that are in neither list are stored in full, or a later version of them is.
#[derive(Debug)]
pub struct Fates {
    /// What goes to quarantine.
    pub rejected: Rejected,
    /// Events that the store did not answer for, by their indexes: they may be among the rejected too.
    pub failed: BTreeSet<usize>,
    /// Why nothing more was tried, where that is so.
    pub unusable: Option<String>,
    metrics: Metrics,
}

impl Consumer {
    /// Handles a batch at the time `now`, in the time that the invocation has left. It answers, whatever
    /// happens.
    pub async fn handle(&self, batch: &Batch, now: SystemTime, left: Duration) -> Handled {
        let time = TimeLeft::divide(left);
        let bytes = events::bytes(batch);
        let events = events::events(batch, &bytes);
        let intended = self.decode(&events);
        let Fates { rejected, mut failed, unusable, mut metrics } =
            self.write(intended, now, time.writing).await;
        if let Some(cause) = &unusable {
            tracing::error!(store = %self.store, cause, "the store cannot be written to");
        }

        let quarantined: Vec<(usize, QuarantinedEvent<'_>)> = rejected
            .iter()
            .map(|(index, Reasons { told, omitted })| {
                let event = &events[*index];
                // Messages quote the payload, so they are in the quarantine and not in the log.
                let codes: BTreeSet<_> = told.iter().map(|reason| &*reason.code).collect();
                tracing::warn!(
                    sequence_number = event.delivery.kinesis.sequence_number,
                    nth = event.nth,
                    ?codes,
                    "an event goes to quarantine"
                );
                (*index, QuarantinedEvent { event, reasons: told, omitted: *omitted })
            })
            .collect();
        let kept: Vec<QuarantinedEvent<'_>> = quarantined.iter().map(|(_, event)| *event).collect();
        let lost = self.quarantine.keep(&kept, time.quarantine).await;
        metrics.quarantined = count(kept.len() - lost.len());
        failed.extend(lost.into_iter().map(|position| quarantined[position].0));

        metrics.failed = count(failed.len());
        let records: BTreeSet<usize> = failed.into_iter().map(|index| events[index].record).collect();
        let item = |record: usize| ItemFailure {
            item_identifier: batch.deliveries[record].kinesis.sequence_number.clone(),
        };
        Handled {
            response: BatchResponse { batch_item_failures: records.into_iter().map(item).collect() },
            metrics,
        }
    }

    /// Decodes events, and gathers what is to be written of them.
    pub fn decode(&self, events: &[Event<'_>]) -> Intended {
        let mut rejected = Rejected::new();
        let mut metrics = Metrics { events: count(events.len()), ..Metrics::default() };
        let gathered = self.gather(events, &mut metrics, &mut rejected);
        let Settled { outgoing, superseded, joined } = gathered.settle(self.decoder.limits());
        metrics.superseded = superseded;
        metrics.joined = joined;
        Intended { outgoing, rejected, metrics }
    }

    /// Writes what is to be written at the time `now`, until `until`.
    pub async fn write(&self, intended: Intended, now: SystemTime, until: Instant) -> Fates {
        let Intended { outgoing, mut rejected, mut metrics } = intended;
        let now = nanoseconds(now);
        let lateness = |time| self.retention.lateness(time, now);
        let written = self.store.write(&outgoing, lateness, until).await;
        let failed = settle(&outgoing, &written, &mut rejected, &mut metrics);
        Fates { rejected, failed, unusable: written.unusable, metrics }
    }

    fn gather(&self, events: &[Event<'_>], metrics: &mut Metrics, rejected: &mut Rejected) -> Gathered {
        let mut gathered = Gathered::default();
        for (index, event) in events.iter().enumerate() {
            let decoded = match event.decode(&self.decoder) {
                Ok(decoded) => decoded,
                Err(reason) => {
                    reject(rejected, index, reason);
                    continue;
                }
            };
            metrics.corrected += u64::from(decoded.corrected.is_some());
            metrics.undeclared += count(decoded.undeclared);
            metrics.out_of_range += count(decoded.out_of_range);
            if let Some(rejection) = decoded.rejection {
                rejected.insert(index, rejection.into());
            }
            for record in decoded.records {
                gathered.add(record, index);
            }
        }
        gathered
    }
}

impl From<Rejection> for Reasons {
    fn from(rejection: Rejection) -> Self {
        let told = rejection.reasons.into_iter().map(|reason| Reason {
            code: reason.fault.code().into(),
            message: reason.to_string(),
            field: reason.field,
        });
        Self { told: told.collect(), omitted: rejection.omitted }
    }
}

/// Rejects the events of what is not written, and gives those that come again. Of a record that comes
/// again nothing is rejected: that happens when it is decided.
fn settle(
    outgoing: &[Outgoing],
    written: &Written,
    rejected: &mut Rejected,
    metrics: &mut Metrics,
) -> BTreeSet<usize> {
    let mut failed = BTreeSet::new();
    for (outgoing, fate) in outgoing.iter().zip(&written.fates) {
        match fate {
            Fate::Stored => metrics.records += 1,
            Fate::Superseded => metrics.superseded += 1,
            Fate::Unwritten => {
                failed.extend(&outgoing.events);
                continue;
            }
            Fate::Refused(why) => {
                for event in outgoing.origins.iter().flatten() {
                    reject(rejected, *event, refusal(why));
                }
            }
        }
        for value in &outgoing.left_out {
            reject(rejected, value.event, left_out(value));
        }
    }
    for value in &written.values {
        if written.fates[value.record] != Fate::Unwritten {
            for event in outgoing[value.record].origins_of(&value.measure) {
                reject(rejected, *event, refusal(&value.why));
            }
        }
    }
    metrics.throttled = written.throttled;
    metrics.unavailable = written.unavailable;
    metrics.write_latency.clone_from(&written.latencies);
    failed
}

fn refusal(why: &Refused) -> Reason {
    Reason { code: why.code.into(), field: None, message: why.reason.clone() }
}

fn left_out(LeftOut { measure, cause, .. }: &LeftOut) -> Reason {
    let (code, message) = match cause {
        Cause::Contradicted => (
            "conflicting_record",
            format!("another event of the same arrival has another \"{measure}\" of the same instant"),
        ),
        Cause::NoRoom => (
            "record_too_large",
            format!(
                "\"{measure}\" does not fit into one record with what other events have of the same instant"
            ),
        ),
    };
    Reason { code: code.into(), field: None, message }
}

/// The time in nanoseconds since 1970, as far as they can count it.
fn nanoseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Adds a reason to an event, once, and within the number that one event may carry.
fn reject(rejected: &mut Rejected, index: usize, reason: Reason) {
    let reasons = rejected.entry(index).or_default();
    if reasons.told.contains(&reason) {
        return;
    }
    if reasons.told.len() < telemetry::MAX_REASONS {
        reasons.told.push(reason);
    } else {
        reasons.omitted += 1;
    }
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
