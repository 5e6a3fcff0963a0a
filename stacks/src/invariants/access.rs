//! Who may do what, and on whose behalf: nothing on `*` without a reason, nothing over plain HTTP.

use serde_json::{Map, Value, json};

use super::{Breach, Subject, objects, one_or_many};
use crate::boundary;
use crate::cfn::{PRINCIPAL, WILDCARD_METADATA};
use crate::devices::THING;

pub(super) fn check(subject: &Subject, breaches: &mut Vec<Breach>) {
    let statements = objects(subject.resource.properties())
        .into_iter()
        .filter_map(|object| object.get("Statement"))
        .flat_map(one_or_many)
        .filter_map(Value::as_object)
        // A denial may be as wide as it likes.
        .filter(|statement| statement.get("Effect").and_then(Value::as_str) == Some("Allow"));
    for statement in statements {
        check_statement(subject, statement, breaches);
    }
    let managed = one_or_many(subject.resource.property("ManagedPolicyArns")).iter();
    // What the stack has itself is checked where it stands.
    let managed = managed.filter(|policy| subject.referred(policy).is_none());
    breaches.extend(managed.map(|policy| {
        Breach::ManagedPolicy(policy.as_str().map_or_else(|| policy.to_string(), str::to_owned))
    }));
    if let Some(expected) = subject.stack.boundary.as_ref().map(|boundary| json!(boundary))
        && boundary::is_bounded(subject.resource.kind())
        && *subject.resource.property(boundary::PROPERTY) != expected
    {
        let name = expected["Fn::Sub"].as_str().map_or_else(|| expected.to_string(), str::to_owned);
        breaches.push(Breach::NoBoundary(name));
    }
    if subject.resource.kind() == "AWS::Lambda::Permission" {
        check_permission(subject, breaches);
    }
    if subject.resource.kind() == "AWS::IoT::Policy" {
        check_device(subject, breaches);
    }
    if matches!(subject.resource.kind(), "AWS::S3::Bucket" | "AWS::SNS::Topic" | "AWS::SQS::Queue")
        && !refuses_plain_http(subject)
    {
        breaches.push(Breach::PlainHttp);
    }
}

fn check_statement(subject: &Subject, statement: &Map<String, Value>, breaches: &mut Vec<Breach>) {
    for key in ["NotAction", "NotPrincipal", "NotResource"] {
        if statement.contains_key(key) {
            breaches.push(Breach::OpenStatement(key.to_owned()));
        }
    }
    let principal = &statement.get("Principal").unwrap_or(&Value::Null);
    // Who comes through an endpoint is told by a condition alone.
    let one_role = || {
        let role = &statement.get("Condition").unwrap_or(&Value::Null)["ArnEquals"][PRINCIPAL];
        subject.resource.kind() == "AWS::EC2::VPCEndpoint" && subject.referred(role).is_some()
    };
    if is_star(principal) && !one_role()
        || principal.as_object().is_some_and(|by_kind| by_kind.values().any(any_star))
    {
        breaches.push(Breach::OpenStatement("Principal: *".to_owned()));
    }
    if !statement.get("Condition").is_some_and(narrows_trust) {
        let services = one_or_many(&principal["Service"]).iter().filter_map(Value::as_str);
        let trusted = services.filter(|service| !WITHOUT_SOURCE.contains(service));
        breaches.extend(trusted.map(|service| Breach::OpenTrust(service.to_owned())));
    }

    check_federation(principal, statement.get("Condition").unwrap_or(&Value::Null), breaches);

    let actions =
        one_or_many(statement.get("Action").unwrap_or(&Value::Null)).iter().filter_map(Value::as_str);
    let resources = one_or_many(statement.get("Resource").unwrap_or(&Value::Null));
    let everywhere = resources.iter().any(|resource| is_star(resource) || names_every_one(resource));
    for action in actions {
        if action.contains('*') {
            breaches.push(Breach::WildcardAction(action.to_owned()));
        }
        let reason = subject.resource.metadata().get(WILDCARD_METADATA).map(|reasons| &reasons[action]);
        if everywhere && reason.and_then(Value::as_str).is_none_or(|reason| reason.trim().is_empty()) {
            breaches.push(Breach::WildcardResource(action.to_owned()));
        }
    }
}

/// A certificate connects as the thing that it is attached to, publishes where the topic has that thing's name, and
/// does nothing else.
fn check_device(subject: &Subject, breaches: &mut Vec<Breach>) {
    // `Fn::Sub` reads it as plain text.
    let thing = THING.replace("${", "${!");
    for statement in one_or_many(&subject.resource.property("PolicyDocument")["Statement"]) {
        if statement["Effect"] != "Allow" {
            continue;
        }
        for action in one_or_many(&statement["Action"]).iter().filter_map(Value::as_str) {
            let own = |resource: &Value| resource["Fn::Sub"].as_str().is_some_and(|arn| arn.contains(&thing));
            let attached = statement["Condition"]["Bool"]["iot:Connection.Thing.IsAttached"] == "true";
            let is_own = one_or_many(&statement["Resource"]).iter().all(own);
            if !matches!((action, attached), ("iot:Connect", true) | ("iot:Publish", _)) || !is_own {
                breaches.push(Breach::OpenDevice(action.to_owned()));
            }
        }
    }
}

