//! The store that is copied into, by the writer of its consumers: the same requests, and the same fates.

use std::time::Duration;

use anyhow::anyhow;
use aws_sdk_rdsdata::config::retry::RetryConfig;
use jiff::Timestamp;
use kinesis_consumer::handler::Consumer;
use kinesis_consumer::outgoing::{Cause, Gathered, LeftOut, Outgoing, Settled};
use kinesis_consumer::quarantine::Quarantine;
use kinesis_consumer::store::Store as Writer;
use kinesis_consumer::written::{Fate, Refused, RefusedValue};
use kinesis_consumer::{postgres, timestream};
use stacks::environment::StoreKind;
use telemetry::{Decoder, Limits, Model, Record, Retention};
use tokio::time::Instant;

use super::tally::{Left, Tally, point};
use super::windows::{HOUR, Span};
use crate::store::Store;
use engine::inventory::Inventory;
use session::{Failure, Session};

/// How long one request is tried again before the store is said not to answer, several times in a row.
const ROUND: Duration = Duration::from_mins(1);

/// So often in a row may nothing be written. A cluster that pauses is back after half a minute.
const ROUNDS: u32 = 5;

/// A store, as its consumers write to it and as others read it.
#[derive(Debug)]
pub struct Target {
    writer: Writer,
    store: Store,
    retention: Retention,
    /// The oldest instant of which it takes points, in nanoseconds since 1970.
    pub oldest: i64,
}

impl Target {
    /// The store that an environment has.
    pub async fn of(session: &Session, inventory: &Inventory) -> Result<Self, Failure> {
        let output = |name| inventory.output(session, "store", name).map(str::to_owned);
        let store = &session.environment.store;
        let now = nanoseconds(Timestamp::now());
        // The writer makes its own attempts, within the time that it is given.
        let (writer, retention, oldest) = match &store.kind {
            StoreKind::Timestream => {
                let client = session.timestream_write().await?;
                let settings = client.config().to_builder().retry_config(RetryConfig::disabled());
                let table = timestream::Table {
                    client: aws_sdk_timestreamwrite::Client::from_conf(settings.build()),
                    database: output("DatabaseName")?,
                    table: output("TableName")?,
                };
                let retention =
                    ::timestream::limits::retention(store.memory_hours, Some(store.magnetic_days));
                let kept = retention.kept.unwrap_or_default();
                let oldest = now.saturating_sub(i64::try_from(kept.as_nanos()).unwrap_or(i64::MAX));
                (Writer::Timestream(table), retention, oldest)
            }
            StoreKind::Postgres(_) => {
                let settings = session.rds_data().config().to_builder().retry_config(RetryConfig::disabled());
                let database = data_api::Database {
                    client: aws_sdk_rdsdata::Client::from_conf(settings.build()),
                    cluster_arn: output("ClusterArn")?,
                    secret_arn: output("WriterLoginArn")?,
                    name: output("DatabaseName")?,
                };
                let database = postgres::Database::DataApi(database);
                let table = postgres::Table { database, table: output("TableName")? };
                let days = i64::from(store.retention_days());
                let today = now.div_euclid(24 * HOUR);
                let retention = Retention { fresh: Duration::MAX, kept: None };
                (Writer::Postgres(table), retention, (today - days) * 24 * HOUR)
            }
        };
        Ok(Self { writer, store: Store::deployed(session, inventory).await?, retention, oldest })
    }

    /// What it takes.
    pub fn limits(&self) -> Limits {
        self.writer.limits()
    }

    /// Records of one request.
    pub fn request_records(&self) -> usize {
        self.writer.request_records()
    }

    /// Where it is, for people.
    pub fn name(&self) -> String {
        self.writer.to_string()
    }

    /// The table, as others read it.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// A consumer of a model's events that writes here.
    pub fn consumer(&self, model: &Model, quarantine: Quarantine) -> Consumer {
        Consumer {
            decoder: Decoder::new(model, self.limits()),
            store: self.writer.clone(),
            retention: self.retention,
            quarantine,
        }
    }

    /// How many points it has of a span.
    pub async fn count(&self, span: Span) -> Result<u64, Failure> {
        if span.is_empty() { Ok(0) } else { self.store.count(span).await }
    }

    /// Writes points, of which the first of the same place and version counts.
    ///
    /// # Errors
    /// The store takes nothing: what was written is written.
    pub async fn write(&self, points: Vec<Record>) -> Result<Tally, Failure> {
        let mut gathered = Gathered::default();
        let all = points.len();
        for (index, record) in points.into_iter().enumerate() {
            gathered.add(record, index);
        }
        let Settled { mut outgoing, .. } = gathered.settle(&self.limits());
        let mut tally = Tally { superseded: count(all - outgoing.len()), ..Tally::default() };
        let mut in_vain = 0;
        while !outgoing.is_empty() {
            let now = nanoseconds(Timestamp::now());
            let lateness = |time| self.retention.lateness(time, now);
            let written = self.writer.write(&outgoing, lateness, Instant::now() + ROUND).await;
            let before = outgoing.len();
            for RefusedValue { record, measure, why } in &written.values {
                if written.fates[*record] != Fate::Unwritten {
                    tally.leave(refused(why, &outgoing[*record].record, Some(measure)));
                }
            }
            let mut rest = Vec::new();
            for (one, fate) in outgoing.into_iter().zip(written.fates) {
                settle(one, fate, &mut tally, &mut rest);
            }
            outgoing = rest;
            if let Some(why) = written.unusable {
                return Err(anyhow!("{} cannot be written to: {why}", self.writer).into());
            }
            in_vain = if outgoing.len() < before { 0 } else { in_vain + 1 };
            if in_vain == ROUNDS {
                let seconds = ROUND.as_secs() * u64::from(ROUNDS);
                return Err(anyhow!("{} has taken nothing for {seconds} seconds", self.writer).into());
            }
        }
        Ok(tally)
    }
}

/// Counts what became of a point, and keeps what is to be written again.
fn settle(one: Outgoing, fate: Fate, tally: &mut Tally, rest: &mut Vec<Outgoing>) {
    match fate {
        Fate::Stored => tally.stored += 1,
        Fate::Superseded => tally.superseded += 1,
        Fate::Refused(why) => tally.leave(refused(&why, &one.record, None)),
        Fate::Unwritten => {
            rest.push(one);
            return;
        }
    }
    for LeftOut { measure, cause, .. } in &one.left_out {
        // Another line of the same part says something else later: that is no loss.
        if *cause == Cause::NoRoom {
            let reason = format!("`{measure}` does not fit into one record with the rest of its instant");
            tally.leave(Left { reason, what: point(&one.record) });
        }
    }
}

fn refused(Refused { reason, .. }: &Refused, record: &Record, measure: Option<&String>) -> Left {
    // What follows differs from point to point.
    let reason = reason.split(", and none of").next().unwrap_or(reason);
    let of = measure.map(|measure| format!(" `{measure}`")).unwrap_or_default();
    Left { reason: format!("the store refuses{of}: {reason}"), what: point(record) }
}

/// A timestamp in nanoseconds, as far as they can count it.
pub fn nanoseconds(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond()).unwrap_or(if time.as_nanosecond() < 0 { i64::MIN } else { i64::MAX })
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
