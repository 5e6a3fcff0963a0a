//! Kind `lambda`: a function that the stream's batches invoke. Retries end, batches are halved to find
//! the record that fails, and what is given up goes to S3 with its payload.

use serde_json::json;

use super::{Ends, network};
use crate::Inputs;
use crate::artifact::{Calls, Function};
use crate::cfn::{LogicalId, Resource, Template};
use crate::environment::LambdaConsumer;
use crate::functions::{self, Deployment, Failures};

/// Writes the events of the stream to the store.
pub const KINESIS_CONSUMER: Function =
    Function { name: "kinesis-consumer", carries_model: true, calls: Calls::PerBatch };

/// Folder of the rejected-data bucket into which the on-failure destination writes, with the function's
/// role: an object for each batch that was given up, `aws/lambda/<mapping>/<shard>/<date>/<time>-<UUID>`, with
/// [the whole batch](https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html) in it.
pub const GIVEN_UP_PREFIX: &str = "aws/lambda";

pub(super) fn add(template: &mut Template, inputs: &Inputs, consumer: &LambdaConsumer, ends: &Ends) {
    let mut variables = ends.store.variables();
    variables.extend([
        ("QUARANTINE_URL", ends.quarantine_url.reference()),
        ("REJECTED_BUCKET", ends.rejected_bucket.reference()),
    ]);
    if ends.store.is_timestream() {
        variables.insert("MEMORY_HOURS", inputs.environment.store.memory_hours.to_string().into());
    }
    let statements = ends.statements(&[GIVEN_UP_PREFIX]);
    let network = network::add(template, inputs.environment, &KINESIS_CONSUMER.role(), &statements);
    let function = functions::add_as(
        template,
        inputs.environment,
        (KINESIS_CONSUMER, ends.reader(KINESIS_CONSUMER.logical_id())),
        network.as_ref(),
        Deployment {
            stack: "consumer",
            description: "Writes the events of the stream to the store",
            memory_mb: consumer.memory_mb,
            timeout_seconds: consumer.timeout_seconds,
            variables,
            statements,
            failures: Failures::NotQueued(
                "The mapping waits for its answer, so that such a queue would stay empty: what the \
                       mapping gives up goes to the rejected-data bucket",
            ),
        },
    );

    template.add(
        ends.reader(LogicalId::new("StreamMapping")),
        Resource::new(
            "AWS::Lambda::EventSourceMapping",
            json!({
                "FunctionName": function.reference(),
                "EventSourceArn": ends.stream.reference(),
                "StartingPosition": "TRIM_HORIZON",
                "BatchSize": consumer.batch_size,
                "MaximumBatchingWindowInSeconds": consumer.window_seconds,
                "ParallelizationFactor": consumer.parallelization,
                "MaximumRetryAttempts": consumer.max_attempts,
                "MaximumRecordAgeInSeconds": consumer.max_age_seconds,
                "BisectBatchOnFunctionError": true,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "DestinationConfig": {"OnFailure": {"Destination": ends.rejected}},
                // How many events it gives up, among others.
                "MetricsConfig": {"Metrics": ["EventCount"]},
            }),
        ),
    );

    let logs = KINESIS_CONSUMER.logical_id().with("Logs");
    template.output("ConsumerFunctionName", "Function that writes to the store", function.reference());
    template.output("ConsumerLogGroup", "Log group of that function", logs.reference());
}
