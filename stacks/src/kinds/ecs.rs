//! What runs the container of the dashboards.

use super::grants::{Grants, NO_STEP, Needed, linked_role, look, make, read, tag, write};
use super::load::{Amounts, Cost, HOURS, KB, Site, quantity};
use super::statement::allow;
use super::subject::{BY_ID, Subject};
use super::{AtMostOnce, Data, Generated, Group, Kind, Local, Naming, Proof, Service, Tags, Witness};
use crate::cfn::{LogicalId, Resource};

const SERVICE: Service = Service { namespace: "ecs", calls: &[], policy: Group::Dashboards };

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::ECS::Cluster",
        service: &SERVICE,
        naming: Naming::own("/ClusterName", 255, Generated::Stack(255), "cluster/{name}"),
        tags: Tags::List("Tags"),
        data: Data::HoldsNothing("what runs keeps its files elsewhere"),
        replaced_by: &["ClusterName"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/ClusterName"]),
        kept: &[],
        grants: Grants::Needs(cluster),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: Proof::Asked(Witness::Ecs),
        cost: Cost::Free("its tasks cost, not the cluster"),
    },
    Kind {
        name: "AWS::ECS::Service",
        service: &SERVICE,
        naming: Naming::by_arn("service/{Cluster}/{id}"),
        tags: Tags::List("Tags"),
        data: Data::HoldsNothing("what runs keeps its files elsewhere"),
        replaced_by: &["Cluster", "ServiceName"],
        immutable: &[],
        // Two services would write one database of Grafana.
        at_most_once: AtMostOnce::By(&["/Cluster"]),
        kept: &[],
        grants: Grants::Needs(service),
        steps: Grants::Needs(service_steps),
        local: Local::AsIs,
        proof: Proof::Asked(Witness::Ecs),
        cost: Cost::Metered(service_amounts),
    },
    Kind {
        name: "AWS::ECS::TaskDefinition",
        service: &SERVICE,
        naming: Naming::by_arn("task-definition/{id}"),
        tags: Tags::List("Tags"),
        data: Data::HoldsNothing("what runs keeps its files elsewhere"),
        replaced_by: &[
            "ContainerDefinitions",
            "Cpu",
            "ExecutionRoleArn",
            "Family",
            "Memory",
            "NetworkMode",
            "RequiresCompatibilities",
            "RuntimePlatform",
            "TaskRoleArn",
            "Volumes",
        ],
        immutable: &[],
        at_most_once: AtMostOnce::Many("each change makes another revision"),
        kept: &[],
        grants: Grants::Needs(task_definition),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: Proof::Asked(Witness::Ecs),
        cost: Cost::Metered(task_amounts),
    },
];

/// [`AWS::ECS::Cluster`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-cluster.html).
fn cluster(subject: Subject) -> Needed {
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
fn service(subject: Subject) -> Needed {
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

/// `status` tells how the dashboards are.
fn service_steps(subject: Subject) -> Needed {
    let cluster = subject.text(subject.resource.property("Cluster"))?;
    let tasks = [subject.arn_of("ecs", &format!("task/{cluster}/*"))];
    let listed = allow(&["ecs:ListTasks"], ["*".to_owned()]).when(
        "ArnLike",
        "ecs:cluster",
        [subject.arn_of("ecs", &format!("cluster/{cluster}"))],
    );
    Ok(vec![
        read(allow(&["ecs:DescribeTasks"], tasks)),
        read(listed.because("Tasks are listed by cluster, which the condition names")),
    ])
}

/// [`AWS::ECS::TaskDefinition`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-taskdefinition.html).
fn task_definition(subject: Subject) -> Needed {
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

fn service_amounts(_: Site, _: &LogicalId, _: &Resource) -> Amounts {
    // The task has one, to reach the world without a NAT gateway.
    vec![("address", HOURS)]
}

fn task_amounts(_: Site, _: &LogicalId, task: &Resource) -> Amounts {
    let processors = quantity(task.property("Cpu")) / 1_024.0;
    let memory_gb = quantity(task.property("Memory")) / KB;
    vec![("fargate-processor", processors * HOURS), ("fargate-memory", memory_gb * HOURS)]
}
