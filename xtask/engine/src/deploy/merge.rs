//! What a change set says, and what it adds to the difference between the templates. Pure.
//!
//! Neither knows everything. The templates know what a person wrote; CloudFormation knows which values
//! follow from others, what has drifted, and of every type what a change of it does. A description with
//! [property values](https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeChangeSet.html)
//! can leave resources out and say so in a warning alone, so it counts together with the one without them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{self as sdk, ChangeSource, RequiresRecreation, ResourceAttribute};
use serde_json::{Value, json};
use stacks::cfn::Policy;

use super::difference::{Change, Data, Origin, PropertyChange, ResourceChange};
use super::property::{HIDDEN, hide, is_secret, own_name};
use super::replacement;
use super::status::KNOWN_AFTER_APPLY;

/// What a change set changes: the union of both descriptions, all pages of each, by logical id.
pub fn described<'a>(
    with_values: impl IntoIterator<Item = &'a DescribeChangeSetOutput>,
    without: impl IntoIterator<Item = &'a DescribeChangeSetOutput>,
) -> Vec<ResourceChange> {
    let mut found: BTreeMap<String, ResourceChange> = BTreeMap::new();
    for page in with_values.into_iter().chain(without) {
        for change in page.changes().iter().filter_map(|change| change.resource_change()) {
            let change = resource(change);
            match found.get_mut(&change.logical_id) {
                Some(known) => add(known, change),
                None => _ = found.insert(change.logical_id.clone(), change),
            }
        }
    }
    let moving: BTreeSet<String> = found
        .values()
        .filter(|change| change.change != Change::Modify)
        .map(|change| follows(&change.logical_id))
        .collect();
    for change in found.values_mut().filter(|change| change.why.iter().any(|why| moving.contains(why))) {
        change.possible = false;
    }
    found.into_values().collect()
}

/// Why a resource changes with another one.
fn follows(cause: &str) -> String {
    format!("follows `{cause}`")
}

/// The template's diff with what the change set knows beyond it. `template` is the one to be: its policies
/// count where nothing else says what becomes of the old resource.
pub fn merge(
    templates: Vec<ResourceChange>,
    change_set: Vec<ResourceChange>,
    template: &Value,
) -> Vec<ResourceChange> {
    let mut merged: BTreeMap<String, ResourceChange> =
        templates.into_iter().map(|change| (change.logical_id.clone(), change)).collect();
    for change in change_set {
        match merged.get_mut(&change.logical_id) {
            Some(known) => {
                add(known, change);
                known.origin = Origin::Both;
            }
            None => _ = merged.insert(change.logical_id.clone(), change),
        }
    }
    for change in merged.values_mut().filter(|change| endangers_data(change) && change.data.is_none()) {
        let policy = template["Resources"][&change.logical_id]["UpdateReplacePolicy"].as_str();
        let retained = policy.is_some_and(Policy::is_retained);
        change.data = Some(if retained { Data::Retained } else { Data::Lost });
    }
    merged.into_values().collect()
}

/// Whether the resource goes, for all that is known, and holds data.
pub fn endangers_data(change: &ResourceChange) -> bool {
    change.change.ends_resource() && holds_data(change)
}

/// What a change set does beyond what a plan shows: what it removes or replaces, and the resources with data
/// that it touches, tags aside. Nobody has agreed to those.
pub fn beyond(planned: &[ResourceChange], change_set: &[ResourceChange]) -> Vec<ResourceChange> {
    let shown = |change: &ResourceChange| {
        let planned = planned.iter().find(|planned| planned.logical_id == change.logical_id);
        match (change.change, planned.map(|planned| planned.change)) {
            (Change::Add, planned) => planned != Some(Change::Remove),
            (Change::Modify, Some(planned)) => planned != Change::Remove,
            (Change::Modify, None) => !holds_data(change) || only_tags(change),
            // Of what holds nothing, a possibility is no news.
            (Change::MayReplace, planned) => {
                !holds_data(change) || planned.is_some_and(Change::ends_resource)
            }
            (Change::Replace, planned) => {
                matches!(planned, Some(Change::Replace | Change::MayReplace))
            }
            (Change::Remove, planned) => planned == Some(Change::Remove),
        }
    };
    change_set.iter().filter(|change| !shown(change)).cloned().collect()
}

