//! Entities.
//!
//! A component whose type has a schema initializer is in `CREATING` until that has answered; whoever
//! calls these functions sees to it.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, Hasher, RandomState},
};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Missing,
    component_update::{self, ComponentRequest, ComponentUpdate},
};
use crate::{
    identity::{Identity, Resource},
    model::entity as model,
    moment::Moment,
    state::{Entity, State, Workspace},
    twin::{
        Tags,
        component::{Component, Status},
        component_type::{self as rules},
    },
    wire::{Error, parse, without_nulls},
};

/// The parent of entities that have none.
pub(crate) const ROOT: &str = "$ROOT";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    workspace_id: String,
    entity_id: Option<String>,
    entity_name: String,
    description: Option<String>,
    #[serde(default)]
    components: BTreeMap<String, ComponentRequest>,
    #[serde(default)]
    composite_components: Map<String, Value>,
    parent_entity_id: Option<String>,
    #[serde(default)]
    tags: Tags,
}

/// `CreateEntity`.
pub fn create(state: &State, identity: &Identity, request: Value) -> Result<Value, Error> {
    let request: Create = parse(&model::CREATE_ENTITY, request)?;
    refuse_composites(&request.composite_components)?;
    let now = Moment::now();
    state.change(|document| {
        let workspace = Missing::Invalid.workspace_mut(document, &request.workspace_id)?;
        let id = request.entity_id.unwrap_or_else(new_id);
        if workspace.entities.contains_key(&id) {
            return Err(Error::conflict(format!("The entity {id} already exists.")));
        }
        let mut entity = Entity {
            name: request.entity_name,
            description: request.description,
            parent: parent(workspace, &id, request.parent_entity_id)?,
            tags: request.tags,
            created: now,
            updated: now,
            components: BTreeMap::new(),
        };
        for (name, component) in request.components {
            component_update::create(workspace, &mut entity, name, component)?;
        }
        let state = state_of(&entity);
        workspace.entities.insert(id.clone(), entity);
        let arn = identity.arn(&Resource::Entity(request.workspace_id, id.clone()));
        Ok(json!({ "entityId": id, "arn": arn, "creationDateTime": now, "state": state }))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Update {
    workspace_id: String,
    entity_id: String,
    entity_name: Option<String>,
    description: Option<String>,
    #[serde(default)]
    component_updates: BTreeMap<String, ComponentUpdate>,
    #[serde(default)]
    composite_component_updates: Map<String, Value>,
    #[serde(rename = "parentEntityUpdate")]
    parent: Option<ParentUpdate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ParentUpdate {
    update_type: ParentChange,
    parent_entity_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum ParentChange {
    Update,
    Delete,
}

/// `UpdateEntity`. What the request leaves out stays.
pub fn update(state: &State, _: &Identity, request: Value) -> Result<Value, Error> {
    let request: Update = parse(&model::UPDATE_ENTITY, request)?;
    refuse_composites(&request.composite_component_updates)?;
    let id = request.entity_id;
    state.change(|document| {
        let workspace = Missing::NotFound.workspace_mut(document, &request.workspace_id)?;
        let mut entity = workspace.entities.get(&id).cloned().ok_or_else(|| absent(&id))?;
        if state_of(&entity) == "CREATING" {
            return Err(Error::conflict(format!("The entity {id} is being created.")));
        }
        entity.name = request.entity_name.unwrap_or(entity.name);
        entity.description = request.description.or(entity.description);
        entity.updated = Moment::now();
        entity.parent = match request.parent {
            None => entity.parent,
            Some(ParentUpdate { update_type: ParentChange::Delete, .. }) => None,
            Some(ParentUpdate { update_type: ParentChange::Update, parent_entity_id: None }) => {
                return Err(Error::validation("An update of the parent needs a parentEntityId."));
            }
            Some(ParentUpdate { update_type: ParentChange::Update, parent_entity_id }) => {
                parent(workspace, &id, parent_entity_id)?
            }
        };
        for (name, update) in request.component_updates {
            component_update::apply(workspace, &mut entity, name, update)?;
        }
        let (now, state) = (entity.updated, state_of(&entity));
        workspace.entities.insert(id.clone(), entity);
        let state = if state == "CREATING" { "UPDATING" } else { state };
        Ok(json!({ "updateDateTime": now, "state": state }))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Key {
    workspace_id: String,
    entity_id: String,
    #[serde(default)]
    is_recursive: bool,
}

/// `DeleteEntity`. One that has children goes only together with them.
pub fn delete(state: &State, _: &Identity, request: Value) -> Result<Value, Error> {
    let Key { workspace_id, entity_id: id, is_recursive } = parse(&model::DELETE_ENTITY, request)?;
    state.change(|document| {
        let workspace = Missing::NotFound.workspace_mut(document, &workspace_id)?;
        if !workspace.entities.contains_key(&id) {
            return Err(absent(&id));
        }
        if has_children(workspace, &id) && !is_recursive {
            return Err(Error::validation(format!(
                "The entity {id} cannot be deleted: it has child entities and isRecursive is false."
            )));
        }
        let mut gone = vec![id];
        while let Some(parent) = gone.pop() {
            workspace.entities.remove(&parent);
            let children =
                workspace.entities.iter().filter(|(_, entity)| entity.parent.as_ref() == Some(&parent));
            gone.extend(children.map(|(id, _)| id.clone()));
        }
        Ok(json!({ "state": "DELETING" }))
    })
}

/// `GetEntity`.
pub fn get(state: &State, identity: &Identity, request: Value) -> Result<Value, Error> {
    let Key { workspace_id, entity_id: id, .. } = parse(&model::GET_ENTITY, request)?;
    let document = state.read();
    let workspace = Missing::NotFound.workspace(&document, &workspace_id)?;
    let entity = workspace.entities.get(&id).ok_or_else(|| absent(&id))?;
    let mut components = Map::new();
    for (name, component) in &entity.components {
        components.insert(name.clone(), describe(workspace, name, component)?);
    }
    let mut response = summary(identity, &workspace_id, workspace, &id, entity);
    response["workspaceId"] = json!(workspace_id);
    response["components"] = Value::Object(components);
    response["areAllComponentsReturned"] = json!(true);
    Ok(without_nulls(response))
}

fn describe(workspace: &Workspace, name: &str, component: &Component) -> Result<Value, Error> {
    let resolved = rules::resolve(&workspace.component_types, &component.component_type_id)?;
    Ok(json!({
        "componentName": name,
        "description": component.description,
        "componentTypeId": component.component_type_id,
        "status": status(&component.status),
        "properties": component.properties(name, &resolved)?,
        "areAllPropertiesReturned": true,
    }))
}

/// What lists and single answers have in common.
pub(crate) fn summary(
    identity: &Identity,
    workspace_id: &str,
    workspace: &Workspace,
    id: &str,
    entity: &Entity,
) -> Value {
    let failed = entity.components.values().find_map(|component| match &component.status {
        error @ Status::Error { .. } => Some(status(error)),
        _ => None,
    });
    json!({
        "entityId": id,
        "entityName": entity.name,
        "arn": identity.arn(&Resource::Entity(workspace_id.to_owned(), id.to_owned())),
        "status": failed.unwrap_or_else(|| json!({ "state": state_of(entity) })),
        "description": entity.description,
        "parentEntityId": entity.parent.as_deref().unwrap_or(ROOT),
        "hasChildEntities": has_children(workspace, id),
        "creationDateTime": entity.created,
        "updateDateTime": entity.updated,
    })
}

fn status(status: &Status) -> Value {
    match status {
        Status::Creating => json!({ "state": "CREATING" }),
        Status::Active => json!({ "state": "ACTIVE" }),
        Status::Error { message } => {
            json!({ "state": "ERROR", "error": { "code": "PROCESSING_ERROR", "message": message } })
        }
    }
}

fn state_of(entity: &Entity) -> &'static str {
    let mut statuses = entity.components.values().map(|component| &component.status);
    if statuses.clone().any(|status| *status == Status::Creating) {
        "CREATING"
    } else if statuses.any(|status| matches!(status, Status::Error { .. })) {
        "ERROR"
    } else {
        "ACTIVE"
    }
}

fn has_children(workspace: &Workspace, id: &str) -> bool {
    workspace.entities.values().any(|entity| entity.parent.as_deref() == Some(id))
}

/// The parent of the entity `id`, if the one asked for can be that.
fn parent(workspace: &Workspace, id: &str, wanted: Option<String>) -> Result<Option<String>, Error> {
    let Some(wanted) = wanted.filter(|wanted| wanted != ROOT) else { return Ok(None) };
    let mut above = Some(wanted.as_str());
    while let Some(ancestor) = above {
        if ancestor == id {
            return Err(Error::validation(format!("The entity {id} cannot be below itself.")));
        }
        let entity = workspace
            .entities
            .get(ancestor)
            .ok_or_else(|| Error::validation(format!("The parent entity {ancestor} does not exist.")))?;
        above = entity.parent.as_deref();
    }
    Ok(Some(wanted))
}

pub(crate) fn absent(id: &str) -> Error {
    Error::not_found(format!("The entity {id} does not exist."))
}

fn refuse_composites(composites: &Map<String, Value>) -> Result<(), Error> {
    if composites.is_empty() { Ok(()) } else { Err(Error::unsupported("A composite component")) }
}

/// A random id of the form that the service gives.
fn new_id() -> String {
    let random = || RandomState::new().build_hasher().finish();
    let (high, low) = (random(), random());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        (low >> 48) & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}
