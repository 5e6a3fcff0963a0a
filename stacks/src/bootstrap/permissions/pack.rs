//! From many small statements to few policies that fit, always in the same order.

use std::collections::{BTreeMap, BTreeSet};

use super::PermissionsError;
use super::policy::{Conditions, Effect, MAX_CHARACTERS, Policy, Statement};

/// Policies by what they are about, and the services that belong to each.
#[rustfmt::skip]
const GROUPS: &[(&str, &str, &[&str])] = &[
    ("stacks",     "Stacks, code and buckets",                &["cloudformation", "s3", "tag"]),
    ("access",     "Roles and secrets",                       &["iam", "secretsmanager"]),
    ("streams",    "What events pass through",                &["events", "firehose", "iot", "kinesis", "kinesisanalytics", "sqs"]),
    ("functions",  "Functions and logs",                      &["lambda", "logs"]),
    ("data",       "Where events are stored and queried",     &["athena", "glue", "iottwinmaker", "kms", "lakeformation", "timestream"]),
    ("network",    "The network of the dashboards",           &["ec2"]),
    ("entrance",   "How a browser comes to the dashboards",   &["acm", "elasticloadbalancing", "route53"]),
    ("dashboards", "What runs the dashboards",                &["ecs", "elasticfilesystem", "grafana", "organizations", "sso"]),
];

/// What is in no group.
const OTHER: (&str, &str) = ("other", "What is left");

/// Joins statements that differ in their resources alone, then those that differ in their actions alone.
/// Nothing is allowed afterwards that was not before.
pub(super) fn joined(statements: Vec<Statement>) -> Vec<Statement> {
    let by_action = join(statements, |statement| (statement.actions.clone(), statement.conditions.clone()));
    join(by_action, |statement| (statement.resources.clone(), statement.conditions.clone()))
}

fn join<K: Ord>(statements: Vec<Statement>, key: impl Fn(&Statement) -> (K, Conditions)) -> Vec<Statement> {
    let mut joined: BTreeMap<(Effect, String, K, Conditions), Statement> = BTreeMap::new();
    for statement in statements {
        let (rest, conditions) = key(&statement);
        let key = (statement.effect, statement.service().to_owned(), rest, conditions);
        match joined.get_mut(&key) {
            Some(one) => {
                one.actions.extend(statement.actions);
                one.resources.extend(statement.resources);
                one.reasons.extend(statement.reasons);
            }
            None => {
                joined.insert(key, statement);
            }
        }
    }
    joined.into_values().collect()
}

/// One statement for each service that it is about.
pub(super) fn by_service(statement: &Statement) -> Vec<Statement> {
    let mut services: BTreeMap<String, Statement> = BTreeMap::new();
    for action in &statement.actions {
        let service = action.split_once(':').map_or("", |(service, _)| service);
        let one = services.entry(service.to_owned()).or_insert_with(|| Statement {
            actions: BTreeSet::new(),
            reasons: BTreeMap::new(),
            ..statement.clone()
        });
        one.actions.insert(action.clone());
        one.reasons.extend(statement.reasons.get(action).map(|reason| (action.clone(), reason.clone())));
    }
    services.into_values().collect()
}

/// Puts statements into policies by what they are about. A group that does not fit into one policy becomes
/// several: `data`, `data-2`.
pub(super) fn packed(statements: Vec<Statement>) -> Result<Vec<Policy>, PermissionsError> {
    let mut groups: BTreeMap<usize, Vec<Statement>> = BTreeMap::new();
    for statement in statements {
        let group = GROUPS.iter().position(|(_, _, services)| services.contains(&statement.service()));
        groups.entry(group.unwrap_or(GROUPS.len())).or_default().push(statement);
    }
    let mut policies = Vec::new();
    for (group, statements) in groups {
        let (name, description) =
            GROUPS.get(group).map_or(OTHER, |(name, description, _)| (*name, *description));
        let mut part = 1;
        let mut policy = Policy { name: name.to_owned(), description, statements: Vec::new() };
        for statement in statements {
            policy.statements.push(statement);
            if policy.characters() <= MAX_CHARACTERS {
                continue;
            }
            let last = policy.statements.pop();
            part += 1;
            let next = Policy {
                name: format!("{name}-{part}"),
                description,
                statements: last.into_iter().collect(),
            };
            policies.push(std::mem::replace(&mut policy, next));
        }
        policies.push(policy);
    }
    match policies.iter().find(|policy| policy.characters() > MAX_CHARACTERS) {
        Some(policy) => {
            Err(PermissionsError::TooLarge { policy: policy.name.clone(), characters: policy.characters() })
        }
        None => Ok(policies),
    }
}
