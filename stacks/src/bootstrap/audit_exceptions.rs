//! What a linter of IAM finds in the policies of a deployment, whatever they are derived from: to manage
//! policies, and the code that runs with them, is what a deployment does. Each policy says so itself.

use serde_json::Value;

use crate::cfn::{Auditor, Resource};

/// A finding, an action that it is about, and why the action is there.
#[rustfmt::skip]
static REASONS: &[(&str, &str, &str)] = &[
    ("PERMISSIONS_MANAGEMENT_ACTIONS", "iam:CreateRole",
        "It makes the roles of this environment's stacks, by their names, and each with the environment's boundary: it can neither leave that out nor take it off"),
    ("PERMISSIONS_MANAGEMENT_ACTIONS", "kms:CreateGrant",
        "Timestream takes a grant of its own key in the name of whoever makes a database; a condition limits it to that service and to grants for AWS resources"),
    ("PERMISSIONS_MANAGEMENT_ACTIONS", "lambda:AddPermission",
        "Who may invoke a function comes with the function, and it changes this environment's functions alone, by their names"),
    ("PERMISSIONS_MANAGEMENT_ACTIONS", "s3:PutBucketPolicy",
        "A bucket's policy, which refuses plain HTTP, comes with the bucket; it writes those of this environment's buckets alone, by their names"),
    ("PERMISSIONS_MANAGEMENT_ACTIONS", "sqs:CreateQueue",
        "A queue's policy, which refuses plain HTTP, is an attribute of the queue; it makes this environment's queues alone, by their names"),
    ("PRIVILEGE_ESCALATION", "lambda:UpdateFunctionCode",
        "To put new code into this environment's functions is what a deployment is for, and they run with roles inside the boundary"),
    ("RESOURCE_POLICY_PRIVILEGE_ESCALATION", "s3:PutBucketPolicy",
        "Who deploys a bucket writes its policy and could let itself in, so that nobody but the jobs of one environment on GitHub takes the role"),
];

/// A policy with the reasons for what is found in it.
pub(super) fn with_reasons(policy: Resource) -> Resource {
    let allowed: Vec<String> = allowed(&policy.property("PolicyDocument")["Statement"]);
    let is_about = |action: &str| allowed.iter().any(|one| one == action);
    let reasons = REASONS.iter().filter(|(_, action, _)| is_about(action));
    reasons.fold(policy, |policy, (finding, _, reason)| policy.skip(Auditor::Parliament, finding, reason))
}

fn allowed(statements: &Value) -> Vec<String> {
    let statements = statements.as_array().into_iter().flatten();
    let actions = statements
        .filter(|statement| statement["Effect"] == "Allow")
        .filter_map(|statement| statement["Action"].as_array());
    actions.flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
