//! `twin`: the digital twin of the devices.
//!
//! A `TwinMaker` workspace with component types that follow from the model, an entity for each device
//! that the environment lists and one for the canary, and the connector that answers the twin's
//! questions from the store. Nothing is copied: the twin holds names, the store holds values.
//!
//! A component type that is in use cannot change. Its id carries a hash of its definition, so another
//! model makes another type beside the old one; the entities, whose ids stay, move to it by an update;
//! and `CloudFormation` removes the old type when it cleans up after the update.

mod component;
mod entity;

use serde_json::json;
use telemetry::canary::CANARY;

use crate::Inputs;
use crate::artifact::{Calls, Function};
use crate::buckets;
use crate::cfn::{Arn, LogicalId, Resource, Statement, Template, Trust, role};
use crate::environment::Environment;
use crate::functions::{self, Deployment, Failures};
use crate::stack::id_of;
use crate::store::{Use, Way};

pub use crate::device::{DeviceFault, check_device, entity_id};
pub use component::{ComponentType, ComponentTypes, KindTypes};
pub use entity::{Component, components};

/// Answers the digital twin's questions from the store.
const TWINMAKER_CONNECTOR: Function =
    Function { name: "twinmaker-connector", carries_model: true, calls: Calls::OnRequest };

/// The workspace.
const WORKSPACE: LogicalId = LogicalId::new("Workspace");
/// The role that the workspace reads and asks with.
pub(crate) const WORKSPACE_ROLE: LogicalId = LogicalId::new("WorkspaceRole");

/// What the documentation asks for as `s3:GetBucket*`, written out.
/// See [the service role](https://docs.aws.amazon.com/iot-twinmaker/latest/guide/twinmaker-gs-service-role.html).
const READ_BUCKET: &[&str] = &[
    "s3:GetBucketAcl",
    "s3:GetBucketCORS",
    "s3:GetBucketLocation",
    "s3:GetBucketLogging",
    "s3:GetBucketNotification",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPolicyStatus",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketRequestPayment",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetBucketWebsite",
    "s3:ListBucket",
];

/// Where `TwinMaker` marks a bucket as a workspace's.
const WORKSPACE_MARK: &str = "/DO_NOT_DELETE_WORKSPACE_*";

/// Builds the stack.
pub(crate) fn build(inputs: &Inputs) -> Template {
    let environment = inputs.environment;
    let mut template = Template::new(format!("Sluice {}: the digital twin", environment.name));

    let connector = add_connector(&mut template, environment);
    // Only a viewer of scenes needs CORS, and then its own domain:
    // https://docs.aws.amazon.com/iot-twinmaker/latest/guide/cors-configuration-grafana.html
    let bucket =
        buckets::add_versioned(&mut template, LogicalId::new("TwinBucket"), buckets::UNDO_DAYS, Vec::new());
    let workspace = add_workspace(&mut template, environment, &bucket, &connector);

    let types = ComponentTypes::of(inputs.model);
    let made_first: Vec<LogicalId> = types
        .iter()
        .map(|kind| template.add(kind.logical_id(), kind.resource(&workspace, &connector)))
        .collect();
    for device in environment.twin.devices.iter().map(String::as_str).chain([CANARY]) {
        let components = components(inputs.model, &types, device);
        template.add(
            entity::logical_id(device),
            entity::resource(device, &components, &workspace).after(made_first.iter().cloned()),
        );
    }

    template.output("WorkspaceId", "TwinMaker workspace", workspace.reference());
    for (kind, types) in inputs.model.kinds.iter().zip(types.kinds()) {
        template.output_of(
            &id_of(kind, "ComponentType"),
            "Component type of a device's measures",
            types.telemetry.id(),
        );
        if let Some(alarm) = &types.alarm {
            template.output_of(
                &id_of(kind, "AlarmComponentType"),
                "Component type of a measure's alarm",
                alarm.id(),
            );
        }
    }
    template.output("ConnectorFunctionName", "Function that answers the twin", connector.reference());
    template.output(
        "ConnectorLogGroup",
        "Log group of that function",
        TWINMAKER_CONNECTOR.logical_id().with("Logs").reference(),
    );
    template.output("TwinBucket", "Bucket of the workspace", bucket.reference());
    template.output("CanaryEntity", "Entity of the device that verifies", entity_id(CANARY).as_ref());
    template
}

/// The connector reads one table, and nothing else.
fn add_connector(template: &mut Template, environment: &Environment) -> LogicalId {
    let store = Way::of(template, environment, Use::Reads);
    let connector = functions::add(
        template,
        environment,
        TWINMAKER_CONNECTOR,
        Deployment {
            stack: "twin",
            description: "Answers the digital twin from the store",
            memory_mb: environment.twin.memory_mb,
            timeout_seconds: environment.twin.timeout_seconds,
            variables: store.variables(),
            statements: store.statements(),
            failures: Failures::NotQueued(
                "TwinMaker waits for its answer, so that such a queue would stay empty: an error is the \
                       answer to whoever asked",
            ),
        },
    );
    if let Some(function) = template.resources_mut().get_mut(&connector) {
        // Roles that the console makes may invoke what begins so.
        let name = format!("iottwinmaker-sluice-{}-connector", environment.name);
        function.set_property("FunctionName", json!(name));
    }
    connector
}

/// The workspace and its role, which writes its mark into the bucket and asks the connector.
fn add_workspace(
    template: &mut Template,
    environment: &Environment,
    bucket: &LogicalId,
    connector: &LogicalId,
) -> LogicalId {
    // Without a condition, as the service's guide shows it: whether it says for whom it takes the role is
    // not documented. The role reaches one bucket and one function.
    let trust = Trust::service("iottwinmaker.amazonaws.com");
    let role = template.add(
        WORKSPACE_ROLE,
        role(
            "Keeps the workspace's files and asks its connector",
            &trust,
            &[
                Statement::allow(READ_BUCKET, [bucket.arn()]),
                Statement::allow(&["s3:GetObject", "s3:PutObject"], [bucket.arn().within("/*")]),
                Statement::allow(&["s3:DeleteObject"], [bucket.arn().within(WORKSPACE_MARK)]),
                Statement::allow(&["lambda:InvokeFunction"], [connector.arn()]),
            ],
        ),
    );
    template.add(
        WORKSPACE,
        Resource::new(
            "AWS::IoTTwinMaker::Workspace",
            json!({
                "WorkspaceId": environment.workspace(),
                "Description": format!("Devices of the environment {}", environment.name),
                "Role": role.attribute("Arn"),
                "S3Location": bucket.attribute("Arn"),
            }),
        ),
    )
}

/// The beginning of the ARN of a workspace, without its id.
pub(crate) fn workspaces() -> Arn {
    Arn::sub("arn:${AWS::Partition}:iottwinmaker:${AWS::Region}:${AWS::AccountId}:workspace/")
}
