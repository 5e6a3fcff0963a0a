//! Brings the records of a batch into the store: in requests of the permitted size, a few at once,
//! again while that helps, and apart where one record spoils the others.
//!
//! It may not lose sight of a record: each has a fate at the end.
//!
//! **Late records** are those that the store takes more slowly. They have requests of their own, which begin
//! after those of all others: Timestream
//! [throttles them](https://docs.aws.amazon.com/timestream/latest/developerguide/troubleshoot-writethrottles.html)
//! by a limit of their own, for hours if it comes to that.
//!
//! **A record is refused, but for one value.** Where the store names the measure to blame, the record is
//! written without it, and the value alone is refused.
//!
//! **A request is invalid.** The store does not say which record is to blame, if any: it is written in halves,
//! and halves of these. A record that is invalid alone is to blame only if the store takes requests, and a
//! probe, a record that is valid in form, shows whether it does. Where the probe is invalid too, the store
//! is unusable: what has no fate yet stays unwritten and comes again, and nothing of it goes to quarantine.
//! So poison in every record ends in quarantine, a store that takes nothing loses nothing, and both hold for
//! a request of one record.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Instant;

use futures::StreamExt;
use telemetry::{Lateness, Record};
use tokio::time::Instant as Deadline;

use crate::effect::{Busy, Cause, Effect, Refusal};
use crate::outgoing::{Outgoing, without};
use crate::store::Store;
use crate::time_left::{pause, within};
use crate::written::{Fate, Refused, RefusedValue, Written};

/// Requests at once. The shards of a stream, and the batches of a shard where it is read in
/// parallel, multiply this.
pub(crate) const CONCURRENT_REQUESTS: usize = 4;

/// A record on its way.
struct Piece<'a> {
    /// Index of the record among all.
    index: usize,
    /// The record, or what is left of it.
    record: Cow<'a, Record>,
}

/// One request on its way, with what becomes of it.
struct Course<'a> {
    store: &'a Store,
    until: Deadline,
    fates: Vec<(usize, Fate)>,
    /// All but the fates.
    written: Written,
}

/// No further answer of the store is to be had now: what has no fate yet stays unwritten.
struct End;

impl Store {
    /// Writes records until `until`, those that are fresh by `lateness` of their times before the others.
    pub async fn write(
        &self,
        outgoing: &[Outgoing],
        lateness: impl Fn(i64) -> Lateness,
        until: Deadline,
    ) -> Written {
        let pieces = outgoing.iter().enumerate().map(|(index, one)| (index, &one.record));
        let (fresh, late): (Vec<_>, Vec<_>) =
            pieces.partition(|(_, record)| lateness(record.time) == Lateness::Fresh);
        let size = self.request_records();
        let requests = fresh.chunks(size).chain(late.chunks(size));
        let courses: Vec<Course<'_>> = futures::stream::iter(requests)
            .map(|request| Course::run(self, request, until))
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
}

impl<'a> Course<'a> {
    /// Writes the records of one request.
    async fn run(store: &'a Store, records: &[(usize, &'a Record)], until: Deadline) -> Self {
        let written = Written::default();
        let mut course = Self { store, until, fates: Vec::new(), written };
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
        match self.attempt(async |store| store.send(&records).await).await? {
            Effect::Stored => {
                self.fates.extend(group.iter().map(|piece| (piece.index, Fate::Stored)));
                Ok(Vec::new())
            }
            Effect::Refused(refusals) => Ok(vec![self.settle(group, refusals)]),
            Effect::Invalid(_) if group.len() > 1 => {
                let second = group.split_off(group.len() / 2);
                Ok(vec![second, group])
            }
            Effect::Invalid(reason) => {
                self.must_take().await?;
                let fate = Fate::Refused(Refused { code: "store_invalid", reason });
                self.fates.extend(group.iter().map(|piece| (piece.index, fate.clone())));
                Ok(Vec::new())
            }
            Effect::Unusable(reason) => Err(self.unusable(reason)),
            Effect::Busy(_) => Err(End),
        }
    }

    /// Tells the fates of records of which some are refused. Gives what is to be written of those.
    fn settle(&mut self, group: Vec<Piece<'a>>, refusals: Vec<Refusal>) -> Vec<Piece<'a>> {
        let mut causes: BTreeMap<usize, Cause> =
            refusals.into_iter().map(|refusal| (refusal.index, refusal.cause)).collect();
        let mut rest = Vec::new();
        for (at, piece) in group.into_iter().enumerate() {
            let (reason, measure) = match causes.remove(&at) {
                None => {
                    self.fates.push((piece.index, Fate::Stored));
                    continue;
                }
                Some(Cause::Outdated) => {
                    self.fates.push((piece.index, Fate::Superseded));
                    continue;
                }
                Some(Cause::Content { reason, measure }) => (reason, measure),
            };
            let why = Refused { code: "store_rejected", reason };
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
        match self.attempt(async |store| store.probe().await).await? {
            Effect::Stored | Effect::Refused(_) => Ok(()),
            Effect::Invalid(reason) | Effect::Unusable(reason) => Err(self.unusable(reason)),
            Effect::Busy(_) => Err(End),
        }
    }

    fn unusable(&mut self, reason: String) -> End {
        self.written.unusable = Some(reason);
        End
    }

    /// Sends a request until the store decides or the time is over. An attempt without an answer may have
    /// been stored; the same records again, with the same versions, change nothing.
    async fn attempt(&mut self, send: impl AsyncFn(&Store) -> Effect) -> Result<Effect, End> {
        for attempts in 1.. {
            let started = Instant::now();
            let effect = within(self.until, send(self.store)).await.map_err(|_| End)?;
            self.written.latencies.push(started.elapsed());
            match effect {
                Effect::Busy(Busy::Throttled) => self.written.throttled += 1,
                Effect::Busy(Busy::Unavailable) => self.written.unavailable += 1,
                effect => return Ok(effect),
            }
            pause(attempts, self.until).await.map_err(|_| End)?;
        }
        Err(End)
    }
}
