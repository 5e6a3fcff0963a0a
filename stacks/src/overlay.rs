//! The local overlay: what the templates need beside themselves where the emulator lacks a service.
//!
//! Applied to the local target only. It changes these things and nothing else, and a test holds it:
//! - types of Timestream and of `TwinMaker` become custom resources with the same properties, served by
//!   the local provider;
//! - the emulator's `CloudFormation` knows no provider of tokens, so the account of `bootstrap` has none.
//!
//! Whatever it adds is called `Local…`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::Inputs;
use crate::cfn::{Arn, Auditor, LogicalId, Statement, Template};
use crate::functions::{self, Deployment, Failures, LOCAL_PROVIDER};
use crate::twin;

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

/// Changes a template of the stack for the emulator.
pub(crate) fn apply(template: &mut Template, stack: &'static str, inputs: &Inputs) {
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
    let provider = add_provider(template, stack, inputs, statements);
    if passes_role && let Some(role) = template.resources_mut().get_mut(&provider.with("Role")) {
        *role = role.clone().skip(
            Auditor::Parliament,
            "PERMISSIONS_MANAGEMENT_ACTIONS",
            "It passes one role, which it names, to the workspace that it makes, as CloudFormation would; and it \
             does so on the local target alone",
        );
    }
}

/// Leaves the provider of GitHub's tokens out: nothing on this machine takes a role with one.
pub(crate) fn without_provider(template: &mut Template) {
    template.resources_mut().retain(|_, resource| resource.kind() != "AWS::IAM::OIDCProvider");
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

fn add_provider(
    template: &mut Template,
    stack: &'static str,
    inputs: &Inputs,
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
            variables: BTreeMap::new(),
            statements,
            failures: Failures::NotQueued(
                "It runs on the local target alone, where a custom resource without an answer fails its \
                       stack",
            ),
        },
    )
}
