//! Who may do what: no `*` without a reason, nothing over plain HTTP.

use serde_json::{Map, Value};

use super::{Breach, Subject, objects, one_or_many};
use crate::cfn::WILDCARD_METADATA;

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
    if matches!(subject.resource.kind(), "AWS::S3::Bucket" | "AWS::SQS::Queue")
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
    if is_star(principal) || principal.as_object().is_some_and(|by_kind| by_kind.values().any(any_star)) {
        breaches.push(Breach::OpenStatement("Principal: *".to_owned()));
    }

    let actions =
        one_or_many(statement.get("Action").unwrap_or(&Value::Null)).iter().filter_map(Value::as_str);
    let everywhere = statement.get("Resource").is_some_and(any_star);
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

fn is_star(value: &Value) -> bool {
    value.as_str() == Some("*")
}

fn any_star(value: &Value) -> bool {
    one_or_many(value).iter().any(is_star)
}

/// Whether a policy of the stack on this bucket or queue denies what does not come over TLS.
fn refuses_plain_http(subject: &Subject) -> bool {
    let policies = subject.stack.template.resources().values().filter(|resource| {
        let targets = match resource.kind() {
            "AWS::S3::BucketPolicy" => resource.property("Bucket"),
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
                && statement["Condition"]["Bool"]["aws:SecureTransport"] == "false"
        },
    )
}
