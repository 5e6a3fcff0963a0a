//! Brings the entities of a workspace in line with the devices that the store has seen.
//!
//! The plan is pure. What it changes carries the environment's tag: an entity that somebody else made is
//! told, and left alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use aws_sdk_iottwinmaker::operation::create_entity::CreateEntityError;
use aws_sdk_iottwinmaker::operation::delete_component_type::DeleteComponentTypeError;
use aws_sdk_iottwinmaker::types::{
    ComponentRequest, ComponentUpdateRequest, ComponentUpdateType, DataValue, PropertyRequest, State,
};
use futures::stream::{StreamExt as _, TryStreamExt as _, iter};
use serde::Serialize;
use stacks::tags::ENVIRONMENT_TAG;
use stacks::twin::{CANARY, Component, entity_id};

use super::{Entity, TwinError, Workspace, service};

/// Requests on their way at the same time.
const IN_FLIGHT: usize = 8;

/// How long an entity may take to become what it was asked to be.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often an entity is asked what became of it.
const LOOK_EVERY: Duration = Duration::from_millis(250);

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
    /// How many entities are as they shall be.
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
    /// Components that go, or go and come back with another type.
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
fn is_ours(kind: &str) -> bool {
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
fn change(entity: &Entity, desired: &Components) -> Option<Change> {
    let outdated = |name: &String, kind: &str| match desired.get(name) {
        Some(component) => component.component_type != kind,
        None => is_ours(kind),
    };
    let remove: Vec<String> = entity
        .components
        .iter()
        .filter(|(name, component)| outdated(name, &component.kind))
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
    /// Whether everything is as it shall be.
    pub fn is_empty(&self) -> bool {
        self.steps() == 0
    }

    /// How many entities and types it touches.
    pub fn steps(&self) -> usize {
        self.create.len() + self.change.len() + self.remove_types.len()
    }
}

impl Workspace {
    /// What there is. Whose an entity is, is asked only of those that `components` would change.
    pub async fn read(
        &self,
        environment: &str,
        components: impl Fn(&str) -> Components,
    ) -> Result<Found, TwinError> {
        let types = self.component_types().await?.into_keys().collect();
        let describe = |id: String| async move { self.entity(&id).await };
        let ids: Vec<String> = self.entities().await?.into_iter().map(|entity| entity.entity_id).collect();
        let entities: Vec<Entity> = iter(ids)
            .map(describe)
            .buffered(IN_FLIGHT)
            .try_filter_map(|entity| async { Ok(entity) })
            .try_collect()
            .await?;
        let mut foreign = BTreeSet::new();
        for entity in &entities {
            if change(entity, &components(&entity.name)).is_some()
                && !self.carries(&entity.arn, ENVIRONMENT_TAG, environment).await?
            {
                foreign.insert(entity.arn.clone());
            }
        }
        Ok(Found { entities, foreign, types })
    }

    /// Executes a plan. `seen` is told how many entities and types are done. May be interrupted and run
    /// again at any point.
    pub async fn sync(
        &self,
        plan: &Plan,
        tags: &BTreeMap<String, String>,
        components: impl Fn(&str) -> Components,
        seen: impl Fn(usize),
    ) -> Result<(), TwinError> {
        let done = std::cell::Cell::new(0);
        let tell = || {
            done.set(done.get() + 1);
            seen(done.get());
        };
        let create = |Creation { device, entity }: &Creation| {
            let (device, entity, made_of) = (device.clone(), entity.clone(), components(device));
            async move { self.create(&entity, &device, &made_of, tags).await }
        };
        let mut creations = iter(&plan.create).map(create).buffer_unordered(IN_FLIGHT);
        while creations.try_next().await?.is_some() {
            tell();
        }
        let change = |Change { device, entity, remove, add }: &Change| {
            let (entity, remove, add, made_of) =
                (entity.clone(), remove.clone(), add.clone(), components(device));
            async move { self.change(&entity, &remove, &add, &made_of).await }
        };
        let mut changes = iter(&plan.change).map(change).buffer_unordered(IN_FLIGHT);
        while changes.try_next().await?.is_some() {
            tell();
        }
        for kind in &plan.remove_types {
            self.remove_type(kind).await?;
            tell();
        }
        Ok(())
    }

    async fn create(
        &self,
        entity: &str,
        device: &str,
        components: &Components,
        tags: &BTreeMap<String, String>,
    ) -> Result<(), TwinError> {
        let components: HashMap<_, _> =
            components.iter().map(|(name, component)| (name.clone(), request(component))).collect();
        let request =
            self.client.create_entity().workspace_id(&self.id).entity_id(entity).entity_name(device);
        let tags = tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        match request.set_components(Some(components)).set_tags(Some(tags)).send().await {
            Ok(_) => self.settled(entity).await,
            // An earlier run was interrupted after the service took the request.
            Err(error) if error.as_service_error().is_some_and(CreateEntityError::is_conflict_exception) => {
                self.settled(entity).await
            }
            Err(error) => Err(service(&format!("create entity `{device}`"), &error)),
        }
    }

    /// A component cannot take another type: it goes, and comes back.
    async fn change(
        &self,
        entity: &str,
        remove: &[String],
        add: &[String],
        desired: &Components,
    ) -> Result<(), TwinError> {
        let gone = || ComponentUpdateRequest::builder().update_type(ComponentUpdateType::Delete).build();
        let removals: HashMap<_, _> = remove.iter().map(|name| (name.clone(), gone())).collect();
        let additions: HashMap<_, _> =
            add.iter().filter_map(|name| Some((name.clone(), addition(desired.get(name)?)))).collect();
        for updates in [removals, additions] {
            if updates.is_empty() {
                continue;
            }
            let request = self.client.update_entity().workspace_id(&self.id).entity_id(entity);
            let sent = request.set_component_updates(Some(updates)).send().await;
            sent.map_err(|error| service(&format!("change entity `{entity}`"), &error))?;
            self.settled(entity).await?;
        }
        Ok(())
    }

    async fn remove_type(&self, kind: &str) -> Result<(), TwinError> {
        match self.client.delete_component_type().workspace_id(&self.id).component_type_id(kind).send().await
        {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DeleteComponentTypeError::is_resource_not_found_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(service(&format!("delete component type `{kind}`"), &error)),
        }
    }

    /// Waits until an entity has become what it was asked to be.
    async fn settled(&self, entity: &str) -> Result<(), TwinError> {
        let unsettled = |end: &str| TwinError::Unsettled { entity: entity.to_owned(), end: end.to_owned() };
        let started = Instant::now();
        loop {
            match self.state(entity).await? {
                Some(State::Active) => return Ok(()),
                Some(State::Error) => return Err(unsettled("ended in ERROR")),
                None => return Err(unsettled("is gone")),
                Some(_) if started.elapsed() > PATIENCE => return Err(unsettled("does not become ACTIVE")),
                Some(_) => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
    }
}

fn values(component: &Component) -> HashMap<String, PropertyRequest> {
    let text = |text: &String| DataValue::builder().string_value(text).build();
    let property = |value: &String| PropertyRequest::builder().value(text(value)).build();
    component.properties.iter().map(|(name, value)| (name.clone(), property(value))).collect()
}

fn request(component: &Component) -> ComponentRequest {
    ComponentRequest::builder()
        .component_type_id(&component.component_type)
        .set_properties(Some(values(component)))
        .build()
}

fn addition(component: &Component) -> ComponentUpdateRequest {
    ComponentUpdateRequest::builder()
        .update_type(ComponentUpdateType::Create)
        .component_type_id(&component.component_type)
        .set_property_updates(Some(values(component)))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twin;

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
        let mut found = found(vec![current("kitchen"), current("silent")]);
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
    fn a_change_that_was_interrupted_goes_on() {
        let half = entity("kitchen", &[]);
        let plan = plan(&["kitchen".to_owned()].into(), &found(vec![half]), components);
        assert_eq!(plan.change.first().map(|change| change.add.len()), Some(2), "{plan:?}");
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
