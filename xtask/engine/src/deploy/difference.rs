//! What differs between the deployed template and the desired one. Pure.
//!
//! References to parameters are replaced by their values first, so that a new key of a code archive
//! shows as a change of the function that uses it. What refers to a resource that is replaced changes
//! with it, although the two templates say the same of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stacks::cfn::Policy;

use super::property::{self, Filled};
pub use super::property::{Origin, PropertyChange};
use super::{replacement, shrinking, stored};

/// A resource that a deployment touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceChange {
    /// Name in the template.
    pub logical_id: String,
    /// For instance `AWS::Kinesis::Stream`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happens to it.
    pub change: Change,
    /// What of it changes, by path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<PropertyChange>,
    /// Why it is replaced, or touched at all when nothing of its own changes, for instance
    /// ``"`BucketName` changes"`` or ``"follows `Database`"``.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<String>,
    /// Whether it may turn out not to change at all: it only takes values of resources that change in place.
    #[serde(default, skip_serializing_if = "property::is_false")]
    pub possible: bool,
    /// What becomes of what it holds, where that does not stay as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Data>,
    /// What of it is lost although the resource stays, for instance `records between 24 h and 168 h old`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<String>,
    /// How the resource has drifted from its template, as CloudFormation spells it: `MODIFIED` or `DELETED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<String>,
    /// What says so.
    #[serde(default, skip_serializing_if = "Origin::is_template")]
    pub origin: Origin,
}

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It is created.
    Add,
    /// It is changed in place, as far as is known.
    Modify,
    /// Whether it is changed in place or replaced is known only when it is done.
    MayReplace,
    /// It is replaced: a new one is created, and the old one goes.
    Replace,
    /// It goes.
    Remove,
}

impl Change {
    /// Whether the resource that is there goes, for all that is known.
    pub fn ends_resource(self) -> bool {
        matches!(self, Self::MayReplace | Self::Replace | Self::Remove)
    }
}

/// What becomes of the data in a resource that goes, or that keeps it no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Data {
    /// The resource stays, and goes with its data when its stack is deleted, which kept it until now.
    Unguarded,
    /// The resource stays, and keeps less than before, or for a shorter time.
    Shortened,
    /// The old resource stays behind, outside of the stack.
    Retained,
    /// It is lost.
    Lost,
}

impl Data {
    /// What becomes of what a resource holds.
    pub fn fate(self) -> &'static str {
        match self {
            Self::Lost => "what it holds is lost",
            Self::Retained => "the old one stays behind, outside of the stack",
            Self::Unguarded => "`DeletionPolicy` no longer retains it",
            Self::Shortened => "some of its data is lost",
        }
    }
}

impl Data {
    /// Whether the resource stays that holds it.
    pub fn stays(self) -> bool {
        matches!(self, Self::Unguarded | Self::Shortened)
    }
}

/// Values of parameters: `None` is known only after another stack is deployed.
pub type Values = BTreeMap<String, Option<String>>;

/// Every resource that differs, by logical id.
pub fn resources(old: &Value, old_values: &Values, new: &Value, new_values: &Values) -> Vec<ResourceChange> {
    let none = Map::new();
    let before = old["Resources"].as_object().unwrap_or(&none);
    let after = new["Resources"].as_object().unwrap_or(&none);
    let ids: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let hidden: BTreeSet<String> = hidden(old).chain(hidden(new)).collect();
    let unknown = unknown(new_values);
    let mut found = BTreeMap::new();
    for id in ids {
        let change = match (before.get(id), after.get(id)) {
            (None, Some(added)) => Some(change(id, added, Change::Add)),
            (Some(removed), None) => {
                let mut gone = change(id, removed, Change::Remove);
                gone.data = data(removed, "DeletionPolicy");
                Some(gone)
            }
            (Some(old), Some(new)) => {
                let (old, new) =
                    (Filled::new(old, old_values, &hidden), Filled::new(new, new_values, &hidden));
                modified(id, &old, &new, &unknown)
            }
            (None, None) => None,
        };
        found.extend(change.map(|change| (id.clone(), change)));
    }
    follow(before, after, &mut found);
    found.into_values().collect()
}

/// Names of the parameters whose value is not known yet.
pub fn unknown(values: &Values) -> BTreeSet<String> {
    values.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| name.clone()).collect()
}

/// Names of the parameters that are not to be shown.
fn hidden(template: &Value) -> impl Iterator<Item = String> {
    let parameters = template["Parameters"].as_object().into_iter().flatten();
    parameters
        .filter(|(_, parameter)| {
            parameter["NoEcho"] == true || parameter["NoEcho"].as_str().is_some_and(|said| said == "true")
        })
        .map(|(name, _)| name.clone())
}

