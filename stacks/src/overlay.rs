//! The local overlay: what the templates need beside themselves where the emulator lacks a service.
//!
//! Applied to the local target only. It changes these things and nothing else, and a test holds it:
//! - types of Timestream and of `TwinMaker` become custom resources with the same properties, served by
//!   the local provider;
//! - the Kinesis action of a topic rule becomes an SQS action into a bridge queue, which the provider
//!   drains in batches into the stream;
//! - the emulator's `CloudFormation` knows no provider of tokens, so the account of `bootstrap` has none;
//! - Firehose does not compress, because the emulator does not, and the objects are named for it.
//!
//! Whatever it adds is called `Local…`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::Inputs;
use crate::cfn::{Arn, Auditor, LogicalId, Resource, Statement, Template, role};
use crate::functions::{self, Deployment, LOCAL_PROVIDER, put_to_stream};
use crate::ingest::{self, QUARANTINE, RULE, STREAM};
use crate::lake::DELIVERY;
use crate::twin;

const BRIDGE_QUEUE: LogicalId = LogicalId::new("LocalBridgeQueue");
const BRIDGE_ROLE: LogicalId = LogicalId::new("LocalBridgeRole");

/// A service that the emulator does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Service {
    Timestream,
    TwinMaker,
}

/// Types that the emulator does not know, and the custom resources in their place. `Ref` of a custom
/// resource is what `Ref` of the type is.
#[rustfmt::skip]
const STAND_INS: [(&str, &str, Service); 5] = [
    ("AWS::IoTTwinMaker::ComponentType", "Custom::IoTTwinMakerComponentType", Service::TwinMaker),
    ("AWS::IoTTwinMaker::Entity",        "Custom::IoTTwinMakerEntity",        Service::TwinMaker),
    ("AWS::IoTTwinMaker::Workspace",     "Custom::IoTTwinMakerWorkspace",     Service::TwinMaker),
    ("AWS::Timestream::Database",        "Custom::TimestreamDatabase",        Service::Timestream),
    ("AWS::Timestream::Table",           "Custom::TimestreamTable",           Service::Timestream),
];

const MEMORY_MB: u32 = 128;
const TIMEOUT_SECONDS: u32 = 60;
/// How long `CloudFormation` waits for an answer of the provider, in seconds. By itself: an hour.
const SERVICE_TIMEOUT_SECONDS: u32 = 90;
const BRIDGE_BATCH: u32 = 500;
const BRIDGE_WINDOW_SECONDS: u32 = 1;
/// Deliveries of a message until it goes to quarantine.
const BRIDGE_ATTEMPTS: u32 = 5;
/// A day, in seconds.
const BRIDGE_RETENTION_SECONDS: u32 = 86_400;

/// Where the Kinesis action of the rule stands.
const KINESIS_ACTION: &str = "/TopicRulePayload/Actions/0";
/// Where Firehose is told how to write.
const S3_DESTINATION: &str = "/ExtendedS3DestinationConfiguration";

/// Changes a template of the stack for the emulator.
pub(crate) fn apply(template: &mut Template, stack: &'static str, inputs: &Inputs) {
    stand_in(template, stack, inputs);
    bridge_to_kinesis(template, stack, inputs);
    if let Some(destination) =
        template.resources_mut().get_mut(&DELIVERY).and_then(|delivery| delivery.property_mut(S3_DESTINATION))
    {
        destination["CompressionFormat"] = json!("UNCOMPRESSED");
        destination["FileExtension"] = json!(".jsonl");
    }
}

/// Leaves the provider of GitHub's tokens out: nothing on this machine takes a role with one.
pub(crate) fn without_provider(template: &mut Template) {
    template.resources_mut().retain(|_, resource| resource.kind() != "AWS::IAM::OIDCProvider");
}

/// The type that a type stands in for, or the type itself.
pub(crate) fn stands_for(kind: &str) -> &str {
    STAND_INS.iter().find(|(_, stand_in, _)| *stand_in == kind).map_or(kind, |(kind, ..)| kind)
}

fn stand_in(template: &mut Template, stack: &'static str, inputs: &Inputs) {
    let mut missing = BTreeSet::new();
    for resource in template.resources_mut().values_mut() {
        let Some((_, stand_in, service)) = STAND_INS.iter().find(|(kind, ..)| *kind == resource.kind())
        else {
            continue;
        };
        resource.set_kind(stand_in);
        resource.set_property("ServiceToken", json!(LOCAL_PROVIDER.logical_id().attribute("Arn")));
        resource.set_property("ServiceTimeout", json!(SERVICE_TIMEOUT_SECONDS));
        missing.insert(*service);
    }
    if missing.is_empty() {
        return;
    }
    let passes_role = missing.contains(&Service::TwinMaker);
    let statements = missing.into_iter().flat_map(|service| provision(service, inputs)).collect();
    let provider = add_provider(template, stack, inputs, BTreeMap::new(), statements);
    if passes_role && let Some(role) = template.resources_mut().get_mut(&provider.with("Role")) {
        *role = role.clone().skip(
            Auditor::Parliament,
            "PERMISSIONS_MANAGEMENT_ACTIONS",
            "It passes one role, which it names, to the workspace that it makes, as CloudFormation would; and it \
             does so on the local target alone",
        );
    }
}

