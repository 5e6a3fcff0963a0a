//! The way back: what was set aside goes through today's model and consumer.
//!
//! Each event has the arrival that it had at first, so that its records have the times and versions that they would have
//! had, and a later correction that is stored stays. What becomes of it is decided first: stored, or refused with today's
//! reasons. Then, in this order,
//!
//! 1. what is refused for other reasons than before is in the queue anew,
//! 2. the messages and batches are deleted that have nothing left to say,
//! 3. the objects that these messages pointed to, unless another message does.
//!
//! A program that ends between any two of these has lost nothing: at worst a message is there with its old and its new
//! reason, which the next look takes for one event, or an object is there that nothing points to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::time::{Duration, SystemTime};

use anyhow::anyhow;
use kinesis_consumer::handler::{Consumer, Fates, Reasons};
use kinesis_consumer::quarantine::{Place as Pointed, QuarantinedEvent, Reason};
use serde::Serialize;
use tokio::time::Instant;

use super::contents::{Contents, Entry, Place, Source};
use super::fill::raise;
use super::original::{By, Original};
use super::today::{Today, is_same};
use crate::store::copy::target::Target;
use session::{Exit, Failure, Observer};

/// Events that are settled together.
const PART: usize = 500;

/// How long the store and the queue may take for them.
const PATIENCE: Duration = Duration::from_mins(5);

/// How old a part may find what hides the messages. With [`PATIENCE`] for the part itself, it is less than
/// [`HELD`](super::HELD).
const RENEWED: Duration = Duration::from_mins(5);

/// What became of events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Events that were meant. One that lies at several places counts once.
    pub events: u64,
    /// Those that are in the store in full, or of which a later version is.
    pub stored: u64,
    /// Those that stay.
    pub stays: u64,
    /// The codes of their reasons today, and how many of them have each.
    pub reasons: BTreeMap<String, u64>,
    /// How many of them have other reasons than before.
    pub changed: u64,
    /// Messages that were deleted.
    pub messages: u64,
    /// Objects that were deleted: batches that were given up, and what messages pointed to.
    pub objects: u64,
}

/// An event, and the places that it lies at.
#[derive(Debug)]
pub struct Item<'c> {
    /// The event.
    pub original: &'c Original,
    /// Indexes of entries.
    pub places: Vec<usize>,
}

/// A replay.
#[derive(Debug)]
pub struct Replay<'a> {
    /// What reads and clears the places.
    pub source: &'a Source,
    /// What decodes and writes.
    pub consumer: &'a Consumer,
    /// What it writes to.
    pub target: &'a Target,
    /// The model.
    pub today: &'a Today,
    /// Name of the table.
    pub table: &'a str,
}

/// What is left to do at the places.
struct Work<'c> {
    entries: &'c [Entry],
    /// How many events of each place are not settled yet.
    open: Vec<usize>,
    /// How many messages point to an object.
    pointing: BTreeMap<&'c Pointed, usize>,
    /// Receipts of messages that were deleted.
    deleted: BTreeSet<String>,
}

impl Tally {
    /// Whether nothing of what was meant stays.
    pub fn is_clean(&self) -> bool {
        self.stays == 0
    }

    fn stays(&mut self, reasons: &[Reason]) {
        self.stays += 1;
        let codes: BTreeSet<&str> = reasons.iter().map(|reason| &*reason.code).collect();
        for code in codes {
            *self.reasons.entry(code.to_owned()).or_default() += 1;
        }
    }
}

/// What would become of the entries that are meant, as far as the model says it.
pub fn foresee(entries: &[Entry], meant: &[usize], today: &Today) -> Tally {
    let items = items(entries, meant);
    let mut tally = Tally { events: count(items.len()), ..Tally::default() };
    for item in &items {
        let verdict = today.of(item.original);
        if verdict.is_stored() {
            tally.stored += 1;
        } else {
            tally.stays(&verdict.reasons.told);
            tally.changed += u64::from(item.keeper(entries, &verdict.reasons).is_none());
        }
    }
    tally
}

/// The places that are meant, and all others of the same events, whose events are meant then, too: of an event that is
/// in the queue anew, the old message may be meant and the new one not.
pub fn whole(entries: &[Entry], meant: Vec<usize>) -> Vec<usize> {
    if meant.len() == entries.len() {
        return meant;
    }
    let ids: Vec<Vec<String>> =
        entries.iter().map(|entry| entry.aside.events.iter().map(Original::id).collect()).collect();
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, id) in ids.iter().enumerate().flat_map(|(place, ids)| ids.iter().map(move |id| (place, id))) {
        places.entry(id).or_default().push(place);
    }
    let mut known: BTreeSet<usize> = meant.iter().copied().collect();
    let mut whole = meant;
    let mut at = 0;
    while let Some(place) = whole.get(at).copied() {
        for id in &ids[place] {
            // Taken out: whoever has the event next finds nothing new.
            let others = places.remove(&**id).unwrap_or_default();
            whole.extend(others.into_iter().filter(|other| known.insert(*other)));
        }
        at += 1;
    }
    whole
}

