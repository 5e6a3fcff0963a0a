//! `operations`: who is told when something is wrong, and of what.
//!
//! The alarms follow from the stacks that the environment has: [`ALARMS`] says what a resource of a type is watched for, so
//! that whatever is new has its alarms. Each tells its section of `docs/runbook.md`. They send to one topic; a composite
//! alarm is the state of the pipeline as a whole, and a dashboard shows what they look at.

mod alarm;
mod dashboard;
mod table;
mod watched;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::json;

pub use alarm::{Alarm, Kept, Limit, Metric, Missing, Side, Statistic};
pub use table::ALARMS;
pub(crate) use watched::tell;

use crate::Inputs;
use crate::catalog;
use crate::cfn::{Auditor, Expression, LogicalId, ParameterSource, Resource, Template, WILDCARD_METADATA};
use crate::device::digest;
use crate::environment::{Environment, Recipient};
use dashboard::Panel;
use watched::Watched;

/// Its name in the table of stacks.
pub(crate) const NAME: &str = "operations";

/// Where the sections are.
const RUNBOOK: &str = "docs/runbook.md";

const TOPIC: LogicalId = LogicalId::new("Topic");
const KEY: LogicalId = LogicalId::new("TopicKey");
const PIPELINE: LogicalId = LogicalId::new("Pipeline");

/// Days for which a key that is deleted can be brought back: the least that
/// [KMS](https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html) takes.
const KEY_WINDOW_DAYS: u32 = 7;
/// For how many days a key encrypts before another one takes its place.
const KEY_ROTATION_DAYS: u32 = 365;
/// Most alarms that a composite one looks at, so that its rule has the
/// [10,240 characters](https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html) that it
/// may have, with names of 180.
const MOST_CHILDREN: usize = 50;
/// Digits of an address's hash in the id of its subscription.
const HASH_DIGITS: usize = 8;

/// Builds the stack.
pub(crate) fn build(inputs: &Inputs) -> Template {
    let environment = inputs.environment;
    let mut template = Template::new(format!("Sluice {}: alarms, and who is told of them", environment.name));
    let topic = add_topic(&mut template, environment);
    let others = catalog::others(NAME, inputs);
    let mut alarms = Vec::new();
    let mut panels: Vec<Panel> = Vec::new();
    for row in ALARMS {
        let mut of_row: Vec<Panel> = Vec::new();
        let watched = others.iter().flat_map(|(stack, other)| watched::of(environment, stack, other));
        for watched in watched.filter(|watched| row.watches(*watched)) {
            // A widget may have one query of Metrics Insights.
            if of_row.is_empty() || row.metric.kept == Kept::Among {
                of_row.push(Panel { alarm: row, lines: Vec::new(), limits: Vec::new() });
            }
            if let Some(panel) = of_row.last_mut() {
                alarms.push(add_alarm(&mut template, row, watched, &topic, panel));
            }
        }
        panels.append(&mut of_row);
    }
    let mut shown = vec![add_pipeline(&mut template, environment, &alarms)];
    shown.append(&mut alarms);
    let dashboard = template.add(
        LogicalId::new("Dashboard"),
        Resource::new(
            "AWS::CloudWatch::Dashboard",
            json!({
                "DashboardName": environment.dashboard(),
                "DashboardBody": dashboard::body(panels, &shown),
            }),
        ),
    );

    template.output("TopicArn", "Topic of alarms, which others may subscribe to", topic.reference());
    template.output("TopicKeyArn", "Key that encrypts what is told by it", KEY.attribute("Arn"));
    template.output("PipelineAlarm", "Alarm that is in ALARM while any other is", PIPELINE.reference());
    template.output("DashboardName", "Dashboard of CloudWatch", dashboard.reference());
    template
}

