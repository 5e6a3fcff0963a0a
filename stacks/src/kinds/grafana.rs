//! Amazon Managed Grafana.

use super::grants::{Grants, NO_STEP, Needed, change, linked_role, look, make, read, write};
use super::load::{Amounts, Cost, Site};
use super::proof::TAGGED;
use super::statement::allow;
use super::subject::{ABSENT, BY_ID, Subject};
use super::{
    AtMostOnce, Data, Encryption, Generated, Group, Held, Keeping, Kind, Local, Naming, Service, Tags,
};
use crate::cfn::{LogicalId, Resource};

const SERVICE: Service =
    Service { namespace: "grafana", calls: &["organizations", "sso"], policy: Group::Dashboards };

pub(super) const KINDS: &[Kind] = &[Kind {
    name: "AWS::Grafana::Workspace",
    service: &SERVICE,
    naming: Naming::own("/Name", 255, Generated::Unknown, "/workspaces/{id}"),
    tags: Tags::None(
        "its schema has none; the stack's own are passed on by CloudFormation where the service takes them",
    ),
    // What people change in it is kept nowhere else.
    data: Data::HoldsData(Held {
        encryption: Encryption::Always("the service encrypts a workspace with a key that it keeps"),
        keeping: Keeping {
            cost: "by the active user and month",
            remove: |id| format!("aws grafana delete-workspace --workspace-id {id}"),
        },
    }),
    replaced_by: &[],
    immutable: &[],
    at_most_once: AtMostOnce::Many("its name need not be unique"),
    kept: &[],
    grants: Grants::Needs(grafana_workspace),
    steps: NO_STEP,
    local: Local::AsIs,
    proof: TAGGED,
    cost: Cost::Metered(workspace_amounts),
}];

/// [`AWS::Grafana::Workspace`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-grafana-workspace.html).
/// People sign in through IAM Identity Center, of which the workspace becomes an application.
fn grafana_workspace(subject: Subject) -> Needed {
    let all = [subject.arn_of("grafana", "/workspaces/*")];
    let described = allow(
        &[
            "grafana:DescribeWorkspaceAuthentication",
            "grafana:DescribeWorkspaceConfiguration",
            "grafana:ListTagsForResource",
        ],
        all.clone(),
    );
    let tagged = allow(&["grafana:TagResource"], all.clone());
    let identity = allow(
        &["sso:CreateManagedApplicationInstance", "sso:DeleteManagedApplicationInstance"],
        ["*".to_owned()],
    );
    Ok(vec![
        read(allow(&["grafana:DescribeWorkspace"], all.clone()).because(ABSENT)),
        read(subject.scope.owned(described).because(BY_ID)),
        linked_role(subject, "grafana.amazonaws.com"),
        make(subject, &["grafana:CreateWorkspace"], ["*".to_owned()]),
        write(subject.scope.adopted(tagged).because(BY_ID)),
        change(
            subject,
            &[
                "grafana:DeleteWorkspace",
                "grafana:UntagResource",
                "grafana:UpdateWorkspace",
                "grafana:UpdateWorkspaceAuthentication",
                "grafana:UpdateWorkspaceConfiguration",
            ],
            all,
        ),
        look(&[
            "organizations:DescribeOrganization",
            "sso:DescribeRegisteredRegions",
            "sso:GetApplicationInstance",
            "sso:GetSharedSsoConfiguration",
            "sso:ListApplicationInstances",
        ]),
        write(
            identity.because("An application of IAM Identity Center is there once it is made, without a tag"),
        ),
    ])
}

fn workspace_amounts(_: Site, _: &LogicalId, _: &Resource) -> Amounts {
    vec![("grafana-editor", 1.0)]
}
