//! All that a quarantine holds, read once.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use kinesis_consumer::quarantine::Place as Pointed;
use stacks::{GIVEN_UP_PREFIX, QUARANTINE_PREFIX, REPORT_PREFIX};
use telemetry::Model;

use super::held::Held;
use super::original::{Aside, Fault, Found, Original, of_bytes, of_invocation, of_message};
use super::queue::{Drained, Letter, Queue};
use crate::bucket::{Bucket, Object};
use engine::inventory::Inventory;
use session::{Failure, Observer, Project, Session};

/// Bytes of messages and objects that are read at most.
const MOST: usize = 1 << 30;

/// Objects that are read at once.
const CONCURRENT: usize = 8;

/// Where a quarantine is.
#[derive(Debug)]
pub struct Source {
    /// Its queue.
    pub queue: Queue,
    /// Its bucket.
    pub bucket: Bucket,
}

/// All that a quarantine holds.
#[derive(Debug, Default)]
pub struct Contents {
    /// What can be read.
    pub entries: Vec<Entry>,
    /// What cannot, which stays where it is.
    pub unreadable: Vec<Unreadable>,
    /// Objects for messages that no message points to. Empty where not all messages were seen.
    pub orphans: Vec<Object>,
    /// What Timestream reports. No event is in it.
    pub reports: Vec<Object>,
    /// Messages that somebody else reads at the moment.
    pub elsewhere: u64,
    /// Whether there is more than was read.
    pub truncated: bool,
}

/// A place that something was set aside at.
#[derive(Debug)]
pub struct Entry {
    /// Where.
    pub place: Place,
    /// What, and why.
    pub aside: Aside,
}

/// Where something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A message of the queue.
    Message {
        /// Its id.
        id: String,
        /// What says that it is held.
        receipt: String,
        /// The object that it points to.
        object: Option<Pointed>,
    },
    /// An object of the bucket.
    Object {
        /// Its name.
        key: String,
    },
}

/// A place that nothing can be read from.
#[derive(Debug)]
pub struct Unreadable {
    /// Where.
    pub place: Place,
    /// Why not.
    pub why: Fault,
    /// What is there.
    pub bytes: u64,
}

impl Source {
    /// That of an environment.
    pub async fn of(session: &Session, inventory: &Inventory) -> Result<Self, Failure> {
        let url = inventory.output(session, "ingest", "QuarantineUrl")?;
        let name = inventory.output(session, "store", "RejectedBucket")?.to_owned();
        let folder = Project::locate().target().join("sluice").join("quarantine");
        let held = Held::open(&Held::path(&folder, &session.environment.name, url))?;
        let queue = Queue::open(session.sqs(), url, held).await?;
        Ok(Self { queue, bucket: Bucket { client: session.s3(), name } })
    }

    /// Reads everything, and holds the messages.
    pub async fn read(&self, model: &Model, observer: &dyn Observer) -> Result<Contents, Failure> {
        let step = observer.step("reading the quarantine");
        let elsewhere = self.queue.elsewhere().await?;
        let seen = |count| step.update(format_args!("reading the quarantine: {count} messages"));
        let Drained { letters, truncated } = self.queue.drain(MOST, seen).await?;
        let mut contents = Contents { elsewhere, truncated, ..Contents::default() };
        // A place that never changes, so that everything is told in the same order each time.
        let mut letters: Vec<(String, Letter)> = letters.into_iter().collect();
        letters.sort_by(|(one, first), (other, second)| (first.sent_ms, one).cmp(&(second.sent_ms, other)));
        let messages = futures::stream::iter(letters).map(|(id, letter)| self.message(id, letter, model));
        let messages: Vec<Result<Entry, Unreadable>> = messages.buffered(CONCURRENT).try_collect().await?;
        let mut pointed: BTreeSet<String> = BTreeSet::new();
        for message in messages {
            let place = match &message {
                Ok(entry) => &entry.place,
                Err(unreadable) => &unreadable.place,
            };
            if let Place::Message { object: Some(object), .. } = place {
                pointed.insert(object.key.clone());
            }
            contents.add(message);
        }

        step.update("reading the quarantine: its bucket");
        let given_up = self.bucket.list(GIVEN_UP_PREFIX).await?;
        let batches = futures::stream::iter(given_up).map(|object| self.batch(object, model));
        let batches: Vec<Option<Result<Entry, Unreadable>>> =
            batches.buffered(CONCURRENT).try_collect().await?;
        batches.into_iter().flatten().for_each(|batch| contents.add(batch));
        contents.reports = self.bucket.list(REPORT_PREFIX).await?;
        if !truncated && elsewhere == 0 {
            let objects = self.bucket.list(QUARANTINE_PREFIX).await?;
            contents.orphans = objects.into_iter().filter(|object| !pointed.contains(&object.key)).collect();
        }
        step.done(format_args!(
            "{} events",
            contents.entries.iter().map(|one| one.aside.events.len()).sum::<usize>()
        ));
        Ok(contents)
    }

    async fn message(
        &self,
        id: String,
        Letter { receipt, body, sent_ms }: Letter,
        model: &Model,
    ) -> Result<Result<Entry, Unreadable>, Failure> {
        let (mut object, mut bytes) = (None, body.len() as u64);
        let found = match of_message(&body, sent_ms, model) {
            Ok(Found::Aside(aside)) => Ok(aside),
            Ok(Found::Pointer(message, place)) => {
                bytes = place.bytes as u64;
                let found = match self.bucket.read(&place.bucket, &place.key).await? {
                    Some(bytes) => of_bytes(&message, &bytes),
                    None => Err(Fault::NoObject(place.key.clone())),
                };
                object = Some(place);
                found
            }
            Err(fault) => Err(fault),
        };
        let place = Place::Message { id, receipt, object };
        let found = found.and_then(|aside| aside.under(model));
        Ok(found.map(|aside| Entry { place: place.clone(), aside }).map_err(|why| Unreadable {
            place,
            why,
            bytes,
        }))
    }

    /// A batch that was given up; `None` where somebody has settled it meanwhile.
    async fn batch(
        &self,
        object: Object,
        model: &Model,
    ) -> Result<Option<Result<Entry, Unreadable>>, Failure> {
        let Some(document) = self.bucket.read(&self.bucket.name, &object.key).await? else { return Ok(None) };
        let place = Place::Object { key: object.key };
        Ok(Some(match of_invocation(&document).and_then(|aside| aside.under(model)) {
            Ok(aside) => Ok(Entry { place, aside }),
            Err(why) => Err(Unreadable { place, why, bytes: object.bytes }),
        }))
    }
}

impl Entry {
    /// When the first of its events came, in milliseconds since 1970.
    pub fn first_ms(&self) -> i64 {
        self.aside.events.iter().map(Original::arrival_ms).min().unwrap_or_default()
    }
}

impl Contents {
    fn add(&mut self, read: Result<Entry, Unreadable>) {
        match read {
            Ok(entry) => self.entries.push(entry),
            Err(unreadable) => self.unreadable.push(unreadable),
        }
    }
}

impl Place {
    /// For people: a message of this id, or an object of this name.
    pub fn name(&self) -> String {
        match self {
            Self::Message { id, object: None, .. } => format!("message {id}"),
            Self::Message { id, object: Some(object), .. } => format!("message {id}, object {}", object.key),
            Self::Object { key } => format!("object {key}"),
        }
    }
}

/// A time in milliseconds since 1970, as far as a calendar has it.
pub fn instant(time_ms: i64) -> Timestamp {
    let limit = if time_ms < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(time_ms).unwrap_or(limit)
}
