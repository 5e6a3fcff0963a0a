//! Components of an entity, added, changed and removed.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    state::{Entity, Workspace},
    twin::{
        built_in,
        component::{Component, Entry, Status},
        component_type::{self as rules, Resolved},
    },
    wire::Error,
};

/// A component that is to be created.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ComponentRequest {
    description: Option<String>,
    component_type_id: Option<String>,
    #[serde(default)]
    properties: BTreeMap<String, PropertyRequest>,
    #[serde(default)]
    property_groups: Map<String, Value>,
}

/// A component that is to be changed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ComponentUpdate {
    update_type: Option<Change>,
    description: Option<String>,
    component_type_id: Option<String>,
    #[serde(default)]
    property_updates: BTreeMap<String, PropertyRequest>,
    #[serde(default)]
    property_group_updates: Map<String, Value>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Change {
    Create,
    Update,
    Delete,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PropertyRequest {
    #[serde(flatten)]
    entry: Entry,
    update_type: Option<PropertyChange>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum PropertyChange {
    Update,
    Delete,
    Create,
    ResetValue,
}

/// Adds a component to an entity.
pub(crate) fn create(
    workspace: &Workspace,
    entity: &mut Entity,
    name: String,
    request: ComponentRequest,
) -> Result<(), Error> {
    refuse_groups(&request.property_groups)?;
    if entity.components.contains_key(&name) {
        return Err(Error::validation(format!("The entity has a component {name} already.")));
    }
    let id = request
        .component_type_id
        .ok_or_else(|| Error::validation(format!("The component {name} needs a componentTypeId.")))?;
    if let (None, Some(refusal)) = (rules::find(&workspace.component_types, &id), built_in::refusal(&id)) {
        return Err(Error::validation(format!("The component {name}: {refusal}.")));
    }
    let resolved = rules::resolve(&workspace.component_types, &id)?;
    if resolved.is_abstract() {
        return Err(Error::validation(format!(
            "The component {name} cannot be of the component type {id}: that is abstract."
        )));
    }
    if resolved.is_singleton && entity.components.values().any(|other| other.component_type_id == id) {
        return Err(Error::validation(format!(
            "The entity cannot have a second component of the component type {id}: that is a singleton."
        )));
    }
    let mut component = Component {
        component_type_id: id,
        description: request.description,
        properties: request.properties.into_iter().map(|(name, request)| (name, request.entry)).collect(),
        ..Component::default()
    };
    settle(&mut component, &name, &resolved)?;
    entity.components.insert(name, component);
    Ok(())
}

/// Does to a component what an update asks for.
pub(crate) fn apply(
    workspace: &Workspace,
    entity: &mut Entity,
    name: String,
    update: ComponentUpdate,
) -> Result<(), Error> {
    refuse_groups(&update.property_group_updates)?;
    let lacks = || Error::validation(format!("The entity has no component {name}."));
    match update.update_type.unwrap_or(Change::Update) {
        Change::Create => {
            let request = ComponentRequest {
                description: update.description,
                component_type_id: update.component_type_id,
                properties: update.property_updates,
                property_groups: Map::new(),
            };
            create(workspace, entity, name, request)
        }
        Change::Delete => entity.components.remove(&name).map(drop).ok_or_else(lacks),
        Change::Update => {
            let component = entity.components.get_mut(&name).ok_or_else(lacks)?;
            if update.component_type_id.as_ref().is_some_and(|id| *id != component.component_type_id) {
                return Err(Error::validation(format!(
                    "The component {name} cannot change its component type."
                )));
            }
            let resolved = rules::resolve(&workspace.component_types, &component.component_type_id)?;
            component.description = update.description.or(component.description.take());
            for (property, request) in update.property_updates {
                change(component, &name, &resolved, property, request)?;
            }
            component.complete(&name, &resolved).map(drop)
        }
    }
}

fn change(
    component: &mut Component,
    name: &str,
    resolved: &Resolved,
    property: String,
    request: PropertyRequest,
) -> Result<(), Error> {
    let refused = |what: &str| {
        Err(Error::validation(format!("The property {property} of the component {name} {what}.")))
    };
    let defined = component.properties(name, resolved)?.contains_key(&property);
    let of_type = resolved.properties.contains_key(&property);
    match request.update_type.unwrap_or(PropertyChange::Update) {
        PropertyChange::Create if defined => return refused("exists already"),
        PropertyChange::Create => {
            component.properties.insert(property, request.entry);
        }
        _ if !defined => return refused("does not exist"),
        PropertyChange::Delete if of_type => return refused("belongs to its component type"),
        PropertyChange::Delete => {
            component.properties.remove(&property);
            component.imported.remove(&property);
        }
        PropertyChange::ResetValue => {
            component.properties.entry(property).or_default().value = None;
        }
        PropertyChange::Update => {
            let entry = component.properties.entry(property).or_default();
            entry.definition = request.entry.definition.or(entry.definition.take());
            entry.value = request.entry.value.or(entry.value.take());
        }
    }
    Ok(())
}

/// Checks a new component, as far as that can be done before its schema initializer answers.
fn settle(component: &mut Component, name: &str, resolved: &Resolved) -> Result<(), Error> {
    if component.is_initialized_by(resolved).is_some() {
        component.status = Status::Creating;
        component.properties(name, resolved)?;
    } else {
        component.complete(name, resolved)?;
    }
    Ok(())
}

fn refuse_groups(groups: &Map<String, Value>) -> Result<(), Error> {
    if groups.is_empty() { Ok(()) } else { Err(Error::unsupported("A property group")) }
}