/// What the provider may do to stand in for the types of a service.
fn provision(service: Service, inputs: &Inputs) -> Vec<Statement> {
    const DATABASES: Arn =
        Arn::sub("arn:${AWS::Partition}:timestream:${AWS::Region}:${AWS::AccountId}:database/");
    match service {
        Service::Timestream => {
            let database = DATABASES.within(inputs.environment.database());
            vec![
                Statement::allow(
                    &[
                        "timestream:CreateDatabase",
                        "timestream:CreateTable",
                        "timestream:DeleteDatabase",
                        "timestream:DeleteTable",
                        "timestream:DescribeDatabase",
                        "timestream:DescribeTable",
                        "timestream:TagResource",
                        "timestream:UntagResource",
                        "timestream:UpdateDatabase",
                        "timestream:UpdateTable",
                    ],
                    [database.clone(), database.within("/table/*")],
                ),
                Statement::allow_everywhere(
                    &["timestream:DescribeEndpoints"],
                    "Endpoint discovery has no resource: the service accepts only *",
                ),
            ]
        }
        Service::TwinMaker => {
            let workspace = twin::workspaces().within(inputs.environment.workspace());
            vec![
                Statement::allow(
                    &[
                        "iottwinmaker:CreateComponentType",
                        "iottwinmaker:CreateEntity",
                        "iottwinmaker:DeleteComponentType",
                        "iottwinmaker:DeleteEntity",
                        "iottwinmaker:DeleteWorkspace",
                        "iottwinmaker:GetComponentType",
                        "iottwinmaker:GetEntity",
                        "iottwinmaker:GetWorkspace",
                        "iottwinmaker:ListTagsForResource",
                        "iottwinmaker:TagResource",
                        "iottwinmaker:UntagResource",
                        "iottwinmaker:UpdateComponentType",
                        "iottwinmaker:UpdateEntity",
                        "iottwinmaker:UpdateWorkspace",
                    ],
                    [workspace.clone(), workspace.within("/*")],
                ),
                Statement::allow_everywhere(
                    &["iottwinmaker:CreateWorkspace"],
                    "A workspace that is not there yet has no ARN: the service accepts only *",
                ),
                // The workspace gets its role from whoever makes it.
                Statement::allow(&["iam:PassRole"], [twin::WORKSPACE_ROLE.arn()]),
            ]
        }
    }
}

fn bridge_to_kinesis(template: &mut Template, stack: &'static str, inputs: &Inputs) {
    let Some(action) =
        template.resources_mut().get_mut(&RULE).and_then(|rule| rule.property_mut(KINESIS_ACTION))
    else {
        return;
    };
    *action = json!({"Sqs": {
        "QueueUrl": BRIDGE_QUEUE.reference(),
        "RoleArn": BRIDGE_ROLE.attribute("Arn"),
        "UseBase64": false,
    }});

    let mut queue = ingest::queue(BRIDGE_RETENTION_SECONDS).holding_data(inputs.environment.on_delete);
    queue.set_property("VisibilityTimeout", json!(TIMEOUT_SECONDS));
    queue.set_property(
        "RedrivePolicy",
        json!({"deadLetterTargetArn": QUARANTINE.attribute("Arn"), "maxReceiveCount": BRIDGE_ATTEMPTS}),
    );
    let queue = template.add(BRIDGE_QUEUE, queue);
    template.add(BRIDGE_QUEUE.with("Policy"), ingest::queue_policy(&queue));
    template.add(
        BRIDGE_ROLE,
        role(
            "Puts events on the bridge queue",
            &ingest::trust_rules(),
            &[Statement::allow(&["sqs:SendMessage"], [queue.arn()])],
        ),
    );
    let provider = add_provider(
        template,
        stack,
        inputs,
        BTreeMap::from([
            ("STREAM_NAME", STREAM.reference()),
            ("PARTITION_KEY_FIELD", inputs.model.device.field.as_str().into()),
        ]),
        vec![
            put_to_stream(STREAM.arn()),
            Statement::allow(
                &["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
                [queue.arn()],
            ),
        ],
    );
    template.add(
        LogicalId::new("LocalBridgeMapping"),
        Resource::new(
            "AWS::Lambda::EventSourceMapping",
            json!({
                "FunctionName": provider.reference(),
                "EventSourceArn": queue.attribute("Arn"),
                "BatchSize": BRIDGE_BATCH,
                "MaximumBatchingWindowInSeconds": BRIDGE_WINDOW_SECONDS,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
            }),
        ),
    );
}

fn add_provider(
    template: &mut Template,
    stack: &'static str,
    inputs: &Inputs,
    variables: BTreeMap<&'static str, crate::cfn::Expression>,
    statements: Vec<Statement>,
) -> LogicalId {
    functions::add(
        template,
        inputs.environment,
        LOCAL_PROVIDER,
        Deployment {
            stack,
            description: "Stands in for what the emulator lacks",
            memory_mb: MEMORY_MB,
            timeout_seconds: TIMEOUT_SECONDS,
            variables,
            statements,
            failures: "It runs on the local target alone, where a custom resource without an answer fails its \
                       stack, and a message that failed stays in the bridge's queue",
        },
    )
}
