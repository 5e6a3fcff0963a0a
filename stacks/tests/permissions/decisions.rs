//! What is asked of the roles of `dev`, and what IAM answers.

use stacks::bootstrap::permissions::Policy;

use crate::evaluator::{Request, allows};
use crate::fixture::{instances, shipped};

const TAG: &str = "aws:ResourceTag/sluice:environment";
const STACK: &str = "aws:ResourceTag/aws:cloudformation:stack-name";
const NEW_TAG: &str = "aws:RequestTag/sluice:environment";
const BOUNDARY: &str = "iam:PermissionsBoundary";
const OURS: &str = "arn:aws:iam::111122223333:policy/sluice-dev-boundary";

/// One request and its answer.
type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], bool);

fn check(policies: &[Policy], cases: &[Case]) {
    for (action, resource, context, expected) in cases {
        let (service, _) = action.split_once(':').expect("a service and a call");
        let resource = match resource.split_once(':') {
            Some(("iam", rest)) => format!("arn:aws:iam::111122223333:{rest}"),
            Some(("s3", rest)) => format!("arn:aws:s3:::{rest}"),
            _ if resource.starts_with("arn:") || *resource == "*" => (*resource).to_owned(),
            _ => format!("arn:aws:{service}:eu-central-1:111122223333:{resource}"),
        };
        let request = Request::new(action, &resource, context);
        assert_eq!(allows(policies, &request), *expected, "{request:?}");
    }
}

#[test]
fn whoever_deploys_changes_this_environment_and_no_other() {
    check(
        &shipped("dev").deploy(),
        &[
            ("cloudformation:CreateChangeSet", "stack/sluice-dev-ingest/1", &[], true),
            ("cloudformation:ExecuteChangeSet", "stack/sluice-dev-ingest/1", &[], true),
            ("cloudformation:ExecuteChangeSet", "stack/sluice-prod-ingest/1", &[], false),
            ("cloudformation:DeleteStack", "stack/sluice-dev2-ingest/1", &[], false),
            ("cloudformation:RollbackStack", "stack/sluice-dev-ingest/1", &[], true),
            ("cloudformation:ContinueUpdateRollback", "stack/sluice-dev-ingest/1", &[], true),
            ("cloudformation:ContinueUpdateRollback", "stack/sluice-dev2-ingest/1", &[], false),
            ("cloudformation:DescribeStacks", "*", &[], true),
            ("kinesis:DeleteStream", "stream/sluice-dev-ingest-EventStream-1", &[], true),
            ("kinesis:DeleteStream", "stream/sluice-prod-ingest-EventStream-1", &[], false),
            // IAM is asked about no stream.
            ("kinesis:UpdateStreamMode", "*", &[("aws:ViaAWSService", "true")], true),
            ("kinesis:UpdateShardCount", "*", &[("aws:ViaAWSService", "true")], true),
            ("kinesis:UpdateShardCount", "*", &[("aws:ViaAWSService", "false")], false),
            ("kinesis:UpdateShardCount", "*", &[], false),
            ("timestream:DeleteTable", "database/sluice_dev/table/telemetry", &[], true),
            ("timestream:DeleteTable", "database/sluice_prod/table/telemetry", &[], false),
            ("iottwinmaker:DeleteEntity", "workspace/sluice-dev/entity/device-0000", &[], true),
            ("iottwinmaker:DeleteEntity", "workspace/sluice-prod/entity/device-0000", &[], false),
            ("lambda:UpdateFunctionCode", "function:iottwinmaker-sluice-dev-connector", &[], true),
            ("iot:Publish", "topic/dev/dt/device-0000/measures", &[], true),
            ("iot:Publish", "topic/dt/device-0000/measures", &[], false),
            ("ec2:DeleteVpc", "vpc/vpc-1", &[(TAG, "dev")], true),
            ("ec2:DeleteVpc", "vpc/vpc-1", &[(TAG, "prod")], false),
            ("ec2:DeleteVpc", "vpc/vpc-1", &[], false),
            ("ec2:CreateVpc", "vpc/vpc-1", &[(NEW_TAG, "dev")], true),
            ("ec2:CreateVpc", "vpc/vpc-1", &[], false),
        ],
    );
}

