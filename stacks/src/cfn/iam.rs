//! IAM: who may do what, with the narrowest names that the service accepts.
//!
//! A statement is about [`Arn`]s, which are never `*`. The few actions that accept nothing else go
//! through [`Statement::allow_everywhere`], which wants the reason and writes it into the template.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Arn, Resource};

/// Key of a resource's metadata under which the reasons for `*` stand, by action.
pub const WILDCARD_METADATA: &str = "sluice:wildcard";

const POLICY_VERSION: &str = "2012-10-17";

/// One statement that allows something to the role that carries it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    effect: &'static str,
    action: Vec<&'static str>,
    resource: Scope,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
enum Scope {
    Named(Vec<Arn>),
    Everything(#[serde(serialize_with = "star")] Reason),
}

type Reason = &'static str;

fn star<S: serde::Serializer>(_because: &Reason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("*")
}

impl Statement {
    /// Allows actions on resources.
    pub fn allow(actions: &[&'static str], resources: impl IntoIterator<Item = Arn>) -> Self {
        Self::new(actions, Scope::Named(resources.into_iter().collect()))
    }

    /// Allows actions on `*`, because the service accepts nothing narrower.
    pub fn allow_everywhere(actions: &[&'static str], because: &'static str) -> Self {
        Self::new(actions, Scope::Everything(because))
    }

    fn new(actions: &[&'static str], resource: Scope) -> Self {
        let mut action = actions.to_vec();
        action.sort_unstable();
        Self { effect: "Allow", action, resource }
    }
}

/// Who takes a role.
#[derive(Debug, Clone, PartialEq)]
pub struct Trust {
    service: &'static str,
    condition: Option<Value>,
}

impl Trust {
    /// A service on behalf of one of its own resources that runs with the role.
    pub fn service(service: &'static str) -> Self {
        Self { service, condition: None }
    }

    /// Narrows the trust, so that the service cannot be made to use the role for somebody else.
    /// See [the confused deputy](https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html).
    #[must_use]
    pub fn when(mut self, condition: Value) -> Self {
        self.condition = Some(condition);
        self
    }
}

/// A role with one inline policy: nothing else can use it, and it goes with its stack.
pub fn role(description: &str, trust: &Trust, statements: &[Statement]) -> Resource {
    let mut trusted = json!({
        "Effect": "Allow",
        "Principal": {"Service": trust.service},
        "Action": "sts:AssumeRole",
    });
    if let Some(condition) = &trust.condition {
        trusted["Condition"] = condition.clone();
    }
    let resource = Resource::new(
        "AWS::IAM::Role",
        json!({
            "Description": description,
            "AssumeRolePolicyDocument": {"Version": POLICY_VERSION, "Statement": [trusted]},
            "Policies": [{
                "PolicyName": "least-privilege",
                "PolicyDocument": {"Version": POLICY_VERSION, "Statement": statements},
            }],
        }),
    );
    let reasons: BTreeMap<&str, &str> = statements
        .iter()
        .filter_map(|statement| match statement.resource {
            Scope::Everything(because) => Some((statement, because)),
            Scope::Named(_) => None,
        })
        .flat_map(|(statement, because)| statement.action.iter().map(move |action| (*action, because)))
        .collect();
    if reasons.is_empty() { resource } else { resource.metadata_entry(WILDCARD_METADATA, json!(reasons)) }
}

/// A resource policy that refuses every call that does not come over TLS.
pub fn tls_only(service: &str, resources: &[Arn]) -> Value {
    json!({
        "Version": POLICY_VERSION,
        "Statement": [{
            "Sid": "RefusePlainHttp",
            "Effect": "Deny",
            "Principal": "*",
            "Action": format!("{service}:*"),
            "Resource": resources,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }],
    })
}
