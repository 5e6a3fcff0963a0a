//! The statements of a [policy](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html),
//! expanded: one grant for each who, action and resource.

use serde_json::Value;

use super::expression::text;
use super::items;
use super::permission::{Effect, Grant};
use crate::deploy::difference::Values;

/// Whoever it may be.
pub const ANYONE: &str = "anyone";
/// Whatever it may be.
pub const EVERYTHING: &str = "*";
/// How an exception begins.
pub const ALL_BUT: &str = "all but ";

/// What the policy belongs to, and so what its statements leave out.
#[derive(Debug, Clone, Copy)]
pub struct Bearer<'a> {
    /// Who may, where statements name no principal.
    pub who: &'a str,
    /// On what, where statements name no resource.
    pub on: &'a str,
    /// Whether `*` is nothing but `on`, as in the policy of a key or a file system.
    pub scope: Scope,
    /// The resource of the template without which the policy does not exist.
    pub subject: &'a str,
}

/// What `*` means as a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every resource of the account.
    Account,
    /// What the policy belongs to.
    Own,
}

/// Every grant of a policy.
pub fn grants(policy: &Value, bearer: Bearer<'_>, values: &Values, found: &mut Vec<Grant>) {
    let parsed;
    let policy = match policy {
        // The policies of some services are JSON in a text.
        Value::String(document) => {
            parsed = serde_json::from_str(document).unwrap_or_default();
            &parsed
        }
        policy => policy,
    };
    for statement in items(&policy["Statement"]) {
        let effect = if statement["Effect"] == "Deny" { Effect::Deny } else { Effect::Allow };
        let condition = condition(&statement["Condition"], values);
        for who in whose(statement, bearer, values) {
            for action in named(statement, "Action", "NotAction", "", values) {
                for resource in named(statement, "Resource", "NotResource", bearer.on, values) {
                    let own = bearer.scope == Scope::Own && resource == EVERYTHING;
                    found.push(Grant {
                        who: who.clone(),
                        effect,
                        action: action.clone(),
                        resource: if own { bearer.on.to_owned() } else { resource },
                        condition: condition.clone(),
                        subject: bearer.subject.to_owned(),
                    });
                }
            }
        }
    }
}

/// Values under a key, or everything but those under its opposite, which cannot be told apart one by one.
fn named(statement: &Value, key: &str, opposite: &str, default: &str, values: &Values) -> Vec<String> {
    match (&statement[key], &statement[opposite]) {
        (Value::Null, Value::Null) => vec![default.to_owned()],
        (Value::Null, excepted) => vec![all_but(items(excepted).iter().map(|item| text(item, values)))],
        (named, _) => items(named).iter().map(|item| text(item, values)).collect(),
    }
}

fn whose(statement: &Value, bearer: Bearer<'_>, values: &Values) -> Vec<String> {
    match (&statement["Principal"], &statement["NotPrincipal"]) {
        (Value::Null, Value::Null) => vec![bearer.who.to_owned()],
        (Value::Null, excepted) => vec![all_but(principals(excepted, values))],
        (named, _) => principals(named, values),
    }
}

/// The [principals](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html)
/// that an element names.
pub fn principals(element: &Value, values: &Values) -> Vec<String> {
    let name = |principal: &Value| match text(principal, values) {
        everyone if everyone == EVERYTHING => ANYONE.to_owned(),
        other => other,
    };
    match element {
        // An intrinsic function, or principals by their kind.
        Value::Object(map) if !map.keys().any(|key| key == "Ref" || key.starts_with("Fn::")) => {
            map.values().flat_map(items).map(name).collect()
        }
        other => items(other).iter().map(name).collect(),
    }
}

fn all_but(excepted: impl IntoIterator<Item = String>) -> String {
    let mut excepted: Vec<String> = excepted.into_iter().collect();
    excepted.sort();
    format!("{ALL_BUT}{}", excepted.join(", "))
}

/// A [condition](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html)
/// in words; empty when there is none.
fn condition(condition: &Value, values: &Values) -> String {
    let mut tests: Vec<String> = Vec::new();
    for (operator, keys) in condition.as_object().into_iter().flatten() {
        for (key, expected) in keys.as_object().into_iter().flatten() {
            let mut expected: Vec<String> = items(expected).iter().map(|item| text(item, values)).collect();
            expected.sort();
            expected.dedup();
            tests.push(format!("{key} {} {}", verb(operator), expected.join(" or ")));
        }
    }
    tests.sort();
    tests.join(" and ")
}

/// How a person says an operator. Others are told as IAM names them.
fn verb(operator: &str) -> &str {
    match operator {
        "Bool" | "StringEquals" | "ArnEquals" | "NumericEquals" => "is",
        "StringNotEquals" | "ArnNotEquals" => "is not",
        "StringLike" | "ArnLike" => "is like",
        "StringNotLike" | "ArnNotLike" => "is not like",
        "IpAddress" => "is in",
        "NotIpAddress" => "is not in",
        other => other,
    }
}
