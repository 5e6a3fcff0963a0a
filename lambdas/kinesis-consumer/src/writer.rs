//! Brings the records of a batch into the store: in requests of the permitted size, a few at once,
//! again while that helps, and apart where one record spoils the others.
//!
//! It may not lose sight of a record: each has a fate at the end.
//!
//! **Late records** are those that the store keeps on disk. They have requests of their own, which begin
//! after those of all others: the store
//! [throttles them](https://docs.aws.amazon.com/timestream/latest/developerguide/troubleshoot-writethrottles.html)
//! by a limit of their own, for hours if it comes to that.
//!
//! **A record is refused, but for one value.** Where the store names the measure to blame, the record is
//! written without it, and the value alone is refused.
//!
//! **A request is invalid.** The store does not say which record is to blame, if any: it is written in halves,
//! and halves of these. A record that is invalid alone is to blame only if the store takes requests, and a
//! probe, a record that is valid in form, shows whether it does. Where the probe is invalid too, the table
//! is unusable: what has no fate yet stays unwritten and comes again, and nothing of it goes to quarantine.
//! So poison in every record ends in quarantine, a table that takes nothing loses nothing, and both hold for
//! a request of one record.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::StreamExt;
use telemetry::Record;
use tokio::time::Instant as Deadline;

use crate::outgoing::{Outgoing, without};
use crate::request::MAX_RECORDS;
use crate::store::{Answer, Busy, Refusal, Table};
use crate::time_left::{pause, within};

/// Requests at once. The shards of a stream, and the batches of a shard where it is read in
/// parallel, multiply this.
pub const CONCURRENT_REQUESTS: usize = 4;

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

/// A record on its way.
struct Piece<'a> {
    /// Index of the record among all.
    index: usize,
    /// The record, or what is left of it.
    record: Cow<'a, Record>,
}

/// One request on its way, with what becomes of it.
struct Course<'a> {
    table: &'a Table,
    until: Deadline,
    fates: Vec<(usize, Fate)>,
    /// All but the fates.
    written: Written,
}

/// No further answer of the store is to be had now: what has no fate yet stays unwritten.
struct End;

/// Writes all records until `until`. Those before `late_before`, in nanoseconds since 1970, are late.
pub async fn write(table: &Table, outgoing: &[Outgoing], late_before: i64, until: Deadline) -> Written {
    let pieces = outgoing.iter().enumerate().map(|(index, one)| (index, &one.record));
    let (late, fresh): (Vec<_>, Vec<_>) = pieces.partition(|(_, record)| record.time < late_before);
    let requests = fresh.chunks(MAX_RECORDS).chain(late.chunks(MAX_RECORDS));
    let courses: Vec<Course<'_>> = futures::stream::iter(requests)
        .map(|request| Course::run(table, request, until))
        // In this order: a late request begins when no other is left to begin.
        .buffer_unordered(CONCURRENT_REQUESTS)
        .collect()
        .await;
    let mut all = Written { fates: vec![Fate::Unwritten; outgoing.len()], ..Written::default() };
    for Course { fates, written, .. } in courses {
        for (index, fate) in fates {
            all.fates[index] = fate;
        }
        all.values.extend(written.values);
        all.throttled += written.throttled;
        all.unavailable += written.unavailable;
        all.latencies.extend(written.latencies);
        all.unusable = all.unusable.or(written.unusable);
    }
    all
}

