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
mod tests {
    use super::*;

    const OLD: &str = "00000000";
    const NEW: &str = "11111111";

    fn telemetry(version: &str) -> String {
        format!("sluice.telemetry.{version}")
    }

    fn alarm(version: &str) -> String {
        format!("sluice.alarm.{version}")
    }

    /// What the model makes of a device now.
    fn components(device: &str) -> Components {
        let part = |component_type: String, property: &str| Component {
            component_type,
            properties: [(property.to_owned(), device.to_owned())].into(),
        };
        [
            ("telemetry".to_owned(), part(telemetry(NEW), "DeviceID")),
            ("watt_alarm".to_owned(), part(alarm(NEW), "alarm_key")),
        ]
        .into()
    }

    fn entity(name: &str, components: &[(&str, String)]) -> Entity {
        let component = |(name, kind): &(&str, String)| {
            ((*name).to_owned(), twin::Component { kind: kind.clone(), ..twin::Component::default() })
        };
        Entity {
            id: entity_id(name).into(),
            name: name.to_owned(),
            arn: format!("arn:{name}"),
            components: components.iter().map(component).collect(),
        }
    }

    fn found(entities: Vec<Entity>) -> Found {
        let types = [telemetry(OLD), telemetry(NEW), alarm(OLD), alarm(NEW), "their.own".to_owned()];
        Found { entities, foreign: BTreeSet::new(), types: types.into() }
    }

    fn current(name: &str) -> Entity {
        entity(name, &[("telemetry", telemetry(NEW)), ("watt_alarm", alarm(NEW))])
    }

    #[test]
    fn a_device_without_an_entity_gets_one() {
        let devices = ["kitchen", "a device/with signs"].map(str::to_owned).into();
        let plan = plan(&devices, &found(vec![current("kitchen")]), components);
        let created: Vec<&str> = plan.create.iter().map(|creation| creation.device.as_str()).collect();
        assert_eq!(created, ["a device/with signs"]);
        assert!(plan.create[0].entity.starts_with("device-"), "{plan:?}");
        assert_eq!((plan.change.len(), plan.unchanged), (0, 1));
    }

    #[test]
    fn what_was_done_is_not_done_again() {
        let devices = ["kitchen".to_owned()].into();
        // A canary is no device, and no entity of one.
        let mut found = found(vec![current("kitchen"), current("silent"), current(CANARY)]);
        found.types = [telemetry(NEW), alarm(NEW)].into();
        let plan = plan(&devices, &found, components);
        assert!(plan.is_empty(), "{plan:?}");
        assert_eq!(plan.unchanged, 2);
    }

    #[test]
    fn an_entity_of_an_older_model_is_changed_and_types_that_nothing_uses_go() {
        let old = entity(
            "kitchen",
            &[
                ("telemetry", telemetry(OLD)),
                ("humidity_alarm", alarm(OLD)),
                ("note", "their.own".to_owned()),
            ],
        );
        let plan = plan(&BTreeSet::new(), &found(vec![old]), components);
        let [change] = &plan.change[..] else { panic!("{plan:?}") };
        assert_eq!(change.remove, ["humidity_alarm", "telemetry"]);
        assert_eq!(change.add, ["telemetry", "watt_alarm"]);
        assert_eq!(plan.remove_types, [alarm(OLD), telemetry(OLD)]);
    }

    #[test]
    fn a_change_that_was_interrupted_or_failed_goes_on() {
        let with = |health: Health| {
            let mut entity = entity("kitchen", &[("telemetry", telemetry(NEW))]);
            entity.components.values_mut().for_each(|component| component.health = health);
            entity
        };
        let mut theirs = current("kitchen");
        let note =
            twin::Component { kind: "their.own".to_owned(), health: Health::Failed, ..Default::default() };
        theirs.components.insert("note".to_owned(), note);
        for (what, entity, expected) in [
            ("nothing was added", entity("kitchen", &[]), Some((vec![], vec!["telemetry", "watt_alarm"]))),
            ("a half was added", with(Health::Sound), Some((vec![], vec!["watt_alarm"]))),
            (
                "a half failed",
                with(Health::Failed),
                Some((vec!["telemetry"], vec!["telemetry", "watt_alarm"])),
            ),
            ("what somebody else added failed", theirs, None),
        ] {
            let plan = plan(&["kitchen".to_owned()].into(), &found(vec![entity]), components);
            let expected = expected.map(|(remove, add)| {
                [remove, add].map(|names: Vec<&str>| names.into_iter().map(str::to_owned).collect())
            });
            let change = plan.change.into_iter().next();
            assert_eq!(change.map(|change| [change.remove, change.add]), expected, "{what}");
        }
    }

    #[test]
    fn what_somebody_else_made_is_left_alone() {
        let theirs = entity("theirs", &[("telemetry", telemetry(OLD))]);
        let room = entity("room", &[("room", "their.own".to_owned())]);
        let mut found = found(vec![theirs.clone(), room]);
        found.foreign.insert(theirs.arn);
        let plan = plan(&BTreeSet::new(), &found, components);
        assert_eq!(plan.foreign, ["theirs"]);
        assert_eq!(plan.change, []);
        assert_eq!(plan.remove_types, [alarm(OLD)], "a type that is in use stays");
    }
}
