//! What runs the dashboards.

use super::super::PermissionsError;
use super::super::names::{ABSENT, BY_ID, Subject};
use super::super::policy::allow;
use super::{Grant, change, linked_role, look, make, read, tag, write};

/// [`AWS::ECS::Cluster`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-cluster.html).
pub(super) fn cluster(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let arn = [subject.arn()?];
    Ok(vec![
        read(allow(&["ecs:DescribeClusters", "ecs:ListTagsForResource"], arn.clone())),
        linked_role(subject, "ecs.amazonaws.com"),
        write(allow(
            &[
                "ecs:CreateCluster",
                "ecs:DeleteCluster",
                "ecs:PutClusterCapacityProviders",
                "ecs:TagResource",
                "ecs:UntagResource",
                "ecs:UpdateCluster",
                "ecs:UpdateClusterSettings",
            ],
            arn,
        )),
    ])
}

/// [`AWS::ECS::Service`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html),
/// in a cluster of its stack.
pub(super) fn service(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let cluster = subject.text(subject.resource.property("Cluster"))?;
    let inside = |kind: &str| subject.arn_of("ecs", &format!("{kind}/{cluster}/*"));
    let deployments = [inside("service"), inside("service-deployment")];
    Ok(vec![
        read(allow(
            &["ecs:DescribeServices", "ecs:ListServiceDeployments", "ecs:ListTagsForResource"],
            [inside("service")],
        )),
        read(allow(&["ecs:DescribeServiceDeployments"], deployments.clone())),
        write(allow(
            &[
                "ecs:CreateService",
                "ecs:DeleteService",
                "ecs:TagResource",
                "ecs:UntagResource",
                "ecs:UpdateService",
            ],
            [inside("service")],
        )),
        write(allow(&["ecs:StopServiceDeployment"], deployments)),
    ])
}

/// [`AWS::ECS::TaskDefinition`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-taskdefinition.html).
pub(super) fn task_definition(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let all = [subject.arn_of("ecs", "task-definition/*")];
    let listed = allow(&["ecs:ListTagsForResource"], all.clone());
    let ended = allow(&["ecs:DeregisterTaskDefinition"], ["*".to_owned()]);
    let mut grants = vec![
        look(&["ecs:DescribeTaskDefinition"]),
        read(subject.scope.owned(listed).because(BY_ID)),
        make(subject, &["ecs:RegisterTaskDefinition"], all.clone()),
        write(ended.because("The service takes neither a name nor a tag; tasks that run go on")),
    ];
    grants.extend(tag(subject, &["ecs:TagResource", "ecs:UntagResource"], all, "ecs:CreateAction"));
    Ok(grants)
}

/// [`AWS::Grafana::Workspace`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-grafana-workspace.html).
/// People sign in through IAM Identity Center, of which the workspace becomes an application.
pub(super) fn grafana_workspace(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
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
