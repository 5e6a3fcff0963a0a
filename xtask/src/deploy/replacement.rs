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
/// [schemas](https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html).
const REPLACES: &[(&str, &[&str])] = &[
    ("AWS::Athena::WorkGroup", &["Name"]),
    ("AWS::EFS::FileSystem", &["AvailabilityZoneName", "Encrypted", "KmsKeyId", "PerformanceMode"]),
    ("AWS::Events::Rule", &["Name"]),
    ("AWS::Glue::Database", &["DatabaseName", "CatalogId"]),
    ("AWS::Glue::Table", &["CatalogId"]),
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
    use crate::project::Project;

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
