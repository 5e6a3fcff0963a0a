//! What differs between two versions of a resource, property by property, with values as they may be
//! shown. Pure.
//!
//! A secret is compared and never shown: neither the value of a parameter that is `NoEcho`, nor what
//! stands under `SecretString` or `GenerateSecretString`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::difference::Values;

/// What is shown in place of a secret.
pub const HIDDEN: &str = "(hidden)";

/// Properties that hold a secret, or what it is made from.
const SECRET: &[&str] = &["SecretString", "GenerateSecretString"];

/// A property that changes, with its values as they may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PropertyChange {
    /// Where it is in the resource, for instance `Code.S3Key` or `DeletionPolicy`.
    pub path: String,
    /// The value that is deployed. `None`: it has none, or it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The value to be. `None`: it goes, or it is not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// Whether the value to be is known only after another stack or resource is deployed. `after` then
    /// holds what is known of it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deferred: bool,
    /// Whether its change replaces the resource.
    #[serde(default)]
    pub replaces: bool,
    /// The value that the resource really has, where it is neither: somebody changed it by other means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<Value>,
    /// What says so.
    #[serde(default, skip_serializing_if = "Origin::is_template")]
    pub origin: Origin,
}

/// What says that something changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The difference between the templates.
    #[default]
    Template,
    /// CloudFormation's change set alone.
    ChangeSet,
    /// Both.
    Both,
}

impl Origin {
    /// Whether nothing but the templates says so, as far as was asked.
    pub fn is_template(&self) -> bool {
        *self == Self::Template
    }
}

/// For serde, which leaves out what says nothing.
pub fn is_false(value: &bool) -> bool {
    !value
}

/// A place in a resource: the keys that lead to it.
pub type Place = Vec<String>;

/// A resource as a template has it, with the values of the template's parameters.
#[derive(Debug)]
pub struct Filled {
    /// To be compared.
    real: Value,
    /// To be shown.
    shown: Value,
}

impl Filled {
    /// Puts the values in. `hidden` are the parameters that are not to be shown.
    pub fn new(resource: &Value, values: &Values, hidden: &BTreeSet<String>) -> Self {
        let mut masked = values.clone();
        for (name, value) in &mut masked {
            if hidden.contains(name) && value.is_some() {
                *value = Some(HIDDEN.to_owned());
            }
        }
        Self { real: with_values(resource, values), shown: hide(&with_values(resource, &masked)) }
    }

    /// The resource as it is compared.
    pub fn real(&self) -> &Value {
        &self.real
    }
}

/// Every property that differs. `unknown` are the parameters whose value to be is not known yet, and
/// `replaces` says whether a change at a path, such as `Properties.BucketName`, replaces the resource.
pub fn changes(
    old: &Filled,
    new: &Filled,
    unknown: &BTreeSet<String>,
    replaces: impl Fn(&str) -> bool,
) -> Vec<PropertyChange> {
    let mut places = Vec::new();
    differing(&mut Vec::new(), &old.real, &new.real, &mut places);
    let change = |place: Place| {
        let shown = |value: &Value| at(value, &place).filter(|value| !value.is_null()).cloned();
        let after = shown(&new.shown);
        let deferred = after.as_ref().is_some_and(|after| mentions(after, unknown));
        let bare = after.as_ref().and_then(reference).is_some_and(|name| unknown.contains(name));
        let path = place.join(".");
        PropertyChange {
            before: shown(&old.shown),
            after: after.filter(|_| !bare),
            deferred,
            replaces: replaces(&path),
            actual: None,
            origin: Origin::Template,
            path: own_name(&path).to_owned(),
        }
    };
    places.into_iter().map(change).collect()
}

/// People know properties by their own names.
pub fn own_name(path: &str) -> &str {
    path.strip_prefix("Properties.").unwrap_or(path)
}

/// Paths at which two values differ, as deep as both are objects that are no intrinsic functions.
pub fn paths(old: &Value, new: &Value) -> Vec<String> {
    let mut places = Vec::new();
    differing(&mut Vec::new(), old, new, &mut places);
    places.into_iter().map(|place| place.join(".")).collect()
}