/// Who takes a role with a token is told by two of its claims: for whom it was made, and about whom. The
/// latter may be a pattern where the repository is compared too.
fn check_federation(principal: &Value, condition: &Value, breaches: &mut Vec<Breach>) {
    for federated in one_or_many(&principal["Federated"]) {
        let arn = federated.as_str().or_else(|| federated["Fn::Sub"].as_str()).unwrap_or_default();
        let provider = arn.split_once("oidc-provider/").map_or(arn, |(_, provider)| provider);
        let compared = |operator: &str, claim: &str| {
            let values = one_or_many(&condition[operator][format!("{provider}:{claim}")]);
            !values.is_empty()
                && values.iter().all(|value| value.as_str().is_some_and(|text| !text.starts_with('*')))
        };
        let equal = |claim: &str| compared("StringEquals", claim);
        let subject =
            equal("sub") || (compared("StringLike", "sub") && equal("repository") && equal("environment"));
        for (claim, found) in [("aud", equal("aud")), ("sub", subject)] {
            if !found {
                breaches.push(Breach::OpenFederation { provider: provider.to_owned(), claim });
            }
        }
    }
}

fn is_star(value: &Value) -> bool {
    value.as_str() == Some("*")
}

fn any_star(value: &Value) -> bool {
    one_or_many(value).iter().any(is_star)
}

/// Services that say nothing about for whom they take a role, so that a condition would lock them out:
/// Lambda takes it for the function that carries it, and `TwinMaker` by the trust that
/// [its guide](https://docs.aws.amazon.com/iot-twinmaker/latest/guide/twinmaker-gs-service-role.html) shows.
const WITHOUT_SOURCE: [&str; 2] = ["iottwinmaker.amazonaws.com", "lambda.amazonaws.com"];

/// Whether a condition says for whom a service may take a role.
fn narrows_trust(condition: &Value) -> bool {
    const KEYS: [&str; 3] = ["aws:SourceAccount", "aws:SourceArn", "sts:ExternalId"];
    let positive = |operator: &str| operator.starts_with("String") || operator.starts_with("Arn");
    let operators = condition.as_object().into_iter().flatten();
    operators
        .filter(|(operator, _)| {
            positive(operator) && !operator.contains("Not") && !operator.ends_with("IfExists")
        })
        .any(|(_, values)| KEYS.iter().any(|key| !values[*key].is_null() && !any_star(&values[*key])))
}

/// Whether an ARN that is written out names every resource of its type, such as `arn:aws:s3:::*`.
fn names_every_one(resource: &Value) -> bool {
    let Some(text) = resource.as_str().or_else(|| resource["Fn::Sub"].as_str()) else { return false };
    // A variable of `Fn::Sub` has colons of its own.
    let text = without_variables(text);
    let mut parts = text.splitn(6, ':');
    let (Some("arn"), Some(service), Some(name)) = (parts.next(), parts.nth(1), parts.nth(2)) else {
        return false;
    };
    // The name stands behind a type, as in `role/name`, but for buckets and queues.
    let (first, rest) = name.split_once(['/', ':']).unwrap_or((name, ""));
    first.starts_with('*') || (service != "s3" && rest.starts_with('*'))
}

/// The text with `$` in place of each `${…}`.
fn without_variables(text: &str) -> String {
    let mut pieces = text.split("${");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        plain.push('$');
        plain.push_str(piece.split_once('}').map_or("", |(_, rest)| rest));
    }
    plain
}

fn check_permission(subject: &Subject, breaches: &mut Vec<Breach>) {
    if subject.resource.property("Principal").as_str().is_none_or(|principal| principal.contains('*')) {
        breaches.push(Breach::OpenPermission("`Principal` names nobody"));
    }
    let source = subject.resource.property("SourceArn");
    if source.is_null() || is_star(source) || names_every_one(source) {
        breaches.push(Breach::OpenPermission("`SourceArn` names no resource"));
    }
}

/// Whether a policy of the stack on this bucket, topic or queue denies what does not come over TLS.
fn refuses_plain_http(subject: &Subject) -> bool {
    let policies = subject.stack.template.resources().values().filter(|resource| {
        let targets = match resource.kind() {
            "AWS::S3::BucketPolicy" => resource.property("Bucket"),
            "AWS::SNS::TopicPolicy" => resource.property("Topics"),
            "AWS::SQS::QueuePolicy" => resource.property("Queues"),
            _ => &Value::Null,
        };
        one_or_many(targets)
            .iter()
            .any(|target| subject.referred(target).is_some_and(|(id, _)| id == subject.id))
    });
    policies.flat_map(|policy| one_or_many(&policy.property("PolicyDocument")["Statement"])).any(
        |statement| {
            statement["Effect"] == "Deny"
                && any_star(&statement["Principal"])
                && covers(subject, statement)
                // Another condition beside it would narrow the denial.
                && statement["Condition"] == json!({"Bool": {"aws:SecureTransport": "false"}})
        },
    )
}

/// Whether a statement is about every action on the bucket or queue, and on every object in it. A topic's policy takes no
/// pattern of actions, and what it is sent is what matters.
fn covers(subject: &Subject, statement: &Value) -> bool {
    let arn = json!({"Fn::GetAtt": [subject.id, "Arn"]});
    let (actions, wanted) = match subject.resource.kind() {
        "AWS::S3::Bucket" => ("s3:*", vec![arn, json!({"Fn::Sub": format!("${{{}.Arn}}/*", subject.id)})]),
        "AWS::SNS::Topic" => ("sns:Publish", vec![json!({"Ref": subject.id})]),
        _ => ("sqs:*", vec![arn]),
    };
    let resources = one_or_many(&statement["Resource"]);
    one_or_many(&statement["Action"]).iter().any(|action| action == actions || is_star(action))
        && (resources.iter().any(is_star) || wanted.iter().all(|resource| resources.contains(resource)))
}
