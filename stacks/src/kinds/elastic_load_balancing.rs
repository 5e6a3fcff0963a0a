//! How a browser comes in: the load balancer.

use super::grants::{Grants, NO_STEP, Needed, change, linked_role, look, make, tag};
use super::load::{Amounts, Cost, HOURS, Site};
use super::proof::TAGGED;
use super::subject::Subject;
use super::{AtMostOnce, Data, Group, Kind, Local, Naming, Service, Tags};
use crate::cfn::{LogicalId, Resource};

const SERVICE: Service = Service { namespace: "elasticloadbalancing", calls: &[], policy: Group::Entrance };

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::ElasticLoadBalancingV2::Listener",
        service: &SERVICE,
        naming: Naming::by_arn("listener/app/{id}"),
        tags: Tags::List("Tags"),
        data: Data::HoldsNothing("what comes in goes on at once"),
        replaced_by: &["LoadBalancerArn"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/LoadBalancerArn", "/Port"]),
        kept: &[],
        grants: Grants::Needs(listener),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: TAGGED,
        cost: Cost::Free("part of the load balancer"),
    },
    Kind {
        name: "AWS::ElasticLoadBalancingV2::LoadBalancer",
        service: &SERVICE,
        naming: Naming::by_arn("loadbalancer/app/{id}"),
        tags: Tags::List("Tags"),
        data: Data::HoldsNothing("what comes in goes on at once"),
        replaced_by: &["Name", "Scheme", "Type"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/Name"]),
        kept: &[],
        grants: Grants::Needs(load_balancer),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: TAGGED,
        cost: Cost::Metered(load_balancer_amounts),
    },
    Kind {
        name: "AWS::ElasticLoadBalancingV2::TargetGroup",
        service: &SERVICE,
        naming: Naming::by_arn("targetgroup/{id}"),
        tags: Tags::List("Tags"),
        data: Data::HoldsNothing("what comes in goes on at once"),
        replaced_by: &["Name", "Port", "Protocol", "TargetType", "VpcId"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/Name"]),
        kept: &[],
        grants: Grants::Needs(target_group),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: TAGGED,
        cost: Cost::Free("part of the load balancer"),
    },
];

/// The condition key that says by which call a tag of a load balancer is set.
const CREATE: &str = "elasticloadbalancing:CreateAction";
const TAGGING: [&str; 2] = ["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"];

const BALANCERS: &str = "loadbalancer/app/*";
const LISTENERS: &str = "listener/app/*";
const TARGETS: &str = "targetgroup/*";

fn all(subject: Subject, kind: &str) -> [String; 1] {
    [subject.arn_of("elasticloadbalancing", kind)]
}

/// [`AWS::ElasticLoadBalancingV2::LoadBalancer`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticloadbalancingv2-loadbalancer.html).
/// Its name is too short for the stack's. The service looks at the network for whoever asks.
fn load_balancer(subject: Subject) -> Needed {
    let mut grants = vec![
        linked_role(subject, "elasticloadbalancing.amazonaws.com"),
        make(subject, &["elasticloadbalancing:CreateLoadBalancer"], all(subject, BALANCERS)),
        change(
            subject,
            &[
                "elasticloadbalancing:DeleteLoadBalancer",
                "elasticloadbalancing:ModifyLoadBalancerAttributes",
                "elasticloadbalancing:SetIpAddressType",
                "elasticloadbalancing:SetSecurityGroups",
                "elasticloadbalancing:SetSubnets",
            ],
            all(subject, BALANCERS),
        ),
        look(&[
            "ec2:DescribeAccountAttributes",
            "ec2:DescribeInternetGateways",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
            "elasticloadbalancing:DescribeCapacityReservation",
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeTags",
        ]),
    ];
    grants.extend(tag(subject, &TAGGING, all(subject, BALANCERS), CREATE));
    Ok(grants)
}

/// [`AWS::ElasticLoadBalancingV2::TargetGroup`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticloadbalancingv2-targetgroup.html).
fn target_group(subject: Subject) -> Needed {
    let mut grants = vec![
        make(subject, &["elasticloadbalancing:CreateTargetGroup"], all(subject, TARGETS)),
        change(
            subject,
            &[
                "elasticloadbalancing:DeleteTargetGroup",
                "elasticloadbalancing:DeregisterTargets",
                "elasticloadbalancing:ModifyTargetGroup",
                "elasticloadbalancing:ModifyTargetGroupAttributes",
                "elasticloadbalancing:RegisterTargets",
            ],
            all(subject, TARGETS),
        ),
        look(&[
            "ec2:DescribeVpcs",
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
        ]),
    ];
    grants.extend(tag(subject, &TAGGING, all(subject, TARGETS), CREATE));
    Ok(grants)
}

/// [`AWS::ElasticLoadBalancingV2::Listener`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticloadbalancingv2-listener.html):
/// made on a load balancer, and tagged by itself.
fn listener(subject: Subject) -> Needed {
    let mut grants = vec![
        change(subject, &["elasticloadbalancing:CreateListener"], all(subject, BALANCERS)),
        change(
            subject,
            &[
                "elasticloadbalancing:DeleteListener",
                "elasticloadbalancing:ModifyListener",
                "elasticloadbalancing:ModifyListenerAttributes",
            ],
            all(subject, LISTENERS),
        ),
        look(&[
            "elasticloadbalancing:DescribeListenerAttributes",
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeTags",
        ]),
    ];
    grants.extend(tag(subject, &TAGGING, all(subject, LISTENERS), CREATE));
    Ok(grants)
}

fn load_balancer_amounts(_: Site, _: &LogicalId, balancer: &Resource) -> Amounts {
    let subnets = balancer.property("Subnets").as_array().map_or(0, Vec::len);
    let addresses = f64::from(u32::try_from(subnets).unwrap_or(u32::MAX));
    vec![("load-balancer", HOURS), ("address", addresses * HOURS)]
}
