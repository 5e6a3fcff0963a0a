//! Which resources carry the tags of their stack, and how.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::of;
use crate::cfn::{Resource, Template};
use crate::tags::EXPIRES_TAG;

/// How a type carries tags: in which property, and in which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tags {
    /// A list of keys and values.
    List(&'static str),
    /// One object, with a member a tag.
    Map(&'static str),
    /// Not at all, for this reason.
    None(&'static str),
}

/// Puts the tags on every resource that can carry them.
pub(crate) fn apply(template: &mut Template, tags: &BTreeMap<String, String>) {
    let listed = json!(tags.iter().map(|(key, value)| listed(key, value)).collect::<Vec<_>>());
    let mapped = json!(tags);
    for resource in template.resources_mut().values_mut() {
        match form(resource) {
            Some(Tags::List(property)) => resource.set_property(property, listed.clone()),
            Some(Tags::Map(property)) => resource.set_property(property, mapped.clone()),
            Some(Tags::None(_)) | None => {}
        }
    }
}

/// Whether a resource carries all of its stack's tags but the one that moves on, or is of a type that
/// carries none.
pub(crate) fn carries(resource: &Resource, tags: &BTreeMap<String, String>) -> bool {
    let is_there = |key: &str, value: &str| match form(resource) {
        Some(Tags::List(property)) => {
            resource.property(property).as_array().is_some_and(|there| there.contains(&listed(key, value)))
        }
        Some(Tags::Map(property)) => resource.property(property)[key] == *value,
        Some(Tags::None(_)) | None => key != EXPIRES_TAG,
    };
    tags.iter().all(|(key, value)| is_there(key, value) != (key == EXPIRES_TAG))
}

fn form(resource: &Resource) -> Option<Tags> {
    of(resource.kind()).map(|kind| kind.tags)
}

fn listed(key: &str, value: &str) -> Value {
    json!({"Key": key, "Value": value})
}
