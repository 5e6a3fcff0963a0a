//! `lake`: the events as they came, as JSON lines, and the means to query them.
//!
//! Stream -> Firehose -> transform -> bucket, one folder an hour of arrival. Firehose reads the stream
//! from the moment its delivery is active: what came before is not in the lake. Of a model with several kinds,
//! each has a folder and a Glue table. A table follows from the model, and finds its partitions by projection, so
//! that nothing has to register them.

mod columns;
mod table;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use telemetry::lake::KIND_KEY;

use crate::Inputs;
use crate::artifact::{Calls, Function};
use crate::buckets;
use crate::cfn::{Arn, Expression, LogicalId, Resource, Statement, Template, Trust, role};
use crate::environment::{ERROR_PREFIX, PARTITION, RESULT_PREFIX};
use crate::functions::{self, Deployment, Failures};

/// Makes one JSON line of each record on its way to the lake.
pub const JSONL_TRANSFORM: Function =
    Function { name: "jsonl-transform", carries_model: true, calls: Calls::PerBuffer };

/// The bucket of the raw events.
pub(crate) const LAKE_BUCKET: LogicalId = LogicalId::new("LakeBucket");
/// The Firehose stream.
pub(crate) const DELIVERY: LogicalId = LogicalId::new("Delivery");

/// How long results are kept, in days.
const RESULT_DAYS: u32 = 30;
/// Largest scan of one query, in bytes: 10 GiB.
const SCAN_LIMIT_BYTES: u64 = 10 * 1024 * 1024 * 1024;

const TRANSFORM_MEMORY_MB: u32 = 512;
/// A transform may take 5 minutes; that of a full buffer takes a fraction of a second.
const TRANSFORM_TIMEOUT_SECONDS: u32 = 60;
/// Records handed to one invocation, in MB before base64. The response is as large, and Lambda's
/// limit for both is 6 MB.
const TRANSFORM_BUFFER_MB: u32 = 1;
/// Longest that records wait for the transform, in seconds.
const TRANSFORM_BUFFER_LIMIT_SECONDS: u32 = 60;
const TRANSFORM_RETRIES: u32 = 3;

/// Least buffer of a delivery into the folders of several kinds, in MB. See
/// [dynamic partitioning](https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html), where the
/// transform says which folder a record goes to.
const PARTITIONED_BUFFER_MB: u32 = 64;
/// For how long such a delivery tries again to write, in seconds.
const PARTITIONED_RETRY_SECONDS: u32 = 300;

/// Builds the stack.
pub(crate) fn build(inputs: &Inputs) -> Template {
    let environment = inputs.environment;
    let mut template = Template::new(format!("Sluice {}: the lake of raw events", environment.name));
    let stream = Arn::parameter(&template.input("ingest", "StreamArn"));

    let bucket = buckets::add_versioned(
        &mut template,
        LAKE_BUCKET,
        buckets::UNDO_DAYS,
        vec![json!({
            "Id": "query-results",
            "Status": "Enabled",
            "Prefix": format!("{RESULT_PREFIX}/"),
            "ExpirationInDays": RESULT_DAYS,
        })],
    );

    let transform = functions::add(
        &mut template,
        environment,
        JSONL_TRANSFORM,
        Deployment {
            stack: "lake",
            description: "Makes one JSON line of each record",
            memory_mb: TRANSFORM_MEMORY_MB,
            timeout_seconds: TRANSFORM_TIMEOUT_SECONDS,
            variables: BTreeMap::new(),
            statements: Vec::new(),
            failures: Failures::NotQueued(
                "Firehose waits for its answer, so that such a queue would stay empty: what it cannot \
                       transform goes to the delivery errors in the lake",
            ),
        },
    );
    let delivery = add_delivery(&mut template, inputs, &stream, &bucket, &transform);
    table::add(&mut template, inputs, &bucket);
    let workgroup = add_workgroup(&mut template, inputs, &bucket);

    template.output("LakeBucket", "Bucket of the raw events", bucket.reference());
    template.output("DeliveryStreamName", "Firehose stream into the bucket", delivery.reference());
    template.output("DeliveryLogGroup", "Log group of the delivery", DELIVERY.with("Logs").reference());
    template.output("TransformFunctionName", "Function that makes JSON lines", transform.reference());
    let transform_logs = JSONL_TRANSFORM.logical_id().with("Logs");
    template.output("TransformLogGroup", "Log group of that function", transform_logs.reference());
    template.output("Workgroup", "Athena workgroup for the lake", workgroup.reference());
    template
}

/// The folder of the events of a kind, without slashes at its ends. `prefix` is that of the environment's lake.
pub fn folder(prefix: &str, kind: Option<&str>) -> String {
    kind.iter().fold(prefix.to_owned(), |prefix, kind| format!("{prefix}/{kind}"))
}

