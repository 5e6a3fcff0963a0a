//! Component types.
//!
//! One that components use cannot change what it is:
//! <https://docs.aws.amazon.com/iot-twinmaker/latest/guide/time-series-data-connectors.html>.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Missing;
use crate::{
    identity::{Identity, Resource},
    model::workspace as model,
    moment::Moment,
    paging::Page,
    state::{State, Workspace},
    twin::{
        built_in,
        component_type::{self as rules, ComponentType, Resolved},
    },
    wire::{Error, parse, without_nulls},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Key {
    workspace_id: String,
    component_type_id: String,
}

#[derive(Deserialize)]
struct Put {
    #[serde(flatten)]
    key: Key,
    /// Which of the members are there at all.
    #[serde(flatten)]
    members: Map<String, Value>,
}

impl Put {
    fn read(request: Value) -> Result<Self, Error> {
        let put: Self = parse(&model::PUT_COMPONENT_TYPE, request)?;
        for unsupported in ["propertyGroups", "compositeComponentTypes"] {
            let given = put.members.get(unsupported).and_then(Value::as_object);
            if given.is_some_and(|given| !given.is_empty()) {
                return Err(Error::unsupported(&format!("The member {unsupported} of a component type")));
            }
        }
        let id = &put.key.component_type_id;
        if built_in::is_reserved(id) {
            return Err(Error::validation(format!("The component type {id} belongs to the service.")));
        }
        Ok(put)
    }

    fn declared(&self) -> Result<ComponentType, Error> {
        serde_json::from_value(Value::Object(self.members.clone()))
            .map_err(|cause| Error::validation(format!("The request is not valid: {cause}.")))
    }
}

/// `CreateComponentType`.
pub fn create(state: &State, identity: &Identity, request: Value) -> Result<Value, Error> {
    let put = Put::read(request)?;
    let now = Moment::now();
    let declared = ComponentType { created: now, updated: now, ..put.declared()? };
    let Key { workspace_id, component_type_id: id } = put.key;
    state.change(|document| {
        let workspace = Missing::Invalid.workspace_mut(document, &workspace_id)?;
        if workspace.component_types.contains_key(&id) {
            return Err(Error::conflict(format!("The component type {id} already exists.")));
        }
        rules::check(&workspace.component_types, &id, &declared)?;
        workspace.component_types.insert(id.clone(), declared);
        let arn = identity.arn(&Resource::ComponentType(workspace_id, id));
        Ok(json!({ "arn": arn, "creationDateTime": now, "state": "ACTIVE" }))
    })
}

/// `UpdateComponentType`. What the request leaves out stays.
pub fn update(state: &State, identity: &Identity, request: Value) -> Result<Value, Error> {
    let put = Put::read(request)?;
    let wanted = put.declared()?;
    let Key { workspace_id, component_type_id: id } = put.key;
    let given = |name: &str| put.members.contains_key(name);
    state.change(|document| {
        let workspace = Missing::NotFound.workspace_mut(document, &workspace_id)?;
        let old = workspace.component_types.get(&id).ok_or_else(|| absent(&id))?;
        let mut new = old.clone();
        new.updated = Moment::now();
        new.is_singleton = wanted.is_singleton.or(new.is_singleton);
        new.description = wanted.description.or(new.description);
        new.component_type_name = wanted.component_type_name.or(new.component_type_name);
        if given("propertyDefinitions") {
            new.property_definitions = wanted.property_definitions;
        }
        if given("extendsFrom") {
            new.extends_from = wanted.extends_from;
        }
        if given("functions") {
            new.functions = wanted.functions;
        }
        let (before, after) = (
            rules::resolve(&workspace.component_types, &id)?,
            rules::check(&workspace.component_types, &id, &new)?,
        );
        if before != after {
            unless_used(workspace, &id, "change its properties and functions")?;
        }
        workspace.component_types.insert(id.clone(), new);
        let arn = identity.arn(&Resource::ComponentType(workspace_id.clone(), id.clone()));
        Ok(json!({ "workspaceId": workspace_id, "arn": arn, "componentTypeId": id, "state": "ACTIVE" }))
    })
}

/// `DeleteComponentType`.
pub fn delete(state: &State, _: &Identity, request: Value) -> Result<Value, Error> {
    let Key { workspace_id, component_type_id: id } = parse(&model::COMPONENT_TYPE, request)?;
    state.change(|document| {
        let workspace = Missing::NotFound.workspace_mut(document, &workspace_id)?;
        if built_in::find(&id).is_some() {
            return Err(Error::validation(format!("The component type {id} belongs to the service.")));
        }
        if !workspace.component_types.contains_key(&id) {
            return Err(absent(&id));
        }
        unless_used(workspace, &id, "be deleted")?;
        workspace.component_types.remove(&id);
        Ok(json!({ "state": "DELETING" }))
    })
}

/// `GetComponentType`.
pub fn get(state: &State, identity: &Identity, request: Value) -> Result<Value, Error> {
    let Key { workspace_id, component_type_id: id } = parse(&model::COMPONENT_TYPE, request)?;
    let document = state.read();
    let workspace = Missing::NotFound.workspace(&document, &workspace_id)?;
    let declared = rules::find(&workspace.component_types, &id).ok_or_else(|| absent(&id))?;
    let resolved = rules::resolve(&workspace.component_types, &id)?;
    let mut response = summary(identity, &workspace_id, workspace, &id, declared);
    for (name, value) in [
        ("workspaceId", json!(workspace_id)),
        ("isSingleton", json!(resolved.is_singleton)),
        ("propertyDefinitions", json!(resolved.properties)),
        ("extendsFrom", json!(declared.extends_from)),
        ("functions", json!(resolved.functions)),
        ("isAbstract", json!(resolved.is_abstract())),
        ("isSchemaInitialized", json!(false)),
    ] {
        response[name] = value;
    }
    Ok(without_nulls(response))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    workspace_id: String,
    #[serde(default)]
    filters: Vec<Filter>,
    #[serde(flatten)]
    page: Page,
}

/// What the types of a list have in common.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Filter {
    ExtendsFrom(String),
    Namespace(String),
    IsAbstract(bool),
}

