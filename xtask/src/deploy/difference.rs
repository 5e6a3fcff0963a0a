//! What differs between the template that is deployed and the one that shall be. Pure.
//!
//! References to parameters are replaced by their values first, so that a new key of a code archive
//! shows as a change of the function that uses it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stacks::cfn::Policy;

use super::replacement;

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
    /// Paths of what is modified, for instance `Code.S3Key`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<String>,
    /// Whether what it holds is lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Data>,
}

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is created.
    Add,
    /// It is changed in place, as far as the templates tell.
    Modify,
    /// It is created anew, and the old one goes.
    Replace,
    /// It goes.
    Remove,
}

/// What becomes of the data in a resource that goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Data {
    /// It is lost.
    Lost,
    /// The old resource stays behind, outside of the stack.
    Retained,
}

/// Values of parameters: `None` is known only after another stack is deployed.
pub type Values = BTreeMap<String, Option<String>>;

/// Every resource that differs, by logical id.
pub fn resources(old: &Value, old_values: &Values, new: &Value, new_values: &Values) -> Vec<ResourceChange> {
    let none = Map::new();
    let before = old["Resources"].as_object().unwrap_or(&none);
    let after = new["Resources"].as_object().unwrap_or(&none);
    let ids: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    ids.into_iter()
        .filter_map(|id| match (before.get(id), after.get(id)) {
            (None, Some(added)) => Some(change(id, added, Change::Add)),
            (Some(removed), None) => {
                let mut gone = change(id, removed, Change::Remove);
                gone.data = data(removed, "DeletionPolicy");
                Some(gone)
            }
            (Some(old), Some(new)) => {
                modified(id, &with_values(old, old_values), &with_values(new, new_values))
            }
            (None, None) => None,
        })
        .collect()
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
        let mut changed = Vec::new();
        paths("", old, new, &mut changed);
        if old["Type"] != kind || changed.iter().any(|path| replacement::replaces(kind, path)) {
            continue;
        }
        let properties: BTreeSet<&'static str> =
            changed.iter().filter_map(|path| replacement::fixed(kind, path)).collect();
        found.extend(properties.into_iter().map(|property| Fixed {
            logical_id: id.clone(),
            kind: kind.to_owned(),
            property,
        }));
    }
    found
}

fn change(id: &str, resource: &Value, change: Change) -> ResourceChange {
    let kind = resource["Type"].as_str().unwrap_or_default().to_owned();
    ResourceChange { logical_id: id.to_owned(), kind, change, properties: Vec::new(), data: None }
}

fn modified(id: &str, old: &Value, new: &Value) -> Option<ResourceChange> {
    let mut properties = Vec::new();
    paths("", old, new, &mut properties);
    if properties.is_empty() {
        return None;
    }
    let mut found = change(id, new, Change::Modify);
    let replaced = old["Type"] != new["Type"]
        || properties.iter().any(|path| replacement::follows_from(&found.kind, path.as_str()));
    if replaced {
        found.change = Change::Replace;
        found.data = data(old, "UpdateReplacePolicy");
    }
    // People know properties by their own names.
    found.properties = properties
        .into_iter()
        .map(|path| path.strip_prefix("Properties.").map_or(path.clone(), str::to_owned))
        .collect();
    Some(found)
}

fn data(resource: &Value, policy: &str) -> Option<Data> {
    let kind = resource["Type"].as_str().unwrap_or_default();
    if !replacement::holds_data(kind) {
        return None;
    }
    let retained = resource[policy].as_str().is_some_and(Policy::is_retained);
    Some(if retained { Data::Retained } else { Data::Lost })
}

/// Paths at which two values differ: as deep as both are objects.
fn paths(at: &str, old: &Value, new: &Value, found: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(before), Value::Object(after)) => {
            let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for key in keys {
                let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                let (before, after) =
                    (before.get(key).unwrap_or(&Value::Null), after.get(key).unwrap_or(&Value::Null));
                paths(&path, before, after, found);
            }
        }
        (old, new) if old != new => found.push(at.to_owned()),
        _ => {}
    }
}