#[test]
fn whoever_deploys_takes_nothing_over_by_a_tag() {
    check(
        &shipped("dev").deploy(),
        &[
            // While it is made, and where it is the environment's and stays so.
            ("ec2:CreateTags", "vpc/vpc-1", &[(NEW_TAG, "dev"), ("ec2:CreateAction", "CreateVpc")], true),
            ("ec2:CreateTags", "vpc/vpc-1", &[(TAG, "dev")], true),
            ("ec2:CreateTags", "vpc/vpc-1", &[(NEW_TAG, "dev")], false),
            ("ec2:CreateTags", "vpc/vpc-1", &[(NEW_TAG, "dev"), (TAG, "prod")], false),
            ("ec2:CreateTags", "vpc/vpc-1", &[(NEW_TAG, "prod"), (TAG, "dev")], false),
            // What a stack makes is told by CloudFormation's tag, whoever's stack it is.
            (
                "secretsmanager:TagResource",
                "secret:AdminSecret-1",
                &[(NEW_TAG, "dev"), (STACK, "other")],
                false,
            ),
            (
                "secretsmanager:TagResource",
                "secret:AdminSecret-1",
                &[(NEW_TAG, "dev"), (STACK, "sluice-dev2-grafana")],
                false,
            ),
            (
                "secretsmanager:TagResource",
                "secret:AdminSecret-1",
                &[(NEW_TAG, "dev"), (STACK, "sluice-dev-grafana")],
                true,
            ),
            ("iot:TagResource", "rule/TopicRule_1", &[(NEW_TAG, "dev"), (STACK, "other")], false),
            ("lambda:TagResource", "event-source-mapping:1", &[(NEW_TAG, "dev"), (STACK, "other")], false),
            // While it is made it has no tag at all, and the service does not say that it is being made.
            ("secretsmanager:TagResource", "secret:AdminSecret-1", &[(NEW_TAG, "dev")], true),
            ("secretsmanager:TagResource", "secret:AdminSecret-1", &[], false),
            ("secretsmanager:TagResource", "secret:AdminSecret-1", &[(NEW_TAG, "dev"), (TAG, "prod")], false),
            ("secretsmanager:TagResource", "secret:Other-1", &[(NEW_TAG, "dev")], false),
            ("secretsmanager:GetSecretValue", "secret:AdminSecret-1", &[(TAG, "prod")], false),
            ("elasticloadbalancing:DeleteListener", "listener/app/a/b/c", &[(TAG, "dev")], true),
            ("elasticloadbalancing:DeleteListener", "listener/app/a/b/c", &[(TAG, "prod")], false),
        ],
    );
}

#[test]
fn whoever_deploys_gives_nobody_more_than_the_boundary() {
    let role = "iam:role/sluice-dev-ingest-TopicRuleRole-1";
    let passed = "iam:PassedToService";
    check(
        &shipped("dev").deploy(),
        &[
            ("iam:CreateRole", role, &[(BOUNDARY, OURS)], true),
            ("iam:CreateRole", role, &[], false),
            (
                "iam:CreateRole",
                role,
                &[(BOUNDARY, "arn:aws:iam::111122223333:policy/sluice-prod-boundary")],
                false,
            ),
            ("iam:CreateRole", "iam:role/sluice-prod-ingest-TopicRuleRole-1", &[(BOUNDARY, OURS)], false),
            ("iam:CreateRole", "iam:role/admin", &[(BOUNDARY, OURS)], false),
            ("iam:PutRolePolicy", role, &[(BOUNDARY, OURS)], true),
            ("iam:PutRolePolicy", role, &[], false),
            ("iam:AttachRolePolicy", role, &[(BOUNDARY, OURS)], false),
            ("iam:PutRolePermissionsBoundary", role, &[(BOUNDARY, OURS)], true),
            (
                "iam:PutRolePermissionsBoundary",
                role,
                &[(BOUNDARY, "arn:aws:iam::aws:policy/AdministratorAccess")],
                false,
            ),
            ("iam:DeleteRolePermissionsBoundary", role, &[(BOUNDARY, OURS)], false),
            ("iam:CreatePolicyVersion", OURS, &[], false),
            ("iam:DeletePolicy", OURS, &[], false),
            ("iam:PassRole", role, &[(passed, "iot.amazonaws.com")], true),
            ("iam:PassRole", role, &[(passed, "lambda.amazonaws.com")], false),
            ("iam:PassRole", role, &[(passed, "ec2.amazonaws.com")], false),
            ("iam:PassRole", role, &[], false),
            ("iam:PassRole", "iam:role/sluice-dev-deploy", &[(passed, "lambda.amazonaws.com")], false),
            ("iam:CreateUser", "iam:user/me", &[], false),
            ("iam:CreateAccessKey", "iam:user/me", &[], false),
            ("iam:AddUserToGroup", "iam:group/admins", &[], false),
            (
                "lambda:AddPermission",
                "function:sluice-dev-simulator-x",
                &[("lambda:Principal", "events.amazonaws.com")],
                true,
            ),
            ("lambda:AddPermission", "function:sluice-dev-simulator-x", &[("lambda:Principal", "*")], false),
            ("sts:AssumeRole", "iam:role/sluice-prod-deploy", &[], false),
        ],
    );
}

