//! Lists of entities.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Missing,
    entity::{ROOT, summary},
};
use crate::{
    identity::Identity,
    model::entity as model,
    paging::Page,
    state::{Entity, State, Workspace},
    twin::{component::Component, component_type as rules},
    wire::{Error, parse, without_nulls},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    workspace_id: String,
    #[serde(default)]
    filters: Vec<Filter>,
    #[serde(flatten)]
    page: Page,
}

/// What the entities of a list have in common.
#[derive(Deserialize)]
enum Filter {
    #[serde(rename = "parentEntityId")]
    Parent(String),
    #[serde(rename = "componentTypeId")]
    ComponentType(String),
    #[serde(rename = "externalId")]
    External(String),
}

/// `ListEntities`: those that every filter admits.
pub fn list(state: &State, identity: &Identity, request: Value) -> Result<Value, Error> {
    let List { workspace_id, filters, page } = parse(&model::LIST_ENTITIES, request)?;
    let document = state.read();
    let workspace = Missing::Invalid.workspace(&document, &workspace_id)?;
    let mut found = Vec::new();
    for (id, entity) in &workspace.entities {
        let mut admitted = true;
        for filter in &filters {
            admitted = admitted && filter.admits(workspace, entity)?;
        }
        if admitted {
            found.push((id.as_str(), entity));
        }
    }
    let (entities, next) = page.of(found.into_iter().map(|(id, entity)| (id, (id, entity))))?;
    let summaries: Vec<_> = entities
        .into_iter()
        .map(|(id, entity)| summary(identity, &workspace_id, workspace, id, entity))
        .collect();
    Ok(without_nulls(json!({ "entitySummaries": summaries, "nextToken": next })))
}

impl Filter {
    fn admits(&self, workspace: &Workspace, entity: &Entity) -> Result<bool, Error> {
        Ok(match self {
            Self::Parent(parent) => entity.parent.as_deref().unwrap_or(ROOT) == parent,
            Self::ComponentType(id) => {
                entity.components.values().any(|component| component.component_type_id == *id)
            }
            Self::External(id) => {
                for (name, component) in &entity.components {
                    if has_external_id(workspace, name, component, id)? {
                        return Ok(true);
                    }
                }
                false
            }
        })
    }
}

fn has_external_id(
    workspace: &Workspace,
    name: &str,
    component: &Component,
    id: &str,
) -> Result<bool, Error> {
    let resolved = rules::resolve(&workspace.component_types, &component.component_type_id)?;
    let properties = component.properties(name, &resolved)?;
    Ok(properties.values().filter(|property| property.definition.is_external_id).any(|property| {
        let value = property.value.as_ref().or(property.definition.default_value.as_ref());
        value.and_then(|value| value.get("stringValue")).and_then(Value::as_str) == Some(id)
    }))
}
