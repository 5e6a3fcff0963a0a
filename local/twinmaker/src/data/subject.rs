//! Whose properties a question is about, and what is in effect there.

use serde_json::Value;

use crate::{
    state::Document,
    twin::{
        component::{Effective, Properties, Status},
        component_type::{self as rules, Resolved},
    },
    wire::Error,
};

/// Whose properties a question is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Those of one component of an entity.
    Component {
        /// The entity's id.
        entity: String,
        /// The component's name.
        component: String,
    },
    /// Those of every component of a type.
    ComponentType {
        /// The type's id.
        id: String,
    },
}

/// What is in effect for a subject.
#[derive(Debug)]
pub struct Context {
    /// Its component type.
    pub resolved: Resolved,
    /// Its properties; of a type, without values.
    pub properties: Properties,
}

impl Subject {
    /// The subject that a request names: entity and component, or component type.
    pub fn of(
        entity: Option<String>,
        component: Option<String>,
        component_type: Option<String>,
    ) -> Result<Self, Error> {
        match (entity, component, component_type) {
            (Some(entity), Some(component), None) => Ok(Self::Component { entity, component }),
            (None, None, Some(id)) => Ok(Self::ComponentType { id }),
            _ => Err(Error::validation(
                "The request must have either entityId and componentName, or componentTypeId.",
            )),
        }
    }

    /// What is in effect for this subject.
    pub fn context(&self, document: &Document, workspace: &str) -> Result<Context, Error> {
        let workspace = document
            .workspaces
            .get(workspace)
            .ok_or_else(|| Error::not_found(format!("The workspace {workspace} does not exist.")))?;
        match self {
            Self::Component { entity, component: name } => {
                let entity_found = workspace
                    .entities
                    .get(entity)
                    .ok_or_else(|| Error::not_found(format!("The entity {entity} does not exist.")))?;
                let component = entity_found.components.get(name).ok_or_else(|| {
                    Error::not_found(format!("The entity {entity} has no component {name}."))
                })?;
                match &component.status {
                    Status::Active => {}
                    Status::Creating => {
                        return Err(Error::validation(format!(
                            "The component {name} of the entity {entity} is being created."
                        )));
                    }
                    Status::Error { message } => {
                        return Err(Error::validation(format!(
                            "The component {name} of the entity {entity} is in the state ERROR: {message}"
                        )));
                    }
                }
                let resolved = rules::resolve(&workspace.component_types, &component.component_type_id)?;
                let properties = component.properties(name, &resolved)?;
                Ok(Context { resolved, properties })
            }
            Self::ComponentType { id } => {
                if rules::find(&workspace.component_types, id).is_none() {
                    return Err(Error::not_found(format!("The component type {id} does not exist.")));
                }
                let resolved = rules::resolve(&workspace.component_types, id)?;
                if resolved.is_abstract() {
                    return Err(Error::validation(format!(
                        "The component type {id} is abstract: nothing reads its properties."
                    )));
                }
                let properties = resolved
                    .properties
                    .iter()
                    .map(|(name, definition)| {
                        (name.clone(), Effective { definition: definition.clone(), value: None })
                    })
                    .collect();
                Ok(Context { resolved, properties })
            }
        }
    }
}

impl Context {
    /// A property that a request names.
    pub fn property(&self, name: &str) -> Result<&Effective, Error> {
        self.properties.get(name).ok_or_else(|| {
            let names: Vec<_> = self.properties.keys().map(String::as_str).collect();
            Error::validation(format!("There is no property {name}. There are: {}.", names.join(", ")))
        })
    }

    /// The function behind the first of `functions` that has one.
    pub fn connector(&self, functions: &[&str]) -> Result<&str, Error> {
        self.resolved.connector(functions).ok_or_else(|| {
            Error::validation(format!(
                "The component type has none of the functions {}.",
                functions.join(", ")
            ))
        })
    }
}

/// Adds the members of a subject to a request to a connector.
pub(crate) fn describe(subject: &Subject, request: &mut Value) {
    match subject {
        Subject::Component { entity, component } => {
            request["entityId"] = entity.as_str().into();
            request["componentName"] = component.as_str().into();
        }
        Subject::ComponentType { id } => request["componentTypeId"] = id.as_str().into(),
    }
}
