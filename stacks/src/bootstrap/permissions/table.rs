//! What each type of resource needs: one line a type, one file a family.
//!
//! The authority is `handlers.*.permissions` of the type's
//! [registry schema](https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schemas.html);
//! which names and conditions an action accepts, the
//! [Service Authorization Reference](https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
//! What a schema lists for properties that no template sets (keys of customers, replication, networks of
//! functions) is left out.

#![expect(clippy::unnecessary_wraps, reason = "the rows of the table have one type")]

mod access;
mod code;
mod container;
mod data;
mod entrance;
mod network;
mod storage;
mod stream;
mod twin;

pub(super) use code::log_groups;

use super::PermissionsError;
use super::names::{BY_ID, NO_RESOURCE, Subject};
use super::policy::{Statement, allow};

/// Whether an action changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// It only reads: whoever plans may do it too.
    Read,
    /// It creates, changes or deletes, or tells a secret.
    Write,
}

/// What a statement is for.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub access: Access,
    pub statement: Statement,
}

pub(super) fn read(statement: Statement) -> Grant {
    Grant { access: Access::Read, statement }
}

pub(super) fn write(statement: Statement) -> Grant {
    Grant { access: Access::Write, statement }
}

/// Reading what has no name to be limited to.
fn look(actions: &[&str]) -> Grant {
    read(allow(actions, ["*".to_owned()]).because(NO_RESOURCE))
}

/// Making what gets an id, tagged as the environment's.
fn make(subject: Subject, actions: &[&str], resources: impl IntoIterator<Item = String>) -> Grant {
    write(subject.scope.claimed(allow(actions, resources)).because(BY_ID))
}

/// Changing what has an id and is tagged as the environment's.
fn change(subject: Subject, actions: &[&str], resources: impl IntoIterator<Item = String>) -> Grant {
    write(subject.scope.owned(allow(actions, resources)).because(BY_ID))
}

/// Tagging what has an id: while it is made, and afterwards, where it is and stays the environment's.
/// `create` is the condition key that says that a tag comes with the creation.
fn tag(
    subject: Subject,
    actions: &[&str],
    resources: impl IntoIterator<Item = String> + Clone,
    create: &str,
) -> [Grant; 2] {
    let while_made = allow(&actions[..1], resources.clone()).when("Null", create, ["false"]);
    [
        write(subject.scope.claimed(while_made).because(BY_ID)),
        write(subject.scope.kept(allow(actions, resources)).because(BY_ID)),
    ]
}

/// The first resource of some types in an account makes the role that its service works with. See
/// [service-linked roles](https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html).
fn linked_role(subject: Subject, service: &str) -> Grant {
    let roles = [subject.arn_of("iam", &format!("role/aws-service-role/{service}/*"))];
    let made = allow(&["iam:CreateServiceLinkedRole"], roles);
    let made = made.because("The service names its role; the condition names the service");
    write(made.when("StringEquals", "iam:AWSServiceName", [service]))
}

/// What a type needs, of one of its resources.
type Row = fn(Subject) -> Result<Vec<Grant>, PermissionsError>;

/// The types that are known.
#[rustfmt::skip]
const ROWS: &[(&str, Row)] = &[
    ("AWS::Athena::WorkGroup",                                      data::workgroup),
    ("AWS::CertificateManager::Certificate",                        entrance::certificate),
    ("AWS::EC2::InternetGateway",                                   network::gateway),
    ("AWS::EC2::Route",                                             network::route),
    ("AWS::EC2::RouteTable",                                        network::route_table),
    ("AWS::EC2::SecurityGroup",                                     network::security_group),
    ("AWS::EC2::Subnet",                                            network::subnet),
    ("AWS::EC2::SubnetRouteTableAssociation",                       network::association),
    ("AWS::EC2::VPC",                                               network::vpc),
    ("AWS::EC2::VPCGatewayAttachment",                              network::attachment),
    ("AWS::ECS::Cluster",                                           container::cluster),
    ("AWS::ECS::Service",                                           container::service),
    ("AWS::ECS::TaskDefinition",                                    container::task_definition),
    ("AWS::EFS::AccessPoint",                                       storage::access_point),
    ("AWS::EFS::FileSystem",                                        storage::file_system),
    ("AWS::EFS::MountTarget",                                       storage::mount_target),
    ("AWS::ElasticLoadBalancingV2::Listener",                       entrance::listener),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer",                   entrance::load_balancer),
    ("AWS::ElasticLoadBalancingV2::TargetGroup",                    entrance::target_group),
    ("AWS::Events::Rule",                                           code::schedule),
    ("AWS::Glue::Database",                                         data::glue_database),
    ("AWS::Glue::Table",                                            data::glue_table),
    ("AWS::Grafana::Workspace",                                     container::grafana_workspace),
    ("AWS::IAM::Role",                                              access::role),
    ("AWS::IoT::TopicRule",                                         stream::topic_rule),
    ("AWS::IoTTwinMaker::ComponentType",                            twin::component_type),
    ("AWS::IoTTwinMaker::Entity",                                   twin::entity),
    ("AWS::IoTTwinMaker::Workspace",                                twin::workspace),
    ("AWS::Kinesis::Stream",                                        stream::stream),
    ("AWS::KinesisAnalyticsV2::Application",                        stream::application),
    ("AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption", stream::application_logging),
    ("AWS::KinesisFirehose::DeliveryStream",                        stream::delivery_stream),
    ("AWS::Lambda::EventSourceMapping",                             code::event_source_mapping),
    ("AWS::Lambda::Function",                                       code::function),
    ("AWS::Lambda::Permission",                                     code::permission),
    ("AWS::Logs::LogGroup",                                         code::log_group),
    ("AWS::Logs::LogStream",                                        code::log_stream),
    ("AWS::Route53::RecordSet",                                     entrance::record_set),
    ("AWS::S3::Bucket",                                             storage::bucket),
    ("AWS::S3::BucketPolicy",                                       storage::bucket_policy),
    ("AWS::SQS::Queue",                                             stream::queue),
    ("AWS::SQS::QueuePolicy",                                       stream::queue_policy),
    ("AWS::SecretsManager::Secret",                                 access::secret),
    ("AWS::Timestream::Database",                                   data::database),
    ("AWS::Timestream::Table",                                      data::table),
];

/// A type of which it is known what it needs.
pub(super) fn known(kind: &str) -> Option<&'static str> {
    ROWS.iter().map(|(known, _)| *known).find(|known| *known == kind)
}

/// What `CloudFormation` needs to create, read, update and delete a resource.
pub(super) fn grants(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let kind = subject.kind();
    match ROWS.iter().find(|(known, _)| *known == kind) {
        Some((_, row)) => row(subject),
        None => Err(PermissionsError::Unknown {
            stack: subject.stack.name,
            logical_id: subject.id.to_string(),
            kind: kind.to_owned(),
        }),
    }
}