/// Adds the alarm of one resource, and what its widget shows.
fn add_alarm(
    template: &mut Template,
    row: &'static Alarm,
    watched: Watched,
    topic: &LogicalId,
    panel: &mut Panel,
) -> LogicalId {
    let environment = watched.environment;
    let drawn = row.draw(watched, panel.lines.len(), |source| {
        let value = watched.value(source).unwrap_or_else(|| "".into());
        match watched::output(watched.template, &value) {
            Some(output) => {
                let id = LogicalId::from_kebab(&format!("{}-{output}", watched.stack));
                let source = ParameterSource::Output { stack: watched.stack, output: output.clone() };
                template.parameter(id, source).reference()
            }
            // A text, which needs none.
            None => value,
        }
    });
    panel.lines.extend(drawn.lines);
    if !panel.limits.contains(&drawn.limit) {
        panel.limits.push(drawn.limit);
    }
    let mut alarm = Resource::new("AWS::CloudWatch::Alarm", drawn.properties);
    let name = format!("{}-{}-{}", watched.stack, kebab(watched.id.as_str()), kebab(row.name));
    alarm.set_property("AlarmName", json!(environment.alarm(&name)));
    let description =
        format!("{} It is about {}. What to do: {RUNBOOK}#{}", row.says, watched.title(), row.section);
    alarm.set_property("AlarmDescription", json!(description));
    for actions in ["AlarmActions", "OKActions"] {
        alarm.set_property(actions, json!([topic.reference()]));
    }
    template.add(LogicalId::from_kebab(&format!("{}-{}-{}", watched.stack, watched.id, row.name)), alarm)
}

/// Adds the alarm that is one while any of these is. It tells nobody: each of them does so itself, also while another
/// one is there already.
fn add_pipeline(template: &mut Template, environment: &Environment, alarms: &[LogicalId]) -> LogicalId {
    let mut children = alarms.to_vec();
    let composite = |name: &str, children: &[LogicalId], what: &str| {
        let parts = children.iter().enumerate().flat_map(|(index, child)| {
            let or = if index == 0 { "ALARM(\"" } else { " OR ALARM(\"" };
            [or.into(), child.reference(), "\")".into()]
        });
        Resource::new(
            "AWS::CloudWatch::CompositeAlarm",
            json!({
                "AlarmName": environment.alarm(name),
                "AlarmDescription": format!("{what} What to do: {RUNBOOK}"),
                "AlarmRule": Expression::Joined(parts.collect()),
            }),
        )
    };
    if children.len() > MOST_CHILDREN {
        let parts = children.chunks(MOST_CHILDREN).enumerate().map(|(index, chunk)| {
            let part =
                composite(&format!("pipeline-{}", index + 1), chunk, "A part of the pipeline is not well.");
            template.add(LogicalId::from_kebab(&format!("{PIPELINE}-{}", index + 1)), part)
        });
        children = parts.collect();
    }
    template.add(PIPELINE, composite("pipeline", &children, "Something of the pipeline is not well."))
}

/// Adds the topic, its key, and who is told.
///
/// CloudWatch may not use the key that SNS has by itself, `alias/aws/sns`, whose policy nobody can change, so that
/// [an alarm of an encrypted topic](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html)
/// takes a key of one's own: a dollar a month.
fn add_topic(template: &mut Template, environment: &Environment) -> LogicalId {
    let key = template.add(KEY, key(environment));
    let topic = template.add(
        TOPIC,
        Resource::new(
            "AWS::SNS::Topic",
            json!({"DisplayName": format!("Sluice {}", environment.name), "KmsMasterKeyId": key.reference()}),
        ),
    );
    template.add(
        TOPIC.with("Policy"),
        Resource::new(
            "AWS::SNS::TopicPolicy",
            json!({
                "Topics": [topic.reference()],
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                    {
                        "Sid": "Alarms",
                        "Effect": "Allow",
                        "Principal": {"Service": "cloudwatch.amazonaws.com"},
                        "Action": ["sns:Publish"],
                        "Resource": topic.reference(),
                        "Condition": alarms_of(environment),
                    },
                    // What a topic's policy may deny is what a topic is asked for, so that it names it.
                    {
                        "Sid": "RefusePlainHttp",
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": ["sns:Publish"],
                        "Resource": topic.reference(),
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    },
                ]},
            }),
        ),
    );
    for recipient in &environment.operations.notify {
        let subscription = Resource::new(
            "AWS::SNS::Subscription",
            json!({
                "TopicArn": topic.reference(),
                "Protocol": recipient.protocol(),
                "Endpoint": recipient.endpoint(),
            }),
        );
        template.add(subscription_of(recipient), subscription);
    }
    topic
}