impl<'a> Course<'a> {
    /// Writes the records of one request.
    async fn run(table: &'a Table, records: &[(usize, &'a Record)], until: Deadline) -> Self {
        let written = Written::default();
        let mut course = Self { table, until, fates: Vec::new(), written };
        let piece =
            |(index, record): &(usize, &'a Record)| Piece { index: *index, record: Cow::Borrowed(*record) };
        let mut groups: Vec<Vec<Piece<'a>>> = vec![records.iter().map(piece).collect()];
        while let Some(group) = groups.pop() {
            match course.write(group).await {
                Ok(more) => groups.extend(more.into_iter().filter(|group| !group.is_empty())),
                Err(End) => break,
            }
        }
        course
    }

    /// Writes records together. Gives those that are to be written next, the first of them last.
    async fn write(&mut self, mut group: Vec<Piece<'a>>) -> Result<Vec<Vec<Piece<'a>>>, End> {
        let records: Vec<&Record> = group.iter().map(|piece| &*piece.record).collect();
        match self.attempt(async |table| table.write(&records).await).await? {
            Answer::Stored => {
                self.fates.extend(group.iter().map(|piece| (piece.index, Fate::Stored)));
                Ok(Vec::new())
            }
            Answer::Refused(refusals) => Ok(vec![self.judge(group, refusals)]),
            Answer::Invalid(_) if group.len() > 1 => {
                let second = group.split_off(group.len() / 2);
                Ok(vec![second, group])
            }
            Answer::Invalid(reason) => {
                self.must_take().await?;
                let fate = Fate::Refused(Refused { code: "store_invalid", reason });
                self.fates.extend(group.iter().map(|piece| (piece.index, fate.clone())));
                Ok(Vec::new())
            }
            Answer::Unusable(reason) => Err(self.unusable(reason)),
            Answer::Busy(_) => Err(End),
        }
    }

    /// Tells the fates of records of which some are refused. Gives what is to be written of those.
    fn judge(&mut self, group: Vec<Piece<'a>>, refusals: Vec<Refusal>) -> Vec<Piece<'a>> {
        let mut refusals: BTreeMap<usize, Refusal> =
            refusals.into_iter().map(|refusal| (refusal.index, refusal)).collect();
        let mut rest = Vec::new();
        for (at, piece) in group.into_iter().enumerate() {
            let Some(refusal) = refusals.remove(&at) else {
                self.fates.push((piece.index, Fate::Stored));
                continue;
            };
            if refusal.existing_version.is_some_and(|existing| existing > piece.record.version) {
                self.fates.push((piece.index, Fate::Superseded));
                continue;
            }
            let measure = refusal.blames(&piece.record).map(str::to_owned);
            let why = Refused { code: "store_rejected", reason: refusal.reason };
            match measure.and_then(|measure| Some((without(&piece.record, &measure)?, measure))) {
                Some((record, measure)) => {
                    self.written.values.push(RefusedValue { record: piece.index, measure, why });
                    rest.push(Piece { index: piece.index, record: Cow::Owned(record) });
                }
                None => self.fates.push((piece.index, Fate::Refused(why))),
            }
        }
        rest
    }

    /// Asks whether the store takes requests at all.
    async fn must_take(&mut self) -> Result<(), End> {
        match self.attempt(async |table| table.probe().await).await? {
            Answer::Stored | Answer::Refused(_) => Ok(()),
            Answer::Invalid(reason) | Answer::Unusable(reason) => Err(self.unusable(reason)),
            Answer::Busy(_) => Err(End),
        }
    }

    fn unusable(&mut self, reason: String) -> End {
        self.written.unusable = Some(reason);
        End
    }

    /// Sends a request until the store decides or the time is over. An attempt without an answer may have
    /// been stored; the same records again, with the same versions, change nothing.
    async fn attempt(&mut self, send: impl AsyncFn(&Table) -> Answer) -> Result<Answer, End> {
        for attempts in 1.. {
            let started = Instant::now();
            let answer = within(self.until, send(self.table)).await.map_err(|_| End)?;
            self.written.latencies.push(started.elapsed());
            match answer {
                Answer::Busy(Busy::Throttled) => self.written.throttled += 1,
                Answer::Busy(Busy::Unavailable) => self.written.unavailable += 1,
                answer => return Ok(answer),
            }
            pause(attempts, self.until).await.map_err(|_| End)?;
        }
        Err(End)
    }
}