fn holds_data(change: &ResourceChange) -> bool {
    replacement::holds_data(&change.kind)
}

fn only_tags(change: &ResourceChange) -> bool {
    change.properties.iter().all(|property| property.path.split('.').next() == Some("Tags"))
}

/// Adds to a change what another description of it says beyond it. Where they differ, the worse counts.
fn add(known: &mut ResourceChange, other: ResourceChange) {
    if severity(other.change) > severity(known.change) {
        known.change = other.change;
    }
    known.possible &= other.possible;
    // What goes is lost or retained; what stays can only keep less, or be no longer kept.
    let ends = known.change.ends_resource();
    let fitting = |data: Option<Data>| data.filter(|data| data.stays() != ends);
    known.data = fitting(known.data).max(fitting(other.data));
    known.lost.extend(other.lost);
    known.drift = known.drift.take().or(other.drift);
    for property in other.properties {
        add_property(&mut known.properties, property);
    }
    known.properties.sort_by(|one, other| one.path.cmp(&other.path));
    for why in other.why {
        if !known.why.contains(&why) {
            known.why.push(why);
        }
    }
}

fn severity(change: Change) -> u8 {
    match change {
        Change::Add | Change::Modify => 0,
        Change::MayReplace => 1,
        Change::Replace => 2,
        Change::Remove => 3,
    }
}

fn add_property(known: &mut Vec<PropertyChange>, other: PropertyChange) {
    let same_place = |property: &&mut PropertyChange| property.path == other.path;
    if let Some(property) = known.iter_mut().find(same_place) {
        if other.before.is_some() && property.before.is_none() {
            property.before = other.before;
        }
        // What CloudFormation resolved says more than an expression of the template.
        if other.after.is_some() && property.after.as_ref().is_none_or(Value::is_object) {
            property.after = other.after;
            property.deferred = other.deferred;
        }
        property.replaces |= other.replaces;
        property.actual = property.actual.take().or(other.actual);
        if property.origin != other.origin {
            property.origin = Origin::Both;
        }
        return;
    }
    // A description without values names the property alone, where others name what in it changes.
    let inside = format!("{}.", other.path);
    let mut parts = known.iter_mut().filter(|property| property.path.starts_with(&inside)).peekable();
    if parts.peek().is_some() && other.before.is_none() && other.after.is_none() {
        for part in parts {
            part.replaces |= other.replaces;
            if part.origin != other.origin {
                part.origin = Origin::Both;
            }
        }
        return;
    }
    known.push(other);
}

/// One resource, as one description has it.
fn resource(change: &sdk::ResourceChange) -> ResourceChange {
    let kind = change.resource_type().unwrap_or_default().to_owned();
    let mut found = ResourceChange {
        logical_id: change.logical_resource_id().unwrap_or_default().to_owned(),
        change: what_happens(change, &kind),
        kind,
        properties: Vec::new(),
        why: Vec::new(),
        possible: !change.details().is_empty() && change.details().iter().all(is_possible),
        data: None,
        lost: Vec::new(),
        drift: drift(change),
        origin: Origin::ChangeSet,
    };
    for detail in change.details() {
        let Some(target) = detail.target() else { continue };
        let mut property = property(target);
        property.deferred |= is_possible(detail) && property.after.is_none();
        add_property(&mut found.properties, property);
        if let Some(why) = why(detail, target, &found)
            && !found.why.contains(&why)
        {
            found.why.push(why);
        }
    }
    match change.action() {
        Some(sdk::ChangeAction::Dynamic) => {
            found.why.push("CloudFormation knows what happens to it only when it is done".to_owned());
        }
        Some(sdk::ChangeAction::Import) => found.why.push("it is there already and is taken over".to_owned()),
        Some(sdk::ChangeAction::SyncWithActual) => {
            found.why.push("the stack takes over what the resource is".to_owned());
        }
        _ => {}
    }
    if let Some(policy) = change.policy_action().filter(|_| endangers_data(&found)) {
        let retained = policy.as_str().contains("Retain");
        found.data = Some(if retained { Data::Retained } else { Data::Lost });
    }
    found
}

