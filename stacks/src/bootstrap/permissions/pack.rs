//! From many small statements to few policies that fit, always in the same order.

use std::collections::{BTreeMap, BTreeSet};

use super::PermissionsError;
use super::policy::{MAX_CHARACTERS, Policy};
use crate::kinds::statement::{Conditions, Effect, Statement};
use crate::kinds::{self, Group};

/// The policy for each group: its name, and what it says of itself.
fn titled(group: Group) -> (&'static str, &'static str) {
    match group {
        Group::Stacks => ("stacks", "Stacks, code and buckets"),
        Group::Access => ("access", "Roles and secrets"),
        Group::Streams => ("streams", "What events pass through"),
        Group::Functions => ("functions", "Functions and logs"),
        Group::Data => ("data", "Where events are stored and queried"),
        Group::Network => ("network", "The network of the dashboards"),
        Group::Entrance => ("entrance", "How a browser comes to the dashboards"),
        Group::Dashboards => ("dashboards", "What runs the dashboards, and alarms"),
        Group::Other => ("other", "What is left"),
    }
}

/// The group of a service: that of its types, or of those for which it is called.
fn group(service: &str) -> Group {
    // No type is of these: they are about stacks and about everything in them.
    if ["cloudformation", "tag"].contains(&service) {
        return Group::Stacks;
    }
    let services = || kinds::all().map(|kind| kind.service);
    let own = services().find(|other| other.namespace == service);
    let found = own.or_else(|| services().find(|other| other.calls.contains(&service)));
    found.map_or(Group::Other, |found| found.policy)
}

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
    let mut groups: BTreeMap<Group, Vec<Statement>> = BTreeMap::new();
    for statement in statements {
        groups.entry(group(statement.service())).or_default().push(statement);
    }
    let mut policies = Vec::new();
    for (group, statements) in groups {
        let (name, description) = titled(group);
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