/// The events of places, in the order of the stream.
pub fn items<'c>(entries: &'c [Entry], meant: &[usize]) -> Vec<Item<'c>> {
    let mut by_id: HashMap<String, Item<'c>> = HashMap::new();
    for &place in meant {
        for original in &entries[place].aside.events {
            let item = by_id.entry(original.id()).or_insert_with(|| Item { original, places: Vec::new() });
            // A batch may have an event twice.
            if item.places.last() != Some(&place) {
                item.places.push(place);
            }
        }
    }
    let mut items: Vec<Item<'c>> = by_id.into_values().collect();
    items.sort_by(|one, other| one.original.order().cmp(&other.original.order()));
    items
}

impl Item<'_> {
    /// The place that says of this event alone what it is refused for, if one does.
    fn keeper(&self, entries: &[Entry], reasons: &Reasons) -> Option<usize> {
        self.places.iter().copied().find(|place| {
            let aside = &entries[*place].aside;
            aside.by == By::Consumer
                && aside.events.len() == 1
                && aside.omitted == reasons.omitted
                && is_same(&aside.reasons, &reasons.told)
        })
    }
}

impl Replay<'_> {
    /// Replays the entries that are meant, and gives back all messages in the end, however it ends. What became of them
    /// is told also where it did not come to its end.
    pub async fn run(
        &self,
        contents: &Contents,
        meant: &[usize],
        interruption: impl Future<Output = ()>,
        observer: &dyn Observer,
    ) -> (Tally, Result<(), Failure>) {
        let items = items(&contents.entries, meant);
        let mut work = Work::of(&contents.entries, &items);
        let mut tally = Tally { events: count(items.len()), ..Tally::default() };
        let step = observer.step(format_args!("replaying into {}", self.target.name()));
        let mut interruption = std::pin::pin!(interruption);
        let mut ended = Ok(());
        let mut done = 0;
        let mut held: Option<Instant> = None;
        for part in items.chunks(PART) {
            step.update(format_args!("replayed {done} of {} events", items.len()));
            ended = tokio::select! {
                biased;
                () = &mut interruption => Err(Failure::new(Exit::Unexpected, format_args!("interrupted after {done} of {} events", items.len()))
                    .hint("nothing is lost; the same command goes on from here")),
                settled = async {
                    // Whoever has answered a question has taken time, too.
                    if held.is_none_or(|held| held.elapsed() >= RENEWED) {
                        self.source.queue.hold(&work.deleted).await?;
                        held = Some(Instant::now());
                    }
                    self.part(part, &mut work, &mut tally).await
                } => settled,
            };
            if ended.is_err() {
                break;
            }
            done += part.len();
        }
        let ended = ended.and(self.source.queue.give_back(&work.deleted).await);
        if ended.is_ok() {
            step.done(format_args!("{} of {} events stored", tally.stored, tally.events));
        }
        (tally, ended)
    }

    /// Settles some events.
    async fn part(&self, items: &[Item<'_>], work: &mut Work<'_>, tally: &mut Tally) -> Result<(), Failure> {
        let events: Vec<_> =
            items.iter().enumerate().map(|(index, item)| item.original.event(index)).collect();
        let until = Instant::now() + PATIENCE;
        let mut intended = self.consumer.decode(&events);
        raise(self.target.store(), self.table, self.today.model(), &mut intended.outgoing).await?;
        let Fates { rejected, failed, unusable, .. } =
            self.consumer.write(intended, SystemTime::now(), until).await;

        // What is refused for other reasons than at any of its places.
        let news: Vec<usize> = rejected
            .iter()
            .filter(|(index, _)| !failed.contains(index))
            .filter(|(index, reasons)| items[**index].keeper(work.entries, reasons).is_none())
            .map(|(index, _)| *index)
            .collect();
        // With the keys that they came with, so that each is the same event to every later model.
        let own: Vec<_> = news.iter().map(|index| items[*index].original.as_it_came(*index)).collect();
        let messages: Vec<QuarantinedEvent<'_>> = own
            .iter()
            .zip(&news)
            .map(|(event, index)| {
                let Reasons { told, omitted } = &rejected[index];
                QuarantinedEvent { event, reasons: told, omitted: *omitted }
            })
            .collect();
        let lost = self.consumer.quarantine.keep(&messages, until).await;
        let lost: BTreeSet<usize> = lost.into_iter().map(|position| news[position]).collect();

        let mut stored = Vec::new();
        for (index, item) in items.iter().enumerate() {
            if failed.contains(&index) || lost.contains(&index) {
                continue;
            }
            let keeper = match rejected.get(&index) {
                None => {
                    tally.stored += 1;
                    stored.push(index);
                    None
                }
                Some(reasons) => {
                    tally.stays(&reasons.told);
                    let keeper = item.keeper(work.entries, reasons);
                    tally.changed += u64::from(keeper.is_none());
                    keeper
                }
            };
            for place in item.places.iter().filter(|place| Some(**place) != keeper) {
                work.open[*place] -= 1;
            }
        }
        let stored: BTreeSet<&Pointed> =
            stored.into_iter().flat_map(|index| items[index].objects(work.entries)).collect();
        clear(self.source, items, &stored, work, tally).await?;

        let (unanswered, unkept) = (failed.len(), lost.len());
        if let Some(why) = unusable {
            return Err(anyhow!("{} cannot be written to: {why}", self.target.name()).into());
        }
        if unanswered + unkept > 0 {
            return Err(Failure::new(
                Exit::Unexpected,
                format_args!(
                    "the store did not answer for {unanswered} events, and the queue did not take {unkept} with their new reasons"
                ),
            )
            .hint("they stay where they are, and nothing is lost; the same command goes on from here"));
        }
        Ok(())
    }
}

