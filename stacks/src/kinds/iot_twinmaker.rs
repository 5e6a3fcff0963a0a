//! The digital twin.

use super::grants::{Grants, NO_STEP, Needed, make, read, write};
use super::load::Cost;
use super::proof::A_PART;
use super::statement::allow;
use super::subject::Subject;
use super::{AtMostOnce, Bridge, Data, Generated, Group, Kind, Local, Naming, Proof, Service, Tags};

const SERVICE: Service = Service { namespace: "iottwinmaker", calls: &[], policy: Group::Data };

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::IoTTwinMaker::ComponentType",
        service: &SERVICE,
        naming: Naming::inside("/ComponentTypeId", "workspace/{WorkspaceId}/component-type/{name}"),
        tags: Tags::Map("Tags"),
        data: Data::HoldsNothing("it is made again from the template"),
        replaced_by: &["ComponentTypeId", "WorkspaceId"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/WorkspaceId", "/ComponentTypeId"]),
        kept: &[],
        grants: Grants::Needs(component_type),
        steps: NO_STEP,
        local: Local::StandIn("Custom::IoTTwinMakerComponentType", Bridge::TwinMaker),
        proof: A_PART,
        cost: Cost::Free("entities cost, not their types"),
    },
    Kind {
        name: "AWS::IoTTwinMaker::Entity",
        service: &SERVICE,
        naming: Naming::inside("/EntityId", "workspace/{WorkspaceId}/entity/{name}"),
        tags: Tags::Map("Tags"),
        data: Data::HoldsNothing("it is made again: values lie in the store"),
        replaced_by: &["EntityId", "WorkspaceId"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/WorkspaceId", "/EntityId"]),
        kept: &[],
        grants: Grants::Needs(entity),
        steps: NO_STEP,
        local: Local::StandIn("Custom::IoTTwinMakerEntity", Bridge::TwinMaker),
        proof: A_PART,
        cost: Cost::Free("counted with the workspace"),
    },
    Kind {
        name: "AWS::IoTTwinMaker::Workspace",
        service: &SERVICE,
        naming: Naming::own("/WorkspaceId", 128, Generated::Stack(128), "workspace/{name}"),
        tags: Tags::Map("Tags"),
        data: Data::HoldsNothing("it is made again: values lie in the store, and files in a bucket"),
        replaced_by: &["WorkspaceId"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/WorkspaceId"]),
        kept: &[],
        grants: Grants::Needs(workspace),
        steps: Grants::Needs(workspace_steps),
        local: Local::StandIn("Custom::IoTTwinMakerWorkspace", Bridge::TwinMaker),
        proof: Proof::Believed("`destroy` looks for the workspace of its environment by itself"),
        cost: Cost::ByUse("entities, queries and values that are read, by the plan of the account"),
    },
];

/// A workspace, and everything in it.
fn workspace_and_inside(subject: Subject, id: &str) -> [String; 2] {
    let workspace = subject.arn_of("iottwinmaker", &format!("workspace/{id}"));
    let inside = format!("{workspace}/*");
    [workspace, inside]
}

/// [`AWS::IoTTwinMaker::Workspace`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iottwinmaker-workspace.html).
fn workspace(subject: Subject) -> Needed {
    let [workspace, _] = workspace_and_inside(subject, &subject.name()?);
    Ok(vec![
        read(allow(&["iottwinmaker:GetWorkspace", "iottwinmaker:ListTagsForResource"], [workspace.clone()])),
        make(subject, &["iottwinmaker:CreateWorkspace"], ["*".to_owned()]),
        write(allow(
            &[
                "iottwinmaker:DeleteWorkspace",
                "iottwinmaker:TagResource",
                "iottwinmaker:UntagResource",
                "iottwinmaker:UpdateWorkspace",
            ],
            [workspace],
        )),
    ])
}

/// `twin sync` makes and moves entities, `destroy` removes what it made.
fn workspace_steps(subject: Subject) -> Needed {
    let workspace = subject.arn()?;
    let both = [workspace.clone(), format!("{workspace}/*")];
    Ok(vec![
        read(allow(
            &[
                "iottwinmaker:GetComponentType",
                "iottwinmaker:GetEntity",
                "iottwinmaker:GetWorkspace",
                "iottwinmaker:ListComponentTypes",
                "iottwinmaker:ListEntities",
                "iottwinmaker:ListTagsForResource",
            ],
            both.clone(),
        )),
        write(allow(
            &[
                "iottwinmaker:CreateEntity",
                "iottwinmaker:DeleteComponentType",
                "iottwinmaker:DeleteEntity",
                "iottwinmaker:GetPropertyValueHistory",
                "iottwinmaker:UpdateEntity",
            ],
            both,
        )),
    ])
}

fn inside(subject: Subject, reads: &[&str], writes: &[&str]) -> Needed {
    let id = subject.text(subject.resource.property("WorkspaceId"))?;
    let arns = workspace_and_inside(subject, &id);
    let common = ["iottwinmaker:GetWorkspace", "iottwinmaker:ListTagsForResource"];
    let tagging = ["iottwinmaker:TagResource", "iottwinmaker:UntagResource"];
    Ok(vec![
        read(allow(&common, arns.clone())),
        read(allow(reads, arns.clone())),
        write(allow(&tagging, arns.clone())),
        write(allow(writes, arns)),
    ])
}

/// [`AWS::IoTTwinMaker::ComponentType`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iottwinmaker-componenttype.html).
fn component_type(subject: Subject) -> Needed {
    inside(
        subject,
        &["iottwinmaker:GetComponentType"],
        &[
            "iottwinmaker:CreateComponentType",
            "iottwinmaker:DeleteComponentType",
            "iottwinmaker:UpdateComponentType",
        ],
    )
}

/// [`AWS::IoTTwinMaker::Entity`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iottwinmaker-entity.html).
fn entity(subject: Subject) -> Needed {
    inside(
        subject,
        &[
            "iottwinmaker:GetComponentType",
            "iottwinmaker:GetEntity",
            "iottwinmaker:ListComponents",
            "iottwinmaker:ListEntities",
            "iottwinmaker:ListProperties",
        ],
        &["iottwinmaker:CreateEntity", "iottwinmaker:DeleteEntity", "iottwinmaker:UpdateEntity"],
    )
}
