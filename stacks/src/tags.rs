//! Tags: one place decides which resource carries them, and which.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cfn::{Resource, Template};
use crate::environment::Environment;

/// Whose resource it is.
pub const ENVIRONMENT_TAG: &str = "sluice:environment";
/// Which stack of the environment it belongs to.
pub const STACK_TAG: &str = "sluice:stack";
/// The day of UTC from which on its environment may be removed without being asked for.
pub const EXPIRES_TAG: &str = "sluice:expires";

/// How a type carries `Tags`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A list of keys and values.
    List,
    /// One object, with a member a tag.
    Map,
}

/// Types that carry a list `Tags` of keys and values.
///
/// A custom resource of the local target keeps the properties of the type that it stands in for.
static LISTING: &[&str] = &[
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
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::Events::Rule",
    "AWS::IAM::OIDCProvider",
    "AWS::IAM::Role",
    "AWS::IoT::TopicRule",
    "AWS::Kinesis::Stream",
    "AWS::KinesisAnalyticsV2::Application",
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

/// Types whose `Tags` are one object.
static MAPPING: &[&str] = &[
    "AWS::IoTTwinMaker::ComponentType",
    "AWS::IoTTwinMaker::Entity",
    "AWS::IoTTwinMaker::Workspace",
    "Custom::IoTTwinMakerComponentType",
    "Custom::IoTTwinMakerEntity",
    "Custom::IoTTwinMakerWorkspace",
];

/// Types that their service or their schema cannot tag.
static UNTAGGABLE: &[&str] = &[
    "AWS::EC2::Route",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::EFS::MountTarget",
    "AWS::Glue::Database",
    "AWS::Glue::Table",
    // Its schema has no tags; the stack's own are passed on by CloudFormation where the service takes them.
    "AWS::Grafana::Workspace",
    "AWS::IAM::ManagedPolicy",
    "AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogStream",
    "AWS::Route53::RecordSet",
    "AWS::S3::BucketPolicy",
    "AWS::SQS::QueuePolicy",
];

/// Whether a type is in none of the lists: nobody has said yet whether it carries tags.
pub(crate) fn is_unknown(kind: &str) -> bool {
    form(kind).is_none() && !UNTAGGABLE.contains(&kind)
}

/// How a type carries tags, if it does.
fn form(kind: &str) -> Option<Form> {
    if LISTING.contains(&kind) {
        Some(Form::List)
    } else if MAPPING.contains(&kind) {
        Some(Form::Map)
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

/// The tags of a stack and of everything in it, by key: they change only when somebody edits them.
pub fn of(environment: &Environment, stack: &str) -> BTreeMap<String, String> {
    let mut tags = environment.tags.clone();
    tags.insert(ENVIRONMENT_TAG.to_owned(), environment.name.clone());
    tags.insert(STACK_TAG.to_owned(), stack.to_owned());
    tags
}

/// The tag that moves on with every deployment of an environment that expires.
///
/// It is one of the stack alone, and only of stacks that need no other: `CloudFormation`
/// [propagates](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-resource-tags.html)
/// the tags of a stack to what is in it, and not every type that is in use can be updated, a component type
/// of `TwinMaker` among them. What those stacks hold takes another tag in place. Stacks that need others are
/// destroyed before them, so as long as anything of the environment is there, one that carries the tag is.
pub(crate) fn expiry(environment: &Environment) -> Option<(String, String)> {
    environment.expires.map(|expires| (EXPIRES_TAG.to_owned(), expires.to_string()))
}

/// Puts the tags on every resource that can carry them.
pub(crate) fn apply(template: &mut Template, tags: &BTreeMap<String, String>) {
    let listed = json!(tags.iter().map(|(key, value)| listed(key, value)).collect::<Vec<_>>());
    let mapped = json!(tags);
    for resource in template.resources_mut().values_mut() {
        let property = property(resource.kind());
        match form(resource.kind()) {
            Some(Form::List) => resource.set_property(property, listed.clone()),
            Some(Form::Map) => resource.set_property(property, mapped.clone()),
            None => {}
        }
    }
}

/// Whether a resource carries all of its stack's tags but the one that moves on, or is of a type that
/// carries none.
pub(crate) fn carries(resource: &Resource, tags: &BTreeMap<String, String>) -> bool {
    let there = resource.property(property(resource.kind()));
    let is_there = |key: &str, value: &str| match form(resource.kind()) {
        Some(Form::List) => there.as_array().is_some_and(|there| there.contains(&listed(key, value))),
        Some(Form::Map) => there[key] == *value,
        None => key != EXPIRES_TAG,
    };
    tags.iter().all(|(key, value)| is_there(key, value) != (key == EXPIRES_TAG))
}

fn listed(key: &str, value: &str) -> Value {
    json!({"Key": key, "Value": value})
}
