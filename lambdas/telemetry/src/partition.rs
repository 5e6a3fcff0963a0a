//! What the topic rule takes as the partition key of an event.
//!
//! The key never reads the payload: IoT Core hands payloads of any kind to a rule, and a template that
//! names a member of one that is not JSON [cannot be used with
//! it](https://docs.aws.amazon.com/iot/latest/developerguide/binary-payloads.html). It is never empty but
//! for an empty level of the topic. What the topic says reaches the consumers in it, and nowhere else: the
//! kind of the event, where there are several, and the levels that name the device, a dimension or the
//! measure.
//!
//! [Kinesis](https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html) takes 256
//! characters; a topic has
//! [at most 256 bytes](https://docs.aws.amazon.com/general/latest/gr/iot-core.html#message-broker-limits),
//! and an id of a client 128. A topic that leaves no room for the name of its kind fails the rule's action,
//! whose error action puts the event into quarantine.

use std::collections::BTreeSet;

use crate::reason::{Fault, quoted};
use crate::{EventKind, Model};

/// What separates the parts of a key. No level of a topic contains it.
const SEPARATOR: char = '/';

/// What is the same for events that stay in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartitionKey {
    /// Levels of the topic, counted from 1 and in their order: they name the device, or something of it.
    Levels(Vec<u32>),
    /// The topic. Whichever of its levels are wildcards of the filter, each topic has a key.
    Topic,
    /// The id of the MQTT client. Where all devices share one topic, nothing else spreads them over shards.
    Client,
}

impl EventKind {
    /// What the rule takes as the partition key of an event of this kind, behind the kind's name.
    pub fn partition_key(&self) -> PartitionKey {
        let named = self.named.iter().flat_map(|named| &named.topic_segments);
        let dimensions = self.dimensions.iter().flat_map(|dimension| &dimension.topic_segments);
        let levels: BTreeSet<u32> =
            self.device.topic_segments.iter().chain(dimensions).chain(named).copied().collect();
        if !levels.is_empty() {
            PartitionKey::Levels(levels.into_iter().collect())
        } else if self.topic.contains(['+', '#']) {
            PartitionKey::Topic
        } else {
            PartitionKey::Client
        }
    }

    /// The [substitution template](https://docs.aws.amazon.com/iot/latest/developerguide/iot-substitution-templates.html)
    /// of the rule that yields the partition key.
    pub fn partition_key_template(&self) -> String {
        let expression = match self.partition_key() {
            PartitionKey::Levels(levels) => {
                levels.iter().map(|level| format!("${{topic({level})}}")).collect::<Vec<_>>().join("/")
            }
            PartitionKey::Topic => "${topic()}".to_owned(),
            PartitionKey::Client => "${clientid()}".to_owned(),
        };
        self.name.iter().fold(expression, |key, name| format!("{name}{SEPARATOR}{key}"))
    }

    /// The partition key of an event that `client` publishes to `topic`, as the rule makes it.
    pub fn partition_key_of(&self, topic: &str, client: &str) -> String {
        let rest = match self.partition_key() {
            PartitionKey::Levels(levels) => levels_of(topic, &levels),
            PartitionKey::Topic => topic.to_owned(),
            PartitionKey::Client => client.to_owned(),
        };
        self.name.iter().fold(rest, |key, name| format!("{name}{SEPARATOR}{key}"))
    }
}

impl Model {
    /// The kind of the event with this partition key, as an index, and what the key says beside it. `None`
    /// where there are several kinds and the key names none.
    pub fn kind_of<'k>(&self, key: &'k str) -> Option<(usize, &'k str)> {
        if let [EventKind { name: None, .. }] = &self.kinds[..] {
            return Some((0, key));
        }
        let (name, rest) = key.split_once(SEPARATOR)?;
        let index = self.kinds.iter().position(|kind| kind.name.as_deref() == Some(name))?;
        Some((index, rest))
    }
}

/// The levels of the topic in a partition key, behind the name of its kind.
#[derive(Debug, Clone, Default)]
pub struct KeyLevels(Vec<u32>);

impl KeyLevels {
    /// Those in the keys of a kind.
    pub fn of(kind: &EventKind) -> Self {
        match kind.partition_key() {
            PartitionKey::Levels(levels) => Self(levels),
            PartitionKey::Topic | PartitionKey::Client => Self::default(),
        }
    }

    /// Where `segments` of the topic are among them.
    pub fn places(&self, segments: &[u32]) -> Box<[usize]> {
        segments.iter().filter_map(|segment| self.0.iter().position(|level| level == segment)).collect()
    }

    /// The levels in a partition key, whose first part, the name of the kind, is taken off.
    pub fn read<'k>(&self, key: &'k str) -> Result<Vec<&'k str>, Fault> {
        match self.0.len() {
            0 => Ok(Vec::new()),
            // A device's name is a key of its own, with whatever is in it.
            1 => Ok(vec![key]),
            wanted => {
                let levels: Vec<&str> = key.split(SEPARATOR).collect();
                if levels.len() == wanted {
                    Ok(levels)
                } else {
                    Err(Fault::KeyMismatch { key: quoted(key), levels: levels.len(), wanted })
                }
            }
        }
    }
}

/// What levels of the topic say together; `None` where that is nothing.
pub fn joined(levels: &[&str], places: &[usize]) -> Option<String> {
    let parts: Vec<&str> = places.iter().filter_map(|place| levels.get(*place)).copied().collect();
    Some(parts.join("/")).filter(|text| !text.is_empty())
}

/// What segments of a topic, counted from 1, say together.
pub fn levels_of(topic: &str, segments: &[u32]) -> String {
    let levels: Vec<&str> = topic.split(SEPARATOR).collect();
    let level = |segment: &u32| levels.get(*segment as usize - 1).copied().unwrap_or_default();
    segments.iter().map(level).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_joined_in_their_order() {
        assert_eq!(levels_of("a/b/c", &[3, 1]), "c/a");
        assert_eq!(joined(&["a", "b"], &[1, 0]).as_deref(), Some("b/a"));
        assert_eq!(joined(&[""], &[0]), None);
    }
}
