//! The digital twin.

use super::super::PermissionsError;
use super::super::names::Subject;
use super::super::policy::allow;
use super::{Grant, make, read, write};

/// A workspace, and everything in it.
fn workspace_and_inside(subject: Subject, id: &str) -> [String; 2] {
    let workspace = subject.arn_of("iottwinmaker", &format!("workspace/{id}"));
    let inside = format!("{workspace}/*");
    [workspace, inside]
}

/// [`AWS::IoTTwinMaker::Workspace`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iottwinmaker-workspace.html).
pub(super) fn workspace(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
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

fn inside(subject: Subject, reads: &[&str], writes: &[&str]) -> Result<Vec<Grant>, PermissionsError> {
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
pub(super) fn component_type(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
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
pub(super) fn entity(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
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
