//! The shipped environments keep every promise, and each promise is noticed when it is broken.

use serde_json::{Value, json};
use stacks::cfn::{LogicalId, Resource};
use stacks::invariants::{Breach, check};

use crate::fixture::{ENVIRONMENTS, stacks};

#[test]
fn the_shipped_environments_break_nothing() {
    for environment in ENVIRONMENTS {
        let violations: Vec<String> = check(&stacks(environment)).iter().map(ToString::to_string).collect();
        assert_eq!(violations, Vec::<String>::new(), "{environment}");
    }
}

/// Breaks one property of a resource and returns what is noticed.
fn broken(environment: &str, stack: &str, id: &'static str, change: impl Fn(&mut Resource)) -> Vec<Breach> {
    let mut stacks = stacks(environment);
    let stack = stacks.iter_mut().find(|candidate| candidate.name == stack).expect("the stack is there");
    let resource = stack.template.resources_mut().get_mut(&LogicalId::new(id));
    change(resource.unwrap_or_else(|| panic!("no {id}")));
    check(&stacks).into_iter().map(|violation| violation.breach).collect()
}

/// Sets a property inside a resource of the dev environment.
fn with(stack: &str, id: &'static str, pointer: &str, value: &Value) -> Vec<Breach> {
    broken("dev", stack, id, |resource| {
        *resource.property_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value.clone();
    })
}

#[test]
fn every_property_that_matters_is_noticed() {
    const STATEMENT: &str = "/Policies/0/PolicyDocument/Statement/0";
    let everything = json!({"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*"});
    let in_a_list = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["*"]});
    let pattern = json!({"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::a/*"});
    let inverted = json!({"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::a"});
    let anybody = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}});
    let off = json!(false);
    #[rustfmt::skip]
    let cases = [
        ("consumer", "KinesisConsumerRole", STATEMENT, &everything, Breach::WildcardResource("s3:GetObject".into())),
        ("consumer", "KinesisConsumerRole", STATEMENT, &in_a_list, Breach::WildcardResource("s3:GetObject".into())),
        ("consumer", "KinesisConsumerRole", STATEMENT, &pattern, Breach::WildcardAction("s3:Get*".into())),
        ("consumer", "KinesisConsumerRole", STATEMENT, &inverted, Breach::OpenStatement("NotResource".into())),
        ("consumer", "KinesisConsumerRole", "/AssumeRolePolicyDocument/Statement/0", &anybody, Breach::OpenStatement("Principal: *".into())),
        ("lake", "LakeBucketPolicy", "/PolicyDocument/Statement/0/Condition", &json!({}), Breach::PlainHttp),
        ("lake", "LakeBucketPolicy", "/PolicyDocument/Statement/0/Effect", &json!("Allow"), Breach::PlainHttp),
        ("lake", "LakeBucketPolicy", "/Bucket", &json!({"Ref": "Delivery"}), Breach::PlainHttp),
        ("ingest", "QuarantineQueuePolicy", "/Queues", &json!([]), Breach::PlainHttp),
        ("lake", "LakeBucket", "/BucketEncryption", &Value::Null, Breach::Unencrypted("BucketEncryption")),
        ("ingest", "QuarantineQueue", "/SqsManagedSseEnabled", &off, Breach::Unencrypted("SqsManagedSseEnabled")),
        ("ingest", "EventStream", "/StreamEncryption", &Value::Null, Breach::Unencrypted("StreamEncryption")),
        ("store", "RejectedBucket", "/PublicAccessBlockConfiguration/BlockPublicPolicy", &off, Breach::Public("BlockPublicPolicy")),
        ("consumer", "StreamMapping", "/MaximumRetryAttempts", &json!(-1), Breach::EndlessRetries("MaximumRetryAttempts")),
        ("consumer", "StreamMapping", "/MaximumRecordAgeInSeconds", &Value::Null, Breach::EndlessRetries("MaximumRecordAgeInSeconds")),
        ("consumer", "KinesisConsumer", "/LoggingConfig/LogGroup", &json!("/aws/lambda/other"), Breach::UndeclaredLogGroup),
        ("lake", "Delivery", "/ExtendedS3DestinationConfiguration/CloudWatchLoggingOptions", &Value::Null, Breach::UndeclaredLogGroup),
        ("lake", "DeliveryLogs", "/RetentionInDays", &Value::Null, Breach::NoRetention),
        ("simulator", "Schedule", "/Tags/0/Value", &json!("another"), Breach::NoTags),
        ("lake", "Delivery", "/ExtendedS3DestinationConfiguration/BucketARN", &json!({"Fn::ImportValue": "bucket"}), Breach::Export("Fn::ImportValue")),
        ("lake", "Workgroup", "/Name", &json!("device-lake"), Breach::SharedName { property: "Name", name: "device-lake".into() }),
        ("lake", "GlueDatabase", "/DatabaseInput/Name", &json!("Sluice_dev"), Breach::RefusedName {
            property: "DatabaseInput/Name", name: "Sluice_dev".into(), why: "Athena finds names in lower case only",
        }),
        ("consumer", "KinesisConsumerLogs", "/LogGroupName", &json!("aws/dev"), Breach::RefusedName {
            property: "LogGroupName", name: "aws/dev".into(), why: "names that begin with aws/ belong to AWS",
        }),
    ];
    for (stack, id, pointer, value, expected) in cases {
        let found = with(stack, id, pointer, value);
        assert!(found.contains(&expected), "{id}{pointer}: expected {expected:?}, found {found:?}");
    }
}