fn differing(place: &mut Place, old: &Value, new: &Value, found: &mut Vec<Place>) {
    let secret = place.last().is_some_and(|key| SECRET.contains(&key.as_str()));
    match (old, new) {
        (Value::Object(before), Value::Object(after))
            if !secret && !is_function(before) && !is_function(after) =>
        {
            let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for key in keys {
                place.push(key.clone());
                let (before, after) =
                    (before.get(key).unwrap_or(&Value::Null), after.get(key).unwrap_or(&Value::Null));
                differing(place, before, after, found);
                place.pop();
            }
        }
        (old, new) if old != new => found.push(place.clone()),
        _ => {}
    }
}

fn at<'a>(value: &'a Value, place: &[String]) -> Option<&'a Value> {
    place.iter().try_fold(value, |value, key| value.get(key))
}

/// Whether an object is a call such as `{"Fn::GetAtt": …}`.
fn is_function(object: &Map<String, Value>) -> bool {
    object.len() == 1
        && object.keys().any(|key| key == "Ref" || key == "Condition" || key.starts_with("Fn::"))
}

/// What a value refers to, when it is nothing but a reference.
fn reference(value: &Value) -> Option<&str> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    object.get("Ref")?.as_str()
}

/// Whether a value refers to one of these names: by `Ref`, `Fn::GetAtt` or in the text of `Fn::Sub`.
pub fn mentions(value: &Value, names: &BTreeSet<String>) -> bool {
    !names.is_empty() && mentioned(value).any(|name| names.contains(name))
}

/// The parameters and resources that a value refers to.
pub fn mentioned(value: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match value {
        Value::Object(object) if is_function(object) => {
            Box::new(object.iter().flat_map(|(function, argument)| match (function.as_str(), argument) {
                ("Ref", Value::String(name)) => boxed(std::iter::once(name.as_str())),
                ("Fn::GetAtt", Value::String(path)) => boxed(path.split('.').take(1)),
                ("Fn::GetAtt", Value::Array(parts)) => boxed(parts.iter().take(1).filter_map(Value::as_str)),
                ("Fn::Sub", Value::String(text)) => boxed(placeholders(text)),
                ("Fn::Sub", Value::Array(parts)) => {
                    boxed(parts.iter().enumerate().flat_map(|(index, part)| match part {
                        Value::String(text) if index == 0 => boxed(placeholders(text)),
                        other => mentioned(other),
                    }))
                }
                (_, argument) => mentioned(argument),
            }))
        }
        Value::Object(object) => Box::new(object.values().flat_map(mentioned)),
        Value::Array(items) => Box::new(items.iter().flat_map(mentioned)),
        _ => Box::new(std::iter::empty()),
    }
}

fn boxed<'a>(names: impl Iterator<Item = &'a str> + 'a) -> Box<dyn Iterator<Item = &'a str> + 'a> {
    Box::new(names)
}

/// The names in `${Name}` and `${Name.Attribute}`; `${!Literal}` is none.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| {
        let name = rest.split_once('}')?.0;
        (!name.starts_with('!')).then(|| name.split('.').next().unwrap_or(name))
    })
}

/// The same value without its secrets.
pub fn hide(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let pair = |(key, value): (&String, &Value)| {
                let hidden = SECRET.contains(&key.as_str());
                (key.clone(), if hidden { json!(HIDDEN) } else { hide(value) })
            };
            Value::Object(object.iter().map(pair).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(hide).collect()),
        other => other.clone(),
    }
}

/// Whether what is at this path, as CloudFormation or we write it, is a secret.
pub fn is_secret(path: &str) -> bool {
    path.split(['.', '/']).any(|key| SECRET.contains(&key))
}

/// The same value with parameters filled in, where their values are known.
pub fn with_values(value: &Value, values: &Values) -> Value {
    match value {
        Value::Object(map) => {
            if let Some(Some(filled)) = reference(value).and_then(|name| values.get(name)) {
                return Value::String(filled.clone());
            }
            if map.len() == 1
                && let Some(text) = map.get("Fn::Sub").and_then(Value::as_str)
            {
                return json!({ "Fn::Sub": substituted(text, values) });
            }
            Value::Object(map.iter().map(|(key, value)| (key.clone(), with_values(value, values))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| with_values(item, values)).collect()),
        other => other.clone(),
    }
}

fn substituted(text: &str, values: &Values) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| match value {
        Some(value) => text.replace(&format!("${{{name}}}"), value),
        None => text,
    })
}

#[cfg(test)]
mod tests;
