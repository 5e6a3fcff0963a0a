//! `<< name >>`: a function that reads the stream, beside the consumer and the lake.
//!
//! Stream -> function. What it fails at is halved and tried again until it is too old; what is given up goes to the
//! rejected-data bucket of `store`. A shard gives 2 MB a second to all who read it.

use std::collections::BTreeMap;

use serde_json::json;

use crate::Inputs;
use crate::artifact::{Calls, Function};
use crate::cfn::{Arn, LogicalId, Resource, Statement, Template};
use crate::functions::{self, Deployment, Failures};

/// The package below `lambdas/`. With `carries_model` and a dependency on `telemetry`, it can read the model.
const FUNCTION: Function = Function {
    name: "<< name >>",
    carries_model: false,
    // Nobody can foresee how often it is called: `cargo xtask cost` says so.
    calls: Calls::ByUse,
};

/// Folder of the rejected-data bucket into which Lambda writes what is given up.
const GIVEN_UP: &str = "/aws/lambda/*";

/// Builds the stack.
pub(crate) fn build(inputs: &Inputs) -> Template {
    let environment = inputs.environment;
    let mut template = Template::new(format!("Sluice {}: << name >>", environment.name));

    // Outputs of other stacks of the environment, which become `depends_on` in the catalog.
    let stream = template.input("ingest", "StreamArn");
    let rejected = Arn::parameter(&template.input("store", "RejectedBucketArn"));

    let function = functions::add(
        &mut template,
        environment,
        FUNCTION,
        Deployment {
            stack: "<< name >>",
            description: "<< description >>",
            memory_mb: 128,
            timeout_seconds: 30,
            // The function's environment, beside `LOG_LEVEL`.
            variables: BTreeMap::new(),
            // What the function may do, beside writing its log.
            statements: vec![
                Statement::allow(
                    &[
                        "kinesis:DescribeStream",
                        "kinesis:DescribeStreamSummary",
                        "kinesis:GetRecords",
                        "kinesis:GetShardIterator",
                        "kinesis:ListShards",
                    ],
                    [Arn::parameter(&stream)],
                ),
                Statement::allow(&["s3:PutObject"], [rejected.within(GIVEN_UP)]),
                Statement::allow(&["s3:ListBucket"], [rejected.clone()]),
            ],
            failures: Failures::NotQueued(
                "The mapping waits for its answer, so that such a queue would stay empty: what the mapping \
                 gives up goes to the rejected-data bucket",
            ),
        },
    );

    template.add(
        LogicalId::new("StreamMapping"),
        Resource::new(
            "AWS::Lambda::EventSourceMapping",
            json!({
                "FunctionName": function.reference(),
                "EventSourceArn": stream.reference(),
                // The oldest record that the stream has. `LATEST` is what comes from now on.
                "StartingPosition": "TRIM_HORIZON",
                "BatchSize": 100,
                "MaximumBatchingWindowInSeconds": 1,
                "MaximumRecordAgeInSeconds": 3_600,
                "BisectBatchOnFunctionError": true,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "DestinationConfig": {"OnFailure": {"Destination": rejected}},
                // How many events it gives up, among others.
                "MetricsConfig": {"Metrics": ["EventCount"]},
            }),
        ),
    );

    template.output("FunctionName", "Function that reads the stream", function.reference());
    template
}