#[test]
fn physical_names_of_buckets_are_those_that_s3_takes() {
    let cases = [
        ("sluice-dev-lake", None),
        (
            "sluice.dev.lake",
            Some("a bucket's name has lower case letters, digits and hyphens, and dots break TLS"),
        ),
        ("xn--dev-lake", Some("S3 keeps its prefix or its suffix for itself")),
        ("lake-dev-s3alias", Some("S3 keeps its prefix or its suffix for itself")),
    ];
    for (name, why) in cases {
        let found =
            broken("dev", "lake", "LakeBucket", |bucket| bucket.set_property("BucketName", json!(name)));
        let expected = why
            .map(|why| Breach::RefusedName { property: "BucketName", name: name.to_owned(), why })
            .into_iter();
        assert_eq!(found, expected.collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn a_reason_for_everything_is_a_reason_for_this_action_only() {
    let found = broken("dev", "consumer", "KinesisConsumerRole", |role| {
        let statements = role.property_mut("/Policies/0/PolicyDocument/Statement").expect("statements");
        let statements = statements.as_array_mut().expect("a list");
        let everywhere =
            statements.iter_mut().find(|statement| statement["Resource"] == "*").expect("one for *");
        everywhere["Action"] = json!(["timestream:DescribeEndpoints", "timestream:Select"]);
    });
    assert_eq!(found, [Breach::WildcardResource("timestream:Select".into())]);
}

#[test]
fn a_queue_without_an_end_is_noticed() {
    let found = broken("local", "ingest", "LocalBridgeQueue", |queue| {
        queue.set_property("RedrivePolicy", Value::Null);
    });
    assert_eq!(found, [Breach::EndlessRetries("RedrivePolicy")]);
}

#[test]
fn data_without_a_policy_and_unknown_types_are_noticed() {
    let cases = [
        ("AWS::S3::Bucket", "lake", "LakeBucket", Breach::NoDataPolicy),
        ("AWS::Kinesis::Stream", "ingest", "EventStream", Breach::NoDataPolicy),
        ("AWS::IoT::Thing", "ingest", "TopicRule", Breach::UnknownType("AWS::IoT::Thing")),
    ];
    for (kind, stack, id, expected) in cases {
        let found = broken("dev", stack, id, |resource| {
            let properties = resource.properties().clone();
            *resource = Resource::new(kind, properties);
        });
        assert_eq!(found, [expected], "{id}");
    }
}

#[test]
fn quotas_are_noticed() {
    let mut stacks = stacks("dev");
    for number in 0..500 {
        let id = LogicalId::from_kebab(&format!("Stream{number}"));
        stacks[0]
            .template
            .add(id, Resource::new("AWS::Logs::LogStream", json!({"LogGroupName": "x".repeat(3000)})));
    }
    let found: Vec<Breach> = check(&stacks).into_iter().map(|violation| violation.breach).collect();
    let counts: Vec<&str> = found
        .iter()
        .filter_map(|breach| match breach {
            Breach::Quota { what, .. } => Some(*what),
            _ => None,
        })
        .collect();
    assert_eq!(counts, ["bytes", "resources"]);
}

#[test]
fn a_violation_says_where_and_what_to_do() {
    let mut stacks = stacks("dev");
    let lake = stacks.iter_mut().find(|stack| stack.name == "lake").expect("lake");
    let workgroup = lake.template.resources_mut().get_mut(&LogicalId::new("Workgroup")).expect("a workgroup");
    workgroup.set_property("Name", json!("lake"));
    let messages: Vec<String> = check(&stacks).iter().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        [
            "stack lake, Workgroup: `Name` is \"lake\" in every environment; let CloudFormation name it, or put the environment's name in"
        ]
    );
}
