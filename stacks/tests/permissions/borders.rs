//! No environment reaches what is another's, however alike their names are.

use std::collections::{BTreeMap, BTreeSet};

use stacks::bootstrap::permissions::{Effect, Policy, Statement};

use crate::evaluator::{Request, allows};
use crate::fixture::{Place, renamed, shipped};

/// What stands for the part of a name that nobody knows.
const UNKNOWN: &str = "x1";

fn concrete(pattern: &str) -> String {
    pattern.replace('*', UNKNOWN)
}

/// Requests that a statement allows, for each action and resource: one that says everything that conditions
/// ask for, and one that leaves out what is asked for only if it is there.
fn requests(statement: &Statement) -> Vec<Request> {
    let whole = told(statement, |_| true);
    let least = told(statement, |operator| !operator.ends_with("IfExists"));
    if least.iter().zip(&whole).all(|(least, whole)| least.context == whole.context) {
        return whole;
    }
    [whole, least].concat()
}

/// Requests that say what the conditions of some operators ask for.
fn told(statement: &Statement, says: impl Fn(&str) -> bool) -> Vec<Request> {
    let mut context = BTreeMap::new();
    for (operator, keys) in statement.conditions.iter().filter(|(operator, _)| says(operator)) {
        for (key, values) in keys {
            let value = values.iter().next().map(|value| concrete(value)).unwrap_or_default();
            match (*operator, value.as_str()) {
                ("Null", "true") => {}
                ("Null", _) => drop(context.insert(key.clone(), vec![UNKNOWN.to_owned()])),
                _ => drop(context.insert(key.clone(), vec![value])),
            }
        }
    }
    let pairs =
        statement.actions.iter().flat_map(|action| statement.resources.iter().map(move |arn| (action, arn)));
    pairs
        .map(|(action, arn)| Request {
            action: action.clone(),
            resource: concrete(arn),
            context: context.clone(),
        })
        .collect()
}

fn allowed(policies: &[Policy]) -> impl Iterator<Item = &Statement> {
    let statements = policies.iter().flat_map(|policy| &policy.statements);
    statements.filter(|statement| statement.effect == Effect::Allow)
}

/// Whether a request names the environment, in the resource or in a condition.
fn is_about(request: &Request, name: &str) -> bool {
    let (hyphens, underscores) = (concrete(name), concrete(name).replace('-', "_"));
    let mut texts = request.context.values().flatten().chain([&request.resource]);
    texts.any(|text| text.contains(&hyphens) || text.contains(&underscores))
}

#[test]
fn what_one_environment_may_do_no_other_may() {
    let pairs = [
        ("test", "test2"),
        ("test2", "test"),
        ("dev", "preview-*"),
        ("preview-*", "dev"),
        ("preview-*", "preview2"),
        ("preview2", "preview-*"),
        ("preview-*", "previe"),
        ("lake", "store"),
    ];
    for (mine, other) in pairs {
        for from in ["dev", "prod", "start"] {
            let (mine_policies, other) = (renamed(from, mine), renamed(from, other));
            let roles = [
                ("deploy", mine_policies.deploy(), other.deploy()),
                ("plan", mine_policies.plan(), other.deploy()),
                ("boundary", vec![mine_policies.boundary()], vec![other.boundary()]),
            ];
            for (role, policies, theirs) in roles {
                let mut asked = 0;
                for request in allowed(&theirs).flat_map(requests) {
                    if !is_about(&request, &other.environment.name) {
                        continue;
                    }
                    asked += 1;
                    assert!(!allows(&policies, &request), "{role} of {mine} may {request:?}");
                }
                assert!(asked > 20, "{role} of {mine}: nothing was asked");
            }
        }
    }
}

/// The evaluator is not the reason why the other tests pass: an environment may do what it may.
#[test]
fn an_environment_may_do_what_its_policies_say() {
    for (from, name) in [("dev", "dev"), ("dev", "preview-*"), ("start", "start"), ("start", "preview-*")] {
        let place = renamed(from, name);
        let policies = place.deploy();
        for request in allowed(&policies).flat_map(requests) {
            assert!(allows(&policies, &request), "{name}: {request:?}");
        }
    }
}

