//! What there may be only one of, and by which of its properties that one is known.
//!
//! An update of a stack [creates what is new before it removes what is old](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html),
//! so that for a while both are there. Where a service refuses the second, the update rolls back; where it
//! takes it for the first, the removal of the old one takes the new one with it.

/// Types of which a service has no second with the same values of these properties, as JSON pointers into
/// the properties. One that leaves such a property out gets a name of its own.
///
/// A stand-in of the local target keeps the properties of its type, and this with them.
#[rustfmt::skip]
pub const ONCE: &[(&str, &[&str])] = &[
    ("AWS::Athena::WorkGroup",                       &["/Name"]),
    ("AWS::EC2::Route",                              &["/RouteTableId", "/DestinationCidrBlock"]),
    ("AWS::EC2::SecurityGroup",                      &["/VpcId", "/GroupName"]),
    ("AWS::EC2::Subnet",                             &["/VpcId", "/CidrBlock"]),
    // A subnet has one table of routes.
    ("AWS::EC2::SubnetRouteTableAssociation",        &["/SubnetId"]),
    // A network has one way out.
    ("AWS::EC2::VPCGatewayAttachment",               &["/VpcId"]),
    ("AWS::ECS::Cluster",                            &["/ClusterName"]),
    // Two services would write one database of Grafana.
    ("AWS::ECS::Service",                            &["/Cluster"]),
    ("AWS::EFS::MountTarget",                        &["/FileSystemId", "/SubnetId"]),
    ("AWS::ElasticLoadBalancingV2::Listener",        &["/LoadBalancerArn", "/Port"]),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer",    &["/Name"]),
    ("AWS::ElasticLoadBalancingV2::TargetGroup",     &["/Name"]),
    ("AWS::Events::Rule",                            &["/Name"]),
    ("AWS::Glue::Database",                          &["/DatabaseInput/Name"]),
    ("AWS::Glue::Table",                             &["/DatabaseName", "/TableInput/Name"]),
    ("AWS::IAM::ManagedPolicy",                      &["/ManagedPolicyName"]),
    ("AWS::IAM::OIDCProvider",                       &["/Url"]),
    ("AWS::IAM::Role",                               &["/RoleName"]),
    ("AWS::IoT::TopicRule",                          &["/RuleName"]),
    ("AWS::IoTTwinMaker::ComponentType",             &["/WorkspaceId", "/ComponentTypeId"]),
    ("AWS::IoTTwinMaker::Entity",                    &["/WorkspaceId", "/EntityId"]),
    ("AWS::IoTTwinMaker::Workspace",                 &["/WorkspaceId"]),
    ("AWS::Kinesis::Stream",                         &["/Name"]),
    ("AWS::KinesisAnalyticsV2::Application",         &["/ApplicationName"]),
    // An application logs to one place.
    ("AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption", &["/ApplicationName"]),
    ("AWS::KinesisFirehose::DeliveryStream",         &["/DeliveryStreamName"]),
    ("AWS::Lambda::EventSourceMapping",              &["/FunctionName", "/EventSourceArn"]),
    ("AWS::Lambda::Function",                        &["/FunctionName"]),
    ("AWS::Logs::LogGroup",                          &["/LogGroupName"]),
    ("AWS::Logs::LogStream",                         &["/LogGroupName", "/LogStreamName"]),
    ("AWS::Route53::RecordSet",                      &["/HostedZoneId", "/Name", "/Type"]),
    ("AWS::S3::Bucket",                              &["/BucketName"]),
    // A bucket and a queue have one policy.
    ("AWS::S3::BucketPolicy",                        &["/Bucket"]),
    ("AWS::SQS::Queue",                              &["/QueueName"]),
    ("AWS::SQS::QueuePolicy",                        &["/Queues"]),
    ("AWS::SecretsManager::Secret",                  &["/Name"]),
    ("AWS::Timestream::Database",                    &["/DatabaseName"]),
    ("AWS::Timestream::Table",                       &["/DatabaseName", "/TableName"]),
];

/// Types of which there may be any number: nothing but a name of the service's own tells them apart.
pub const MANY: &[&str] = &[
    "AWS::CertificateManager::Certificate",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::RouteTable",
    "AWS::EC2::VPC",
    "AWS::ECS::TaskDefinition",
    "AWS::EFS::AccessPoint",
    "AWS::EFS::FileSystem",
    // Its name need not be unique.
    "AWS::Grafana::Workspace",
    "AWS::Lambda::Permission",
];