impl Filter {
    fn admits(&self, id: &str, resolved: &Resolved) -> bool {
        match self {
            Self::ExtendsFrom(parent) => id != parent && resolved.lineage.contains(parent),
            Self::Namespace(namespace) => id
                .strip_prefix(namespace.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || namespace.ends_with('.')),
            Self::IsAbstract(wanted) => resolved.is_abstract() == *wanted,
        }
    }
}

/// `ListComponentTypes`, built-in ones among them.
pub fn list(state: &State, identity: &Identity, request: Value) -> Result<Value, Error> {
    let List { workspace_id, filters, page } = parse(&model::LIST_COMPONENT_TYPES, request)?;
    if filters.len() > 1 {
        return Err(Error::validation("Only one filter is accepted."));
    }
    let document = state.read();
    let workspace = Missing::Invalid.workspace(&document, &workspace_id)?;
    let own = workspace.component_types.iter().map(|(id, declared)| (id.as_str(), declared));
    let mut found = Vec::new();
    for (id, declared) in own.chain(built_in::all()) {
        let resolved = rules::resolve(&workspace.component_types, id)?;
        if filters.iter().all(|filter| filter.admits(id, &resolved)) {
            found.push((id, without_nulls(summary(identity, &workspace_id, workspace, id, declared))));
        }
    }
    found.sort_by_key(|(id, _)| *id);
    let (summaries, next) = page.of(found)?;
    Ok(without_nulls(json!({
        "workspaceId": workspace_id,
        "componentTypeSummaries": summaries,
        "nextToken": next,
        "maxResults": page.max_results,
    })))
}

fn summary(
    identity: &Identity,
    workspace_id: &str,
    workspace: &Workspace,
    id: &str,
    declared: &ComponentType,
) -> Value {
    // The service's own types are as old as the workspace.
    let (created, updated) = if built_in::find(id).is_some() {
        (workspace.created, workspace.created)
    } else {
        (declared.created, declared.updated)
    };
    json!({
        "arn": identity.arn(&Resource::ComponentType(workspace_id.to_owned(), id.to_owned())),
        "componentTypeId": id,
        "componentTypeName": declared.component_type_name,
        "description": declared.description,
        "creationDateTime": created,
        "updateDateTime": updated,
        "status": { "state": "ACTIVE" },
    })
}

fn absent(id: &str) -> Error {
    Error::not_found(format!("The component type {id} does not exist."))
}

/// An error when entities or other types rely on this one.
fn unless_used(workspace: &Workspace, id: &str, what: &str) -> Result<(), Error> {
    let refused =
        |who: String| Err(Error::validation(format!("The component type {id} cannot {what}: {who} it.")));
    for other in workspace.component_types.keys().filter(|other| *other != id) {
        let resolved = rules::resolve(&workspace.component_types, other)?;
        if resolved.lineage.contains(id) {
            return refused(format!("the component type {other} extends"));
        }
    }
    let user = workspace
        .entities
        .iter()
        .find(|(_, entity)| entity.components.values().any(|component| component.component_type_id == id));
    match user {
        Some((entity, _)) => refused(format!("the entity {entity} uses")),
        None => Ok(()),
    }
}
