//! Entities.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_iottwinmaker::operation::get_entity::GetEntityOutput;
use aws_sdk_iottwinmaker::types::{
    ComponentResponse, ComponentUpdateRequest, ComponentUpdateType, ParentEntityUpdateRequest,
    ParentEntityUpdateType, PropertyRequest, PropertyUpdateType, State, Status,
};
use custom_resource::{Provisioned, Request};

use super::properties::{Component, Entity, Former, FormerEntity};
use super::{
    Error, PAUSE, SEPARATOR, ServiceError, TwinMaker, is_conflict, settled, tags, text, unless_gone,
};

/// How long the initializers of a new entity's schema may take. Short of the time that an invocation of this
/// function has, so that what does not come about can be removed in it.
const CREATION_TAKES: Duration = Duration::from_secs(40);

type ComponentUpdates = HashMap<String, ComponentUpdateRequest>;

impl TwinMaker {
    pub(super) async fn ensure_entity(&self, request: &Request) -> Result<Provisioned, Error> {
        let wanted: Entity = request.properties()?;
        let workspace = wanted.workspace_id.as_str();
        let existing = request.subject()?.and_then(|id| id.split_once(SEPARATOR));
        let kept = existing.filter(|(of, id)| {
            *of == workspace && wanted.entity_id.as_ref().is_none_or(|wanted| wanted == id)
        });
        let (id, found) = match kept {
            Some((_, id)) => {
                self.update_entity(request, &wanted, id).await?;
                (id.to_owned(), self.active_entity(workspace, id).await?)
            }
            None => self.created_entity(&wanted).await?,
        };
        let state = found.status().and_then(|status| status.state());
        Ok(Provisioned {
            physical_id: format!("{workspace}{SEPARATOR}{id}"),
            attributes: vec![
                ("Arn", found.arn().to_owned()),
                ("CreationDateTime", text(found.creation_date_time())),
                ("UpdateDateTime", text(found.update_date_time())),
                ("HasChildEntities", found.has_child_entities().to_string()),
                ("Status.State", state.map(ToString::to_string).unwrap_or_default()),
            ],
        })
    }

    /// Creates an entity and waits for it. One that does not become `ACTIVE` goes again, as a resource that
    /// fails leaves nothing on AWS: `CloudFormation` never hears its id, and every further creation would
    /// find it in its way.
    async fn created_entity(&self, wanted: &Entity) -> Result<(String, GetEntityOutput), Error> {
        let workspace = wanted.workspace_id.as_str();
        let id = self.create_entity(wanted).await?;
        let what = format!("the entity {id}");
        let active = tokio::time::timeout(CREATION_TAKES, self.active_entity(workspace, &id));
        let failure = match active.await {
            Ok(Ok(found)) => return Ok((id, found)),
            Ok(Err(failure)) => failure,
            Err(_) => Error::NotActive {
                what,
                state: State::Creating.to_string(),
                message: format!("it was created {} s ago", CREATION_TAKES.as_secs()),
            },
        };
        if let Err(error) = self.remove_entity(workspace, &id).await {
            tracing::warn!(entity = id, %error, "an entity that failed stays");
        }
        Err(failure)
    }

    async fn create_entity(&self, wanted: &Entity) -> Result<String, Error> {
        let components = wanted
            .components
            .iter()
            .map(|(name, component)| component.to_sdk().map(|component| (name.clone(), component)));
        let create = self.client.create_entity().workspace_id(&wanted.workspace_id);
        let create = create
            .set_entity_id(wanted.entity_id.clone())
            .entity_name(&wanted.entity_name)
            .set_description(wanted.description.clone())
            .set_parent_entity_id(wanted.parent_entity_id.clone())
            .set_components(Some(components.collect::<Result<_, _>>()?))
            .set_tags(tags::to_sdk(&wanted.tags));
        let error = match create.send().await.map_err(ServiceError::from) {
            Ok(created) => return Ok(created.entity_id),
            Err(error) => error,
        };
        if let (true, Some(id)) = (is_conflict(&error), &wanted.entity_id) {
            let found = self.settled_entity(&wanted.workspace_id, id).await?;
            if self.is_of_this_creation(found.arn(), found.creation_date_time(), &wanted.tags).await? {
                return Ok(id.clone());
            }
        }
        Err(error.into())
    }

    async fn update_entity(&self, request: &Request, wanted: &Entity, id: &str) -> Result<(), Error> {
        let former = Former::of(request);
        let old = FormerEntity::of(request);
        let found = self.settled_entity(&wanted.workspace_id, id).await?;
        let mut present = found.components.clone().unwrap_or_default();
        let update = || self.client.update_entity().workspace_id(&wanted.workspace_id).entity_id(id);

        // A component cannot change its type, and one in `ERROR` stays so: the old one goes before the new
        // one comes.
        let removed = removals(&present, wanted, &old);
        if !removed.is_empty() {
            present.retain(|name, _| !removed.contains_key(name));
            let update = update().set_component_updates(Some(removed));
            update.send().await.map_err(ServiceError::from)?;
            self.settled_entity(&wanted.workspace_id, id).await?;
        }
        let parent = match (&wanted.parent_entity_id, &old.parent_entity_id) {
            (Some(parent), _) => {
                let update = ParentEntityUpdateRequest::builder().update_type(ParentEntityUpdateType::Update);
                Some(update.parent_entity_id(parent).build()?)
            }
            (None, Some(_)) => Some(
                ParentEntityUpdateRequest::builder().update_type(ParentEntityUpdateType::Delete).build()?,
            ),
            (None, None) => None,
        };
        let update = update()
            .entity_name(&wanted.entity_name)
            .set_description(former.description(wanted.description.as_ref()))
            .set_parent_entity_update(parent)
            .set_component_updates(Some(updates(&present, wanted, &old)?));
        update.send().await.map_err(ServiceError::from)?;
        self.active_entity(&wanted.workspace_id, id).await?;
        self.tag(found.arn(), &former.tags, &wanted.tags).await
    }