/// Adds what changes because a resource that it refers to is replaced: its name changes then.
fn follow(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    found: &mut BTreeMap<String, ResourceChange>,
) {
    let mut replaced: Vec<String> = ids_of(found, Change::Replace).collect();
    while let Some(cause) = replaced.pop() {
        for (id, resource) in after {
            // What is replaced takes the new name by itself.
            let Some(old) = before.get(id).filter(|_| *id != cause) else { continue };
            let properties = follow_one(&cause, resource);
            if properties.is_empty() {
                continue;
            }
            let follower = found.entry(id.clone()).or_insert_with(|| change(id, resource, Change::Modify));
            let is_replaced = properties.iter().any(|property| property.replaces);
            for property in properties {
                let known = follower.properties.iter().any(|known| {
                    known.path == property.path || known.path.starts_with(&format!("{}.", property.path))
                });
                if !known {
                    follower.properties.push(property);
                }
            }
            follower.why.push(format!("follows `{cause}`"));
            if is_replaced && follower.change == Change::Modify {
                follower.change = Change::Replace;
                follower.data = data(old, "UpdateReplacePolicy");
                replaced.push(id.clone());
            }
        }
    }
}

/// The properties of a resource that refer to another one.
fn follow_one(cause: &str, resource: &Value) -> Vec<PropertyChange> {
    let kind = resource["Type"].as_str().unwrap_or_default();
    let properties = resource["Properties"].as_object().into_iter().flatten();
    let touched = properties.filter(|(_, value)| property::mentioned(value).any(|name| name == cause));
    let follows = |(name, value): (&String, &Value)| PropertyChange {
        path: name.clone(),
        before: None,
        after: Some(property::hide(value)),
        deferred: true,
        replaces: replacement::follows_from(kind, &format!("Properties.{name}")),
        actual: None,
        origin: Origin::Template,
    };
    touched.map(follows).collect()
}

fn ids_of(found: &BTreeMap<String, ResourceChange>, change: Change) -> impl Iterator<Item = String> {
    found.values().filter(move |found| found.change == change).map(|found| found.logical_id.clone())
}

/// A change that CloudFormation begins and the service refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    /// Name in the template.
    pub logical_id: String,
    /// For instance `AWS::Timestream::Table`.
    pub kind: String,
    /// For instance `Schema`.
    pub property: &'static str,
}

/// The properties that change although they are fixed with their resource. What is replaced anyway
/// may have them otherwise.
pub fn fixed(old: &Value, new: &Value) -> Vec<Fixed> {
    let none = Map::new();
    let after = new["Resources"].as_object().unwrap_or(&none);
    let mut found = Vec::new();
    for (id, new) in after {
        let old = &old["Resources"][id];
        let kind = new["Type"].as_str().unwrap_or_default();
        let changed = property::paths(old, new);
        if old["Type"] != kind || changed.iter().any(|path| replacement::replaces(kind, path)) {
            continue;
        }
        let properties: BTreeSet<&'static str> =
            changed.iter().filter_map(|path| replacement::immutable(kind, path)).collect();
        found.extend(properties.into_iter().map(|property| Fixed {
            logical_id: id.clone(),
            kind: kind.to_owned(),
            property,
        }));
    }
    found
}

fn change(id: &str, resource: &Value, change: Change) -> ResourceChange {
    ResourceChange {
        logical_id: id.to_owned(),
        kind: resource["Type"].as_str().unwrap_or_default().to_owned(),
        change,
        properties: Vec::new(),
        why: Vec::new(),
        possible: false,
        data: None,
        lost: Vec::new(),
        drift: None,
        origin: Origin::Template,
    }
}

fn modified(id: &str, old: &Filled, new: &Filled, unknown: &BTreeSet<String>) -> Option<ResourceChange> {
    let kind = new.real()["Type"].as_str().unwrap_or_default();
    let properties =
        property::changes(old, new, unknown, |path| replacement::follows_from(kind, path) || path == "Type");
    if properties.is_empty() {
        return None;
    }
    let mut found = change(id, new.real(), Change::Modify);
    found.why = properties
        .iter()
        .filter(|property| property.replaces)
        .map(|property| format!("`{}` changes", property.path))
        .collect();
    if found.why.is_empty() {
        let unguarded = keeps_data(old.real()) && !keeps_data(new.real());
        found.lost = shrinking::lost(kind, &old.real()["Properties"], &new.real()["Properties"]);
        found.lost.extend(stored::refused(old.real(), new.real()));
        found.data = match (found.lost.is_empty(), unguarded) {
            (false, _) => Some(Data::Shortened),
            (true, true) => Some(Data::Unguarded),
            (true, false) => None,
        };
        if unguarded && !found.lost.is_empty() {
            found.lost.push("all of it when its stack is deleted, which kept it until now".to_owned());
        }
    } else {
        found.change = Change::Replace;
        found.data = data(old.real(), "UpdateReplacePolicy");
    }
    found.properties = properties;
    Some(found)
}

/// Whether a resource holds data and stays when its stack is deleted.
fn keeps_data(resource: &Value) -> bool {
    data(resource, "DeletionPolicy") == Some(Data::Retained)
}

/// Whether a template has a resource that holds data and stays when the stack is deleted.
pub fn retains(template: &Value) -> bool {
    template["Resources"].as_object().into_iter().flatten().any(|(_, resource)| keeps_data(resource))
}

fn data(resource: &Value, policy: &str) -> Option<Data> {
    let kind = resource["Type"].as_str().unwrap_or_default();
    if !replacement::holds_data(kind) {
        return None;
    }
    let retained = resource[policy].as_str().is_some_and(Policy::is_retained);
    Some(if retained { Data::Retained } else { Data::Lost })
}

#[cfg(test)]
mod tests;
