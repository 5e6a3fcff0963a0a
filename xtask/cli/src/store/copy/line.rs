//! From a line of the lake to its points, as a consumer would have decoded the message when it came: by the kind
//! whose folder has the line, and with what the topic said, which the line carries. Pure.
//!
//! A line says everything but when its message came into the stream. Three things follow from that arrival:
//!
//! - **The version.** A copy has [one of its own](version), below that of every event of a stream.
//! - **The time of an event that says none.** Nobody knows it again, and with another time it would be another
//!   point: it stays behind.
//! - **Whether a clock is ahead**, and where its event was moved to. What was moved stays behind as well.
//!
//! Both of the latter are found without knowing a model's rules: what is decoded with two arrivals and differs
//! depends on the arrival.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;
use telemetry::lake::{EVENTS_MEMBER, Form, NAME_MEMBER, VALUE_MEMBER};
use telemetry::{Arrival, Decoded, Decoder, EventKind, Limits, Model, PartitionKey, Record};

/// Nobody says when the event came.
pub const UNTIMED: &str =
    "the event does not say its time: it has that of its arrival, which the lake does not keep";

/// A clock that is ahead.
pub const MOVED: &str =
    "the clock of the device was ahead: the event was moved to its arrival, which the lake does not keep";

/// How many versions there are for the lines that were written in one second.
const VERSIONS: i64 = 256;

/// How far the two arrivals are apart at least: further than any clock may be ahead.
const APART_MS: i64 = 2 * 60 * 60 * 1000;

/// The version of what the lake wrote in a second since 1970, in a part of an object.
///
/// What was written later wins over what was written before, as what came later does in the stream. Yet each is less
/// than any arrival in a stream, which is counted in milliseconds and a thousandfold: what a store has of a stream stays,
/// whatever the lake says of the same point, and a correction that came by the stream is never undone. And it is more
/// than that of a [table without versions](super::table::VERSION), whose last corrections the lake has too.
pub fn version(second: i64, part: usize) -> i64 {
    let part = i64::try_from(part).unwrap_or(VERSIONS).min(VERSIONS - 1);
    (second.clamp(1, i64::from(u32::MAX)) * VERSIONS + part).max(2)
}

/// What a line has.
#[derive(Debug, Default)]
pub struct Found {
    /// What can be stored.
    pub points: Vec<Record>,
    /// Points that cannot, with the reason.
    pub behind: Vec<(&'static str, Record)>,
    /// Codes of what is wrong with the message.
    pub faults: Vec<&'static str>,
}

/// Lines of an environment's lake.
#[derive(Debug, Clone)]
pub struct Lines {
    decoder: Decoder,
    kinds: Vec<KindLines>,
    apart_ms: i64,
}

/// Lines of one kind.
#[derive(Debug, Clone)]
struct KindLines {
    name: Option<String>,
    form: Form,
    /// The levels of the topic in the partition key.
    levels: Vec<Level>,
}

/// Where a line says a level of the topic.
#[derive(Debug, Clone)]
struct Level {
    member: String,
    /// Which part of its text; `None`: all of it.
    part: Option<usize>,
}

impl Lines {
    /// Lines of this model, for a store that takes so much.
    pub fn of(model: &Model, limits: Limits) -> Self {
        let windows = model.kinds.iter().filter_map(|kind| kind.event.as_ref());
        let longest = windows.map(|event| i64::from(event.window_seconds) * 1000).max().unwrap_or_default();
        Self {
            decoder: Decoder::new(model, limits),
            kinds: model.kinds.iter().map(KindLines::of).collect(),
            apart_ms: APART_MS + longest,
        }
    }

    /// What a line of a kind has, which was written not long after `arrival_ms`.
    pub fn read(&self, kind: usize, line: &str, arrival_ms: i64, version: i64) -> Found {
        let (payload, key) = self.kinds[kind].message(line);
        let decode = |time_ms, sequence_number: &str| {
            let arrival = Arrival { time_ms, sequence_number, partition_key: &key };
            let mut decoded = self.decoder.decode(payload.as_bytes(), arrival);
            for record in &mut decoded.records {
                record.version = version;
            }
            decoded
        };
        let first = decode(arrival_ms, "1");
        let faults: Vec<&'static str> = first
            .rejection
            .iter()
            .flat_map(|rejection| &rejection.reasons)
            .map(|reason| reason.fault.code())
            .collect();
        if first.records.is_empty() {
            return Found { faults, ..Found::default() };
        }
        let second = decode(arrival_ms.saturating_add(self.apart_ms), "2");
        let mut found = Found { faults, ..Found::default() };
        let reason = if first.corrected.is_some() { MOVED } else { UNTIMED };
        let Decoded { records, .. } = first;
        for (index, record) in records.into_iter().enumerate() {
            // Nearly always at the same place.
            if second.records.get(index) == Some(&record) || second.records.contains(&record) {
                found.points.push(record);
            } else {
                found.behind.push((reason, record));
            }
        }
        found
    }
}

impl KindLines {
    fn of(kind: &EventKind) -> Self {
        let named = kind.named.as_ref();
        let of_name =
            named.map(|named| (named.field.as_deref().unwrap_or(NAME_MEMBER), &named.topic_segments));
        let dimensions = kind.dimensions.iter().map(|one| (one.field.as_str(), &one.topic_segments));
        let device = (kind.device.field.as_str(), &kind.device.topic_segments);
        let members: Vec<_> = std::iter::once(device).chain(dimensions).chain(of_name).collect();
        let level = |level: &u32| {
            let found = members.iter().find_map(|(member, segments)| {
                let at = segments.iter().position(|segment| segment == level)?;
                Some(Level { member: (*member).to_owned(), part: (segments.len() > 1).then_some(at) })
            });
            found.unwrap_or(Level { member: String::new(), part: None })
        };
        let levels = match kind.partition_key() {
            PartitionKey::Levels(levels) => levels.iter().map(level).collect(),
            PartitionKey::Topic | PartitionKey::Client => Vec::new(),
        };
        Self { name: kind.name.clone(), form: Form::of(kind), levels }
    }

    /// The message of a line, and the partition key that it came with.
    fn message<'l>(&self, line: &'l str) -> (Cow<'l, str>, String) {
        let is_as_sent = self.form == Form::AsSent && self.levels.is_empty();
        let members: BTreeMap<Cow<'l, str>, &'l RawValue> =
            if is_as_sent { BTreeMap::new() } else { serde_json::from_str(line).unwrap_or_default() };
        let text = |member: &str| -> Option<String> { serde_json::from_str(members.get(member)?.get()).ok() };
        let levels = self.levels.iter().map(|level| {
            let whole = text(&level.member).unwrap_or_default();
            match level.part {
                None => whole,
                Some(part) => whole.split('/').nth(part).unwrap_or_default().to_owned(),
            }
        });
        let rest = levels.collect::<Vec<_>>().join("/");
        let key = self.name.iter().fold(rest, |rest, name| format!("{name}/{rest}"));
        // What the transform made an object of.
        let inner = match self.form {
            Form::AsSent => None,
            Form::Events => members.get(EVENTS_MEMBER).filter(|events| events.get().starts_with('[')),
            Form::Value => {
                let mut others = members.keys().filter(|name| **name != VALUE_MEMBER);
                let alone = others.all(|name| self.levels.iter().any(|level| level.member == **name));
                members.get(VALUE_MEMBER).filter(|_| alone)
            }
        };
        (inner.map_or(line, |inner| inner.get()).into(), key)
    }
}

#[cfg(test)]
mod tests;
