//! What keeps a stack from being deleted, when that is nothing but what is in it. Pure.

use std::collections::BTreeMap;

use super::plan::Removal;
use crate::deploy::events::Event;
use crate::deploy::replacement::stands_for;
use crate::deploy::status::{
    Condition, Stage, condition, says_cancelled, says_denied, says_not_empty, stage,
};

/// What has to be emptied before a stack can go.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Obstacles<'a> {
    /// Its buckets that CloudFormation found full.
    pub buckets: Vec<&'a str>,
    /// Whether its TwinMaker workspace, or a component type in it, could not be deleted.
    pub workspace: bool,
}

impl<'a> Obstacles<'a> {
    /// What stopped a deletion that settled in `status`. `events` are those of the deletion, oldest first.
    ///
    /// `None`: something else stopped it, alone or as well, so the stack would stay when it is empty.
    pub fn of(stack: &'a Removal, status: &str, events: &[Event]) -> Option<Self> {
        if condition(status) != Condition::HalfDeleted {
            return None;
        }
        // CloudFormation tries again by itself: the last word on a resource counts.
        let resources = events.iter().filter(|event| !event.is_of_stack());
        let last: BTreeMap<&str, &Event> =
            resources.map(|event| (event.logical_id.as_str(), event)).collect();
        let failed = last.into_values().filter(|event| stage(&event.status) == Stage::Failed);
        let mut obstacles = Self::default();
        for event in failed.filter(|event| !says_cancelled(&event.reason)) {
            let bucket = stack.buckets().find(|bucket| *bucket == event.physical_id);
            let of_twin = stands_for(&event.kind).starts_with("AWS::IoTTwinMaker::");
            match bucket {
                Some(bucket) if says_not_empty(&event.reason) => obstacles.buckets.push(bucket),
                None if of_twin && stack.has_workspace() && !says_denied(&event.reason) => {
                    obstacles.workspace = true;
                }
                _ => return None,
            }
        }
        (obstacles != Self::default()).then_some(obstacles)
    }
}

/// What could not be deleted in a deletion that settled in `status`, and why; nothing, when it was not begun.
pub fn stuck(status: &str, events: &[Event]) -> BTreeMap<String, String> {
    if condition(status) != Condition::HalfDeleted {
        return BTreeMap::new();
    }
    let resources = events.iter().filter(|event| !event.is_of_stack());
    let last: BTreeMap<&str, &Event> = resources.map(|event| (event.logical_id.as_str(), event)).collect();
    let failed = last.into_iter().filter(|(_, event)| stage(&event.status) == Stage::Failed);
    // What was cancelled is not in the way.
    let failed = failed.filter(|(_, event)| !says_cancelled(&event.reason));
    failed.map(|(id, event)| (id.to_owned(), event.reason.clone())).collect()
}

#[cfg(test)]
mod tests;