    /// An entity on which nothing works any more, in whatever state that left it.
    async fn settled_entity(&self, workspace: &str, id: &str) -> Result<GetEntityOutput, Error> {
        loop {
            let get = self.client.get_entity().workspace_id(workspace).entity_id(id);
            let found = get.send().await.map_err(ServiceError::from)?;
            let state = found.status().and_then(Status::state);
            if !matches!(state, Some(State::Creating | State::Updating)) {
                return Ok(found);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// An entity that is as it should be.
    async fn active_entity(&self, workspace: &str, id: &str) -> Result<GetEntityOutput, Error> {
        let found = self.settled_entity(workspace, id).await?;
        settled(&format!("the entity {id}"), found.status())?;
        Ok(found)
    }

    pub(super) async fn delete_entity(&self, request: &Request) -> Result<Provisioned, Error> {
        if let Some((workspace, id)) = request.existing().and_then(|id| id.split_once(SEPARATOR)) {
            self.remove_entity(workspace, id).await?;
        }
        Ok(request.deleted())
    }

    async fn remove_entity(&self, workspace: &str, id: &str) -> Result<(), Error> {
        let delete = self.client.delete_entity().workspace_id(workspace).entity_id(id);
        let mut outcome = delete.send().await.map(drop).map_err(ServiceError::from);
        // It is gone when it is not found any more.
        while outcome.is_ok() {
            tokio::time::sleep(PAUSE).await;
            let get = self.client.get_entity().workspace_id(workspace).entity_id(id);
            outcome = get.send().await.map(drop).map_err(ServiceError::from);
        }
        outcome.or_else(unless_gone)
    }
}

/// Components that are wanted no more, or with another type, or that failed. Those of others stay.
pub(super) fn removals(
    present: &HashMap<String, ComponentResponse>,
    wanted: &Entity,
    old: &FormerEntity,
) -> ComponentUpdates {
    let delete = ComponentUpdateRequest::builder().update_type(ComponentUpdateType::Delete).build();
    present
        .iter()
        .filter(|(name, found)| match wanted.components.get(*name) {
            Some(component) => {
                let state = found.status().and_then(Status::state);
                component.component_type_id != found.component_type_id || state == Some(&State::Error)
            }
            None => old.components.contains_key(*name),
        })
        .map(|(name, _)| (name.clone(), delete.clone()))
        .collect()
}

/// What makes the components that are there, and those that are not yet, the wanted ones.
fn updates(
    present: &HashMap<String, ComponentResponse>,
    wanted: &Entity,
    old: &FormerEntity,
) -> Result<ComponentUpdates, Error> {
    let mut updates = ComponentUpdates::new();
    for (name, component) in &wanted.components {
        let update = ComponentUpdateRequest::builder().set_description(component.description.clone());
        let update = match present.get(name) {
            None => update
                .update_type(ComponentUpdateType::Create)
                .set_component_type_id(component.component_type_id.clone())
                .set_property_updates(Some(component.properties()?)),
            Some(found) => update
                .update_type(ComponentUpdateType::Update)
                .set_property_updates(Some(property_updates(found, component, old.components.get(name))?)),
        };
        updates.insert(name.clone(), update.build());
    }
    Ok(updates)
}

fn property_updates(
    found: &ComponentResponse,
    wanted: &Component,
    old: Option<&serde_json::Value>,
) -> Result<HashMap<String, PropertyRequest>, Error> {
    let present = |name: &str| found.properties().is_some_and(|properties| properties.contains_key(name));
    let mut updates = HashMap::new();
    for (name, property) in wanted.properties()? {
        let kind = if present(&name) { PropertyUpdateType::Update } else { PropertyUpdateType::Create };
        let PropertyRequest { definition, value, .. } = property;
        let update = PropertyRequest::builder().update_type(kind);
        updates.insert(name, update.set_definition(definition).set_value(value).build());
    }
    let old = old.and_then(|old| old.get("Properties")).and_then(serde_json::Value::as_object);
    for (name, property) in old.into_iter().flatten().filter(|(name, _)| present(name)) {
        // A property that the entity had defined itself goes; one of the type has its default again.
        let kind = match property.get("Definition") {
            Some(_) => PropertyUpdateType::Delete,
            None => PropertyUpdateType::ResetValue,
        };
        updates.entry(name.clone()).or_insert_with(|| PropertyRequest::builder().update_type(kind).build());
    }
    Ok(updates)
}
