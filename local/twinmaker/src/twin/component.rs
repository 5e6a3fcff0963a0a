//! Components: what an entity says of one, and what is in effect with its type.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    component_type::{Resolved, SCHEMA_INITIALIZER},
    definition::{Definition, Origin, Property},
    value,
};
use crate::wire::Error;

/// A component of an entity.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Component {
    /// Its type.
    pub component_type_id: String,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What the entity says of properties.
    #[serde(default)]
    pub properties: BTreeMap<String, Entry>,
    /// What the schema initializer said of them.
    #[serde(default)]
    pub imported: BTreeMap<String, Entry>,
    /// How it is.
    #[serde(default)]
    pub status: Status,
}

/// How a component, and with it its entity, is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Its schema initializer has yet to answer.
    Creating,
    /// It can be used.
    #[default]
    Active,
    /// Its schema initializer failed, or what it said does not do.
    Error {
        /// What the matter is.
        message: String,
    },
}

/// What is said of a property.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// What it is; only of a property that the type does not have, or what is different.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definition: Option<Definition>,
    /// Its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// A property in effect, as the API answers it and connectors get it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effective {
    /// What it is.
    pub definition: Property,
    /// Its value, unless it has none or only a default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// The properties of a component in effect, by their names.
pub type Properties = BTreeMap<String, Effective>;

impl Component {
    /// Its properties in effect. `name` is the component's, for what is said when something is wrong.
    pub fn properties(&self, name: &str, of: &Resolved) -> Result<Properties, Error> {
        let mut properties: Properties = of
            .properties
            .iter()
            .map(|(name, definition)| {
                (name.clone(), Effective { definition: definition.clone(), value: None })
            })
            .collect();
        for (entries, origin) in [(&self.imported, Origin::Import), (&self.properties, Origin::Request)] {
            for (property, entry) in entries {
                let inherited = properties.remove(property);
                let effective = apply(inherited, entry, origin).map_err(|why| {
                    Error::validation(format!(
                        "The property {property} of the component {name} is not valid: {why}."
                    ))
                })?;
                properties.insert(property.clone(), effective);
            }
        }
        Ok(properties)
    }

    /// Its properties in effect, when everything that must have a value has one.
    pub fn complete(&self, name: &str, of: &Resolved) -> Result<Properties, Error> {
        let properties = self.properties(name, of)?;
        let lacking: Vec<_> = properties
            .iter()
            .filter(|(_, property)| {
                property.definition.is_required_in_entity
                    && !property.definition.is_external()
                    && property.value.is_none()
                    && property.definition.default_value.is_none()
            })
            .map(|(name, _)| name.as_str())
            .collect();
        if lacking.is_empty() {
            Ok(properties)
        } else {
            let lacking = lacking.join(", ");
            Err(Error::validation(format!("The component {name} needs values of {lacking}.")))
        }
    }

    /// Whether its properties are settled only when a schema initializer has answered.
    pub fn is_initialized_by<'a>(&self, of: &'a Resolved) -> Option<&'a str> {
        of.connector(&[SCHEMA_INITIALIZER])
    }
}

fn apply(inherited: Option<Effective>, entry: &Entry, origin: Origin) -> Result<Effective, String> {
    let (definition, inherited_value) = match (inherited, &entry.definition) {
        (Some(Effective { definition, value }), None) => (definition, value),
        (Some(Effective { definition, value }), Some(own)) => (definition.overridden(own)?, value),
        (None, Some(own)) => (Property::new(own, origin)?, None),
        (None, None) => return Err("its component type does not define it".to_owned()),
    };
    if let Some(value) = &entry.value {
        if definition.is_external() {
            return Err("it is stored externally, so it has no value here".to_owned());
        }
        value::fits(&definition.data_type, value).map_err(|why| format!("its value {why}"))?;
    }
    Ok(Effective { definition, value: entry.value.clone().or(inherited_value) })
}
