//! Every type of the templates is known, and one that is gone takes its actions with it.

use std::collections::BTreeSet;

use stacks::bootstrap::permissions::{self, Effect, PermissionsError, Policy};
use stacks::cfn::Resource;

use crate::fixture::{ENVIRONMENTS, Place, overridden, shipped};

fn kinds(place: &Place) -> BTreeSet<&'static str> {
    place.stacks.iter().flat_map(|stack| stack.template.resources().values()).map(Resource::kind).collect()
}

fn actions(policies: &[Policy]) -> BTreeSet<&str> {
    let statements = policies.iter().flat_map(|policy| &policy.statements);
    let statements = statements.filter(|statement| statement.effect == Effect::Allow);
    statements.flat_map(|statement| &statement.actions).map(String::as_str).collect()
}

/// Takes resources of some types out of every template.
fn without(mut place: Place, gone: &[&str]) -> Place {
    for stack in &mut place.stacks {
        stack.template.resources_mut().retain(|_, resource| !gone.contains(&resource.kind()));
    }
    place
}

#[test]
fn every_type_is_known() {
    for name in ENVIRONMENTS.into_iter().chain(["preview-12"]) {
        for kind in kinds(&shipped(name)) {
            assert!(
                permissions::is_known(kind),
                "{name} has a {kind}, of which no permission is known: add a row to \
                 the file of its service in stacks/src/kinds, from `handlers` of its registry schema"
            );
        }
    }
}

#[test]
fn an_unknown_type_is_an_error_that_names_it() {
    let mut place = shipped("dev");
    for resource in place.stacks[0].template.resources_mut().values_mut().take(1) {
        resource.set_kind("AWS::New::Thing");
    }
    match permissions::deploy(&place.stacks, &place.environment) {
        Err(PermissionsError::Unknown { kind, .. }) => assert_eq!(kind, "AWS::New::Thing"),
        other => panic!("{other:?}"),
    }
}

/// Types without an action of their own, each with the one whose actions it needs, and with their service.
const ATTRIBUTES: [(&str, &str, &str); 2] = [
    ("AWS::SNS::TopicPolicy", "AWS::SNS::Topic", "sns:"),
    ("AWS::SQS::QueuePolicy", "AWS::SQS::Queue", "sqs:"),
];

/// Takes a type out of every template, and whatever refers to it.
fn without_all_of(place: &Place, kind: &'static str) -> (Vec<&'static str>, Vec<Policy>) {
    let mut gone = vec![kind];
    loop {
        let rest = without(place.clone(), &gone);
        match permissions::deploy(&rest.stacks, &rest.environment) {
            Ok(policies) => return (gone, policies),
            Err(PermissionsError::Unresolved(unresolved)) => {
                let resources = rest.stacks.iter().flat_map(|stack| stack.template.resources());
                let of_id = resources.filter(|(id, _)| id.as_str() == unresolved.logical_id);
                let before = gone.len();
                gone.extend(of_id.map(|(_, resource)| resource.kind()));
                assert!(gone.len() > before, "{unresolved}");
            }
            Err(other) => panic!("{kind}: {other}"),
        }
    }
}

/// Beyond what goes with the types that refer to it, a type takes an action of its own with it.
#[test]
fn a_type_that_is_gone_takes_its_actions_with_it() {
    let managed = overridden("prod", &[("grafana", "{ kind = \"managed\" }")]);
    let direct = overridden("start", &[("consumer.kind", "flink"), ("store.connection", "direct")]);
    let mut seen = BTreeSet::new();
    for place in [shipped("dev"), shipped("prod"), direct, managed] {
        let all = place.deploy();
        for kind in kinds(&place) {
            let (gone, after) = without_all_of(&place, kind);
            let others: Vec<&str> = gone.into_iter().filter(|other| *other != kind).collect();
            let fewer = (!others.is_empty()).then(|| without(place.clone(), &others).deploy());
            let before = actions(fewer.as_ref().unwrap_or(&all));
            let own = before.difference(&actions(&after)).count();
            let is_attribute = ATTRIBUTES.iter().any(|(attribute, ..)| *attribute == kind);
            assert_eq!(own == 0, is_attribute, "{kind} without {others:?}");
            seen.insert(kind);
        }
        for (attribute, of, service) in ATTRIBUTES {
            let neither = without(place.clone(), &[attribute, of, "AWS::SNS::Subscription"]).deploy();
            assert!(!actions(&neither).iter().any(|action| action.starts_with(service)), "{attribute}");
        }
    }
    let known = stacks::kinds::all().map(|kind| kind.name).filter(|name| permissions::is_known(name));
    let idle: Vec<_> = known.filter(|kind| !seen.contains(kind)).collect();
    assert_eq!(idle, [""; 0], "no template has these");
}

/// A service goes with the last stack that uses it: of those that stay, none has a type of these.
#[test]
fn a_service_that_no_stack_uses_is_in_no_policy() {
    for (key, value, stack, kinds, services) in [
        ("twin.enabled", "false", "twin", ["AWS::IoTTwinMaker::"].as_slice(), ["iottwinmaker:"].as_slice()),
        ("simulator.enabled", "false", "simulator", &["AWS::Events::"], &["events:"]),
        (
            "grafana",
            "{ kind = \"none\" }",
            "grafana",
            &[
                "AWS::EC2::",
                "AWS::ECS::",
                "AWS::EFS::",
                "AWS::ElasticLoadBalancingV2::",
                "AWS::SecretsManager::",
            ],
            &["ec2:", "ecs:", "elasticfilesystem:", "elasticloadbalancing:", "secretsmanager:"],
        ),
    ] {
        let mut place = overridden("dev", &[(key, value)]);
        assert!(place.stacks.iter().all(|other| other.name != stack), "{stack}");
        // Stacks that are added may use the service too.
        place.stacks.retain(|other| {
            let mut resources = other.template.resources().values();
            !resources.any(|resource| kinds.iter().any(|kind| resource.kind().starts_with(kind)))
        });
        for policies in [place.deploy(), place.plan(), vec![place.boundary()]] {
            let found: Vec<_> = actions(&policies)
                .into_iter()
                .filter(|action| services.iter().any(|service| action.starts_with(service)))
                .map(str::to_owned)
                .collect();
            assert_eq!(found, [""; 0], "{key} = {value}");
        }
    }
}
