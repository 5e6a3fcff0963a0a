//! Small templates, and what they permit more and less.
#![expect(clippy::needless_pass_by_value, reason = "what is written in a table is given away")]

use crate::deploy::security::permission::matches;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Effect, Permission};
use crate::deploy::difference::Values;
use crate::deploy::security::between;

fn line(permission: &Permission) -> String {
    let Permission { who, effect, actions, resources, condition, other_condition } = permission;
    let mut line = format!("{who} {effect:?} {} on {}", actions.join(" "), resources.join(" "));
    if !condition.is_empty() {
        line.extend([" if ", condition]);
    }
    if let Some(other) = other_condition {
        line.extend([" [other: ", other, "]"]);
    }
    line
}

/// What is gained, with `+`, and lost, with `-`.
fn difference(old: &Value, new: &Value) -> Vec<String> {
    let template = |resources: &Value| json!({ "Resources": resources });
    let none = Values::new();
    let security = between(&template(old), &none, &template(new), &none);
    let gained = security.gained.iter().map(|permission| format!("+ {}", line(permission)));
    let lost = security.lost.iter().map(|permission| format!("- {}", line(permission)));
    gained.chain(lost).collect()
}

fn check(table: &[(&str, Value, Value, &[&str])]) {
    for (case, old, new, expected) in table {
        assert_eq!(difference(old, new), *expected, "{case}");
    }
}

fn allow(action: Value, resource: Value) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

fn with(mut statement: Value, key: &str, value: Value) -> Value {
    statement[key] = value;
    statement
}

/// A role of this name with these statements.
fn role(statements: Value) -> Value {
    json!({"Role": {"Type": "AWS::IAM::Role", "Properties": {
        "Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": statements}}],
    }}})
}

fn bucket(statements: Value) -> Value {
    json!({
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": {
            "Bucket": {"Ref": "Bucket"}, "PolicyDocument": {"Statement": statements},
        }},
    })
}

