//! IAM: who may do what, with the narrowest names that the service accepts.
//!
//! A statement is about [`Arn`]s, which are never `*`. The few actions that accept nothing else go
//! through [`Statement::allow_everywhere`], which wants the reason and writes it into the template.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Arn, LogicalId, Resource};

/// Key of a resource's metadata under which the reasons for `*` stand, by action.
pub const WILDCARD_METADATA: &str = "sluice:wildcard";

/// The condition key of who asks: of a role, its ARN.
pub const PRINCIPAL: &str = "aws:PrincipalArn";

const POLICY_VERSION: &str = "2012-10-17";

/// One statement of a role.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    effect: &'static str,
    action: Vec<&'static str>,
    resource: Scope,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
enum Scope {
    Named(Vec<Arn>),
    Everything(#[serde(serialize_with = "star")] Option<Reason>),
}

type Reason = &'static str;

fn star<S: serde::Serializer>(_because: &Option<Reason>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("*")
}

impl Statement {
    /// Allows actions on resources.
    pub fn allow(actions: &[&'static str], resources: impl IntoIterator<Item = Arn>) -> Self {
        Self::new(actions, Scope::Named(resources.into_iter().collect()))
    }

    /// Allows actions on `*`, because the service accepts nothing narrower.
    pub fn allow_everywhere(actions: &[&'static str], because: &'static str) -> Self {
        Self::new(actions, Scope::Everything(Some(because)))
    }

    /// Refuses to the code of a function what Lambda itself does with the function's role: requests of the code
    /// alone carry [`lambda:SourceFunctionArn`](https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html).
    pub fn refuse_to_code(actions: &[&'static str]) -> Self {
        Self {
            effect: "Deny",
            condition: Some(json!({"Null": {"lambda:SourceFunctionArn": "false"}})),
            ..Self::new(actions, Scope::Everything(None))
        }
    }

    /// Whether it is about actions of a service, for instance `s3`.
    fn is_of(&self, service: &str) -> bool {
        self.action.iter().any(|action| action.split(':').next() == Some(service))
    }

    fn new(actions: &[&'static str], resource: Scope) -> Self {
        let mut action = actions.to_vec();
        action.sort_unstable();
        Self { effect: "Allow", action, resource, condition: None }
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
            Scope::Everything(because) => Some((statement, because?)),
            Scope::Named(_) => None,
        })
        .flat_map(|(statement, because)| statement.action.iter().map(move |action| (*action, because)))
        .collect();
    if reasons.is_empty() { resource } else { resource.metadata_entry(WILDCARD_METADATA, json!(reasons)) }
}

/// The policy of a VPC endpoint, by which a role of this template does through it what its `statements` allow of a
/// `service`, and nobody does anything else.
///
/// Of an endpoint's policy the principal is everybody, and
/// [a condition says who](https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html).
pub fn through_endpoint(role: &LogicalId, service: &str, statements: &[Statement]) -> Value {
    let statements = statements.iter().filter(|statement| statement.is_of(service)).map(|statement| {
        let mut statement = json!(statement);
        statement["Principal"] = json!("*");
        statement["Condition"] = json!({"ArnEquals": {PRINCIPAL: role.attribute("Arn")}});
        statement
    });
    json!({"Version": POLICY_VERSION, "Statement": statements.collect::<Vec<_>>()})
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