/// The actions that are not limited to one environment, because their service accepts nothing that would.
#[test]
fn what_is_shared_is_known() {
    const CHANGES: &[&str] = &[
        // Of one's own queries.
        "timestream:CancelQuery",
        // Its service takes it for every one or none; the tag keeps it from another environment's.
        "cloudwatch:PutCompositeAlarm",
        // A constant, computed.
        "timestream:SelectValues",
        // Tasks that run go on.
        "ecs:DeregisterTaskDefinition",
        // Through a service alone, which is asked for a file system or a subnet of the environment.
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:ModifyNetworkInterfaceAttribute",
        // Through Timestream alone.
        "kms:CreateGrant",
        "kms:Decrypt",
        // Roles that only their services take.
        "iam:CreateServiceLinkedRole",
        // The catalog is asked for beside the database.
        "glue:CreateDatabase",
        "glue:CreateTable",
        "glue:DeleteDatabase",
        "glue:DeleteTable",
        "glue:UpdateDatabase",
        "glue:UpdateTable",
        // The key is named beside the stream.
        "kinesis:StartStreamEncryption",
        "kinesis:StopStreamEncryption",
        // Through CloudFormation alone, which is asked for a stack of the environment.
        "kinesis:UpdateShardCount",
        "kinesis:UpdateStreamMode",
        "sns:SetSubscriptionAttributes",
        "sns:Unsubscribe",
        // The groups of AWS are named beside the cluster and the instance, which are the environment's.
        "rds:CreateDBCluster",
        "rds:CreateDBInstance",
        "rds:ModifyDBCluster",
        // Secrets with the names that RDS gives, for master users.
        "secretsmanager:CreateSecret",
        "secretsmanager:TagResource",
        // One name of the zone.
        "route53:ChangeResourceRecordSets",
    ];
    for name in ["dev", "prod", "start"] {
        let place = renamed(name, name);
        let policies = place.deploy();
        let shared: BTreeSet<String> = allowed(&policies)
            .flat_map(requests)
            .filter(|request| !is_about(request, name))
            .map(|request| request.action)
            .filter(|action| !reads(action))
            .collect();
        let unknown: Vec<_> = shared.iter().filter(|action| !CHANGES.contains(&action.as_str())).collect();
        assert!(unknown.is_empty(), "{name}: {unknown:?}");
    }
}

fn reads(action: &str) -> bool {
    let (_, call) = action.split_once(':').expect("a service and a call");
    ["Describe", "Get", "List"].iter().any(|verb| call.starts_with(verb))
}

/// The name that `CloudFormation` makes: stack, logical id and 12 characters, and the first two cut fairly
/// where the name would be too long.
/// <https://github.com/aws-cloudformation/cloudformation-cli-java-plugin/blob/master/src/main/java/software/amazon/cloudformation/resource/IdentifierUtils.java>
fn generated(stack: &str, id: &str, longest: usize) -> String {
    let free = longest - 14;
    let half = free / 2;
    let (stack_kept, id_kept) = match (stack.len(), id.len()) {
        (stack, id) if stack + id <= free => (stack, id),
        (stack, id) if id <= half => (stack.min(free - id), id),
        (stack, id) if stack <= half => (stack, id.min(free - stack)),
        _ => (free - half, half),
    };
    format!("{}-{}-0123456789AB", &stack[..stack_kept], &id[..id_kept])
}

#[test]
fn names_that_are_cut_are_still_the_environments() {
    assert_eq!(
        generated("sluice-abcdefghijklmnop-simulator", "DeviceSimulatorRole", 64),
        "sluice-abcdefghijklmnop-simulat-DeviceSimulatorRole-0123456789AB"
    );
    for (pattern, name) in [
        ("dev", "dev"),
        ("abcdefghijklmnop", "abcdefghijklmnop"),
        ("preview-*", "preview-1"),
        ("preview-*", "preview-12345678"),
        ("abcdefghijklmnop-*", "abcdefghijklmnop-12345678"),
    ] {
        let policies = renamed("dev", pattern).deploy();
        let place: Place = renamed("dev", name);
        let mut roles = 0;
        for stack in &place.stacks {
            for (id, resource) in stack.template.resources() {
                let (action, arn) = match resource.kind() {
                    "AWS::IAM::Role" => ("iam:DeleteRole", "arn:aws:iam::111122223333:role/"),
                    "AWS::Kinesis::Stream" => {
                        ("kinesis:DeleteStream", "arn:aws:kinesis:eu-central-1:111122223333:stream/")
                    }
                    _ => continue,
                };
                roles += 1;
                let arn = format!("{arn}{}", generated(&stack.stack_name, id.as_str(), 64));
                assert!(
                    allows(&policies, &Request::new(action, &arn, &[])),
                    "{pattern} may not {action} {arn}"
                );
                if action == "iam:DeleteRole" {
                    for service in ["lambda", "iot", "firehose", "iottwinmaker", "ecs-tasks"] {
                        let service = format!("{service}.amazonaws.com");
                        let trusted = resource
                            .property("AssumeRolePolicyDocument")
                            .to_string()
                            .contains(&format!("\"{service}\""));
                        let passed = Request::new("iam:PassRole", &arn, &[("iam:PassedToService", &service)]);
                        assert_eq!(allows(&policies, &passed), trusted, "{pattern}: {arn} to {service}");
                    }
                }
            }
        }
        assert!(roles > 5, "{name}");
    }
}

/// The boundary leaves every role what its own policy gives.
#[test]
fn the_boundary_takes_nothing_from_the_roles() {
    for name in ["dev", "prod", "start"] {
        let place = shipped(name);
        let boundary = [place.boundary()];
        let actions: BTreeSet<&str> =
            allowed(&boundary).flat_map(|statement| &statement.actions).map(String::as_str).collect();
        let mut wanted = BTreeSet::new();
        for resource in place.stacks.iter().flat_map(|stack| stack.template.resources().values()) {
            if resource.kind() != "AWS::IAM::Role" {
                continue;
            }
            let statements = resource.property("Policies")[0]["PolicyDocument"]["Statement"].as_array();
            for statement in statements.expect("a role has statements") {
                let actions = statement["Action"].as_array().expect("a statement has actions");
                wanted.extend(actions.iter().filter_map(|action| action.as_str()).map(str::to_owned));
            }
        }
        assert_eq!(actions, wanted.iter().map(String::as_str).collect(), "{name}");
    }
}
