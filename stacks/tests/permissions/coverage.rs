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
                 stacks/src/bootstrap/permissions/table.rs, from `handlers` of its registry schema, and a line to \
                 TELLING below"
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

/// For each type, an action that is there for it, and the types that have to go for the action to go: itself,
/// and others that need the action or refer to it.
const TELLING: &[(&str, &str, &[&str])] = &[
    ("AWS::Athena::WorkGroup", "athena:CreateWorkGroup", &[]),
    ("AWS::CertificateManager::Certificate", "acm:RequestCertificate", &[]),
    ("AWS::EC2::InternetGateway", "ec2:CreateInternetGateway", &[]),
    ("AWS::EC2::Route", "ec2:CreateRoute", &[]),
    ("AWS::EC2::RouteTable", "ec2:CreateRouteTable", &[]),
    ("AWS::EC2::SecurityGroup", "ec2:AuthorizeSecurityGroupIngress", &[]),
    ("AWS::EC2::Subnet", "ec2:CreateSubnet", &[]),
    ("AWS::EC2::SubnetRouteTableAssociation", "ec2:AssociateRouteTable", &[]),
    ("AWS::EC2::VPC", "ec2:CreateVpc", &[]),
    ("AWS::EC2::VPCGatewayAttachment", "ec2:AttachInternetGateway", &[]),
    ("AWS::ECS::Cluster", "ecs:CreateCluster", &["AWS::ECS::Service"]),
    ("AWS::ECS::Service", "ecs:CreateService", &[]),
    ("AWS::ECS::TaskDefinition", "ecs:RegisterTaskDefinition", &[]),
    ("AWS::EFS::AccessPoint", "elasticfilesystem:CreateAccessPoint", &[]),
    ("AWS::EFS::FileSystem", "elasticfilesystem:CreateFileSystem", &[]),
    ("AWS::EFS::MountTarget", "elasticfilesystem:CreateMountTarget", &[]),
    ("AWS::ElasticLoadBalancingV2::Listener", "elasticloadbalancing:CreateListener", &[]),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "elasticloadbalancing:CreateLoadBalancer", &[]),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "elasticloadbalancing:CreateTargetGroup", &[]),
    ("AWS::Events::Rule", "events:PutRule", &[]),
    ("AWS::Glue::Database", "glue:CreateDatabase", &["AWS::Glue::Table"]),
    ("AWS::Glue::Table", "glue:CreateTable", &[]),
    ("AWS::Grafana::Workspace", "grafana:CreateWorkspace", &[]),
    ("AWS::IAM::Role", "iam:PassRole", &[]),
    ("AWS::IoT::TopicRule", "iot:Publish", &[]),
    ("AWS::IoTTwinMaker::ComponentType", "iottwinmaker:CreateComponentType", &[]),
    ("AWS::IoTTwinMaker::Entity", "iottwinmaker:ListComponents", &[]),
    (
        "AWS::IoTTwinMaker::Workspace",
        "iottwinmaker:CreateWorkspace",
        &["AWS::IoTTwinMaker::ComponentType", "AWS::IoTTwinMaker::Entity"],
    ),
    ("AWS::Kinesis::Stream", "kinesis:CreateStream", &[]),
    ("AWS::KinesisAnalyticsV2::Application", "kinesisanalytics:StartApplication", &[]),
    (
        "AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption",
        "kinesisanalytics:AddApplicationCloudWatchLoggingOption",
        &[],
    ),
    ("AWS::KinesisFirehose::DeliveryStream", "firehose:CreateDeliveryStream", &[]),
    ("AWS::Lambda::EventSourceMapping", "lambda:CreateEventSourceMapping", &[]),
    (
        "AWS::Lambda::Function",
        "lambda:CreateFunction",
        &["AWS::Lambda::EventSourceMapping", "AWS::Lambda::Permission"],
    ),
    ("AWS::Lambda::Permission", "lambda:AddPermission", &[]),
    ("AWS::Logs::LogGroup", "logs:CreateLogGroup", &["AWS::Logs::LogStream"]),
    ("AWS::Logs::LogStream", "logs:CreateLogStream", &[]),
    ("AWS::Route53::RecordSet", "route53:GetChange", &[]),
    (
        "AWS::S3::Bucket",
        "s3:CreateBucket",
        &[
            "AWS::Athena::WorkGroup",
            "AWS::KinesisFirehose::DeliveryStream",
            "AWS::S3::BucketPolicy",
            "AWS::Timestream::Table",
        ],
    ),
    ("AWS::S3::BucketPolicy", "s3:PutBucketPolicy", &[]),
    ("AWS::SQS::Queue", "sqs:CreateQueue", &["AWS::SQS::QueuePolicy"]),
    ("AWS::SQS::QueuePolicy", "sqs:SetQueueAttributes", &["AWS::SQS::Queue"]),
    ("AWS::SecretsManager::Secret", "secretsmanager:CreateSecret", &[]),
    ("AWS::Timestream::Database", "timestream:CreateDatabase", &["AWS::Timestream::Table"]),
    ("AWS::Timestream::Table", "timestream:CreateTable", &[]),
];

#[test]
fn a_type_that_is_gone_takes_its_actions_with_it() {
    let managed = overridden("prod", &[("grafana", "{ kind = \"managed\" }")]);
    let mut seen = BTreeSet::new();
    for place in [shipped("dev"), shipped("prod"), managed] {
        let before = place.deploy();
        for kind in kinds(&place) {
            let Some((_, action, others)) = TELLING.iter().find(|(known, ..)| *known == kind) else {
                panic!("TELLING has no line for {kind}");
            };
            assert!(actions(&before).contains(action), "{kind} is there, and {action} is not");
            let after = without(place.clone(), &[&[kind], *others].concat()).deploy();
            assert!(!actions(&after).contains(action), "{kind} is gone, and {action} is not");
            seen.insert(kind);
        }
    }
    let idle: Vec<_> = TELLING.iter().map(|(kind, ..)| *kind).filter(|kind| !seen.contains(kind)).collect();
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
