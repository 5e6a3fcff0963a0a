//! The local overlay: what the templates need beside themselves where the emulator lacks a service.
//!
//! Applied to the local target only. It changes these things and nothing else, and a test holds it:
//! - types that it does not know become custom resources with the same properties, served by the local
//!   provider: those of Timestream and of `TwinMaker`;
//! - what nothing on this machine uses is left out: the account of `bootstrap` has no provider of tokens.
//!
//! Which types those are, their rows in [`kinds`] say.
//!
//! Whatever it adds is called `Local…`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::Inputs;
use crate::artifact::{Calls, Function};
use crate::cfn::{Arn, Auditor, LogicalId, Policy, Statement, Template};
use crate::functions::{self, Deployment, Failures};
use crate::kinds::{self, Bridge, Local};
use crate::twin;

/// Stands in for what the emulator lacks. Deployed to the local target only.
pub const LOCAL_PROVIDER: Function =
    Function { name: "local-provider", carries_model: false, calls: Calls::OnRequest };

const MEMORY_MB: u32 = 128;
const TIMEOUT_SECONDS: u32 = 60;
/// How long `CloudFormation` waits for an answer of the provider, in seconds. By itself: an hour.
const SERVICE_TIMEOUT_SECONDS: u32 = 90;

/// Changes a template of the stack for the emulator.
pub(crate) fn apply(template: &mut Template, stack: &'static str, inputs: &Inputs) {
    let mut missing = BTreeSet::new();
    for resource in template.resources_mut().values_mut() {
        let Some(Local::StandIn(stand_in, bridge)) = kinds::of(resource.kind()).map(|kind| kind.local) else {
            continue;
        };
        resource.set_kind(stand_in);
        resource.set_property("ServiceToken", json!(LOCAL_PROVIDER.logical_id().attribute("Arn")));
        resource.set_property("ServiceTimeout", json!(SERVICE_TIMEOUT_SECONDS));
        // Of a custom resource, CloudFormation makes no snapshot.
        if resource.deletion_policy() == Some(Policy::Snapshot) {
            resource.set_policies(Policy::Delete, Policy::Delete);
        }
        missing.insert(bridge);
    }
    if missing.is_empty() {
        return;
    }
    let passes_role = missing.contains(&Bridge::TwinMaker);
    let statements = missing.into_iter().flat_map(|bridge| provision(bridge, inputs)).collect();
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

/// Leaves out what the emulator has no type for and nothing on this machine uses.
pub(crate) fn leave_out(template: &mut Template) {
    let is_left_out = |kind| kinds::of(kind).is_some_and(|kind| matches!(kind.local, Local::LeftOut(_)));
    template.resources_mut().retain(|_, resource| !is_left_out(resource.kind()));
}

/// What the provider may do to stand in for the types of a service.
fn provision(bridge: Bridge, inputs: &Inputs) -> Vec<Statement> {
    const DATABASES: Arn =
        Arn::sub("arn:${AWS::Partition}:timestream:${AWS::Region}:${AWS::AccountId}:database/");
    const CLUSTERS: Arn = Arn::sub("arn:${AWS::Partition}:rds:${AWS::Region}:${AWS::AccountId}:cluster:");
    match bridge {
        Bridge::Postgres => vec![Statement::allow(
            &["rds:CreateDBCluster", "rds:DeleteDBCluster", "rds:DescribeDBClusters", "rds:ModifyDBCluster"],
            [CLUSTERS.within(inputs.environment.cluster())],
        )],
        Bridge::Timestream => {
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
        Bridge::TwinMaker => {
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
