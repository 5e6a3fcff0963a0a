//! What keeps a stack from being deleted, when that is nothing but what is in it. Pure.

use std::collections::BTreeMap;

use super::plan::Removal;
use crate::deploy::events::{Event, last_failures};
use crate::deploy::replacement::stands_for;
use crate::deploy::status::{Condition, condition, says_denied, says_not_empty};

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
        let mut obstacles = Self::default();
        for event in last_failures(events, |event| &event.logical_id) {
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
    let failed = last_failures(events, |event| &event.logical_id);
    failed.map(|event| (event.logical_id.clone(), event.reason.clone())).collect()
}

#[cfg(test)]
mod tests;