#[test]
fn whoever_deploys_leaves_itself_and_the_bootstrap_alone() {
    let roles = ["iam:role/sluice-dev-deploy", "iam:role/sluice-dev-plan"];
    let policies = shipped("dev").deploy();
    for role in roles {
        for action in [
            "iam:AttachRolePolicy",
            "iam:DeleteRole",
            "iam:DeleteRolePolicy",
            "iam:DetachRolePolicy",
            "iam:PutRolePolicy",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
        ] {
            check(&policies, &[(action, role, &[(BOUNDARY, OURS)], false)]);
        }
    }
    for stack in ["stack/sluice-bootstrap/1", "stack/sluice-bootstrap-dev/1", "stack/sluice-bootstrap-prod/1"]
    {
        for action in ["CreateChangeSet", "CreateStack", "DeleteStack", "ExecuteChangeSet", "UpdateStack"] {
            check(&policies, &[(&format!("cloudformation:{action}"), stack, &[], false)]);
        }
    }
}

/// Instances come and go: one role is for all of them, and for nothing else.
#[test]
fn instances_share_a_role() {
    let object = |key: &str| format!("s3:sluice-artifacts-111122223333-eu-central-1/{key}");
    let (ours, strange) = (&object("preview-7/flink-job/1.jar"), &object("preview/flink-job/1.jar"));
    check(
        &instances(),
        &[
            ("cloudformation:ExecuteChangeSet", "stack/sluice-preview-7-ingest/1", &[], true),
            ("cloudformation:ExecuteChangeSet", "stack/sluice-preview7-ingest/1", &[], false),
            ("cloudformation:ExecuteChangeSet", "stack/sluice-preview-ingest/1", &[], false),
            ("iot:Publish", "topic/preview-7/dt/device-0000/measures", &[], true),
            ("iot:Publish", "topic/preview7/dt/device-0000/measures", &[], false),
            ("timestream:DeleteTable", "database/sluice_preview_7/table/telemetry", &[], true),
            ("timestream:DeleteTable", "database/sluice_preview7/table/telemetry", &[], false),
            ("iot:DeleteTopicRule", "rule/TopicRule_1", &[(TAG, "preview-7")], true),
            ("iot:DeleteTopicRule", "rule/TopicRule_1", &[(TAG, "preview7")], false),
            ("s3:PutObject", ours, &[], true),
            ("s3:PutObject", strange, &[], false),
            ("iam:DeleteRole", "iam:role/sluice-preview-deploy", &[], false),
        ],
    );
}

