//! Component types: what they declare, and what is in effect with everything that they extend.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Tags, built_in,
    definition::{Definition, Origin, Property},
};
use crate::{moment::Moment, wire::Error};

/// Reads values over time, for every kind of question.
pub const DATA_READER: &str = "dataReader";
/// Reads values over time of one component.
pub const DATA_READER_BY_ENTITY: &str = "dataReaderByEntity";
/// Reads values over time of every component of a type.
pub const DATA_READER_BY_COMPONENT_TYPE: &str = "dataReaderByComponentType";
/// Reads the present values of one component.
pub const ATTRIBUTE_READER: &str = "attributePropertyValueReaderByEntity";
/// Says what properties a new component has.
pub const SCHEMA_INITIALIZER: &str = "schemaInitializer";
/// Writes values.
pub const DATA_WRITER: &str = "dataWriter";

const FUNCTIONS: [&str; 6] = [
    DATA_READER,
    DATA_READER_BY_ENTITY,
    DATA_READER_BY_COMPONENT_TYPE,
    ATTRIBUTE_READER,
    SCHEMA_INITIALIZER,
    DATA_WRITER,
];

/// Types that one may extend.
const MOST_PARENTS: usize = 10;

/// What a component type declares itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComponentType {
    /// Whether an entity has at most one component of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_singleton: Option<bool>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component_type_name: Option<String>,
    /// Its own properties, and its changes to inherited ones.
    #[serde(default)]
    pub property_definitions: BTreeMap<String, Definition>,
    /// The types that it extends.
    #[serde(default)]
    pub extends_from: Vec<String>,
    /// Its own functions, and its changes to inherited ones.
    #[serde(default)]
    pub functions: BTreeMap<String, Function>,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
    /// When it was created.
    #[serde(default)]
    pub created: Moment,
    /// When it was changed.
    #[serde(default)]
    pub updated: Moment,
}

/// The types that somebody created, by their ids.
pub type ComponentTypes = BTreeMap<String, ComponentType>;

/// What a component type can do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Function {
    /// Properties without which it cannot work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_properties: Option<Vec<String>>,
    /// `ENTITY` or `WORKSPACE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// What does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub implemented_by: Option<Value>,
    /// Whether it comes from a type that is extended.
    #[serde(default)]
    pub is_inherited: bool,
}

impl Function {
    /// The ARN of the Lambda function that implements it.
    pub fn lambda(&self) -> Option<&str> {
        self.implemented_by.as_ref()?.pointer("/lambda/arn")?.as_str()
    }

    fn overridden(mut self, own: &Self) -> Self {
        self.required_properties = own.required_properties.clone().or(self.required_properties);
        self.scope = own.scope.clone().or(self.scope);
        self.implemented_by = own.implemented_by.clone().or(self.implemented_by);
        self.is_inherited = false;
        self
    }
}

/// A component type in effect.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resolved {
    /// Its properties, inherited ones too.
    pub properties: BTreeMap<String, Property>,
    /// Its functions, inherited ones too.
    pub functions: BTreeMap<String, Function>,
    /// Itself and every type that it extends, however far.
    pub lineage: BTreeSet<String>,
    /// Whether an entity has at most one component of it.
    pub is_singleton: bool,
}

impl Resolved {
    /// The Lambda function behind the first of `functions` that has one.
    pub fn connector(&self, functions: &[&str]) -> Option<&str> {
        functions.iter().find_map(|name| self.functions.get(*name)?.lambda())
    }

    /// Whether something is stored externally and nothing reads it: then no entity can have a component of it.
    pub fn is_abstract(&self) -> bool {
        let readers = [DATA_READER, DATA_READER_BY_ENTITY, DATA_READER_BY_COMPONENT_TYPE];
        let lacks = |functions: &[&str]| self.connector(functions).is_none();
        self.properties.values().filter(|property| property.is_external()).any(|property| {
            if property.is_time_series { lacks(&readers) } else { lacks(&[ATTRIBUTE_READER]) }
        })
    }
}

/// The type with this id, whether somebody created it or it is the service's own.
pub fn find<'a>(types: &'a ComponentTypes, id: &str) -> Option<&'a ComponentType> {
    types.get(id).or_else(|| built_in::find(id))
}

/// The type with this id, in effect.
pub fn resolve(types: &ComponentTypes, id: &str) -> Result<Resolved, Error> {
    let declared = find(types, id)
        .ok_or_else(|| Error::validation(format!("The component type {id} does not exist.")))?;
    check(types, id, declared)
}

/// The type in effect that `declared` would be, or why it cannot be.
pub fn check(types: &ComponentTypes, id: &str, declared: &ComponentType) -> Result<Resolved, Error> {
    let wrong = |what: String| Error::validation(format!("The component type {id} is not valid: {what}."));
    let mut resolved = Resolved {
        is_singleton: declared.is_singleton.unwrap_or_default(),
        lineage: BTreeSet::from([id.to_owned()]),
        ..Resolved::default()
    };
    if declared.extends_from.len() > MOST_PARENTS {
        return Err(wrong(format!("it extends more than {MOST_PARENTS} component types")));
    }
    for parent in &declared.extends_from {
        if find(types, parent).is_none() {
            return Err(wrong(match built_in::refusal(parent) {
                Some(refusal) => refusal,
                None => format!("it extends {parent}, which does not exist"),
            }));
        }
        let inherited = resolve(types, parent)?;
        if inherited.lineage.contains(id) {
            return Err(wrong(format!("it extends itself through {parent}")));
        }
        for (name, property) in inherited.properties {
            let property = Property { is_inherited: true, ..property };
            match resolved.properties.get(&name) {
                Some(other) if other.data_type != property.data_type => {
                    return Err(wrong(format!("it inherits two properties {name} that differ")));
                }
                _ => resolved.properties.insert(name, property),
            };
        }
        for (name, function) in inherited.functions {
            resolved.functions.insert(name, Function { is_inherited: true, ..function });
        }
        resolved.lineage.extend(inherited.lineage);
        resolved.is_singleton |= inherited.is_singleton;
    }
    for (name, definition) in &declared.property_definitions {
        let property = match resolved.properties.remove(name) {
            Some(inherited) => inherited.overridden(definition),
            None => Property::new(definition, Origin::Request),
        };
        let property = property.map_err(|why| wrong(format!("of the property {name}, {why}")))?;
        resolved.properties.insert(name.clone(), property);
    }
    for (name, function) in &declared.functions {
        let inherited = resolved.functions.remove(name).unwrap_or_default();
        resolved.functions.insert(name.clone(), inherited.overridden(function));
    }
    for (name, function) in &resolved.functions {
        if !FUNCTIONS.contains(&name.as_str()) {
            return Err(wrong(format!("{name} is none of the functions {}", FUNCTIONS.join(", "))));
        }
        let lacking = function.required_properties.iter().flatten();
        if let Some(lacking) =
            lacking.into_iter().find(|property| !resolved.properties.contains_key(*property))
        {
            return Err(wrong(format!("the function {name} requires {lacking}, which is no property of it")));
        }
        if function.implemented_by.as_ref().and_then(|by| by.get("isNative")) == Some(&Value::Bool(true)) {
            return Err(Error::unsupported(&format!("The native implementation of {name}")));
        }
        if name == SCHEMA_INITIALIZER && function.scope.as_deref() == Some("WORKSPACE") {
            return Err(Error::unsupported("A schemaInitializer of the scope WORKSPACE"));
        }
    }
    Ok(resolved)
}

#[cfg(test)]
mod tests;
