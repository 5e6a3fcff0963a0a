//! Decides the fate of every event of a batch: stored, in quarantine, or delivered again.
//!
//! There is no fourth. An event with a fault is stored as far as it can be and goes to quarantine; an
//! event whose records could not all be written, or that could not be put into quarantine, is
//! reported, so that Lambda delivers it again together with all that follows it in the shard. What was
//! stored before is then written a second time with the same versions, which changes nothing; what
//! was quarantined before may be there twice, with the same sequence number.
//!
//! Aggregates of the Kinesis Producer Library are not taken apart: such a record goes to quarantine.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use telemetry::Decoder;

use crate::batch::{Batch, BatchResponse, ItemFailure};
use crate::metrics::Metrics;
use crate::outgoing::{Cause, Gathered, LeftOut, Outgoing, Settled};
use crate::quarantine::{Inmate, Quarantine, Reason};
use crate::store::Table;
use crate::time_left::TimeLeft;
use crate::writer::{self, Fate, Refused, Written};

/// What a batch needs on its way.
#[derive(Debug)]
pub struct Consumer {
    /// Knows what the devices send.
    pub decoder: Decoder,
    /// Where records go.
    pub table: Table,
    /// How long the store keeps a record in memory, where it takes it at full speed: older ones are late.
    pub memory: Duration,
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
#[derive(Debug, Default)]
struct Charge {
    reasons: Vec<Reason>,
    omitted: usize,
}

type Charges = BTreeMap<usize, Charge>;

impl Consumer {
    /// Handles a batch at the time `now`, in the time that the invocation has left. It answers, whatever
    /// happens.
    pub async fn handle(&self, batch: &Batch, now: SystemTime, left: Duration) -> Handled {
        let time = TimeLeft::divide(left);
        let mut metrics = Metrics { events: count(batch.deliveries.len()), ..Metrics::default() };
        let mut charges = Charges::new();
        let Settled { outgoing, superseded, joined } =
            self.decode(batch, &mut metrics, &mut charges).settle();
        metrics.superseded = superseded;
        metrics.joined = joined;
        let written =
            writer::write(&self.table, &outgoing, nanoseconds(now, self.memory), time.writing).await;
        let mut failed = judge(&outgoing, &written, &mut charges, &mut metrics);
        if let Some(cause) = &written.unusable {
            tracing::error!(
                database = self.table.database,
                table = self.table.table,
                cause,
                "the store cannot be written to"
            );
        }

        let inmates: Vec<(usize, Inmate<'_>)> = charges
            .iter()
            .map(|(index, charge)| {
                let delivery = &batch.deliveries[*index];
                // Messages quote the payload, so they are in the quarantine and not in the log.
                let codes: BTreeSet<_> = charge.reasons.iter().map(|reason| reason.code).collect();
                tracing::warn!(
                    sequence_number = delivery.kinesis.sequence_number,
                    ?codes,
                    "an event goes to quarantine"
                );
                (*index, Inmate { delivery, reasons: &charge.reasons, omitted: charge.omitted })
            })
            .collect();
        let kept: Vec<Inmate<'_>> = inmates.iter().map(|(_, inmate)| *inmate).collect();
        let lost = self.quarantine.keep(&kept, time.quarantine).await;
        metrics.quarantined = count(inmates.len() - lost.len());
        failed.extend(lost.into_iter().map(|position| inmates[position].0));

        metrics.failed = count(failed.len());
        let item = |index: usize| ItemFailure {
            item_identifier: batch.deliveries[index].kinesis.sequence_number.clone(),
        };
        Handled {
            response: BatchResponse { batch_item_failures: failed.into_iter().map(item).collect() },
            metrics,
        }
    }

    /// Decodes every event, and gathers what is to be written.
    fn decode(&self, batch: &Batch, metrics: &mut Metrics, charges: &mut Charges) -> Gathered {
        let mut gathered = Gathered::default();
        for (index, delivery) in batch.deliveries.iter().enumerate() {
            let Some(bytes) = delivery.bytes() else {
                let message = "the record is not base64".to_owned();
                charge(charges, index, Reason { code: "not_base64", field: None, message });
                continue;
            };
            let decoded = self.decoder.decode(&bytes, delivery.arrival());
            metrics.corrected += u64::from(decoded.corrected.is_some());
            metrics.undeclared += count(decoded.undeclared);
            metrics.out_of_range += count(decoded.out_of_range);
            if let Some(rejection) = decoded.rejection {
                let reasons = rejection.reasons.into_iter().map(|reason| Reason {
                    code: reason.fault.code(),
                    message: reason.to_string(),
                    field: reason.field,
                });
                charges.insert(index, Charge { reasons: reasons.collect(), omitted: rejection.omitted });
            }
            for record in decoded.records {
                gathered.add(record, index);
            }
        }
        gathered
    }
}

/// Charges the events of what is not written, and gives those that come again. Of a record that comes
/// again nothing is charged: that happens when it is decided.
fn judge(
    outgoing: &[Outgoing],
    written: &Written,
    charges: &mut Charges,
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
                    charge(charges, *event, refusal(why));
                }
            }
        }
        for value in &outgoing.left_out {
            charge(charges, value.event, left_out(value));
        }
    }
    for value in &written.values {
        if written.fates[value.record] != Fate::Unwritten {
            for event in outgoing[value.record].origins_of(&value.measure) {
                charge(charges, *event, refusal(&value.why));
            }
        }
    }
    metrics.throttled = written.throttled;
    metrics.unavailable = written.unavailable;
    metrics.write_latency.clone_from(&written.latencies);
    failed
}

fn refusal(why: &Refused) -> Reason {
    Reason { code: why.code, field: None, message: why.reason.clone() }
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
    Reason { code, field: None, message }
}

/// The time `before` the time `now`, in nanoseconds since 1970, as far as they can count it.
fn nanoseconds(now: SystemTime, before: Duration) -> i64 {
    let count = |duration: Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
    count(now.duration_since(UNIX_EPOCH).unwrap_or_default()) - count(before)
}

/// Adds a reason to an event, once, and within the number that one event may carry.
fn charge(charges: &mut Charges, index: usize, reason: Reason) {
    let charge = charges.entry(index).or_default();
    if charge.reasons.contains(&reason) {
        return;
    }
    if charge.reasons.len() < telemetry::MAX_REASONS {
        charge.reasons.push(reason);
    } else {
        charge.omitted += 1;
    }
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