/// The id stays when others come and go before it: another one would have its owner confirm again.
fn subscription_of(recipient: &Recipient) -> LogicalId {
    LogicalId::from_kebab(&format!("recipient-{}", digest(recipient.endpoint(), HASH_DIGITS)))
}

/// A key that the topic's publisher may use, and that this account manages.
fn key(environment: &Environment) -> Resource {
    const MANAGED: [&str; 14] = [
        "kms:CancelKeyDeletion",
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:DisableKey",
        "kms:DisableKeyRotation",
        "kms:EnableKey",
        "kms:EnableKeyRotation",
        "kms:GenerateDataKey",
        "kms:GetKeyPolicy",
        "kms:GetKeyRotationStatus",
        "kms:ListResourceTags",
        "kms:PutKeyPolicy",
        "kms:ScheduleKeyDeletion",
        "kms:UpdateKeyDescription",
    ];
    const TAGGED: [&str; 2] = ["kms:TagResource", "kms:UntagResource"];
    const USED: [&str; 2] = ["kms:Decrypt", "kms:GenerateDataKey"];
    const ITSELF: &str = "A key's policy is about the key that carries it, and * is its only name there";
    let managed: Vec<&str> = MANAGED.into_iter().chain(TAGGED).collect();
    let reasons: BTreeMap<&str, &str> = managed.iter().map(|action| (*action, ITSELF)).collect();
    let account = Expression::Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root");
    Resource::new(
        "AWS::KMS::Key",
        json!({
            "Description": format!("Alarms of Sluice {} on their way", environment.name),
            "EnableKeyRotation": true,
            "RotationPeriodInDays": KEY_ROTATION_DAYS,
            "PendingWindowInDays": KEY_WINDOW_DAYS,
            "KeyPolicy": {"Version": "2012-10-17", "Statement": [
                {
                    "Sid": "Account",
                    "Effect": "Allow",
                    "Principal": {"AWS": account},
                    "Action": managed,
                    "Resource": "*",
                },
                {
                    "Sid": "Alarms",
                    "Effect": "Allow",
                    "Principal": {"Service": "cloudwatch.amazonaws.com"},
                    "Action": USED,
                    "Resource": "*",
                    "Condition": alarms_of(environment),
                },
            ]},
        }),
    )
    .metadata_entry(WILDCARD_METADATA, json!(reasons))
    .skip(
        Auditor::Parliament,
        "PERMISSIONS_MANAGEMENT_ACTIONS",
        "A key's policy has to let its own account change it, or nobody could; within the account the policies of IAM say \
         who may",
    )
}

/// CloudWatch, on behalf of an alarm of this environment.
fn alarms_of(environment: &Environment) -> serde_json::Value {
    let alarms = Expression::joined([
        Expression::Sub("arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:"),
        environment.alarm("*").into(),
    ]);
    json!({
        "StringEquals": {"aws:SourceAccount": Expression::ACCOUNT},
        "ArnLike": {"aws:SourceArn": alarms},
    })
}

/// `over-heat` of `OverHeat`.
fn kebab(id: &str) -> String {
    let mut text = String::new();
    for (index, c) in id.char_indices() {
        if c.is_ascii_uppercase() && index > 0 {
            text.push('-');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

impl Environment {
    /// Name of an alarm: `sluice-<environment>-<what>`.
    fn alarm(&self, what: &str) -> String {
        format!("sluice-{}-{what}", self.name)
    }

    /// Name of the dashboard of its alarms: `sluice-<environment>`.
    fn dashboard(&self) -> String {
        format!("sluice-{}", self.name)
    }
}
