//! Which changes replace a resource, and which resources hold data. Pure tables.
//!
//! The tables name what can be known before CloudFormation is asked. What they do not name is caught
//! by the change set, which says of every resource whether it is replaced.

use stacks::FIXED;

/// Types whose resources hold what cannot be made again: a replacement or removal loses it.
const HOLDS_DATA: &[&str] = &[
    "AWS::EFS::FileSystem",
    "AWS::Grafana::Workspace",
    "AWS::Kinesis::Stream",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
    "AWS::Timestream::Database",
    "AWS::Timestream::Table",
    "Custom::TimestreamDatabase",
    "Custom::TimestreamTable",
];

/// Properties whose change replaces the resource: `createOnlyProperties` of the types'
/// [schemas](https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html), as far as
/// a template of this pipeline has them.
#[rustfmt::skip]
const REPLACES: &[(&str, &[&str])] = &[
    ("AWS::Athena::WorkGroup", &["Name"]),
    ("AWS::CertificateManager::Certificate", &["DomainName", "DomainValidationOptions"]),
    ("AWS::EC2::Route", &["DestinationCidrBlock", "RouteTableId"]),
    ("AWS::EC2::RouteTable", &["VpcId"]),
    ("AWS::EC2::SecurityGroup", &["GroupDescription", "GroupName", "VpcId"]),
    ("AWS::EC2::Subnet", &["AvailabilityZone", "CidrBlock", "VpcId"]),
    ("AWS::EC2::SubnetRouteTableAssociation", &["RouteTableId", "SubnetId"]),
    ("AWS::EC2::VPC", &["CidrBlock"]),
    ("AWS::EC2::VPCGatewayAttachment", &["VpcId"]),
    ("AWS::ECS::Cluster", &["ClusterName"]),
    ("AWS::ECS::Service", &["Cluster", "ServiceName"]),
    (
        "AWS::ECS::TaskDefinition",
        &[
            "ContainerDefinitions", "Cpu", "ExecutionRoleArn", "Family", "Memory", "NetworkMode",
            "RequiresCompatibilities", "RuntimePlatform", "TaskRoleArn", "Volumes",
        ],
    ),
    ("AWS::EFS::AccessPoint", &["FileSystemId", "PosixUser", "RootDirectory"]),
    ("AWS::EFS::FileSystem", &["AvailabilityZoneName", "Encrypted", "KmsKeyId", "PerformanceMode"]),
    ("AWS::EFS::MountTarget", &["FileSystemId", "SubnetId"]),
    ("AWS::ElasticLoadBalancingV2::Listener", &["LoadBalancerArn"]),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", &["Name", "Scheme", "Type"]),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", &["Name", "Port", "Protocol", "TargetType", "VpcId"]),
    ("AWS::Events::Rule", &["Name"]),
    ("AWS::Glue::Database", &["DatabaseName", "CatalogId"]),
    ("AWS::Glue::Table", &["CatalogId", "DatabaseName"]),
    ("AWS::IAM::Role", &["RoleName", "Path"]),
    ("AWS::IoT::TopicRule", &["RuleName"]),
    ("AWS::IoTTwinMaker::ComponentType", &["ComponentTypeId", "WorkspaceId"]),
    ("AWS::IoTTwinMaker::Entity", &["EntityId", "WorkspaceId"]),
    ("AWS::IoTTwinMaker::Workspace", &["WorkspaceId"]),
    ("AWS::Kinesis::Stream", &["Name"]),
    ("AWS::KinesisAnalyticsV2::Application", &["ApplicationName", "ApplicationMode"]),
    ("AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption", &["ApplicationName"]),
    (
        "AWS::KinesisFirehose::DeliveryStream",
        &["DeliveryStreamName", "DeliveryStreamType", "KinesisStreamSourceConfiguration"],
    ),
    ("AWS::Lambda::EventSourceMapping", &["EventSourceArn", "StartingPosition", "StartingPositionTimestamp"]),
    ("AWS::Lambda::Function", &["FunctionName", "PackageType"]),
    ("AWS::Lambda::Permission", &["Action", "FunctionName", "Principal", "SourceArn", "SourceAccount"]),
    ("AWS::Logs::LogGroup", &["LogGroupName"]),
    ("AWS::Logs::LogStream", &["LogGroupName", "LogStreamName"]),
    // Its page says so of the name too, which its schema does not.
    ("AWS::Route53::RecordSet", &["HostedZoneId", "Name"]),
    ("AWS::S3::Bucket", &["BucketName"]),
    ("AWS::S3::BucketPolicy", &["Bucket"]),
    ("AWS::SNS::Topic", &["TopicName", "FifoTopic"]),
    ("AWS::SQS::Queue", &["QueueName", "FifoQueue"]),
    ("AWS::SecretsManager::Secret", &["Name"]),
    ("AWS::Timestream::Database", &["DatabaseName"]),
    ("AWS::Timestream::Table", &["DatabaseName", "TableName"]),
];

