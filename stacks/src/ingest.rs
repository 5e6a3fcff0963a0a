//! `ingest`: how events come in. Topics -> rules -> stream, and a queue for what goes wrong.
//!
//! There is a rule for each kind of the model, from which its SQL and its partition key follow. What the rule cannot deliver, and what no
//! consumer can store, waits in the quarantine queue for a person.

use serde_json::json;
use telemetry::EventKind;

use crate::Inputs;
use crate::cfn::{Arn, Expression, LogicalId, Resource, Statement, Template, Trust, role};
use crate::environment::StreamMode;
use crate::queues;
use crate::stack::id_of;

/// The Kinesis stream.
pub(crate) const STREAM: LogicalId = LogicalId::new("EventStream");
/// The queue for what cannot be delivered or stored.
pub(crate) const QUARANTINE: LogicalId = LogicalId::new("QuarantineQueue");
/// A topic rule.
const RULE: &str = "TopicRule";

/// Builds the stack.
pub(crate) fn build(inputs: &Inputs) -> Template {
    let environment = inputs.environment;
    let mut template = Template::new(format!("Sluice {}: events come in", environment.name));

    let mut stream = json!({
        "RetentionPeriodHours": environment.stream.retention_hours,
        "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
    });
    match environment.stream.mode {
        StreamMode::OnDemand => stream["StreamModeDetails"] = json!({"StreamMode": "ON_DEMAND"}),
        StreamMode::Provisioned { shards } => {
            stream["StreamModeDetails"] = json!({"StreamMode": "PROVISIONED"});
            stream["ShardCount"] = json!(shards);
        }
    }
    let stream = template.add(STREAM, Resource::new("AWS::Kinesis::Stream", stream));

    let quarantine = queues::add(&mut template, QUARANTINE, queues::queue());

    let rule_role = template.add(
        LogicalId::new("TopicRuleRole"),
        role(
            "Puts events on the stream, and into quarantine what could not be put",
            &trust_rules(),
            &[
                // The action sends each message by itself.
                Statement::allow(&["kinesis:PutRecord"], [stream.arn()]),
                Statement::allow(&["sqs:SendMessage"], [quarantine.arn()]),
            ],
        ),
    );
    for kind in &inputs.model.kinds {
        let rule = template.add(
            id_of(kind, RULE),
            Resource::new(
                "AWS::IoT::TopicRule",
                json!({"TopicRulePayload": {
                    "AwsIotSqlVersion": "2016-03-23",
                    "Description": description(kind),
                    "Sql": sql(kind),
                    "RuleDisabled": false,
                    "Actions": [{"Kinesis": {
                        "StreamName": stream.reference(),
                        "PartitionKey": kind.partition_key_template(),
                        "RoleArn": rule_role.attribute("Arn"),
                    }}],
                    "ErrorAction": {"Sqs": {
                        "QueueUrl": quarantine.reference(),
                        "RoleArn": rule_role.attribute("Arn"),
                        "UseBase64": false,
                    }},
                }}),
            ),
        );
        template.output_of(
            &id_of(kind, "TopicRuleName"),
            "IoT rule between the topic and the stream",
            rule.reference(),
        );
        template.output_of(
            &id_of(kind, "TopicFilter"),
            "MQTT topic filter that devices publish to",
            kind.topic.as_str(),
        );
    }

    template.output("StreamName", "Kinesis stream of the events", stream.reference());
    template.output("StreamArn", "ARN of the stream", stream.attribute("Arn"));
    template.output(
        "QuarantineUrl",
        "Queue of what could not be delivered or stored",
        quarantine.reference(),
    );
    template.output("QuarantineArn", "ARN of the quarantine queue", quarantine.attribute("Arn"));
    template
}

/// Trust in the topic rules of this account.
pub(crate) fn trust_rules() -> Trust {
    const RULES: Arn = Arn::sub("arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:rule/*");
    Trust::service("iot.amazonaws.com").when(json!({
        "StringEquals": {"aws:SourceAccount": Expression::ACCOUNT},
        "ArnLike": {"aws:SourceArn": RULES},
    }))
}

/// What the rule selects: the message as it was published, whatever it is.
///
/// `*` alone is what
/// [hands a payload on as it is](https://docs.aws.amazon.com/iot/latest/developerguide/binary-payloads.html),
/// also one that is not JSON; a rule that adds a member to the event has only JSON to add it to. That IoT
/// Core writes JSON through byte for byte is not documented: digits of a number may change. A valid model
/// has no quote in its topic.
///
/// A partition key that
/// [Kinesis](https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html) does not
/// take, which is an empty one (`dt//measures`), fails the action, and the
/// [error action](https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html) puts the
/// original bytes into quarantine.
fn sql(kind: &EventKind) -> String {
    format!("SELECT * FROM '{}'", kind.topic)
}

fn description(kind: &EventKind) -> String {
    match &kind.name {
        Some(name) => format!("Events of the kind {name} go to the stream"),
        None => "Events of devices go to the stream".to_owned(),
    }
}
