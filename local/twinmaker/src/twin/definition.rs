//! Definitions of properties: as somebody gives them, and as they are in effect.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::value;

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the API's own names")]
pub enum Kind {
    Relationship,
    String,
    Long,
    Boolean,
    Integer,
    Double,
    List,
    Map,
}

/// What a property's values are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataType {
    /// The type.
    pub r#type: Kind,
    /// Of a list or map: what is in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nested_type: Option<Box<DataType>>,
    /// The only values, if not all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_values: Option<Vec<Value>>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_of_measure: Option<String>,
    /// Of a relationship: what it leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relationship: Option<Value>,
}

/// A definition as a request gives it: what is left out is inherited, or the service's default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    /// What the values are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_type: Option<DataType>,
    /// Whether every component must have a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_required_in_entity: Option<bool>,
    /// Whether it identifies something in the external store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_external_id: Option<bool>,
    /// Whether a connector has the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_stored_externally: Option<bool>,
    /// Whether it has values over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_time_series: Option<bool>,
    /// The value of a component that has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_value: Option<Value>,
    /// For the connector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration: Option<BTreeMap<String, String>>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// A definition in effect, as the API answers it and connectors get it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_excessive_bools, reason = "the members of the API's shape")]
pub struct Property {
    /// What the values are.
    pub data_type: DataType,
    /// Whether it has values over time.
    pub is_time_series: bool,
    /// Whether every component must have a value.
    pub is_required_in_entity: bool,
    /// Whether it identifies something in the external store.
    pub is_external_id: bool,
    /// Whether a connector has the value.
    pub is_stored_externally: bool,
    /// Whether a schema initializer brought it.
    pub is_imported: bool,
    /// Whether it is settled. The guide shows it of external ids.
    pub is_final: bool,
    /// Whether it comes from a type that the component's type extends.
    pub is_inherited: bool,
    /// The value of a component that has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_value: Option<Value>,
    /// For the connector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration: Option<BTreeMap<String, String>>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// Where a definition comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A request.
    Request,
    /// A schema initializer.
    Import,
}

impl Property {
    /// Whether a connector has the values.
    pub fn is_external(&self) -> bool {
        self.is_stored_externally || self.is_time_series
    }

    /// A property that nobody has defined before.
    pub fn new(definition: &Definition, origin: Origin) -> Result<Self, String> {
        let data_type = definition.data_type.clone().ok_or("it has no dataType")?;
        check_type(&data_type)?;
        let is_external_id = definition.is_external_id.unwrap_or_default();
        let property = Self {
            data_type,
            is_time_series: definition.is_time_series.unwrap_or_default(),
            is_required_in_entity: definition.is_required_in_entity.unwrap_or_default(),
            is_external_id,
            is_stored_externally: definition.is_stored_externally.unwrap_or_default(),
            is_imported: origin == Origin::Import,
            is_final: is_external_id,
            is_inherited: false,
            default_value: None,
            configuration: None,
            display_name: None,
        };
        property.overridden(definition)
    }

    /// This property with what `definition` says differently. What it is cannot be changed, only
    /// what it defaults to and how it is found.
    pub fn overridden(mut self, definition: &Definition) -> Result<Self, String> {
        let Definition {
            data_type,
            is_required_in_entity,
            is_external_id,
            is_stored_externally,
            is_time_series,
            default_value,
            configuration,
            display_name,
        } = definition;
        if data_type.as_ref().is_some_and(|data_type| *data_type != self.data_type) {
            return Err("its dataType differs from the one that it inherits".to_owned());
        }
        for (name, new, old) in [
            ("isExternalId", is_external_id, self.is_external_id),
            ("isStoredExternally", is_stored_externally, self.is_stored_externally),
            ("isTimeSeries", is_time_series, self.is_time_series),
        ] {
            if new.is_some_and(|new| new != old) {
                return Err(format!("its {name} differs from the one that it inherits"));
            }
        }
        self.is_required_in_entity = is_required_in_entity.unwrap_or(self.is_required_in_entity);
        if let Some(value) = default_value {
            value::fits(&self.data_type, value).map_err(|why| format!("its defaultValue {why}"))?;
            self.default_value = Some(value.clone());
        }
        if let Some(configuration) = configuration {
            self.configuration.get_or_insert_default().extend(configuration.clone());
        }
        self.display_name = display_name.clone().or(self.display_name);
        Ok(self)
    }
}

fn check_type(data_type: &DataType) -> Result<(), String> {
    let DataType { r#type, nested_type, allowed_values, .. } = data_type;
    match (r#type, nested_type) {
        (Kind::List | Kind::Map, None) => return Err(format!("{type:?} needs a nestedType")),
        (Kind::List | Kind::Map, Some(nested)) => check_type(nested)?,
        (_, Some(_)) => return Err(format!("{type:?} has no nestedType")),
        (_, None) => {}
    }
    let bare = DataType { allowed_values: None, ..data_type.clone() };
    for allowed in allowed_values.iter().flatten() {
        value::fits(&bare, allowed).map_err(|why| format!("one of its allowedValues {why}"))?;
    }
    Ok(())
}
