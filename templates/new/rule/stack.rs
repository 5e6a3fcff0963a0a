//! `<< name >>`: a function that a topic rule hands the events of the devices, as they come.
//!
//! Topic -> rule -> function. What the rule cannot hand over, and what the function fails at three times, waits in
//! the quarantine queue of `ingest` for a person.

use std::collections::BTreeMap;

use serde_json::json;

use crate::Inputs;
use crate::artifact::{Calls, Function};
use crate::cfn::{Arn, LogicalId, Resource, Statement, Template, role};
use crate::functions::{self, Deployment, Failures};
use crate::ingest::trust_rules;

/// The package below `lambdas/`. With `carries_model` and a dependency on `telemetry`, it can read the model.
const FUNCTION: Function = Function {
    name: "<< name >>",
    carries_model: false,
    // Nobody can foresee how often it is called: `cargo xtask cost` says so.
    calls: Calls::ByUse,
};

/// Builds the stack.
pub(crate) fn build(inputs: &Inputs) -> Template {
    let environment = inputs.environment;
    let mut template = Template::new(format!("Sluice {}: << name >>", environment.name));

    // Outputs of another stack of the environment, which becomes one of `depends_on` in the catalog.
    let quarantine_url = template.input("ingest", "QuarantineUrl");
    let quarantine = Arn::parameter(&template.input("ingest", "QuarantineArn"));

    let function = functions::add(
        &mut template,
        environment,
        FUNCTION,
        Deployment {
            stack: "<< name >>",
            description: "<< description >>",
            memory_mb: 128,
            timeout_seconds: 10,
            // The function's environment, beside `LOG_LEVEL`.
            variables: BTreeMap::new(),
            // What the function may do, beside writing its log.
            statements: vec![],
            failures: Failures::Queued(quarantine.clone()),
        },
    );

    // The role is for the error action alone: the function permits the rule to invoke it.
    let rule_role = template.add(
        LogicalId::new("RuleRole"),
        role(
            "Puts into quarantine what could not be handed to the function",
            &trust_rules(),
            &[Statement::allow(&["sqs:SendMessage"], [quarantine])],
        ),
    );
    let rule = template.add(
        LogicalId::new("Rule"),
        Resource::new(
            "AWS::IoT::TopicRule",
            json!({"TopicRulePayload": {
                "AwsIotSqlVersion": "2016-03-23",
                "Description": "Events of devices go to the function",
                "Sql": sql(inputs),
                "RuleDisabled": false,
                "Actions": [{"Lambda": {"FunctionArn": function.attribute("Arn")}}],
                "ErrorAction": {"Sqs": {
                    "QueueUrl": quarantine_url.reference(),
                    "RoleArn": rule_role.attribute("Arn"),
                    "UseBase64": false,
                }},
            }}),
        ),
    );
    template.add(
        LogicalId::new("RulePermission"),
        Resource::new(
            "AWS::Lambda::Permission",
            json!({
                "Action": "lambda:InvokeFunction",
                "FunctionName": function.reference(),
                "Principal": "iot.amazonaws.com",
                "SourceArn": rule.attribute("Arn"),
            }),
        ),
    );

    template.output("FunctionName", "Function that the rule invokes", function.reference());
    template.output("RuleName", "Rule between the topic and the function", rule.reference());
    template
}

/// What the rule selects of the events on the model's topic, which has the environment's prefix: each of them,
/// with its topic. A `WHERE` behind it narrows that down, and what that leaves out invokes nothing. See the
/// [reference](https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-reference.html).
fn sql(inputs: &Inputs) -> String {
    format!("SELECT *, topic() AS topic FROM '{}'", inputs.model.first().topic)
}