/// Whether resources of this type hold data.
pub fn holds_data(kind: &str) -> bool {
    HOLDS_DATA.contains(&kind)
}

/// Whether a change at this path of the resource, for instance `Properties.BucketName`, replaces it. So
/// does what is [`fixed`]: only another resource can have it otherwise.
pub fn follows_from(kind: &str, path: &str) -> bool {
    replaces(kind, path) || fixed(kind, path).is_some()
}

/// Whether CloudFormation answers a change at this path with a new resource.
pub fn replaces(kind: &str, path: &str) -> bool {
    let (kind, property) = (stands_for(kind), property(path));
    REPLACES.iter().any(|(known, properties)| {
        *known == kind && property.is_some_and(|property| properties.contains(&property))
    })
}

/// The property at this path, when the service refuses every change of it.
pub fn fixed(kind: &str, path: &str) -> Option<&'static str> {
    let (kind, property) = (stands_for(kind), property(path)?);
    FIXED.iter().find(|(known, fixed)| *known == kind && *fixed == property).map(|(_, fixed)| *fixed)
}

/// The type whose properties a resource of this type has. A bridged resource is a custom one with the
/// properties of the type that it stands for.
pub fn stands_for(kind: &str) -> String {
    kind.replace("Custom::Timestream", "AWS::Timestream::")
        .replace("Custom::IoTTwinMaker", "AWS::IoTTwinMaker::")
}

