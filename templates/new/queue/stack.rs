//! `<< name >>`: a queue, and a function that is given its messages.
//!
//! Queue -> function. A message that the function fails at five times waits in a second queue for a person.

use std::collections::BTreeMap;

use serde_json::json;

use crate::Inputs;
use crate::artifact::{Calls, Function};
use crate::cfn::{LogicalId, Resource, Statement, Template};
use crate::functions::{self, Deployment, Failures};
use crate::queues;

/// The package below `lambdas/`. With `carries_model` and a dependency on `telemetry`, it can read the model.
const FUNCTION: Function = Function {
    name: "<< name >>",
    carries_model: false,
    // Nobody can foresee how often it is called: `cargo xtask cost` says so.
    calls: Calls::ByUse,
};

const TIMEOUT_SECONDS: u32 = 30;
/// How often a message is given to the function before it is given up.
const ATTEMPTS: u32 = 5;

/// Builds the stack.
pub(crate) fn build(inputs: &Inputs) -> Template {
    let environment = inputs.environment;
    let mut template = Template::new(format!("Sluice {}: << name >>", environment.name));

    let failed = LogicalId::new("FailedQueue");
    let failed = queues::add(&mut template, failed, queues::queue());
    let mut queue = queues::queue();
    // As Lambda's guide has it, so that no message is given again while the function is still at it.
    queue.set_property("VisibilityTimeout", json!(6 * TIMEOUT_SECONDS));
    let redrive = json!({"deadLetterTargetArn": failed.attribute("Arn"), "maxReceiveCount": ATTEMPTS});
    queue.set_property("RedrivePolicy", redrive);
    let queue = queues::add(&mut template, LogicalId::new("Queue"), queue);

    let function = functions::add(
        &mut template,
        environment,
        FUNCTION,
        Deployment {
            stack: "<< name >>",
            description: "<< description >>",
            memory_mb: 128,
            timeout_seconds: TIMEOUT_SECONDS,
            // The function's environment, beside `LOG_LEVEL`.
            variables: BTreeMap::new(),
            // What the function may do, beside writing its log.
            statements: vec![Statement::allow(
                &["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
                [queue.arn()],
            )],
            failures: Failures::NotQueued(
                "The mapping waits for its answer, so that such a queue would stay empty: what fails goes back \
                 to its own queue, and then to that of failed messages",
            ),
        },
    );

    template.add(
        LogicalId::new("QueueMapping"),
        Resource::new(
            "AWS::Lambda::EventSourceMapping",
            json!({
                "FunctionName": function.reference(),
                "EventSourceArn": queue.attribute("Arn"),
                "BatchSize": 10,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
            }),
        ),
    );

    // Whatever sends to the queue, in another stack, takes these by `template.input`.
    template.output("QueueUrl", "Queue of the function", queue.reference());
    template.output("QueueArn", "ARN of the queue", queue.attribute("Arn"));
    template.output("FailedQueueUrl", "Queue of what the function failed at", failed.reference());
    template.output("FunctionName", "Function that is given the messages", function.reference());
    template
}
