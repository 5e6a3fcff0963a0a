//! Executes a plan of synchronization. May be interrupted and run again at any point.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use aws_sdk_iottwinmaker::operation::create_entity::CreateEntityError;
use aws_sdk_iottwinmaker::operation::delete_component_type::DeleteComponentTypeError;
use aws_sdk_iottwinmaker::types::{
    ComponentRequest, ComponentUpdateRequest, ComponentUpdateType, DataValue, PropertyRequest, State,
};
use futures::stream::{StreamExt as _, TryStreamExt as _, iter};
use stacks::tags::ENVIRONMENT_TAG;
use stacks::twin::Component;

use super::sync::{Change, Components, Creation, Found, Plan, change};
use super::{Entity, TwinError, Workspace, service};

/// Requests on their way at the same time.
const IN_FLIGHT: usize = 8;

/// How long an entity may take to become what it was asked to be.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often an entity is asked what became of it.
const LOOK_EVERY: Duration = Duration::from_millis(250);

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
