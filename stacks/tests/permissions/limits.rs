//! What IAM takes, and what no policy here contains.

use stacks::bootstrap::permissions::{Effect, MAX_CHARACTERS, MAX_POLICIES, Policy};
use stacks::environment::Environment;

use crate::fixture::{ACCOUNT, Place, REGION, overridden, renamed, shipped};

/// Environments that differ in what makes policies long or short.
fn places() -> Vec<(&'static str, Place)> {
    vec![
        ("dev", shipped("dev")),
        ("prod", shipped("prod")),
        ("instances", renamed("dev", "preview-*")),
        ("longest name", renamed("prod", "abcdefghijklmnop")),
        ("Flink in dev", overridden("dev", &[("consumer.kind", "flink")])),
        ("longest instance", renamed("dev", "abcdefghijklmno-*")),
        ("managed Grafana", overridden("prod", &[("grafana", "{ kind = \"managed\" }")])),
        ("no twin", overridden("dev", &[("twin.enabled", "false")])),
        ("PostgreSQL", shipped("start")),
        ("PostgreSQL in prod", overridden("prod", &[("store.kind", "postgres")])),
        ("PostgreSQL, longest instance", renamed("start", "abcdefghijklmno-*")),
    ]
}

fn all(place: &Place) -> Vec<(&'static str, Policy)> {
    let named = |role, policies: Vec<Policy>| policies.into_iter().map(move |policy| (role, policy));
    named("deploy", place.deploy())
        .chain(named("plan", place.plan()))
        .chain([("boundary", place.boundary())])
        .collect()
}

#[test]
fn policies_fit() {
    for (what, place) in places() {
        for (role, policy) in all(&place) {
            let characters = policy.characters();
            assert!(characters <= MAX_CHARACTERS, "{what}: {role} {} has {characters}", policy.name);
            assert!(!policy.statements.is_empty(), "{what}: {role} {} is empty", policy.name);
        }
        assert!(place.deploy().len() <= MAX_POLICIES, "{what}");
        assert!(place.plan().len() <= MAX_POLICIES, "{what}");
    }
}

#[test]
fn names_of_policies_are_unique() {
    for (what, place) in places() {
        for policies in [place.deploy(), place.plan()] {
            let mut names: Vec<&str> = policies.iter().map(|policy| policy.name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), policies.len(), "{what}");
        }
    }
}

#[test]
fn what_allows_names_its_actions_and_says_why_it_names_no_resource() {
    for (what, place) in places() {
        for (role, policy) in all(&place) {
            for statement in policy.statements.iter().filter(|statement| statement.effect == Effect::Allow) {
                for action in &statement.actions {
                    assert!(!action.contains('*'), "{what}: {role} allows {action}");
                    let everything =
                        statement.resources.iter().find(|arn| names_all(arn, &place.environment));
                    if let Some(arn) = everything {
                        let reason = statement.reasons.get(action).map_or("", String::as_str);
                        assert!(
                            !reason.is_empty(),
                            "{what}: {role} allows {action} on {arn} without a reason"
                        );
                    }
                }
            }
        }
    }
}

/// Whether an ARN names everything of a type: nothing in it is of an environment.
fn names_all(arn: &str, environment: &Environment) -> bool {
    let rest = arn.splitn(6, ':').nth(5).unwrap_or("*");
    let name = rest.rsplit(['/', ':']).next().unwrap_or(rest);
    let is_named = rest.starts_with(&environment.name)
        || rest.split(['/', ':']).any(|part| part.contains("sluice") || part == environment.name);
    name == "*" && !is_named || arn == "*"
}

#[test]
fn every_arn_is_of_the_account_and_the_region() {
    for (what, place) in places() {
        for (role, policy) in all(&place) {
            for arn in policy.statements.iter().flat_map(|statement| &statement.resources) {
                let parts: Vec<&str> = arn.splitn(6, ':').collect();
                let known = match parts[..] {
                    ["*"] | ["arn", "aws", "s3" | "route53", "", "", _] => true,
                    ["arn", "aws", "iam", "", account, _] => account == ACCOUNT,
                    ["arn", "aws", "cloudwatch", "", account, name] => {
                        account == ACCOUNT && name.starts_with("dashboard/")
                    }
                    ["arn", "aws", _, region, account, _] => (region, account) == (REGION, ACCOUNT),
                    _ => false,
                };
                assert!(known, "{what}: {role} names {arn}");
            }
        }
    }
}

#[test]
fn the_same_templates_give_the_same_policies() {
    for name in ["dev", "prod"] {
        let documents = |policies: Vec<Policy>| -> Vec<String> {
            policies.iter().map(|policy| policy.document().to_string()).collect()
        };
        assert_eq!(documents(shipped(name).deploy()), documents(shipped(name).deploy()));
    }
}
