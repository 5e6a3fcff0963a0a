//! Kinds by their topics: which topics carry the same, and which of their levels vary.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::Tree;

/// Levels that say what a message is, and not whose.
const WORDS: &[&str] = &[
    "attributes",
    "availability",
    "cmd",
    "command",
    "config",
    "connection",
    "data",
    "down",
    "error",
    "event",
    "events",
    "info",
    "log",
    "lwt",
    "measures",
    "measurements",
    "metrics",
    "online",
    "power",
    "reading",
    "readings",
    "reported",
    "result",
    "rpc",
    "sensor",
    "sensors",
    "set",
    "shadow",
    "state",
    "stats",
    "status",
    "telemetry",
    "up",
    "update",
    "uplink",
    "value",
    "values",
];

/// Levels behind which the device is named.
const BEFORE_A_DEVICE: &[&str] =
    &["device", "devices", "dev", "node", "nodes", "thing", "things", "sensor", "tag"];

/// A payload and where it was published.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) topic: Option<Vec<String>>,
    pub(super) tree: Tree,
}

/// Messages of one kind.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) messages: Vec<Message>,
    /// Which levels are `+`, counted from 1.
    pub(super) wildcards: BTreeSet<usize>,
    /// Which of them, or which sequence of them, is the device; 0: none.
    pub(super) device: usize,
    /// Which levels name the measure, where its value is the message.
    pub(super) names: Vec<usize>,
}

impl Group {
    /// The filter. `None`: the samples do not say their topic.
    pub(super) fn filter(&self) -> Option<String> {
        let topic = self.messages.first()?.topic.as_ref()?;
        let levels = topic
            .iter()
            .enumerate()
            .map(|(index, level)| if self.wildcards.contains(&(index + 1)) { "+" } else { level.as_str() });
        Some(levels.collect::<Vec<_>>().join("/"))
    }
}

/// Sorts messages into kinds, in the order in which the first of each came.
pub(super) fn groups(messages: Vec<Message>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for message in messages {
        match groups.iter_mut().find(|group| group.messages.iter().any(|one| is_one_kind(one, &message))) {
            Some(group) => group.messages.push(message),
            None => groups.push(Group { messages: vec![message], ..Group::default() }),
        }
    }
    groups.iter_mut().for_each(find_levels);
    groups
}

fn is_one_kind(one: &Message, other: &Message) -> bool {
    let (Some(a), Some(b)) = (&one.topic, &other.topic) else {
        return one.topic.is_none() && other.topic.is_none();
    };
    if a == b {
        return true;
    }
    if a.len() != b.len() || root(a) != root(b) || one.tree.is_scalar() != other.tree.is_scalar() {
        return false;
    }
    if one.tree.is_scalar() {
        return true;
    }
    let differs = a.iter().zip(b).filter(|(a, b)| a != b);
    let is_word_apart = differs.into_iter().any(|(a, b)| is_word(a) || is_word(b));
    !is_word_apart && shares_a_member(&one.tree, &other.tree)
}

/// The first level that is not empty.
fn root(topic: &[String]) -> Option<&String> {
    topic.iter().find(|level| !level.is_empty())
}

fn shares_a_member(one: &Tree, other: &Tree) -> bool {
    match (one, other) {
        (Tree::Object(members), other) => members.iter().any(|(name, _)| other.member(name).is_some()),
        (Tree::Array(_), Tree::Array(_)) => true,
        _ => false,
    }
}

fn is_word(level: &str) -> bool {
    let small = level.to_ascii_lowercase();
    WORDS.contains(&small.as_str())
        || (level.len() > 1 && level.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
}

fn looks_like_an_id(level: &str) -> bool {
    !is_word(level)
        && level.chars().any(|c| c.is_ascii_digit() || matches!(c, '-' | ':' | '_' | '@'))
        && !(level.len() == 2 && level.starts_with('v'))
}

fn find_levels(group: &mut Group) {
    let topics: BTreeSet<Vec<String>> =
        group.messages.iter().filter_map(|message| message.topic.clone()).collect();
    let Some(first) = topics.first().cloned() else { return };
    let count = first.len();
    let start = first.iter().position(|level| !level.is_empty()).unwrap_or(0) + 1;
    let mut texts: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for topic in &topics {
        for (index, level) in topic.iter().enumerate() {
            texts.entry(index + 1).or_default().insert(level);
        }
    }
    let varies = |level: &usize| texts[level].len() > 1;
    let after_root = start + 1..=count;
    if group.messages.iter().all(|message| message.tree.is_scalar()) {
        if count > start {
            group.device = if count > start + 1 { start + 1 } else { 0 };
            let names = (group.device.max(start) + 1..=count).filter(|level| {
                varies(level) || !(*level == count && count > start + 2 && is_word(&first[level - 1]))
            });
            group.names = names.collect();
            group.wildcards =
                group.names.iter().copied().chain((group.device > 0).then_some(group.device)).collect();
        }
        return;
    }
    let mut wild: BTreeSet<usize> = after_root.clone().filter(varies).collect();
    if wild.is_empty() {
        wild = after_root.clone().filter(|level| looks_like_an_id(&first[level - 1])).collect();
    }
    if wild.is_empty() {
        let named = after_root.filter(|level| {
            let text = Some(first[level - 1].as_str());
            group.messages.iter().any(|message| {
                message.tree.leaves(usize::MAX).iter().any(|(_, leaf)| leaf.text().as_deref() == text)
            })
        });
        wild = named.collect();
    }
    // What else can be an id beside a level that varies.
    wild.extend((start + 1..=count).filter(|level| looks_like_an_id(&first[level - 1])));
    let behind = wild.iter().copied().find(|level| {
        *level > 1 && BEFORE_A_DEVICE.contains(&first[level - 2].to_ascii_lowercase().as_str())
    });
    group.device = behind.or(wild.last().copied()).unwrap_or(0);
    group.wildcards = wild;
}
