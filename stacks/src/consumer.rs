//! `consumer`: what moves events from the stream to the store.
//!
//! Kind `lambda`: a function that the stream's batches invoke. Retries end, batches are halved to find
//! the record that fails, and what is given up goes to S3 with its payload.

use std::collections::BTreeMap;

use serde_json::json;

use crate::Inputs;
use crate::cfn::{Arn, LogicalId, Resource, Statement, Template};
use crate::environment::Consumer;
use crate::functions::{self, Deployment, KINESIS_CONSUMER};
use crate::store::{QUARANTINE_PREFIX, REPORT_PREFIX};

/// Builds the stack.
pub(crate) fn build(inputs: &Inputs) -> Template {
    let environment = inputs.environment;
    let Consumer::Lambda(consumer) = &environment.consumer;
    let mut template = Template::new(format!("Sluice {}: from the stream to the store", environment.name));

    let stream = Arn::parameter(&template.input("ingest", "StreamArn"));
    let quarantine_url = template.input("ingest", "QuarantineUrl");
    let quarantine = Arn::parameter(&template.input("ingest", "QuarantineArn"));
    let database = template.input("store", "DatabaseName");
    let table_name = template.input("store", "TableName");
    let table = Arn::parameter(&template.input("store", "TableArn"));
    let rejected_bucket = template.input("store", "RejectedBucket");
    let rejected = Arn::parameter(&template.input("store", "RejectedBucketArn"));

    let function = functions::add(
        &mut template,
        environment,
        KINESIS_CONSUMER,
        Deployment {
            stack: "consumer",
            description: "Writes the events of the stream to the store",
            memory_mb: consumer.memory_mb,
            timeout_seconds: consumer.timeout_seconds,
            variables: BTreeMap::from([
                ("DATABASE", database.reference()),
                ("TABLE", table_name.reference()),
                ("QUARANTINE_URL", quarantine_url.reference()),
                ("REJECTED_BUCKET", rejected_bucket.reference()),
            ]),
            statements: vec![
                Statement::allow(
                    &[
                        "kinesis:DescribeStream",
                        "kinesis:DescribeStreamSummary",
                        "kinesis:GetRecords",
                        "kinesis:GetShardIterator",
                        "kinesis:ListShards",
                    ],
                    [stream.clone()],
                ),
                Statement::allow(&["timestream:WriteRecords"], [table]),
                Statement::allow_everywhere(
                    &["timestream:DescribeEndpoints"],
                    "Endpoint discovery has no resource: the service accepts only *",
                ),
                Statement::allow(&["sqs:SendMessage"], [quarantine]),
                // The on-failure destination writes with the function's role under `aws/lambda/`, and
                // Timestream with the permissions of whoever wrote the records.
                Statement::allow(
                    &["s3:PutObject"],
                    [
                        rejected.within(format!("/{QUARANTINE_PREFIX}/*")),
                        rejected.within(format!("/{REPORT_PREFIX}/*")),
                        rejected.within("/aws/lambda/*"),
                    ],
                ),
                Statement::allow(&["s3:GetBucketAcl", "s3:ListBucket"], [rejected.clone()]),
            ],
        },
    );

    template.add(
        LogicalId::new("StreamMapping"),
        Resource::new(
            "AWS::Lambda::EventSourceMapping",
            json!({
                "FunctionName": function.reference(),
                "EventSourceArn": stream,
                "StartingPosition": "TRIM_HORIZON",
                "BatchSize": consumer.batch_size,
                "MaximumBatchingWindowInSeconds": consumer.window_seconds,
                "ParallelizationFactor": consumer.parallelization,
                "MaximumRetryAttempts": consumer.max_attempts,
                "MaximumRecordAgeInSeconds": consumer.max_age_seconds,
                "BisectBatchOnFunctionError": true,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "DestinationConfig": {"OnFailure": {"Destination": rejected}},
            }),
        ),
    );

    let logs = KINESIS_CONSUMER.logical_id().with("Logs");
    template.output("ConsumerFunctionName", "Function that writes to the store", function.reference());
    template.output("ConsumerLogGroup", "Log group of that function", logs.reference());
    template
}
