//! Schema initializers: what a connector says of the properties of a new component.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    connector::{Connectors, unfit},
    subject::{self, Subject},
};
use crate::{
    model::data as model,
    state::{Document, State},
    twin::{
        component::{Component, Entry, Status},
        component_type::{self as rules, Resolved},
        definition::Property,
    },
    wire::Error,
};

/// A component that waits for its schema initializer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pending {
    /// Its workspace.
    pub workspace: String,
    /// Its entity.
    pub entity: String,
    /// Its name.
    pub component: String,
}

/// Every component that waits.
pub fn pending(document: &Document) -> Vec<Pending> {
    let entities = document.workspaces.iter().flat_map(|(workspace, found)| {
        found.entities.iter().map(move |(entity, found)| (workspace, entity, found))
    });
    entities
        .flat_map(|(workspace, entity, found)| {
            found.components.iter().map(move |(name, component)| (workspace, entity, name, component))
        })
        .filter(|(.., component)| component.status == Status::Creating)
        .map(|(workspace, entity, name, _)| Pending {
            workspace: workspace.clone(),
            entity: entity.clone(),
            component: name.clone(),
        })
        .collect()
}

/// Asks the schema initializer, and makes the component what it says, or `ERROR`.
pub async fn initialize(state: &State, connectors: &Connectors, one: &Pending) -> Result<(), Error> {
    let outcome = ask(state, connectors, one).await;
    state.change(|document| {
        let Some((component, resolved)) = find(document, one)? else { return Ok(()) };
        let mut component = component.clone();
        component.status = Status::Active;
        let settled = outcome.and_then(|imported| {
            component.imported = imported;
            component.complete(&one.component, &resolved).map(drop)
        });
        if let Err(error) = settled {
            component.imported = BTreeMap::new();
            component.status = Status::Error { message: error.to_string() };
        }
        let place = document
            .workspaces
            .get_mut(&one.workspace)
            .and_then(|workspace| workspace.entities.get_mut(&one.entity))
            .and_then(|entity| entity.components.get_mut(&one.component));
        if let Some(place) = place {
            *place = component;
        }
        Ok(())
    })
}

/// The component, if it is still there and waiting.
fn find<'a>(document: &'a Document, one: &Pending) -> Result<Option<(&'a Component, Resolved)>, Error> {
    let Some(workspace) = document.workspaces.get(&one.workspace) else { return Ok(None) };
    let component =
        workspace.entities.get(&one.entity).and_then(|entity| entity.components.get(&one.component));
    match component.filter(|component| component.status == Status::Creating) {
        Some(component) => {
            Ok(Some((component, rules::resolve(&workspace.component_types, &component.component_type_id)?)))
        }
        None => Ok(None),
    }
}

#[derive(Deserialize)]
struct Declared {
    properties: BTreeMap<String, Found>,
}

#[derive(Deserialize)]
struct Found {
    definition: Option<Value>,
    value: Option<Value>,
}

async fn ask(
    state: &State,
    connectors: &Connectors,
    one: &Pending,
) -> Result<BTreeMap<String, Entry>, Error> {
    let document = state.read();
    let Some((component, resolved)) = find(&document, one)? else { return Ok(BTreeMap::new()) };
    let connector = component
        .is_initialized_by(&resolved)
        .ok_or_else(|| Error::validation("The component type has no schemaInitializer any more."))?;
    let mut event = json!({
        "workspaceId": one.workspace,
        "properties": component.properties(&one.component, &resolved)?,
    });
    let subject = Subject::Component { entity: one.entity.clone(), component: one.component.clone() };
    subject::describe(&subject, &mut event);
    let answer = connectors.ask(connector, &event, &model::SCHEMA_ANSWER).await?;
    let answer: Declared = serde_json::from_value(answer).map_err(|cause| unfit(&[cause.to_string()]))?;
    answer
        .properties
        .into_iter()
        .map(|(name, found)| {
            let entry = imported(resolved.properties.get(&name), found);
            entry.map_err(|why| unfit(&[format!("properties.{name} {why}")])).map(|entry| (name, entry))
        })
        .collect()
}

/// What is kept of a property: of one that the type defines only a value, and none of what is stored
/// externally, which is asked for when it is needed.
fn imported(defined: Option<&Property>, found: Found) -> Result<Entry, String> {
    let Found { definition, value } = found;
    let Some(property) = defined else {
        let definition = definition.ok_or("has no definition, and the component type has none")?;
        let definition = serde_json::from_value(definition).map_err(|cause| cause.to_string())?;
        return Ok(Entry { definition: Some(definition), value });
    };
    if let Some(data_type) = definition.as_ref().and_then(|definition| definition.get("dataType")) {
        let wanted = json!(property.data_type.r#type);
        if data_type["type"] != wanted {
            return Err(format!("has the type {} where the component type has {wanted}", data_type["type"]));
        }
    }
    Ok(Entry { definition: None, value: value.filter(|_| !property.is_external()) })
}
