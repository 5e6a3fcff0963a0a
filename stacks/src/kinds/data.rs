//! What a type holds, and what a template says of its end because of that.
//!
//! No stack says it of its resources: it follows from the type and from what the environment says of its
//! data, so that nobody can forget it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::of;
use crate::cfn::{LogicalId, Policy, Resource, Template};
use crate::environment::OnDelete;

/// The end of what stays. What was never created leaves nothing behind.
const KEPT: (Policy, Policy) = (Policy::RetainExceptOnCreate, Policy::Retain);

/// What a type holds.
#[derive(Debug, Clone, Copy)]
pub enum Data {
    /// What cannot be made again: a replacement or a removal loses it. It stays or goes as `on_delete` of the
    /// environment says.
    HoldsData(Held),
    /// Nothing that is missed, for this reason. A template says nothing of its end.
    HoldsNothing(&'static str),
    /// Nothing itself, but what it is a part of does, and it stays or goes with that.
    GoesWithData(&'static str),
    /// What nobody misses once its stack is gone, for this reason: it goes wherever it is, and says so.
    GoesWithStack(&'static str),
    /// Nothing, but others count on it, for this reason: it stays wherever it is.
    Stays(&'static str),
}

/// Data of which there may be no second copy.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// How it is encrypted at rest.
    pub encryption: Encryption,
    /// What it is to keep it.
    pub keeping: Keeping,
}

/// How data is encrypted at rest.
#[derive(Debug, Clone, Copy)]
pub enum Encryption {
    /// By this property, when these properties of the resource say so.
    By(&'static str, fn(&Value) -> bool),
    /// Always, for this reason.
    Always(&'static str),
}

/// What it is to keep something that stayed.
#[derive(Debug, Clone, Copy)]
pub struct Keeping {
    /// What it costs.
    pub cost: &'static str,
    /// The command that removes it, by its physical id.
    pub remove: fn(&str) -> String,
}

impl Data {
    /// What a template says of its end: on deletion, and on replacement.
    pub(crate) fn end(self, on_delete: OnDelete) -> Option<(Policy, Policy)> {
        let on_delete = match self {
            Self::HoldsData(_) | Self::GoesWithData(_) => on_delete,
            Self::GoesWithStack(_) => OnDelete::Delete,
            Self::Stays(_) => OnDelete::Retain,
            Self::HoldsNothing(_) => return None,
        };
        Some(match on_delete {
            OnDelete::Delete => (Policy::Delete, Policy::Delete),
            OnDelete::Retain => KEPT,
        })
    }
}

/// Says of every resource what becomes of it at its end.
pub(crate) fn apply(template: &mut Template, on_delete: OnDelete) {
    let needed = match on_delete {
        OnDelete::Retain => needed(template),
        OnDelete::Delete => BTreeSet::new(),
    };
    for (id, resource) in template.resources_mut() {
        let Some(kind) = of(resource.kind()) else { continue };
        let end = kind.data.end(on_delete).or_else(|| needed.contains(id).then_some(KEPT));
        // Its stack says more than its type.
        let is_said = resource.deletion_policy() == Some(Policy::Snapshot);
        if let Some((deletion, replacement)) = end.filter(|_| !is_said) {
            resource.set_policies(deletion, replacement);
        }
    }
}

/// What data that stays refers to, directly or by way of something else: a cluster cannot be without the subnets that
/// it is in, so that deleting them would fail.
fn needed(template: &Template) -> BTreeSet<LogicalId> {
    let resources = template.resources();
    let stays = |resource: &&Resource| {
        let data = of(resource.kind()).map(|kind| kind.data);
        matches!(data, Some(Data::HoldsData(_) | Data::GoesWithData(_)))
    };
    let mut found = BTreeSet::new();
    let mut open: Vec<&Resource> = resources.values().filter(stays).collect();
    while let Some(resource) = open.pop() {
        let mut ids = BTreeSet::new();
        references(resource.properties(), &mut ids);
        for (id, other) in resources.iter().filter(|(id, _)| ids.contains(id.as_str())) {
            if found.insert(id.clone()) {
                open.push(other);
            }
        }
    }
    found
}

/// Every name that a value refers to by `Ref` or `Fn::GetAtt`.
fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(map) => {
            found.extend(value["Ref"].as_str().or_else(|| value["Fn::GetAtt"][0].as_str()));
            map.values().for_each(|inner| references(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| references(inner, found)),
        _ => {}
    }
}