#[test]
fn what_roles_may_do() {
    let get = || allow(json!("s3:GetObject"), json!({"Fn::Sub": "${Bucket.Arn}/*"}));
    let org = || json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}});
    let table: [(&str, Value, Value, &[&str]); 13] = [
        ("nothing", json!({}), json!({}), &[]),
        ("a new role", json!({}), role(json!([get()])), &["+ Role Allow s3:GetObject on Bucket/*"]),
        ("a role that goes", role(json!([get()])), json!({}), &["- Role Allow s3:GetObject on Bucket/*"]),
        (
            "split, sorted, repeated and without a list",
            role(json!([allow(
                json!(["s3:PutObject", "s3:GetObject"]),
                json!([{"Fn::GetAtt": ["Bucket", "Arn"]}, "x"])
            )])),
            role(json!([
                allow(json!("s3:GetObject"), json!(["x", {"Fn::GetAtt": ["Bucket", "Arn"]}])),
                allow(json!(["s3:PutObject"]), json!([{"Fn::GetAtt": "Bucket.Arn"}])),
                allow(json!("s3:PutObject"), json!("x")),
                allow(json!("s3:PutObject"), json!("x")),
            ])),
            &[],
        ),
        (
            "another action and another resource",
            role(json!([allow(json!("s3:GetObject"), json!("a"))])),
            role(json!([allow(json!(["s3:GetObject", "s3:PutObject"]), json!(["a", "b"]))])),
            &["+ Role Allow s3:GetObject s3:PutObject on b", "+ Role Allow s3:PutObject on a"],
        ),
        (
            "what a wildcard includes is no gain",
            role(json!([allow(json!("s3:*"), json!("a/*"))])),
            role(json!([allow(json!("S3:getObject"), json!("a/b"))])),
            &["- Role Allow s3:* on a/*"],
        ),
        (
            "what a wildcard includes is no loss",
            role(json!([allow(json!("s3:GetObject"), json!("a/b"))])),
            role(json!([allow(json!("*"), json!("*"))])),
            &["+ Role Allow * on *"],
        ),
        (
            "a condition that goes",
            role(json!([with(get(), "Condition", org())])),
            role(json!([get()])),
            &["+ Role Allow s3:GetObject on Bucket/* [other: aws:PrincipalOrgID is o-1]"],
        ),
        (
            "a condition that comes",
            role(json!([get()])),
            role(json!([with(get(), "Condition", org())])),
            &["- Role Allow s3:GetObject on Bucket/* [other: aws:PrincipalOrgID is o-1]"],
        ),
        (
            "a denial that goes",
            role(json!([with(get(), "Effect", json!("Deny"))])),
            role(json!([])),
            &["+ Role Deny s3:GetObject on Bucket/*"],
        ),
        (
            "a denial that comes",
            role(json!([])),
            role(json!([with(get(), "Effect", json!("Deny"))])),
            &["- Role Deny s3:GetObject on Bucket/*"],
        ),
        (
            "a denial that grows",
            role(json!([with(get(), "Effect", json!("Deny"))])),
            role(json!([{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}])),
            &["- Role Deny s3:* on *"],
        ),
        (
            "an exception, of which nothing is said but that it changed",
            role(json!([{"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}])),
            role(json!([{"Effect": "Allow", "NotAction": ["iam:PassRole"], "Resource": "*"}])),
            &["+ Role Allow all but iam:PassRole on *", "- Role Allow all but iam:* on *"],
        ),
    ];
    check(&table);
}

#[test]
fn who_takes_a_role_and_what_bounds_it() {
    let role = |properties: Value| json!({"Role": {"Type": "AWS::IAM::Role", "Properties": properties}});
    let trust = |principal: Value| {
        role(json!({"AssumeRolePolicyDocument": {"Statement": {
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal,
        }}}))
    };
    let bounded = |by: Value| role(json!({ "PermissionsBoundary": by }));
    let table: [(&str, Value, Value, &[&str]); 9] = [
        (
            "a service",
            json!({}),
            trust(json!({"Service": "lambda.amazonaws.com"})),
            &["+ lambda.amazonaws.com Allow sts:AssumeRole on Role"],
        ),
        (
            "another one, then anyone",
            trust(json!({"Service": ["lambda.amazonaws.com"]})),
            trust(json!({"AWS": "*"})),
            &["+ anyone Allow sts:AssumeRole on Role", "- lambda.amazonaws.com Allow sts:AssumeRole on Role"],
        ),
        ("anyone, in another form", trust(json!("*")), trust(json!({"AWS": ["*"]})), &[]),
        (
            "a policy from elsewhere",
            role(json!({})),
            role(json!({"ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]})),
            &["+ Role Policy arn:aws:iam::aws:policy/ReadOnlyAccess on "],
        ),
        ("a role with its boundary", json!({}), bounded(json!("b")), &[]),
        ("a role that goes with its boundary", bounded(json!("b")), json!({}), &[]),
        ("a boundary that comes", role(json!({})), bounded(json!("b")), &["- Role Boundary b on "]),
        ("a boundary that goes", bounded(json!("b")), role(json!({})), &["+ Role Boundary b on "]),
        (
            "another boundary",
            bounded(json!("b")),
            bounded(json!("c")),
            &["+ Role Boundary b on ", "- Role Boundary c on "],
        ),
    ];
    check(&table);
}

#[test]
fn policies_of_their_own() {
    let policy = |kind: &str, more: Value| {
        let mut resources = json!({"Policy": {"Type": kind, "Properties": {
            "PolicyDocument": {"Statement": allow(json!("sqs:SendMessage"), json!("queue"))},
        }}});
        for (key, value) in more.as_object().into_iter().flatten() {
            resources["Policy"]["Properties"][key] = value.clone();
        }
        resources
    };
    let named = json!({
        "Policy": policy("AWS::IAM::ManagedPolicy", json!({}))["Policy"],
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": [{"Ref": "Policy"}]}},
    });
    let inline = json!({"Role": role(json!([allow(json!("sqs:SendMessage"), json!("queue"))]))["Role"]});
    let table: [(&str, Value, Value, &[&str]); 4] = [
        (
            "of a role",
            json!({}),
            policy("AWS::IAM::Policy", json!({"Roles": [{"Ref": "Role"}]})),
            &["+ Role Allow sqs:SendMessage on queue"],
        ),
        (
            "of nobody known",
            json!({}),
            policy("AWS::IAM::ManagedPolicy", json!({})),
            &["+ whoever has Policy Allow sqs:SendMessage on queue"],
        ),
        ("of the role that names it", json!({}), named.clone(), &["+ Role Allow sqs:SendMessage on queue"]),
        ("written into the role, it is the same", named, inline, &[]),
    ];
    check(&table);
}

#[test]
fn what_resources_permit() {
    let tls = || {
        json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": {"Fn::GetAtt": ["Bucket", "Arn"]},
               "Condition": {"Bool": {"aws:SecureTransport": "false"}}})
    };
    let bare = json!({"Bucket": {"Type": "AWS::S3::Bucket"}});
    let key = |principal: &str| {
        json!({"Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": [
            {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:Decrypt", "Resource": "*"},
        ]}}}})
    };
    let invoke = |arn: Option<&str>| {
        let mut permission = json!({"P": {"Type": "AWS::Lambda::Permission", "Properties": {
            "Action": "lambda:InvokeFunction", "FunctionName": {"Ref": "Function"}, "Principal": "iot.amazonaws.com",
        }}});
        if let Some(arn) = arn {
            permission["P"]["Properties"]["SourceArn"] = json!(arn);
        }
        permission
    };
    let table: [(&str, Value, Value, &[&str]); 6] = [
        ("a bucket that comes with its denial", json!({}), bucket(json!([tls()])), &[]),
        ("a bucket that goes with it", bucket(json!([tls()])), json!({}), &[]),
        (
            "a denial that leaves a bucket that stays",
            bucket(json!([tls()])),
            bare.clone(),
            &["+ anyone Deny s3:* on Bucket if aws:SecureTransport is false"],
        ),
        (
            "a bucket that is opened",
            bare,
            bucket(
                json!([{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": {"Fn::Sub": "${Bucket.Arn}/*"}}]),
            ),
            &["+ anyone Allow s3:GetObject on Bucket/*"],
        ),
        (
            "a key, whose policy is about itself",
            key("arn:aws:iam::1:root"),
            key("arn:aws:iam::2:root"),
            &[
                "+ arn:aws:iam::2:root Allow kms:Decrypt on Key",
                "- arn:aws:iam::1:root Allow kms:Decrypt on Key",
            ],
        ),
        (
            "a function whose caller is not narrowed any more",
            invoke(Some("arn:rule")),
            invoke(None),
            &[
                "+ iot.amazonaws.com Allow lambda:InvokeFunction on Function [other: aws:SourceArn is like arn:rule]",
            ],
        ),
    ];
    check(&table);
}

#[test]
fn parameters_are_their_values() {
    let template =
        json!({"Resources": role(json!([allow(json!("kinesis:PutRecord"), json!({"Ref": "StreamArn"}))]))});
    let value = |value: &str| Values::from([("StreamArn".to_owned(), Some(value.to_owned()))]);
    let same = between(&template, &value("arn:1"), &template, &value("arn:1"));
    assert!(same.is_empty());
    let other = between(&template, &value("arn:1"), &template, &value("arn:2"));
    assert_eq!(other.gained.iter().map(line).collect::<Vec<_>>(), ["Role Allow kinesis:PutRecord on arn:2"]);
    assert_eq!(other.lost.iter().map(line).collect::<Vec<_>>(), ["Role Allow kinesis:PutRecord on arn:1"]);
}

#[test]
fn the_widest_comes_first() {
    let statements = json!([
        allow(json!("s3:GetObject"), json!("a")),
        allow(json!("s3:Get*"), json!("b")),
        allow(json!("*"), json!("*")),
        allow(json!("iot:Publish"), json!("*")),
        {"Effect": "Allow", "Action": "a:b", "Resource": "c", "Principal": "*"},
    ]);
    let lines = difference(&json!({}), &role(statements));
    let expected = [
        "+ Role Allow * iot:Publish on *",
        "+ anyone Allow a:b on c",
        "+ Role Allow s3:Get* on b",
        "+ Role Allow s3:GetObject on a",
    ];
    assert_eq!(lines, expected);
}

fn statement() -> impl Strategy<Value = Value> {
    let names = |names: &'static [&'static str]| {
        prop::collection::vec(prop::sample::select(names), 1..4).prop_map(|chosen| json!(chosen))
    };
    let actions = names(&["s3:GetObject", "s3:Put*", "sqs:SendMessage", "*"]);
    let resources = names(&["a", "a/*", "b", "*"]);
    let condition = prop::option::of(prop::sample::select(&["o-1", "o-2"][..]));
    (prop::sample::select(&["Allow", "Deny"][..]), actions, resources, condition).prop_map(
        |(effect, action, resource, condition)| {
            let mut statement = json!({"Effect": effect, "Action": action, "Resource": resource});
            if let Some(organization) = condition {
                statement["Condition"] = json!({"StringEquals": {"aws:PrincipalOrgID": organization}});
            }
            statement
        },
    )
}

/// The same statements in another order, with their actions and resources in another order, and each
/// divided by its actions.
fn rewritten(statements: &[Value], seed: usize) -> Value {
    let turned = |value: &Value| {
        let mut items = value.as_array().cloned().unwrap_or_default();
        let by = seed % items.len().max(1);
        items.rotate_left(by);
        items
    };
    let mut divided: Vec<Value> = Vec::new();
    for statement in statements {
        for action in turned(&statement["Action"]) {
            let resources = turned(&statement["Resource"]);
            divided.push(with(with(statement.clone(), "Action", action), "Resource", json!(resources)));
        }
    }
    let by = seed % divided.len().max(1);
    divided.rotate_left(by);
    json!(divided)
}

proptest! {
    #[test]
    fn how_a_policy_is_written_changes_nothing(
        statements in prop::collection::vec(statement(), 0..5),
        seed in 0_usize..20,
    ) {
        let (old, new) = (role(json!(statements)), role(rewritten(&statements, seed)));
        prop_assert_eq!(difference(&old, &new), Vec::<String>::new());
    }

    /// Whatever changes: what one direction gains, the other loses.
    #[test]
    fn a_gain_is_a_loss_on_the_way_back(
        before in prop::collection::vec(statement(), 0..4),
        after in prop::collection::vec(statement(), 0..4),
    ) {
        let (before, after) = (role(json!(before)), role(json!(after)));
        let turn = |line: String| match line.strip_prefix("+ ") {
            Some(line) => format!("- {line}"),
            None => format!("+ {}", &line[2..]),
        };
        let sorted = |mut lines: Vec<String>| { lines.sort(); lines };
        let back = difference(&after, &before).into_iter().map(turn).collect();
        prop_assert_eq!(sorted(difference(&before, &after)), sorted(back));
    }
}

#[test]
fn effects_say_whether_they_limit() {
    let table =
        [(Effect::Allow, false), (Effect::Policy, false), (Effect::Deny, true), (Effect::Boundary, true)];
    for (effect, limits) in table {
        assert_eq!(effect.limits(), limits, "{effect:?}");
    }
}

#[test]
fn patterns_cover_texts_and_narrower_patterns() {
    let table = [
        ("s3:*", "s3:GetObject", true),
        ("s3:*", "s3:Get*", true),
        ("s3:Get*", "s3:*", false),
        ("*", "everything but iam:x", true),
        ("s3:Get?", "s3:Get*", false),
        ("s3:Get?", "s3:Geta", true),
        ("Bucket/*", "Bucket/a/b", true),
        ("Bucket/*", "Bucket", false),
        ("a*b*c", "a1b2b3c", true),
        ("a*b*c", "a1b2b3", false),
        ("", "", true),
    ];
    for (pattern, text, expected) in table {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
}
