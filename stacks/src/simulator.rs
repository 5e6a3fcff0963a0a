//! `simulator`: devices that are not there, once a minute. Present where the environment enables it.

use std::collections::BTreeMap;

use serde_json::json;

use crate::Inputs;
use crate::artifact::{Calls, Function};
use crate::cfn::{Arn, Expression, LogicalId, Resource, Template};
use crate::functions::{self, Deployment, Failures, put_to_stream};

/// Sends the events of simulated devices.
const DEVICE_SIMULATOR: Function =
    Function { name: "device-simulator", carries_model: true, calls: Calls::PerMinute };

const MEMORY_MB: u32 = 256;
/// Less than the minute between two invocations, so that they do not overlap.
const TIMEOUT_SECONDS: u32 = 50;
/// A minute that was missed is not made up for. In seconds; the least that `EventBridge` takes.
const EVENT_AGE_SECONDS: u32 = 60;

/// Builds the stack.
pub(crate) fn build(inputs: &Inputs) -> Template {
    let environment = inputs.environment;
    let simulator = &environment.simulator;
    let mut template = Template::new(format!("Sluice {}: simulated devices", environment.name));

    let stream_name = template.input("ingest", "StreamName");
    let stream = Arn::parameter(&template.input("ingest", "StreamArn"));

    let function = functions::add(
        &mut template,
        environment,
        DEVICE_SIMULATOR,
        Deployment {
            stack: "simulator",
            description: "Sends the events of simulated devices",
            memory_mb: MEMORY_MB,
            timeout_seconds: TIMEOUT_SECONDS,
            variables: BTreeMap::from([
                ("STREAM_NAME", stream_name.reference()),
                ("DEVICES", Expression::from(simulator.devices.to_string())),
                ("EVENTS_PER_MINUTE", Expression::from(simulator.events_per_minute.to_string())),
                ("ANOMALY_CHANCE", Expression::from(simulator.anomaly_chance.to_string())),
            ]),
            statements: vec![put_to_stream(stream)],
            failures: Failures::NotQueued(
                "A minute of simulated devices that failed is worth nothing afterwards: it is not made \
                       up for, and the log says why",
            ),
        },
    );

    let schedule = template.add(
        LogicalId::new("Schedule"),
        Resource::new(
            "AWS::Events::Rule",
            json!({
                "Description": "A minute of simulated devices",
                "ScheduleExpression": "rate(1 minute)",
                "State": "ENABLED",
                "Targets": [{
                    "Id": "device-simulator",
                    "Arn": function.attribute("Arn"),
                    "RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": EVENT_AGE_SECONDS},
                }],
            }),
        ),
    );
    functions::let_rule_call(&mut template, LogicalId::new("SchedulePermission"), &function, &schedule);

    let logs = DEVICE_SIMULATOR.logical_id().with("Logs");
    template.output("SimulatorFunctionName", "Function that simulates devices", function.reference());
    template.output("SimulatorLogGroup", "Log group of that function", logs.reference());
    template
}
