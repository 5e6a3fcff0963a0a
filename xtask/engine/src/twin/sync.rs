//! Brings the entities of a workspace in line with the devices that the store has seen.
//!
//! The plan is pure. What it changes carries the environment's tag: an entity that somebody else made is
//! told, and left alone.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stacks::twin::{Component, entity_id};
use telemetry::canary::{CANARY, is_canary};

use super::{self as twin, Entity, Health};

/// What the ids of our component types begin with, of any version.
const OURS: [&str; 2] = ["sluice.telemetry.", "sluice.alarm."];

/// What an entity is to be made of, by name of the component.
pub type Components = BTreeMap<String, Component>;

/// What is to be done, in this order.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Entities to be created, by the device's name.
    pub create: Vec<Creation>,
    /// Entities to be changed.
    pub change: Vec<Change>,
    /// Component types that nothing uses any more.
    pub remove_types: Vec<String>,
    /// Entities that need a change and are not ours, by name.
    pub foreign: Vec<String>,
    /// How many entities of devices are as desired.
    pub unchanged: usize,
}

/// An entity to be created.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Creation {
    /// The device.
    pub device: String,
    /// Id of its entity.
    pub entity: String,
}

/// An entity to be changed.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The device.
    pub device: String,
    /// Id of its entity.
    pub entity: String,
    /// Components that go, or go and come back with another type or because they failed.
    pub remove: Vec<String>,
    /// Components that come.
    pub add: Vec<String>,
}

/// What there is.
#[derive(Debug)]
pub struct Found {
    /// Every entity of the workspace.
    pub entities: Vec<Entity>,
    /// ARNs of entities that somebody else made.
    pub foreign: BTreeSet<String>,
    /// Component types of the workspace.
    pub types: BTreeSet<String>,
}

/// Whether a component type is one of those that the model makes, of any version.
pub fn is_ours(kind: &str) -> bool {
    OURS.iter().any(|prefix| kind.starts_with(prefix))
}

/// Whether an entity stands for the device that it is named after.
fn stands_for_device(entity: &Entity, devices: &BTreeSet<String>) -> bool {
    let is_made_so = entity.components.values().any(|component| is_ours(&component.kind));
    entity_id(&entity.name) == entity.id && (is_made_so || devices.contains(&entity.name))
}

/// What it takes to have an entity for each device, all of them made of `components`.
pub fn plan(devices: &BTreeSet<String>, found: &Found, components: impl Fn(&str) -> Components) -> Plan {
    let mut plan = Plan::default();
    let there: BTreeSet<&str> = found.entities.iter().map(|entity| entity.id.as_str()).collect();
    for device in devices {
        let entity = entity_id(device).into_owned();
        if !there.contains(entity.as_str()) {
            plan.create.push(Creation { device: device.clone(), entity });
        }
    }
    let mut used: BTreeSet<String> = BTreeSet::new();
    for entity in &found.entities {
        let change =
            stands_for_device(entity, devices).then(|| change(entity, &components(&entity.name))).flatten();
        let is_foreign = found.foreign.contains(&entity.arn);
        let stays =
            |name: &String| is_foreign || change.as_ref().is_none_or(|change| !change.remove.contains(name));
        let kinds = entity.components.iter().filter(|(name, _)| stays(name));
        used.extend(kinds.map(|(_, component)| component.kind.clone()));
        match change {
            None if is_canary(&entity.name) => {}
            None => plan.unchanged += 1,
            Some(_) if is_foreign => plan.foreign.push(entity.name.clone()),
            Some(change) => plan.change.push(change),
        }
    }
    // Those of the model are the stack's, also while no device has sent anything.
    used.extend(components(CANARY).into_values().map(|component| component.component_type));
    plan.remove_types =
        found.types.iter().filter(|kind| is_ours(kind) && !used.contains(*kind)).cloned().collect();
    plan
}

/// What makes an entity of these components. Components that the model does not make stay.
pub fn change(entity: &Entity, desired: &Components) -> Option<Change> {
    let outdated = |name: &String, found: &twin::Component| match desired.get(name) {
        // What failed stays so until it is made again.
        Some(component) => component.component_type != found.kind || found.health == Health::Failed,
        None => is_ours(&found.kind),
    };
    let remove: Vec<String> = entity
        .components
        .iter()
        .filter(|(name, component)| outdated(name, component))
        .map(|(name, _)| name.clone())
        .collect();
    let add: Vec<String> = desired
        .keys()
        .filter(|name| !entity.components.contains_key(*name) || remove.contains(name))
        .cloned()
        .collect();
    let device = entity.name.clone();
    (!remove.is_empty() || !add.is_empty()).then(|| Change { device, entity: entity.id.clone(), remove, add })
}

impl Plan {
    /// Whether everything is as desired.
    pub fn is_empty(&self) -> bool {
        self.steps() == 0
    }

    /// How many entities and types it touches.
    pub fn steps(&self) -> usize {
        self.create.len() + self.change.len() + self.remove_types.len()
    }
}

#[cfg(test)]
mod tests;
