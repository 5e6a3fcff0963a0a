//! Policies as IAM takes them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::kinds::statement::Statement;

/// Most characters of a customer managed policy, white space not counted. See
/// [quotas](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
pub const MAX_CHARACTERS: usize = 6_144;

/// Most managed policies of a role, by default.
pub const MAX_POLICIES: usize = 10;

const POLICY_VERSION: &str = "2012-10-17";

/// A managed policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What it is about: letters, digits and hyphens, unique among the policies of its role.
    pub name: String,
    /// What it allows, for people.
    pub description: &'static str,
    /// Its statements.
    pub statements: Vec<Statement>,
}

impl Policy {
    /// The policy document.
    pub fn document(&self) -> Value {
        let statements: Vec<Value> = self.statements.iter().map(Statement::to_value).collect();
        json!({"Version": POLICY_VERSION, "Statement": statements})
    }

    /// Its length as IAM counts it: without white space. No name in it has any.
    pub fn characters(&self) -> usize {
        self.document().to_string().chars().filter(|character| !character.is_whitespace()).count()
    }

    /// Why actions name no narrower resource, by action: what
    /// [`WILDCARD_METADATA`](crate::cfn::WILDCARD_METADATA) of a template holds.
    pub fn reasons(&self) -> BTreeMap<&str, &str> {
        let reasons = self.statements.iter().flat_map(|statement| &statement.reasons);
        reasons.map(|(action, reason)| (action.as_str(), reason.as_str())).collect()
    }
}