/// Whether a property takes the value of another resource, and which one it is shows only later.
fn is_possible(detail: &sdk::ResourceChangeDetail) -> bool {
    detail.evaluation() == Some(&sdk::EvaluationType::Dynamic)
        && matches!(
            detail.change_source(),
            Some(ChangeSource::ResourceReference | ChangeSource::ResourceAttribute)
        )
}

fn what_happens(change: &sdk::ResourceChange, kind: &str) -> Change {
    use sdk::{ChangeAction, Replacement};
    match (change.action(), change.replacement()) {
        (Some(ChangeAction::Add), _) => Change::Add,
        (Some(ChangeAction::Remove), _) => Change::Remove,
        (Some(ChangeAction::Dynamic), _) => Change::MayReplace,
        (_, Some(Replacement::True)) => Change::Replace,
        // Of a custom resource CloudFormation never knows; our own table does, in the template's diff.
        (_, Some(Replacement::Conditional)) if !kind.starts_with("Custom::") => Change::MayReplace,
        _ => Change::Modify,
    }
}

fn drift(change: &sdk::ResourceChange) -> Option<String> {
    use sdk::StackResourceDriftStatus::{Deleted, Modified};
    let status = change.resource_drift_status()?;
    matches!(status, Modified | Deleted).then(|| status.as_str().to_owned())
}

fn property(target: &sdk::ResourceTargetDefinition) -> PropertyChange {
    let path = path(target);
    let value = |text: Option<&str>| {
        let text = text.filter(|text| *text != KNOWN_AFTER_APPLY)?;
        if is_secret(&path) {
            return Some(json!(HIDDEN));
        }
        // Objects and lists are JSON; a number is as it was written.
        let value = text.starts_with(['{', '[']).then(|| serde_json::from_str(text).ok()).flatten();
        Some(value.map_or_else(|| json!(text), |value: Value| hide(&value)))
    };
    PropertyChange {
        before: value(target.before_value()),
        after: value(target.after_value()),
        deferred: target.after_value().is_some_and(|after| after.contains(KNOWN_AFTER_APPLY)),
        replaces: target.requires_recreation() == Some(&RequiresRecreation::Always),
        actual: value(target.drift().and_then(sdk::LiveResourceDrift::actual_value)),
        origin: Origin::ChangeSet,
        path,
    }
}

/// The path as we write it: `Code.S3Key` for `/Properties/Code/S3Key`, or for the name `Code` alone.
fn path(target: &sdk::ResourceTargetDefinition) -> String {
    if let Some(pointer) = target.path().and_then(|path| path.strip_prefix('/')) {
        let keys: Vec<String> =
            pointer.split('/').map(|key| key.replace("~1", "/").replace("~0", "~")).collect();
        return own_name(&keys.join(".")).to_owned();
    }
    match (target.attribute(), target.name()) {
        (Some(ResourceAttribute::Properties), Some(name)) => name.to_owned(),
        (attribute, _) => attribute.map_or("", ResourceAttribute::as_str).to_owned(),
    }
}

/// Why a resource is replaced, or touched although nothing of its own changes.
fn why(
    detail: &sdk::ResourceChangeDetail,
    target: &sdk::ResourceTargetDefinition,
    found: &ResourceChange,
) -> Option<String> {
    let decides = match target.requires_recreation() {
        Some(RequiresRecreation::Always) => true,
        Some(RequiresRecreation::Conditionally) => found.change.ends_resource(),
        _ => false,
    };
    let path = path(target);
    let cause = detail.causing_entity().unwrap_or_default();
    let resource = cause.split('.').next().unwrap_or(cause);
    match detail.change_source() {
        Some(ChangeSource::ResourceReference | ChangeSource::ResourceAttribute) => Some(follows(resource)),
        Some(ChangeSource::ParameterReference) if decides => {
            Some(format!("`{path}` changes with parameter `{cause}`"))
        }
        Some(ChangeSource::DirectModification) if decides => Some(format!("`{path}` changes")),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