fn property(path: &str) -> Option<&str> {
    path.strip_prefix("Properties.")?.split('.').next()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use stacks::Inputs;

    use super::*;
    use artifacts::toolchain::venv::Venv;
    use session::Project;

    /// What has policies for its end and holds nothing that is missed.
    const HOLDS_NOTHING: &[(&str, &str)] = &[
        ("AWS::Logs::LogGroup", "it goes with what writes to it, and says so"),
        ("AWS::S3::BucketPolicy", "it stays as long as its bucket, and is made again from the template"),
        ("AWS::SQS::QueuePolicy", "it stays as long as its queue, and is made again from the template"),
    ];

    #[test]
    fn whatever_has_policies_for_its_end_is_known() {
        let project = Project::locate();
        let mut found = BTreeSet::new();
        for name in project.environments() {
            for kind in ["container", "managed", "none"] {
                let overrides = [("grafana.kind".to_owned(), kind.to_owned())];
                // Not every environment can have every kind.
                let Ok((model, environment)) = project.load_sample(&name, &overrides) else { continue };
                for stack in stacks::synthesize(&Inputs { model: &model, environment: &environment }) {
                    let resources = stack.template.resources().values();
                    let kept = resources.filter(|resource| resource.update_replace_policy().is_some());
                    found.extend(kept.map(|resource| resource.kind().to_owned()));
                }
            }
        }
        let known = |kind: &str| holds_data(kind) || HOLDS_NOTHING.iter().any(|(known, _)| *known == kind);
        let unknown: Vec<&String> = found.iter().filter(|kind| !known(kind)).collect();
        assert!(unknown.is_empty(), "neither in HOLDS_DATA nor in HOLDS_NOTHING: {unknown:?}");
        let stale: Vec<&&str> = HOLDS_DATA
            .iter()
            .chain(HOLDS_NOTHING.iter().map(|(kind, _)| kind))
            .filter(|kind| !found.contains(**kind))
            .collect();
        assert!(stale.is_empty(), "listed, and in no stack: {stale:?}");
    }

    /// What cfn-lint ships of the registry: properties that only another resource can have otherwise, by type.
    async fn create_only() -> impl Fn(&str) -> Vec<String> {
        let project = Project::locate();
        let venv = Venv::ensure(&project, &()).await.expect("the tools");
        let pattern = |folder: &std::path::Path| {
            let found = std::fs::read_dir(folder).expect("a folder").next().expect("a Python");
            found.expect("its folder").path().join("site-packages/cfnlint/data/schemas")
        };
        let schemas = pattern(&venv.bin().with_file_name("lib"));
        let read = |path: std::path::PathBuf| -> serde_json::Value {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            serde_json::from_str(&text).expect("JSON")
        };
        let types = read(schemas.join("providers/us-east-1.json"));
        move |kind| {
            let file = types[kind].as_str().unwrap_or_else(|| panic!("no schema of {kind}"));
            let schema = read(schemas.join(format!("resources/{file}.json")));
            let paths = schema["createOnlyProperties"].as_array().cloned().unwrap_or_default();
            let names = paths.iter().filter_map(|path| path.as_str()?.strip_prefix("/properties/"));
            // A part of a property that cannot change does not replace for the other parts.
            names.filter(|name| !name.contains('/')).map(str::to_owned).collect()
        }
    }

    #[tokio::test]
    async fn whatever_replaces_by_its_schema_is_known() {
        let create_only = create_only().await;
        let mut kinds = BTreeSet::new();
        let mut unknown = BTreeSet::new();
        for (name, overrides) in [("dev", &[][..]), ("prod", &[]), ("dev", &[("consumer.kind", "flink")])] {
            let overrides: Vec<_> = overrides
                .iter()
                .map(|(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned()))
                .collect();
            let (model, environment) =
                Project::locate().load_sample(name, &overrides).unwrap_or_else(|_| panic!("{name}"));
            for stack in stacks::synthesize(&Inputs { model: &model, environment: &environment }) {
                for resource in stack.template.resources().values() {
                    let kind = resource.kind();
                    kinds.insert(kind);
                    let there =
                        create_only(kind).into_iter().filter(|name| !resource.property(name).is_null());
                    unknown.extend(
                        there
                            .filter(|name| !replaces(kind, &format!("Properties.{name}")))
                            .map(|name| format!("{kind} {name}")),
                    );
                }
            }
        }
        assert!(unknown.is_empty(), "not in REPLACES: {unknown:?}");
        assert!(kinds.len() > 40, "{kinds:?}");
    }

    #[test]
    fn replacements() {
        let table = [
            ("AWS::S3::Bucket", "Properties.BucketName", true),
            ("AWS::S3::Bucket", "Properties.BucketEncryption.BucketName", false),
            ("AWS::S3::Bucket", "BucketName", false),
            ("AWS::Kinesis::Stream", "Properties.RetentionPeriodHours", false),
            ("AWS::Lambda::EventSourceMapping", "Properties.EventSourceArn.Ref", true),
            ("Custom::TimestreamTable", "Properties.TableName", true),
            ("Custom::TimestreamTable", "Properties.RetentionProperties", false),
            ("AWS::Timestream::Table", "Properties.Schema.CompositePartitionKey", true),
            ("Custom::TimestreamTable", "Properties.Schema", true),
            ("AWS::Timestream::Database", "Properties.Schema", false),
            ("AWS::Nothing::Known", "Properties.Name", false),
        ];
        for (kind, path, expected) in table {
            assert_eq!(follows_from(kind, path), expected, "{kind} {path}");
        }
    }

    #[test]
    fn what_is_fixed_is_not_what_is_replaced() {
        let table = [
            ("AWS::Timestream::Table", "Properties.Schema.CompositePartitionKey", Some("Schema"), false),
            ("Custom::TimestreamTable", "Properties.Schema", Some("Schema"), false),
            ("Custom::TimestreamTable", "Properties.TableName", None, true),
            ("AWS::Timestream::Table", "Properties.RetentionProperties.Schema", None, false),
            ("AWS::Timestream::Table", "Schema", None, false),
            ("AWS::Glue::Table", "Properties.Schema", None, false),
        ];
        for (kind, path, expected, replaced) in table {
            assert_eq!(fixed(kind, path), expected, "{kind} {path}");
            assert_eq!(replaces(kind, path), replaced, "{kind} {path}");
        }
    }
}