/// The same value with parameters filled in, where their values are known.
fn with_values(value: &Value, values: &Values) -> Value {
    match value {
        Value::Object(map) => {
            if map.len() == 1 {
                if let Some(name) = map.get("Ref").and_then(Value::as_str)
                    && let Some(Some(filled)) = values.get(name)
                {
                    return Value::String(filled.clone());
                }
                if let Some(text) = map.get("Fn::Sub").and_then(Value::as_str) {
                    return serde_json::json!({ "Fn::Sub": substituted(text, values) });
                }
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
mod tests {
    use serde_json::json;

    use super::*;

    fn values(pairs: &[(&str, Option<&str>)]) -> Values {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned))).collect()
    }

    /// One line per change: `id change data: paths`.
    fn check(old: &Value, new: &Value, before: &Values, after: &Values, expected: &[&str]) {
        let template = |resources: &Value| json!({ "Resources": resources });
        let lines: Vec<String> = resources(&template(old), before, &template(new), after)
            .into_iter()
            .map(|found| {
                let data = found.data.map_or(String::new(), |data| format!(" {data:?}"));
                format!("{} {:?}{data}: {}", found.logical_id, found.change, found.properties.join(" "))
            })
            .collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn templates() {
        let none = Values::new();
        let bucket = |policy: &str| json!({"Type": "AWS::S3::Bucket", "DeletionPolicy": policy, "UpdateReplacePolicy": policy});
        let named = |name: &str, policy: &str| json!({"Type": "AWS::S3::Bucket", "UpdateReplacePolicy": policy, "Properties": {"BucketName": name, "Tags": []}});
        let role =
            |path: &str| json!({"Type": "AWS::IAM::Role", "Properties": {"Path": path, "Policies": [1]}});
        let table: [(Value, Value, &[&str]); 10] = [
            (json!({"A": bucket("Delete")}), json!({"A": bucket("Delete")}), &[]),
            (json!({}), json!({"A": bucket("Delete")}), &["A Add: "]),
            (json!({"A": bucket("Delete")}), json!({}), &["A Remove Lost: "]),
            (json!({"A": bucket("Retain")}), json!({}), &["A Remove Retained: "]),
            (json!({"A": bucket("RetainExceptOnCreate")}), json!({}), &["A Remove Retained: "]),
            (json!({"A": bucket("Snapshot")}), json!({}), &["A Remove Lost: "]),
            (
                json!({"A": named("x", "Delete")}),
                json!({"A": named("y", "Delete")}),
                &["A Replace Lost: BucketName"],
            ),
            (
                json!({"A": named("x", "Retain")}),
                json!({"A": named("y", "Retain")}),
                &["A Replace Retained: BucketName"],
            ),
            (json!({"A": role("/")}), json!({"A": role("/x/")}), &["A Replace: Path"]),
            (
                json!({"A": bucket("Delete")}),
                json!({"A": bucket("Retain")}),
                &["A Modify: DeletionPolicy UpdateReplacePolicy"],
            ),
        ];
        for (old, new, expected) in table {
            check(&old, &new, &none, &none, expected);
        }
    }

    #[test]
    fn what_is_fixed_with_its_resource() {
        const TABLE: &str = "AWS::Timestream::Table";
        let table = |kind: &str, name: &str, schema: &str| json!({"Resources": {"T": {"Type": kind, "Properties": {"TableName": name, "Schema": {"Key": schema}}}}});
        let old = table(TABLE, "events", "DeviceID");
        let cases = [
            ("the same", old.clone(), 0),
            ("another schema", table(TABLE, "events", "device_id"), 1),
            ("another table", table(TABLE, "others", "device_id"), 0),
            ("another type", table("Custom::TimestreamTable", "events", "device_id"), 0),
            ("nothing", json!({}), 0),
        ];
        for (case, new, expected) in cases {
            let found = fixed(&old, &new);
            assert_eq!(found.len(), expected, "{case}");
            assert!(
                found.iter().all(|fixed| fixed.logical_id == "T" && fixed.property == "Schema"),
                "{case}"
            );
        }
        assert_eq!(fixed(&Value::Null, &old), [], "a table that is new");
    }

    #[test]
    fn parameters_change_what_refers_to_them() {
        type Pairs<'a> = &'a [(&'a str, Option<&'a str>)];
        let function = json!({
            "F": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Key": {"Ref": "Key"}}, "MemorySize": 128}},
            "Q": {"Type": "AWS::IoT::TopicRule", "Properties": {"Sql": {"Fn::Sub": "SELECT ${Field} ${Other}"}}},
            "R": {"Type": "AWS::IAM::Role", "Properties": {}},
        });
        let table: [(Pairs, &[&str]); 4] = [
            (&[("Key", Some("f/1.zip")), ("Field", Some("a"))], &[]),
            (&[("Key", Some("f/2.zip")), ("Field", Some("a"))], &["F Modify: Code.S3Key"]),
            (&[("Key", Some("f/1.zip")), ("Field", Some("b"))], &["Q Modify: Sql.Fn::Sub"]),
            (&[("Key", None), ("Field", Some("a"))], &["F Modify: Code.S3Key"]),
        ];
        for (after, expected) in table {
            let before = values(&[("Key", Some("f/1.zip")), ("Field", Some("a"))]);
            check(&function, &function, &before, &values(after), expected);
        }
    }
}
