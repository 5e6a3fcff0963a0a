//! The [rules for tags](https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html)
//! that hold for every resource of the pipeline, whichever service it belongs to.

use std::collections::BTreeMap;

use crate::config::{Fault, Section};

/// Prefix of the tags that the pipeline sets itself.
pub const PIPELINE_PREFIX: &str = "sluice:";

/// Prefix that AWS keeps for itself, in keys and values, in any case.
const AWS_PREFIX: &str = "aws:";

/// Tags of a resource, less those that the pipeline sets: environment, stack and the day that it expires on.
const MAX_TAGS: usize = 50 - 3;

const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 256;

/// Why a tag cannot be used.
#[derive(Debug, thiserror::Error)]
enum TagFault {
    #[error("is an empty key")]
    EmptyKey,
    #[error("has {what} of {length} characters, but at most {max} are allowed")]
    Long { what: &'static str, length: usize, max: usize },
    #[error("has {character:?} in its {what}")]
    Character { what: &'static str, character: char },
    #[error("begins with `{prefix}`, which {owner} for itself")]
    Reserved { prefix: &'static str, owner: &'static str },
    #[error("differs from `{other}` in the case of letters alone, which IAM takes for the same key")]
    Case { other: String },
    #[error("are {count}, but at most {MAX_TAGS} are allowed")]
    Many { count: usize },
}

impl Fault for TagFault {
    fn help(&self) -> String {
        match self {
            Self::EmptyKey => "write a key".into(),
            Self::Long { .. } => "shorten it".into(),
            Self::Character { .. } => "write letters, digits, spaces and _ . : / = + - @".into(),
            Self::Reserved { .. } => "choose another prefix".into(),
            Self::Case { .. } | Self::Many { .. } => "remove one".into(),
        }
    }
}

/// Reads and checks every tag.
pub(super) fn read(section: &Section<'_>) -> Option<BTreeMap<String, String>> {
    let given = section.texts();
    if given.len() > MAX_TAGS {
        section.add_here(TagFault::Many { count: given.len() });
        return None;
    }
    let mut folded: BTreeMap<String, String> = BTreeMap::new();
    let mut tags = BTreeMap::new();
    let mut sound = true;
    for (key, value) in given {
        let checked =
            check(&key, &value).and_then(|()| match folded.insert(key.to_lowercase(), key.clone()) {
                Some(other) => Err(TagFault::Case { other }),
                None => Ok(()),
            });
        if let Err(fault) = checked {
            section.add(&key, fault);
            sound = false;
        }
        tags.insert(key, value);
    }
    sound.then_some(tags)
}

fn check(key: &str, value: &str) -> Result<(), TagFault> {
    if key.is_empty() {
        return Err(TagFault::EmptyKey);
    }
    for (what, text, max) in [("key", key, MAX_KEY), ("value", value, MAX_VALUE)] {
        let length = text.chars().count();
        if length > max {
            return Err(TagFault::Long {
                what: if what == "key" { "a key" } else { "a value" },
                length,
                max,
            });
        }
        if let Some(character) = text.chars().find(|&c| !is_allowed(c)) {
            return Err(TagFault::Character { what, character });
        }
        if starts_with_ignoring_case(text, AWS_PREFIX) {
            return Err(TagFault::Reserved { prefix: AWS_PREFIX, owner: "AWS keeps" });
        }
    }
    if starts_with_ignoring_case(key, PIPELINE_PREFIX) {
        return Err(TagFault::Reserved { prefix: PIPELINE_PREFIX, owner: "the pipeline keeps" });
    }
    Ok(())
}

fn is_allowed(c: char) -> bool {
    c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c)
}

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}
