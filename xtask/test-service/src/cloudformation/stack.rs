//! A stack, what it has, and what is told of it.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

/// What is done to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// It is created.
    Create,
    /// It is updated.
    Update,
    /// It is deleted.
    Delete,
    /// It is given back the properties that it had before an update.
    Rollback,
}

/// A stack, also one that is gone.
#[derive(Debug, Clone, Default)]
pub struct Stack {
    pub id: String,
    pub name: String,
    pub status: String,
    pub reason: String,
    pub template: Value,
    pub parameters: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    pub protected: bool,
    pub resources: BTreeMap<String, Resource>,
    pub events: Vec<Event>,
    pub change_sets: BTreeMap<String, ChangeSet>,
    pub operation: Option<Operation>,
    /// Type and id of the latest operation.
    pub latest: Option<(&'static str, String)>,
    /// What an update that failed was to lead away from.
    pub stable: Option<(Value, BTreeMap<String, String>)>,
}

/// A resource of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    pub kind: String,
    pub physical_id: String,
    pub status: String,
    pub reason: String,
    pub properties: Value,
    pub policy: String,
}

/// What happened.
#[derive(Debug, Clone)]
pub struct Event {
    pub id: String,
    pub operation: String,
    pub kind: &'static str,
    pub token: Option<String>,
    pub logical_id: String,
    pub physical_id: String,
    pub resource_type: String,
    pub status: String,
    pub reason: String,
}

/// A change set.
#[derive(Debug, Clone)]
pub struct ChangeSet {
    pub id: String,
    pub status: &'static str,
    pub execution: &'static str,
    pub reason: String,
    pub template: Value,
    pub parameters: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    /// Action, logical id, type and replacement of each change.
    pub changes: Vec<(&'static str, String, String)>,
    /// The token that it was made with.
    pub made_with: Option<String>,
    /// The token that it was executed with.
    pub token: Option<String>,
    pub validation: Vec<(String, bool, String)>,
}

/// What goes on.
#[derive(Debug, Clone)]
pub struct Operation {
    pub id: String,
    pub kind: &'static str,
    pub token: Option<String>,
    pub steps: VecDeque<Step>,
}

/// One step of an operation, which is told in one event.
#[derive(Debug, Clone)]
pub struct Step {
    /// The resource. `None`: the stack itself.
    pub logical_id: Option<String>,
    pub status: String,
    pub reason: String,
    pub effect: Effect,
}

/// What a step changes beside the status.
#[derive(Debug, Clone)]
pub enum Effect {
    Nothing,
    /// The resource is there, with these properties.
    Has(Box<Resource>),
    /// It is not, and its name is free.
    Gone,
    /// It is no longer of the stack, and goes on to be.
    Orphaned,
    /// The stack has this template.
    Template(Value, BTreeMap<String, String>),
}

impl Stack {
    /// The value of an output: a text, the value of a parameter, or the id of a resource.
    pub fn outputs(&self) -> BTreeMap<String, String> {
        let outputs = self.template["Outputs"].as_object().into_iter().flatten();
        let outputs = outputs.filter_map(|(name, output)| {
            let value = &output["Value"];
            let named = value["Ref"].as_str().or_else(|| value["Fn::GetAtt"][0].as_str());
            let value = match named {
                Some(id) => match self.resources.get(id) {
                    Some(resource) => resource.physical_id.clone(),
                    None => self.parameters.get(id)?.clone(),
                },
                None => value.as_str()?.to_owned(),
            };
            Some((name.clone(), value))
        });
        outputs.collect()
    }

    /// Gives a resource a status, and tells it as an event of the latest operation.
    pub fn mark(&mut self, logical_id: &str, status: &str, reason: &str) {
        let Some(resource) = self.resources.get_mut(logical_id) else { return };
        status.clone_into(&mut resource.status);
        reason.clone_into(&mut resource.reason);
        let (physical_id, kind) = (resource.physical_id.clone(), resource.kind.clone());
        let (of, operation) = self.latest.clone().unwrap_or(("UPDATE_STACK", "earlier".to_owned()));
        let id = format!("event-{}-{}", self.name, self.events.len());
        self.events.push(Event {
            id,
            operation,
            kind: of,
            token: None,
            logical_id: logical_id.to_owned(),
            physical_id,
            resource_type: kind,
            status: status.to_owned(),
            reason: reason.to_owned(),
        });
    }
}

/// The properties of a template's resource, with the values of its parameters.
pub fn properties(template: &Value, parameters: &BTreeMap<String, String>, logical_id: &str) -> Value {
    fn with(value: &Value, parameters: &BTreeMap<String, String>) -> Value {
        match value {
            Value::Object(map) => match map.get("Ref").and_then(Value::as_str) {
                Some(name) if parameters.contains_key(name) => Value::String(parameters[name].clone()),
                _ => map.iter().map(|(key, value)| (key.clone(), with(value, parameters))).collect(),
            },
            Value::Array(items) => items.iter().map(|item| with(item, parameters)).collect(),
            other => other.clone(),
        }
    }
    with(&template["Resources"][logical_id]["Properties"], parameters)
}