#[test]
fn code_lies_under_the_name_of_its_environment() {
    let object = |key: &str| format!("s3:sluice-artifacts-111122223333-eu-central-1/{key}");
    let bucket = "s3:sluice-artifacts-111122223333-eu-central-1";
    check(
        &shipped("dev").deploy(),
        &[
            ("s3:PutObject", &object("dev/kinesis-consumer/1.zip"), &[], true),
            ("s3:PutObject", &object("prod/kinesis-consumer/1.zip"), &[], false),
            ("s3:PutObject", &object("dev2/kinesis-consumer/1.zip"), &[], false),
            ("s3:GetObject", &object("prod/kinesis-consumer/1.zip"), &[], false),
            ("s3:DeleteObject", &object("prod/kinesis-consumer/1.zip"), &[], false),
            ("s3:ListBucket", bucket, &[("s3:prefix", "dev/")], true),
            ("s3:ListBucket", bucket, &[("s3:prefix", "prod/")], false),
            // `HeadObject` of what is not there.
            ("s3:ListBucket", bucket, &[], true),
            ("s3:ListBucketVersions", bucket, &[("s3:prefix", "dev/")], true),
            ("s3:ListBucketVersions", bucket, &[("s3:prefix", "prod/")], false),
            ("s3:ListBucketVersions", bucket, &[], false),
            ("s3:DeleteBucket", bucket, &[], false),
            ("s3:PutBucketPolicy", bucket, &[], false),
        ],
    );
}

/// What whoever plans may do beside reading.
const BESIDE_READING: &[&str] = &[
    "cloudformation:CreateChangeSet",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DeleteStack",
    "cloudformation:TagResource",
];

#[test]
fn whoever_plans_changes_nothing() {
    let object = |key: &str| format!("s3:sluice-artifacts-111122223333-eu-central-1/{key}");
    check(
        &shipped("dev").plan(),
        &[
            ("cloudformation:CreateChangeSet", "stack/sluice-dev-ingest/1", &[], true),
            ("cloudformation:DescribeChangeSet", "stack/sluice-dev-ingest/1", &[], true),
            ("cloudformation:DeleteChangeSet", "stack/sluice-dev-ingest/1", &[], true),
            ("cloudformation:CreateChangeSet", "stack/sluice-prod-ingest/1", &[], false),
            ("cloudformation:ExecuteChangeSet", "stack/sluice-dev-ingest/1", &[], false),
            ("cloudformation:UpdateStack", "stack/sluice-dev-ingest/1", &[], false),
            // The empty stack of a change set, and one that is deployed.
            ("cloudformation:DeleteStack", "stack/sluice-dev-ingest/1", &[], true),
            ("cloudformation:DeleteStack", "stack/sluice-dev-ingest/1", &[(TAG, "dev")], false),
            ("cloudformation:UntagResource", "stack/sluice-dev-ingest/1", &[(TAG, "dev")], false),
            ("kinesis:DescribeStreamSummary", "stream/sluice-dev-ingest-EventStream-1", &[], true),
            ("secretsmanager:DescribeSecret", "secret:AdminSecret-1", &[(TAG, "dev")], true),
            ("secretsmanager:GetSecretValue", "secret:AdminSecret-1", &[(TAG, "dev")], false),
            ("timestream:Select", "database/sluice_dev/table/telemetry", &[], false),
            (
                "iam:PassRole",
                "iam:role/sluice-dev-ingest-x",
                &[("iam:PassedToService", "iot.amazonaws.com")],
                false,
            ),
            ("s3:PutObject", &object("dev/kinesis-consumer/1.zip"), &[], false),
            ("s3:PutObject", &object("dev/templates/ingest/1.json"), &[], false),
        ],
    );
    for name in ["dev", "prod"] {
        let policies = shipped(name).plan();
        let actions = policies.iter().flat_map(|policy| &policy.statements).flat_map(|one| &one.actions);
        for action in actions.filter(|action| !BESIDE_READING.contains(&action.as_str())) {
            let (_, call) = action.split_once(':').expect("a service and a call");
            let reads = ["Describe", "Get", "List"].iter().any(|verb| call.starts_with(verb));
            assert!(reads, "whoever plans {name} may {action}");
        }
    }
}

