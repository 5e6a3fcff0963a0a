//! `<< name >>`: a function on a schedule.
//!
//! Schedule -> function. A run that fails is not made up for: the next one comes by itself.

use std::collections::BTreeMap;

use serde_json::json;

use crate::Inputs;
use crate::artifact::{Calls, Function};
use crate::cfn::{LogicalId, Resource, Template};
use crate::functions::{self, Deployment, Failures};

/// The package below `lambdas/`. With `carries_model` and a dependency on `telemetry`, it can read the model.
const FUNCTION: Function = Function {
    name: "<< name >>",
    carries_model: false,
    // Nobody can foresee how often it is called: `cargo xtask cost` says so.
    calls: Calls::ByUse,
};

/// When it runs, by the
/// [syntax of EventBridge](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html).
const SCHEDULE: &str = "rate(1 hour)";
/// How late a run may begin, in seconds.
const EVENT_AGE_SECONDS: u32 = 300;

/// Builds the stack.
pub(crate) fn build(inputs: &Inputs) -> Template {
    let environment = inputs.environment;
    let mut template = Template::new(format!("Sluice {}: << name >>", environment.name));

    let function = functions::add(
        &mut template,
        environment,
        FUNCTION,
        Deployment {
            stack: "<< name >>",
            description: "<< description >>",
            memory_mb: 128,
            timeout_seconds: 60,
            // The function's environment, beside `LOG_LEVEL`.
            variables: BTreeMap::new(),
            // What the function may do, beside writing its log.
            statements: vec![],
            failures: Failures::NotQueued(
                "A run that failed is not made up for: the next one comes by itself, and the log says why",
            ),
        },
    );

    let schedule = template.add(
        LogicalId::new("Schedule"),
        Resource::new(
            "AWS::Events::Rule",
            json!({
                "Description": "Runs the function",
                "ScheduleExpression": SCHEDULE,
                "State": "ENABLED",
                "Targets": [{
                    "Id": "function",
                    "Arn": function.attribute("Arn"),
                    "RetryPolicy": {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": EVENT_AGE_SECONDS},
                }],
            }),
        ),
    );
    functions::let_rule_call(&mut template, LogicalId::new("SchedulePermission"), &function, &schedule);

    template.output("FunctionName", "Function on the schedule", function.reference());
    template
}
