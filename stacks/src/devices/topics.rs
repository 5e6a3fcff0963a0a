//! The topics to which the policy lets a device publish, derived from the model, and whether they are its own.
//!
//! A resource of a [policy](https://docs.aws.amazon.com/iot/latest/developerguide/pub-sub-policy.html) knows no
//! levels: its `*` stands for any characters, slashes included. So a filter with a `+` in it becomes a pattern that
//! takes more topics than the filter, and whether one of them is read as another device's has to be found out.

use telemetry::EventKind;

use super::THING;
use crate::model::is_reserved;

/// Why no policy holds a device to its topics.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TopicsFault {
    #[error(
        "is true, but the events{of} of the model say themselves who sent them, in `{field}`: a certificate would not keep one device from sending as another"
    )]
    Field { of: String, field: String },
    #[error(
        "is true, but several levels of the topic \"{filter}\" name the device, and a thing's name is one"
    )]
    Several { filter: String },
    #[error("is true, but AWS itself writes to \"{filter}\", and no device may")]
    Reserved { filter: String },
    #[error(
        "is true, but the topic \"{filter}\" begins with a level that stands for anything: a policy would let a device publish to topics of AWS itself, and by them as another device"
    )]
    Open { filter: String },
    #[error(
        "is true, but the topic \"{filter}\" has `{found}` in it, which means something else in a policy"
    )]
    Pattern { filter: String, found: &'static str },
}

/// A kind whose devices could send what is read as another device's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "is true, but a policy has no levels: one that lets a device publish to its part of \"{own}\" lets it send as another device to \"{other}\""
)]
pub(crate) struct Others {
    own: String,
    other: String,
}

/// Which level of its topic names the device of a kind, counted from 0.
fn device_level(kind: &EventKind) -> Result<usize, TopicsFault> {
    let filter = || kind.topic.clone();
    if is_reserved(&kind.topic) {
        return Err(TopicsFault::Reserved { filter: filter() });
    }
    match kind.device.topic_segments.as_slice() {
        [] => Err(TopicsFault::Field {
            of: kind.name.as_ref().map_or_else(String::new, |name| format!(" of the kind \"{name}\"")),
            field: kind.device.field.clone(),
        }),
        [segment] => Ok(usize::try_from(segment.saturating_sub(1)).unwrap_or(usize::MAX)),
        _ => Err(TopicsFault::Several { filter: filter() }),
    }
}

/// What a policy reads as a [pattern](https://docs.aws.amazon.com/iot/latest/developerguide/pub-sub-policy.html) or a
/// variable, and a topic as itself.
const PATTERNS: [&str; 3] = ["*", "?", "${"];

/// A level of what a policy takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level<'a> {
    /// This text.
    Text(&'a str),
    /// The thing's name.
    Thing,
    /// One level or more.
    Open,
}

/// The levels of a kind's topics, as a policy takes them.
fn levels(kind: &EventKind) -> Result<Vec<Level<'_>>, TopicsFault> {
    let device = device_level(kind)?;
    let filter = || kind.topic.clone();
    // By Basic Ingest, `$aws/rules/R/x` is the topic `x`.
    if device != 0 && kind.topic.starts_with(['+', '#']) {
        return Err(TopicsFault::Open { filter: filter() });
    }
    let level = |(index, level)| match level {
        _ if index == device => Level::Thing,
        "+" | "#" => Level::Open,
        text => Level::Text(text),
    };
    Ok(kind.topic.split('/').enumerate().map(level).collect())
}

/// Refuses a topic in which a word of a policy stands.
pub(crate) fn is_plain(kind: &EventKind) -> Result<(), TopicsFault> {
    match PATTERNS.into_iter().find(|found| kind.topic.contains(found)) {
        Some(found) => Err(TopicsFault::Pattern { filter: kind.topic.clone(), found }),
        None => Ok(()),
    }
}

/// The topics of a kind, as a policy names them, with the variable for the thing's name.
pub(crate) fn topics(kind: &EventKind) -> Result<Vec<String>, TopicsFault> {
    let levels = levels(kind)?;
    let text = |levels: &[Level<'_>]| {
        let texts = levels.iter().map(|level| match level {
            Level::Text(text) => text,
            Level::Thing => THING,
            Level::Open => "*",
        });
        texts.collect::<Vec<_>>().join("/")
    };
    // `#` stands for no level too.
    let without = kind.topic.ends_with("/#").then(|| text(&levels[..levels.len() - 1]));
    Ok(without.into_iter().chain([text(&levels)]).collect())
}

/// Whether a device that may publish to its topics of one kind can publish to a topic that a rule reads as another
/// device's, of the same kind or of another.
pub(crate) fn speaks_for_others(own: &EventKind, other: &EventKind) -> Result<Option<Others>, TopicsFault> {
    let (own_levels, device) = (levels(own)?, device_level(other)?);
    let filter: Vec<&str> = other.topic.split('/').collect();
    let found = reaches(&own_levels, &filter, device, false);
    Ok(found.then(|| Others { own: own.topic.clone(), other: other.topic.clone() }))
}

/// Whether a topic fits the rest of a pattern and the rest of a filter, in whose level `device` stands something that
/// need not be the thing's name. `free`: that level is behind, and was such.
fn reaches(pattern: &[Level<'_>], filter: &[&str], device: usize, free: bool) -> bool {
    let (Some((first, rest)), Some((level, behind))) = (pattern.split_first(), filter.split_first()) else {
        return free && pattern.is_empty() && matches!(filter, [] | ["#"]);
    };
    let fits = match first {
        Level::Open => true,
        Level::Text(text) => level == text || matches!(*level, "+" | "#"),
        Level::Thing => matches!(*level, "+" | "#") || is_thing_name(level),
    };
    let free = free || device == 0 && *first != Level::Thing;
    let goes_on = |filter: &[&str], device: usize| reaches(rest, filter, device, free);
    if *level == "#" {
        // Whatever it takes after this level, one level of the pattern stands for.
        return fits && goes_on(filter, usize::MAX);
    }
    let device = device.wrapping_sub(1);
    fits && (goes_on(behind, device) || *first == Level::Open && reaches(pattern, behind, device, free))
}

/// Whether a [thing](https://docs.aws.amazon.com/iot/latest/apireference/API_CreateThing.html) can have this name.
pub fn is_thing_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":_-".contains(&byte))
}

#[cfg(test)]
mod tests;
