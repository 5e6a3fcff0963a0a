//! What the roles of an environment's stacks may have at most: everything that their own policies allow, on
//! the environment's names, and nothing by which a role could get more.

use serde_json::Value;

use super::PermissionsError;
use crate::cfn::WILDCARD_METADATA;
use crate::kinds::rds;
use crate::kinds::statement::{Effect, Statement};
use crate::kinds::subject::{BY_ID, Scope, Subject};

const ROLE: &str = "AWS::IAM::Role";

/// The statements of the boundary.
pub(super) fn statements(scope: Scope) -> Result<Vec<Statement>, PermissionsError> {
    let mut statements = vec![Statement::new(
        Effect::Deny,
        // A role of a stack is taken by a service, and takes no other.
        &["account:*", "iam:*", "organizations:*", "sts:AssumeRole"],
        ["*".to_owned()],
    )];
    for subject in scope.subjects().filter(|subject| subject.kind() == ROLE) {
        for policy in items(subject.resource.property("Policies")) {
            for statement in items(&policy["PolicyDocument"]["Statement"]) {
                statements.extend(resolved(subject, statement)?);
            }
        }
    }
    Ok(statements)
}

/// One statement of a role, with the names that its references will have. What is known by its id alone
/// stands in a statement of its own, with the tag.
fn resolved(subject: Subject, statement: &Value) -> Result<Vec<Statement>, PermissionsError> {
    let scope = subject.scope;
    let actions: Vec<&str> = items(&statement["Action"]).filter_map(Value::as_str).collect();
    let resources: Vec<String> =
        items(&statement["Resource"]).map(|arn| subject.text(arn)).collect::<Result<_, _>>()?;
    let master_secrets = scope.arn("secretsmanager", rds::MASTER_SECRETS);
    let (of_masters, resources): (Vec<String>, Vec<String>) =
        resources.into_iter().partition(|arn| *arn == master_secrets);
    let (by_id, named): (Vec<String>, Vec<String>) =
        resources.into_iter().partition(|arn| scope.is_by_id(arn));
    let allow = |resources: Vec<String>| {
        let mut allowed = Statement::new(Effect::Allow, &actions, resources);
        let reasons = subject.resource.metadata().get(WILDCARD_METADATA).and_then(Value::as_object);
        let reasons = reasons.into_iter().flatten();
        let reasons =
            reasons.filter_map(|(action, reason)| Some((action.clone(), reason.as_str()?.to_owned())));
        allowed.reasons = reasons.filter(|(action, _)| actions.contains(&action.as_str())).collect();
        allowed
    };
    let mut statements = Vec::new();
    if !named.is_empty() {
        statements.push(allow(named));
    }
    // RDS makes these, with a tag of its own and without the environment's.
    if !of_masters.is_empty() {
        let clusters: Vec<String> = scope
            .subjects()
            .filter(|other| other.kind() == rds::CLUSTER)
            .map(Subject::arn)
            .collect::<Result<_, _>>()?;
        let allowed = allow(of_masters).because(BY_ID);
        statements.push(allowed.when("ArnLike", rds::MASTER_TAG, clusters.iter().map(String::as_str)));
    }
    if !by_id.is_empty() {
        let allowed = allow(by_id).because(BY_ID);
        // Whoever mounts a file system is asked for by NFS, which is not known to tell tags.
        let bounded = if allowed.service() == "elasticfilesystem" { Scope::unforeign } else { Scope::owned };
        statements.push(bounded(scope, allowed));
    }
    Ok(statements)
}

/// The items of a list, or the one that stands for a list.
fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice).iter()
}
