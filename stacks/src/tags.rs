//! Tags: one place decides which resource carries them, and which.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cfn::Template;
use crate::environment::Environment;

/// Whose resource it is.
pub const ENVIRONMENT_TAG: &str = "sluice:environment";
/// Which stack of the environment it belongs to.
pub const STACK_TAG: &str = "sluice:stack";

/// Types that carry a list of keys and values.
///
/// A custom resource of the local target keeps the properties of the type that it stands in for.
static TAGGABLE: &[&str] = &[
    "AWS::Athena::WorkGroup",
    "AWS::CertificateManager::Certificate",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::ECS::Cluster",
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::EFS::AccessPoint",
    "AWS::EFS::FileSystem",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::Events::Rule",
    "AWS::IAM::Role",
    "AWS::IoT::TopicRule",
    "AWS::Kinesis::Stream",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
    "AWS::Timestream::Database",
    "AWS::Timestream::Table",
    "Custom::TimestreamDatabase",
    "Custom::TimestreamTable",
];

/// Types that their service or their schema cannot tag.
static UNTAGGABLE: &[&str] = &[
    "AWS::EC2::Route",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::EFS::MountTarget",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::Glue::Database",
    "AWS::Glue::Table",
    // Its schema has no tags; the stack's own are passed on by CloudFormation where the service takes them.
    "AWS::Grafana::Workspace",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogStream",
    "AWS::Route53::RecordSet",
    "AWS::S3::BucketPolicy",
    "AWS::SQS::QueuePolicy",
];

/// Whether a type carries tags. `None`: nobody has said so yet.
pub(crate) fn is_taggable(kind: &str) -> Option<bool> {
    if TAGGABLE.contains(&kind) {
        Some(true)
    } else if UNTAGGABLE.contains(&kind) {
        Some(false)
    } else {
        None
    }
}

/// The property in which a type carries its tags.
pub(crate) fn property(kind: &str) -> &'static str {
    match kind {
        "AWS::EFS::AccessPoint" => "AccessPointTags",
        "AWS::EFS::FileSystem" => "FileSystemTags",
        _ => "Tags",
    }
}

/// The tags of a stack and of everything in it, by key.
pub fn of(environment: &Environment, stack: &str) -> BTreeMap<String, String> {
    let mut tags = environment.tags.clone();
    tags.insert(ENVIRONMENT_TAG.to_owned(), environment.name.clone());
    tags.insert(STACK_TAG.to_owned(), stack.to_owned());
    tags
}

/// Puts the tags on every resource that can carry them.
pub(crate) fn apply(template: &mut Template, tags: &BTreeMap<String, String>) {
    let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    for resource in template.resources_mut().values_mut() {
        if is_taggable(resource.kind()) == Some(true) {
            resource.set_property(property(resource.kind()), json!(tags));
        }
    }
}
