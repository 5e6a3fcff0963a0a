//! The shipped environments keep every promise, and each promise is noticed when it is broken.

use serde_json::{Value, json};
use stacks::cfn::{Auditor, LogicalId, Policy, Resource};
use stacks::invariants::{Breach, DatabaseBreach, check};

use crate::fixture::{DIRECT, ENVIRONMENTS, FLINK, POSTGRES, stacks, stacks_of, with_flink};

#[test]
fn the_shipped_environments_break_nothing() {
    for environment in ENVIRONMENTS {
        let postgres = stacks_of(environment, &[POSTGRES]);
        let direct = [POSTGRES, DIRECT[0]];
        let direct =
            [stacks_of(environment, &direct), stacks_of(environment, &[direct[0], direct[1], FLINK[0]])];
        for stacks in direct.into_iter().chain([stacks(environment), with_flink(environment), postgres]) {
            let violations: Vec<String> = check(&stacks).iter().map(ToString::to_string).collect();
            assert_eq!(violations, Vec::<String>::new(), "{environment}");
        }
    }
}

/// Breaks one property of a resource and returns what is noticed.
pub fn broken(
    environment: &str,
    stack: &str,
    id: &'static str,
    change: impl Fn(&mut Resource),
) -> Vec<Breach> {
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
    const BOUNDARY: &str = "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/sluice-dev-boundary";
    const STATEMENT: &str = "/Policies/0/PolicyDocument/Statement/0";
    let everything = json!({"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*"});
    let in_a_list = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["*"]});
    let pattern = json!({"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::a/*"});
    let inverted = json!({"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::a"});
    let anybody = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}});
    let buckets = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::*"});
    let objects = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Fn::Sub": "arn:${AWS::Partition}:s3:::*/*"}});
    let streams = json!({"Effect": "Allow", "Action": "kinesis:PutRecord", "Resource": {"Fn::Sub": "arn:${AWS::Partition}:kinesis:${AWS::Region}:${AWS::AccountId}:stream/*"}});
    let queues = json!({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:111122223333:*"});
    let tls_from_here =
        json!({"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:SourceVpc": "vpc-1"}});
    let off = json!(false);
    #[rustfmt::skip]
    let cases = [
        ("consumer", "KinesisConsumerRole", STATEMENT, &everything, Breach::WildcardResource("s3:GetObject".into())),
        ("consumer", "KinesisConsumerRole", STATEMENT, &in_a_list, Breach::WildcardResource("s3:GetObject".into())),
        ("consumer", "KinesisConsumerRole", STATEMENT, &pattern, Breach::WildcardAction("s3:Get*".into())),
        ("consumer", "KinesisConsumerRole", STATEMENT, &inverted, Breach::OpenStatement("NotResource".into())),
        ("consumer", "KinesisConsumerRole", "/AssumeRolePolicyDocument/Statement/0", &anybody, Breach::OpenStatement("Principal: *".into())),
        ("consumer", "KinesisConsumerRole", STATEMENT, &buckets, Breach::WildcardResource("s3:GetObject".into())),
        ("consumer", "KinesisConsumerRole", STATEMENT, &objects, Breach::WildcardResource("s3:GetObject".into())),
        ("consumer", "KinesisConsumerRole", STATEMENT, &streams, Breach::WildcardResource("kinesis:PutRecord".into())),
        ("consumer", "KinesisConsumerRole", STATEMENT, &queues, Breach::WildcardResource("sqs:SendMessage".into())),
        ("ingest", "TopicRuleRole", "/AssumeRolePolicyDocument/Statement/0/Condition", &Value::Null, Breach::OpenTrust("iot.amazonaws.com".into())),
        ("ingest", "TopicRuleRole", "/AssumeRolePolicyDocument/Statement/0/Condition", &json!({"StringNotEquals": {"aws:SourceAccount": "1"}}), Breach::OpenTrust("iot.amazonaws.com".into())),
        ("lake", "DeliveryRole", "/AssumeRolePolicyDocument/Statement/0/Condition", &json!({}), Breach::OpenTrust("firehose.amazonaws.com".into())),
        ("lake", "DeliveryRole", "/AssumeRolePolicyDocument/Statement/0/Condition", &json!({"StringLike": {"sts:ExternalId": "*"}}), Breach::OpenTrust("firehose.amazonaws.com".into())),
        ("consumer", "KinesisConsumerRole", "/PermissionsBoundary", &Value::Null, Breach::NoBoundary(BOUNDARY.into())),
        ("twin", "WorkspaceRole", "/PermissionsBoundary", &json!({"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/sluice-prod-boundary"}), Breach::NoBoundary(BOUNDARY.into())),
        ("simulator", "SchedulePermission", "/Principal", &json!("*"), Breach::OpenPermission("`Principal` names nobody")),
        ("simulator", "SchedulePermission", "/SourceArn", &Value::Null, Breach::OpenPermission("`SourceArn` names no resource")),
        ("lake", "LakeBucketPolicy", "/PolicyDocument/Statement/0/Action", &json!("s3:PutObject"), Breach::PlainHttp),
        ("lake", "LakeBucketPolicy", "/PolicyDocument/Statement/0/Resource", &json!([{"Fn::GetAtt": ["LakeBucket", "Arn"]}]), Breach::PlainHttp),
        ("lake", "LakeBucketPolicy", "/PolicyDocument/Statement/0/Resource", &json!([{"Fn::Sub": "${LakeBucket.Arn}/*"}]), Breach::PlainHttp),
        ("lake", "LakeBucketPolicy", "/PolicyDocument/Statement/0/Condition", &tls_from_here, Breach::PlainHttp),
        ("ingest", "QuarantineQueuePolicy", "/PolicyDocument/Statement/0/Action", &json!("sqs:SendMessage"), Breach::PlainHttp),
        ("lake", "LakeBucketPolicy", "/PolicyDocument/Statement/0/Condition", &json!({}), Breach::PlainHttp),
        ("lake", "LakeBucketPolicy", "/PolicyDocument/Statement/0/Effect", &json!("Allow"), Breach::PlainHttp),
        ("lake", "LakeBucketPolicy", "/Bucket", &json!({"Ref": "Delivery"}), Breach::PlainHttp),
        ("ingest", "QuarantineQueuePolicy", "/Queues", &json!([]), Breach::PlainHttp),
        ("lake", "LakeBucket", "/BucketEncryption", &Value::Null, Breach::Unencrypted("BucketEncryption")),
        ("ingest", "QuarantineQueue", "/SqsManagedSseEnabled", &off, Breach::Unencrypted("SqsManagedSseEnabled")),
        ("ingest", "EventStream", "/StreamEncryption", &Value::Null, Breach::Unencrypted("StreamEncryption")),
        ("store", "RejectedBucket", "/PublicAccessBlockConfiguration/BlockPublicPolicy", &off, Breach::Public("BlockPublicPolicy")),
        ("consumer", "StreamMapping", "/MaximumRecordAgeInSeconds", &json!(-1), Breach::EndlessRetries("MaximumRecordAgeInSeconds")),
        ("consumer", "StreamMapping", "/MaximumRecordAgeInSeconds", &Value::Null, Breach::EndlessRetries("MaximumRecordAgeInSeconds")),
        ("consumer", "StreamMapping", "/BisectBatchOnFunctionError", &off, Breach::CarelessMapping("BisectBatchOnFunctionError")),
        ("consumer", "StreamMapping", "/FunctionResponseTypes", &json!([]), Breach::CarelessMapping("FunctionResponseTypes")),
        ("consumer", "StreamMapping", "/DestinationConfig/OnFailure", &Value::Null, Breach::CarelessMapping("DestinationConfig")),
        ("ingest", "TopicRule", "/TopicRulePayload/ErrorAction", &Value::Null, Breach::NoErrorAction),
        ("consumer", "KinesisConsumer", "/Code/S3Key", &json!("consumer.zip"), Breach::FixedCode("Code.S3Key")),
        ("consumer", "KinesisConsumer", "/Code/S3Key", &json!({"Ref": "StreamArn"}), Breach::FixedCode("Code.S3Key")),
        ("consumer", "KinesisConsumer", "/LoggingConfig/LogGroup", &json!("/aws/lambda/other"), Breach::UndeclaredLogGroup),
        ("lake", "Delivery", "/ExtendedS3DestinationConfiguration/CloudWatchLoggingOptions", &Value::Null, Breach::UndeclaredLogGroup),
        ("lake", "DeliveryLogs", "/RetentionInDays", &Value::Null, Breach::NoRetention),
        ("simulator", "Schedule", "/Tags/0/Value", &json!("another"), Breach::NoTags),
        ("twin", "Workspace", "/Tags/sluice:stack", &json!("another"), Breach::NoTags),
        ("twin", "Workspace", "/Tags", &json!([{"Key": "sluice:stack", "Value": "twin"}]), Breach::NoTags),
        ("twin", "Workspace", "/WorkspaceId", &json!("device-twin"), Breach::SharedName { property: "WorkspaceId", name: "device-twin".into() }),
        ("twin", "TwinmakerConnector", "/FunctionName", &json!("iottwinmaker-connector"), Breach::SharedName {
            property: "FunctionName", name: "iottwinmaker-connector".into(),
        }),
        ("lake", "Delivery", "/ExtendedS3DestinationConfiguration/BucketARN", &json!({"Fn::ImportValue": "bucket"}), Breach::Export("Fn::ImportValue")),
        ("lake", "Workgroup", "/Name", &json!("device-lake"), Breach::SharedName { property: "Name", name: "device-lake".into() }),
        ("lake", "Workgroup", "/Name", &json!({"Fn::Sub": "lake-${AWS::AccountId}"}), Breach::SharedName { property: "Name", name: "lake-${AWS::AccountId}".into() }),
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

/// The mapping of a queue needs what SQS does not do for it, and nothing of what a stream's needs.
#[test]
fn a_queue_gives_up_what_fails_again_and_again() {
    let of_queue = |redrive: Value| {
        let mut stacks = stacks("dev");
        let ingest = stacks.iter_mut().find(|stack| stack.name == "ingest").expect("the stack");
        let properties = json!({
            "EventSourceArn": {"Fn::GetAtt": ["QuarantineQueue", "Arn"]},
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        });
        ingest
            .template
            .add(LogicalId::new("Mapping"), Resource::new("AWS::Lambda::EventSourceMapping", properties));
        let queue = ingest.template.resources_mut().get_mut(&LogicalId::new("QuarantineQueue"));
        queue.expect("the queue").set_property("RedrivePolicy", redrive);
        let breaches = check(&stacks).into_iter().map(|violation| violation.breach);
        breaches.filter(|breach| *breach != Breach::NoTags).collect::<Vec<_>>()
    };
    assert_eq!(of_queue(json!({"maxReceiveCount": 5})), []);
    assert_eq!(of_queue(json!({})), [Breach::CarelessMapping("RedrivePolicy")]);
}

#[test]
fn every_property_of_a_job_that_matters_is_noticed() {
    const FLINK: &str = "/ApplicationConfiguration/FlinkApplicationConfiguration";
    let default = json!("DEFAULT");
    let elsewhere =
        json!({"Fn::Sub": "arn:${AWS::Partition}:logs:eu-west-1:111122223333:log-group:a:log-stream:b"});
    #[rustfmt::skip]
    let cases = [
        ("FlinkJob", format!("{FLINK}/CheckpointConfiguration/ConfigurationType"), default.clone(), Breach::DefaultConfiguration("CheckpointConfiguration")),
        ("FlinkJob", format!("{FLINK}/MonitoringConfiguration/ConfigurationType"), default.clone(), Breach::DefaultConfiguration("MonitoringConfiguration")),
        ("FlinkJob", format!("{FLINK}/ParallelismConfiguration"), Value::Null, Breach::DefaultConfiguration("ParallelismConfiguration")),
        ("FlinkJob", format!("{FLINK}/CheckpointConfiguration/CheckpointingEnabled"), json!(false), Breach::ForgetfulJob("CheckpointingEnabled")),
        ("FlinkJob", "/ApplicationConfiguration/ApplicationSnapshotConfiguration".into(), Value::Null, Breach::ForgetfulJob("SnapshotsEnabled")),
        ("FlinkJob", "/ApplicationConfiguration/ApplicationCodeConfiguration/CodeContent/S3ContentLocation/FileKey".into(), json!("flink-job.jar"), Breach::FixedCode("S3ContentLocation.FileKey")),
        ("FlinkJobLogging", "/ApplicationName".into(), json!("another"), Breach::NoLoggingOption),
        ("FlinkJobLogging", "/CloudWatchLoggingOption/LogStreamARN".into(), elsewhere, Breach::NoLoggingOption),
        ("FlinkJobRole", "/AssumeRolePolicyDocument/Statement/0/Condition".into(), Value::Null, Breach::OpenTrust("kinesisanalytics.amazonaws.com".into())),
        ("FlinkJob", "/Tags/0/Value".into(), json!("another"), Breach::NoTags),
    ];
    for (id, pointer, value, expected) in cases {
        let mut stacks = with_flink("dev");
        let consumer = stacks.iter_mut().find(|stack| stack.name == "consumer").expect("the consumer");
        let resource = consumer.template.resources_mut().get_mut(&LogicalId::new(id)).expect("a resource");
        *resource.property_mut(&pointer).unwrap_or_else(|| panic!("no {pointer}")) = value;
        let found: Vec<Breach> = check(&stacks).into_iter().map(|violation| violation.breach).collect();
        assert_eq!(found, [expected], "{id}{pointer}");
    }
}

/// Everybody may be the principal of an endpoint's policy, because a condition says who it is.
#[test]
fn an_endpoint_without_a_role_is_noticed() {
    let with = |condition: Value| {
        let mut stacks = stacks_of("start", DIRECT);
        let consumer = stacks.iter_mut().find(|stack| stack.name == "consumer").expect("the consumer");
        let endpoint = consumer.template.resources_mut().get_mut(&LogicalId::new("QueueEndpoint"));
        let endpoint = endpoint.expect("the endpoint");
        *endpoint.property_mut("/PolicyDocument/Statement/0/Condition").expect("a condition") = condition;
        check(&stacks).into_iter().map(|violation| violation.breach).collect::<Vec<_>>()
    };
    let role = json!({"Fn::GetAtt": ["KinesisConsumerRole", "Arn"]});
    assert_eq!(with(json!({"ArnEquals": {"aws:PrincipalArn": role}})), []);
    for condition in [
        Value::Null,
        json!({"ArnEquals": {"aws:PrincipalArn": "*"}}),
        json!({"ArnNotEquals": {"aws:PrincipalArn": role}}),
        json!({"ArnEquals": {"aws:SourceArn": role}}),
    ] {
        assert_eq!(with(condition.clone()), [Breach::OpenStatement("Principal: *".into())], "{condition}");
    }
}

#[test]
fn a_finding_that_is_skipped_without_a_reason_is_noticed() {
    const REASON: &str = "Nothing is in it that anybody would miss, and nobody else may read it";
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [Breach]);
    let cases: [Case<'_>; 5] = [
        (&[("CKV_AWS_27", REASON)], &[]),
        (&[("CKV_AWS_27", "")], &[Breach::Unexplained("CKV_AWS_27".into())]),
        (&[("CKV_AWS_27", "by design")], &[Breach::Unexplained("CKV_AWS_27".into())]),
        (&[("CKV_AWS_27", REASON), ("CKV_AWS_27", REASON)], &[Breach::SkippedTwice("CKV_AWS_27".into())]),
        (&[("CKV_AWS_27", REASON), ("CKV_AWS_28", REASON)], &[]),
    ];
    for (skips, expected) in cases {
        let found = broken("dev", "ingest", "QuarantineQueue", |queue| {
            let bare = queue.clone().metadata_entry("checkov", json!({"skip": []}));
            *queue = skips.iter().fold(bare, |queue, (id, why)| queue.skip(Auditor::Checkov, id, why));
        });
        assert_eq!(found, expected, "{skips:?}");
    }
    // As somebody would write it who does not know the helper.
    let found = broken("dev", "ingest", "QuarantineQueue", |queue| {
        *queue = queue.clone().metadata_entry("checkov", json!({"skip": [{"id": "CKV_AWS_27"}]}));
    });
    assert_eq!(found, [Breach::Unexplained("CKV_AWS_27".into())]);
}

#[test]
fn a_managed_policy_is_noticed() {
    for policy in ["arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:policy/ReadOnlyAccess"] {
        let found = broken("dev", "consumer", "KinesisConsumerRole", |role| {
            role.set_property("ManagedPolicyArns", json!([policy]));
        });
        assert_eq!(found, [Breach::ManagedPolicy(policy.to_owned())]);
    }
}

#[test]
fn what_names_its_environment_may_be_computed() {
    let found = broken("dev", "lake", "Workgroup", |workgroup| {
        workgroup.set_property("Name", json!({"Fn::Sub": "${AWS::StackName}-queries"}));
    });
    assert_eq!(found, []);
}

#[test]
fn what_is_in_a_named_bucket_is_not_everything() {
    let allowed =
        json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::sluice-dev/*"});
    assert_eq!(
        with("consumer", "KinesisConsumerRole", "/Policies/0/PolicyDocument/Statement/0", &allowed),
        []
    );
}

#[test]
fn data_that_would_go_where_it_stays_is_noticed() {
    let all_of = [
        ("ingest", "EventStream"),
        ("ingest", "QuarantineQueue"),
        ("store", "Database"),
        ("store", "Table"),
        ("store", "RejectedBucket"),
        ("lake", "LakeBucket"),
        ("twin", "TwinBucket"),
    ];
    for (stack, id) in all_of {
        let delete = |resource: &mut Resource| resource.set_policies(Policy::Delete, Policy::Delete);
        assert_eq!(broken("prod", stack, id, delete), [Breach::LosesData], "{id}");
        assert_eq!(broken("dev", stack, id, delete), [], "{id}");
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
fn an_entity_that_does_not_wait_for_its_type_is_noticed() {
    let (entity, type_id) = {
        let stacks = stacks("dev");
        let twin = stacks.iter().find(|stack| stack.name == "twin").expect("twin");
        let of_kind = |kind: &str| {
            let mut found = twin.template.resources().iter().filter(|(_, resource)| resource.kind() == kind);
            found.next_back().map(|(id, resource)| (id.clone(), resource.clone())).expect("one")
        };
        (of_kind("AWS::IoTTwinMaker::Entity"), of_kind("AWS::IoTTwinMaker::ComponentType").0)
    };
    let (id, resource) = entity;
    let unordered = Resource::new("AWS::IoTTwinMaker::Entity", resource.properties().clone());
    let ordered = unordered.clone().after([type_id]);
    let breaches = |changed: &Resource| -> Vec<Breach> {
        let mut stacks = stacks("dev");
        let twin = stacks.iter_mut().find(|stack| stack.name == "twin").expect("twin");
        twin.template.resources_mut().insert(id.clone(), changed.clone());
        check(&stacks).into_iter().map(|violation| violation.breach).collect()
    };
    let loose = |names: &[&str]| {
        names.iter().map(|name| Breach::LooseComponent((*name).to_owned())).collect::<Vec<_>>()
    };
    let alarms = ["humidity_alarm", "temperature_alarm", "voltage_alarm", "watt_alarm"];
    assert_eq!(breaches(&resource), []);
    assert_eq!(breaches(&ordered), loose(&alarms));
    assert_eq!(breaches(&unordered), loose(&[&alarms[..1], &["telemetry"], &alarms[1..]].concat()));
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

/// Breaks one property of the PostgreSQL store of an environment whose data stays.
fn of_database(id: &'static str, change: impl Fn(&mut Resource)) -> Vec<Breach> {
    let mut stacks = stacks_of("prod", &[("store.kind", "postgres")]);
    let store = stacks.iter_mut().find(|stack| stack.name == "store").expect("the store");
    change(store.template.resources_mut().get_mut(&LogicalId::new(id)).unwrap_or_else(|| panic!("no {id}")));
    check(&stacks).into_iter().map(|violation| violation.breach).collect()
}

#[test]
fn every_property_of_a_database_that_matters_is_noticed() {
    let off = json!(false);
    #[rustfmt::skip]
    let cases = [
        ("Instance", "/PubliclyAccessible", json!(true), Breach::from(DatabaseBreach::Addressed)),
        ("Instance", "/PubliclyAccessible", Value::Null, DatabaseBreach::Addressed.into()),
        ("Parameters", "/Parameters/rds.force_ssl", json!("0"), DatabaseBreach::PlainText.into()),
        ("Cluster", "/DBClusterParameterGroupName", json!("default.aurora-postgresql17"), DatabaseBreach::PlainText.into()),
        ("Cluster", "/ManageMasterUserPassword", Value::Null, DatabaseBreach::PlainPassword.into()),
        ("Cluster", "/DeletionProtection", off.clone(), DatabaseBreach::Unprotected.into()),
        ("Cluster", "/BackupRetentionPeriod", Value::Null, DatabaseBreach::NoBackups.into()),
        ("Cluster", "/ServerlessV2ScalingConfiguration/MaxCapacity", Value::Null, DatabaseBreach::Unbounded.into()),
        ("Cluster", "/StorageEncrypted", off, Breach::Unencrypted("StorageEncrypted")),
        ("Cluster", "/EnableCloudwatchLogsExports", json!(["postgresql", "upgrade"]), Breach::UndeclaredLogGroup),
        ("ClusterLogs", "/LogGroupName", json!("/sluice/prod/postgresql"), Breach::UndeclaredLogGroup),
        ("ClusterLogs", "/RetentionInDays", Value::Null, Breach::NoRetention),
    ];
    for (id, pointer, value, expected) in cases {
        let found = of_database(id, |resource| {
            *resource.property_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value.clone();
        });
        assert_eq!(found, [expected], "{id}{pointer}");
    }
}

/// A cluster that stays has its subnets and its group: deleting those would fail, and leave the stack half deleted.
#[test]
fn what_a_cluster_that_stays_is_in_stays_with_it() {
    let ground = ["DatabaseGroup", "DatabaseSubnetA", "DatabaseSubnetB", "Network"];
    for (environment, expected) in [("prod", Some(Policy::RetainExceptOnCreate)), ("start", None)] {
        let stacks = stacks_of(environment, &[("store.kind", "postgres")]);
        let resources = || stacks.iter().flat_map(|stack| stack.template.resources());
        for id in ground {
            let (_, resource) = resources().find(|(other, _)| other.as_str() == id).expect(id);
            assert_eq!(resource.deletion_policy(), expected, "{environment} {id}");
        }
    }
    for (id, by) in [("DatabaseGroup", 1), ("DatabaseSubnetA", 1)] {
        let found = of_database(id, |resource| {
            *resource = Resource::new(resource.kind(), resource.properties().clone());
        });
        assert_eq!(found, vec![Breach::LosesGround(id.to_owned()); by], "{id}");
    }
}

/// A certificate is held to its own thing: whatever lets it do more is noticed.
#[test]
fn a_device_that_may_do_more_is_noticed() {
    let topics = |topic: &str| json!([{"Fn::Sub": format!("arn:${{AWS::Partition}}:iot:::topic/{topic}")}]);
    let open = |action: &str| vec![Breach::OpenDevice(action.to_owned())];
    for (pointer, value, expected) in [
        ("/Statement/0/Condition", json!({}), open("iot:Connect")),
        (
            "/Statement/0/Resource",
            json!([{"Fn::Sub": "arn:aws:iot:::client/${AWS::AccountId}"}]),
            open("iot:Connect"),
        ),
        ("/Statement/1/Action", json!(["iot:Subscribe"]), open("iot:Subscribe")),
        ("/Statement/1/Action", json!("iot:Receive"), open("iot:Receive")),
        ("/Statement/1/Resource", topics("dt/*/measures"), open("iot:Publish")),
        ("/Statement/1/Resource", topics("dt/${!iot:ClientId}/measures"), open("iot:Publish")),
        ("/Statement/1/Resource", topics("dt/${!iot:Connection.Thing.ThingName}/measures"), vec![]),
    ] {
        let pointer = format!("/PolicyDocument{pointer}");
        let found = broken("prod", "devices", "DevicePolicy", |resource| {
            *resource.property_mut(&pointer).unwrap_or_else(|| panic!("no {pointer}")) = value.clone();
        });
        assert_eq!(found, expected, "{pointer} {value}");
    }
}
