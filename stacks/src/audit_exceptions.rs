//! What auditors of IAM find in policies for an action that has to be there: to manage policies, and the code that runs
//! with them, is what a deployment does; to be in a network is to make its addresses. Each policy says so itself.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cfn::{Auditor, Resource};

/// A finding of an auditor, an action that it is about, and why the action is there.
#[rustfmt::skip]
static REASONS: &[(Auditor, &str, &str, &str)] = &[
    (Auditor::Checkov, "CKV_AWS_109", "ec2:CreateNetworkInterfacePermission",
        "Addresses of a network have no name before they are made, and the service gives them to its own account, where the program runs"),
    (Auditor::Checkov, "CKV_AWS_111", "ec2:CreateNetworkInterface",
        "Addresses of a network have no name before they are made: the service makes and removes them where the program runs"),
    (Auditor::Parliament, "CREDENTIALS_EXPOSURE", "rds-db:connect",
        "It signs a token, for one user of one cluster, who may write rows and nothing else"),
    (Auditor::Parliament, "PERMISSIONS_MANAGEMENT_ACTIONS", "ec2:CreateNetworkInterfacePermission",
        "The service gives the addresses that it makes to its own account, where the program runs"),
    (Auditor::Parliament, "PERMISSIONS_MANAGEMENT_ACTIONS", "rds-db:connect",
        "It manages no permission: it is to log in as one user of one cluster, who may write rows and nothing else"),
    (Auditor::Parliament, "PERMISSIONS_MANAGEMENT_ACTIONS", "iam:CreateRole",
        "It makes the roles of this environment's stacks, by their names, and each with the environment's boundary: it can neither leave that out nor take it off"),
    (Auditor::Parliament, "PERMISSIONS_MANAGEMENT_ACTIONS", "kms:CreateGrant",
        "Timestream takes a grant of its own key in the name of whoever makes a database; a condition limits it to that service and to grants for AWS resources"),
    (Auditor::Parliament, "PERMISSIONS_MANAGEMENT_ACTIONS", "kms:PutKeyPolicy",
        "A key's policy, which lets CloudWatch encrypt alarms with it, comes with the key; it makes and writes those that are tagged as this environment's alone"),
    (Auditor::Parliament, "PERMISSIONS_MANAGEMENT_ACTIONS", "lambda:AddPermission",
        "Who may invoke a function comes with the function, and it changes this environment's functions alone, by their names"),
    (Auditor::Parliament, "PERMISSIONS_MANAGEMENT_ACTIONS", "s3:PutBucketPolicy",
        "A bucket's policy, which refuses plain HTTP, comes with the bucket; it writes those of this environment's buckets alone, by their names"),
    (Auditor::Parliament, "PERMISSIONS_MANAGEMENT_ACTIONS", "sns:CreateTopic",
        "A topic's policy, which lets CloudWatch send alarms and refuses plain HTTP, is an attribute of the topic; it makes this environment's topics alone, by their names"),
    (Auditor::Parliament, "PERMISSIONS_MANAGEMENT_ACTIONS", "sqs:CreateQueue",
        "A queue's policy, which refuses plain HTTP, is an attribute of the queue; it makes this environment's queues alone, by their names"),
    (Auditor::Parliament, "PRIVILEGE_ESCALATION", "lambda:UpdateFunctionCode",
        "To put new code into this environment's functions is what a deployment is for, and they run with roles inside the boundary"),
    (Auditor::Parliament, "RESOURCE_POLICY_PRIVILEGE_ESCALATION", "s3:PutBucketPolicy",
        "Who deploys a bucket writes its policy and could let itself in, so that nobody but the jobs of one environment on GitHub takes the role"),
];

/// A policy, or a role with one, with the reasons for what is found in it.
pub(crate) fn with_reasons(policy: Resource) -> Resource {
    let document = match policy.property("PolicyDocument") {
        Value::Null => &policy.property("Policies")[0]["PolicyDocument"],
        document => document,
    };
    // With a condition, checkov finds nothing.
    let (allowed, unbound) = (allowed(&document["Statement"], true), allowed(&document["Statement"], false));
    let is_about = |auditor: Auditor, action: &str| {
        let allowed = if auditor == Auditor::Checkov { &unbound } else { &allowed };
        allowed.iter().any(|one| one == action)
    };
    let mut reasons: BTreeMap<(Auditor, &str), Vec<&str>> = BTreeMap::new();
    let about = REASONS.iter().filter(|(auditor, _, action, _)| is_about(*auditor, action));
    for (auditor, finding, _, reason) in about {
        reasons.entry((*auditor, finding)).or_default().push(reason);
    }
    let skip = |policy: Resource, ((auditor, finding), reasons): ((Auditor, &str), Vec<&str>)| {
        policy.skip(auditor, finding, &reasons.join(". "))
    };
    reasons.into_iter().fold(policy, skip)
}

/// The actions that statements allow, with or without those that have a condition.
fn allowed(statements: &Value, conditional: bool) -> Vec<String> {
    let statements = statements.as_array().into_iter().flatten();
    let actions = statements
        .filter(|statement| statement["Effect"] == "Allow")
        .filter(|statement| conditional || statement["Condition"].is_null())
        .filter_map(|statement| statement["Action"].as_array());
    actions.flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
