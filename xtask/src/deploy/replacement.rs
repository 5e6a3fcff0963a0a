//! Which changes replace a resource, and which resources hold data. Pure tables.
//!
//! The tables name what can be known before CloudFormation is asked. What they do not name is caught
//! by the change set, which says of every resource whether it is replaced.

/// Types whose resources hold what cannot be made again: a replacement or removal loses it.
const HOLDS_DATA: &[&str] = &[
    "AWS::EFS::FileSystem",
    "AWS::Kinesis::Stream",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
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
    ("AWS::Kinesis::Stream", &["Name"]),
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
    ("AWS::Timestream::Database", &["DatabaseName"]),
    ("AWS::Timestream::Table", &["DatabaseName", "TableName"]),
];

/// Whether resources of this type hold data.
pub fn holds_data(kind: &str) -> bool {
    HOLDS_DATA.contains(&kind)
}

/// Whether a change at this path of the resource, for instance `Properties.BucketName`, replaces it.
pub fn follows_from(kind: &str, path: &str) -> bool {
    let Some(path) = path.strip_prefix("Properties.") else { return false };
    let property = path.split('.').next().unwrap_or(path);
    // A bridged resource is a custom one with the properties of the type that it stands for.
    let kind = kind.replace("Custom::Timestream", "AWS::Timestream::");
    REPLACES.iter().any(|(known, properties)| *known == kind && properties.contains(&property))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("AWS::Nothing::Known", "Properties.Name", false),
        ];
        for (kind, path, expected) in table {
            assert_eq!(follows_from(kind, path), expected, "{kind} {path}");
        }
    }
}