/// Deletes what has nothing left to say: messages and batches first, then the objects of what is stored.
async fn clear(
    source: &Source,
    items: &[Item<'_>],
    stored: &BTreeSet<&Pointed>,
    work: &mut Work<'_>,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let places: BTreeSet<usize> = items.iter().flat_map(|item| item.places.iter().copied()).collect();
    let (mut receipts, mut batches, mut objects) = (Vec::new(), Vec::new(), Vec::new());
    for place in places.into_iter().filter(|place| work.open[*place] == 0) {
        match &work.entries[place].place {
            Place::Message { receipt, object, .. } => {
                receipts.push(receipt.clone());
                // What was taken out of an aggregate has objects of its own.
                let is_apart = work.entries[place].aside.events.len() > 1;
                let is_done = |object| is_apart || stored.contains(object);
                objects.extend(object.iter().map(|object| (receipt, object, is_done(object))));
            }
            Place::Object { key } => batches.push(key),
        }
    }
    let deleted = source.queue.delete(&receipts).await?;
    tally.messages += count(deleted.len());
    let kept = receipts.len() - deleted.len();
    work.deleted.extend(deleted.iter().cloned());
    for key in batches {
        source.bucket.delete(&source.bucket.name, key).await?;
        tally.objects += 1;
    }
    for (_, object, is_done) in objects.into_iter().filter(|(receipt, ..)| deleted.contains(*receipt)) {
        let Some(pointing) = work.pointing.get_mut(object) else { continue };
        *pointing -= 1;
        if *pointing == 0 && is_done {
            source.bucket.delete(&object.bucket, &object.key).await?;
            tally.objects += 1;
        }
    }
    if kept > 0 {
        return Err(Failure::new(
            Exit::Unexpected,
            format_args!("the quarantine queue did not delete {kept} messages of events that are settled"),
        )
        .hint("nothing is lost; the same command settles them once more"));
    }
    Ok(())
}

impl Item<'_> {
    /// The objects that its places point to.
    fn objects<'c>(&self, entries: &'c [Entry]) -> Vec<&'c Pointed> {
        let object = |place: &usize| match &entries[*place].place {
            Place::Message { object, .. } => object.as_ref(),
            Place::Object { .. } => None,
        };
        self.places.iter().filter_map(object).collect()
    }
}

impl<'c> Work<'c> {
    fn of(entries: &'c [Entry], items: &[Item<'_>]) -> Self {
        let mut open = vec![0; entries.len()];
        for place in items.iter().flat_map(|item| &item.places) {
            open[*place] += 1;
        }
        let mut pointing: BTreeMap<&Pointed, usize> = BTreeMap::new();
        for entry in entries {
            if let Place::Message { object: Some(object), .. } = &entry.place {
                *pointing.entry(object).or_default() += 1;
            }
        }
        Self { entries, open, pointing, deleted: BTreeSet::new() }
    }
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