fn add_delivery(
    template: &mut Template,
    inputs: &Inputs,
    stream: &Arn,
    bucket: &LogicalId,
    transform: &LogicalId,
) -> LogicalId {
    let lake = &inputs.environment.lake;
    let logs =
        functions::add_log_group(template, inputs.environment, DELIVERY.with("Logs"), "lake", "delivery");
    let log_stream = template.add(
        DELIVERY.with("LogStream"),
        Resource::new(
            "AWS::Logs::LogStream",
            json!({"LogGroupName": logs.reference(), "LogStreamName": "S3Delivery"}),
        ),
    );

    let role = template.add(
        DELIVERY.with("Role"),
        role(
            "Moves records from the stream through the transform into the lake",
            &Trust::service("firehose.amazonaws.com")
                .when(json!({"StringEquals": {"sts:ExternalId": Expression::ACCOUNT}})),
            &[
                Statement::allow(
                    &[
                        "kinesis:DescribeStream",
                        "kinesis:GetRecords",
                        "kinesis:GetShardIterator",
                        "kinesis:ListShards",
                    ],
                    [stream.clone()],
                ),
                Statement::allow(
                    &["lambda:GetFunctionConfiguration", "lambda:InvokeFunction"],
                    // With and without a version: Firehose adds `:$LATEST`.
                    [transform.arn(), transform.arn().within(":*")],
                ),
                Statement::allow(
                    &["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
                    [bucket.arn()],
                ),
                Statement::allow(
                    &["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
                    [
                        bucket.arn().within(format!("/{}/*", lake.prefix)),
                        bucket.arn().within(format!("/{ERROR_PREFIX}/*")),
                    ],
                ),
                Statement::allow(&["logs:PutLogEvents"], [logs.arn()]),
            ],
        ),
    );

    let logging = json!({
        "Enabled": true,
        "LogGroupName": logs.reference(),
        "LogStreamName": log_stream.reference(),
    });
    let parameters = [
        ("LambdaArn", json!(transform.attribute("Arn"))),
        ("NumberOfRetries", json!(TRANSFORM_RETRIES.to_string())),
        ("BufferSizeInMBs", json!(TRANSFORM_BUFFER_MB.to_string())),
        (
            "BufferIntervalInSeconds",
            json!(lake.buffer_seconds.min(TRANSFORM_BUFFER_LIMIT_SECONDS).to_string()),
        ),
        ("RoleArn", json!(role.attribute("Arn"))),
    ]
    .map(|(name, value)| json!({"ParameterName": name, "ParameterValue": value}));

    let by_kind = inputs.model.first().name.is_some();
    let buffer_mb = if by_kind { lake.buffer_mb.max(PARTITIONED_BUFFER_MB) } else { lake.buffer_mb };
    let folder =
        folder(&lake.prefix, by_kind.then(|| format!("!{{partitionKeyFromLambda:{KIND_KEY}}}")).as_deref());
    let mut destination = json!({
        "BucketARN": bucket.attribute("Arn"),
        "RoleARN": role.attribute("Arn"),
        "BufferingHints": {"SizeInMBs": buffer_mb, "IntervalInSeconds": lake.buffer_seconds},
        // The hour of arrival, not that of the event: a late event is in a later folder.
        "Prefix": format!("{folder}/{PARTITION}=!{{timestamp:yyyy/MM/dd/HH}}/"),
        "ErrorOutputPrefix": format!(
            "{ERROR_PREFIX}/!{{firehose:error-output-type}}/!{{timestamp:yyyy/MM/dd/HH}}/"
        ),
        "CompressionFormat": "GZIP",
        "FileExtension": ".jsonl.gz",
        "CloudWatchLoggingOptions": logging,
        "ProcessingConfiguration": {
            "Enabled": true,
            "Processors": [{"Type": "Lambda", "Parameters": parameters}],
        },
    });
    if by_kind {
        destination["DynamicPartitioningConfiguration"] =
            json!({"Enabled": true, "RetryOptions": {"DurationInSeconds": PARTITIONED_RETRY_SECONDS}});
    }
    template.add(
        // A stream that is there cannot begin to partition what it delivers: another one takes its place.
        if by_kind { LogicalId::new("DeliveryByKind") } else { DELIVERY },
        Resource::new(
            "AWS::KinesisFirehose::DeliveryStream",
            json!({
                "DeliveryStreamType": "KinesisStreamAsSource",
                "KinesisStreamSourceConfiguration": {
                    "KinesisStreamARN": stream,
                    "RoleARN": role.attribute("Arn"),
                },
                "ExtendedS3DestinationConfiguration": destination,
            }),
        ),
    )
}

fn add_workgroup(template: &mut Template, inputs: &Inputs, bucket: &LogicalId) -> LogicalId {
    let results: Value =
        json!(Expression::joined(["s3://".into(), bucket.reference(), format!("/{RESULT_PREFIX}/").into(),]));
    template.add(
        LogicalId::new("Workgroup"),
        Resource::new(
            "AWS::Athena::WorkGroup",
            json!({
                "Name": inputs.environment.stack_name("lake"),
                "Description": "Queries over the raw events",
                "State": "ENABLED",
                // It holds only the history of queries, without which it could not be deleted.
                "RecursiveDeleteOption": true,
                "WorkGroupConfiguration": {
                    "EnforceWorkGroupConfiguration": true,
                    "PublishCloudWatchMetricsEnabled": true,
                    "BytesScannedCutoffPerQuery": SCAN_LIMIT_BYTES,
                    "ResultConfiguration": {
                        "OutputLocation": results,
                        "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
                    },
                },
            }),
        ),
    )
}