#[test]
fn a_role_of_a_stack_stays_in_its_boundary() {
    check(
        &[shipped("dev").boundary()],
        &[
            ("kinesis:GetRecords", "stream/sluice-dev-ingest-EventStream-1", &[], true),
            ("kinesis:GetRecords", "stream/sluice-prod-ingest-EventStream-1", &[], false),
            ("kinesis:DeleteStream", "stream/sluice-dev-ingest-EventStream-1", &[], false),
            ("timestream:WriteRecords", "database/sluice_dev/table/telemetry", &[], true),
            ("timestream:WriteRecords", "database/sluice_prod/table/telemetry", &[], false),
            ("secretsmanager:GetSecretValue", "secret:AdminSecret-1", &[(TAG, "dev")], true),
            ("secretsmanager:GetSecretValue", "secret:AdminSecret-1", &[(TAG, "prod")], false),
            ("iam:CreateUser", "iam:user/me", &[], false),
            ("iam:PassRole", "iam:role/sluice-dev-ingest-x", &[], false),
            ("sts:AssumeRole", "iam:role/sluice-dev-deploy", &[], false),
            ("organizations:LeaveOrganization", "*", &[], false),
            ("account:CloseAccount", "*", &[], false),
        ],
    );
    // The Flink job's code is read by its role.
    let code = "s3:sluice-artifacts-111122223333-eu-central-1";
    check(
        &[shipped("prod").boundary()],
        &[
            ("s3:GetObject", &format!("{code}/prod/flink-job/1.jar"), &[], true),
            ("s3:GetObject", &format!("{code}/dev/flink-job/1.jar"), &[], false),
        ],
    );
}

/// Of an environment that stores in PostgreSQL: its own cluster, and its secrets with it.
#[test]
fn whoever_deploys_has_one_cluster() {
    const MASTER: &str = "aws:ResourceTag/aws:rds:primaryDBClusterArn";
    const OF_START: &str = "arn:aws:rds:eu-central-1:111122223333:cluster:sluice-start";
    const OF_PROD: &str = "arn:aws:rds:eu-central-1:111122223333:cluster:sluice-prod";
    let cluster = "cluster:sluice-start";
    check(
        &shipped("start").deploy(),
        &[
            ("rds:CreateDBCluster", cluster, &[], true),
            ("rds:CreateDBCluster", "subgrp:sluice-start-store-subnetgroup-1", &[], true),
            ("rds:CreateDBCluster", "cluster-pg:sluice-start-store-parameters-1", &[], true),
            ("rds:CreateDBCluster", "og:default:aurora-postgresql-17", &[], true),
            ("rds:CreateDBCluster", "og:others", &[], false),
            ("rds:CreateDBCluster", "subgrp:sluice-prod-store-subnetgroup-1", &[], false),
            ("rds:CreateDBInstance", "db:sluice-start-store-instance-1", &[], true),
            ("rds:CreateDBInstance", "pg:default.aurora-postgresql17", &[], true),
            ("rds:CreateDBInstance", "cluster:sluice-start2", &[], false),
            ("rds:ModifyDBCluster", "cluster:sluice-prod", &[], false),
            ("rds:DeleteDBCluster", cluster, &[], true),
            ("rds:DeleteDBCluster", "cluster:sluice-start2", &[], false),
            ("rds:DeleteDBInstance", "db:sluice-start2-store-instance-1", &[], false),
            ("rds-data:ExecuteStatement", OF_START, &[], true),
            ("rds-data:ExecuteStatement", OF_PROD, &[], false),
            ("timestream:CreateDatabase", "database/sluice_start", &[], false),
        ],
    );
    check(
        &shipped("start").plan(),
        &[
            ("rds:DescribeDBClusters", cluster, &[], true),
            ("rds:ModifyDBCluster", cluster, &[], false),
            ("rds-data:ExecuteStatement", OF_START, &[], false),
            ("secretsmanager:GetSecretValue", "secret:ReaderSecret-1", &[(TAG, "start")], false),
        ],
    );
    check(
        &[shipped("start").boundary()],
        &[
            ("rds-data:ExecuteStatement", OF_START, &[], true),
            ("rds-data:ExecuteStatement", OF_PROD, &[], false),
            ("secretsmanager:GetSecretValue", "secret:WriterSecret-1", &[(TAG, "start")], true),
            ("secretsmanager:GetSecretValue", "secret:WriterSecret-1", &[(TAG, "prod")], false),
            ("secretsmanager:GetSecretValue", "secret:rds!cluster-1", &[(MASTER, OF_START)], true),
            ("secretsmanager:GetSecretValue", "secret:rds!cluster-1", &[(MASTER, OF_PROD)], false),
            ("secretsmanager:GetSecretValue", "secret:rds!cluster-1", &[(TAG, "start")], false),
            ("rds:DeleteDBCluster", cluster, &[], false),
        ],
    );
}
