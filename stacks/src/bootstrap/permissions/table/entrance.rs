//! How a browser comes in: load balancer, certificate and name.

use super::super::PermissionsError;
use super::super::names::{ABSENT, BY_ID, Subject};
use super::super::policy::allow;
use super::{Grant, change, linked_role, look, make, read, tag, write};

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
pub(super) fn load_balancer(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
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
pub(super) fn target_group(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
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
pub(super) fn listener(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
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

/// [`AWS::CertificateManager::Certificate`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-certificatemanager-certificate.html).
/// `CloudFormation` writes the record that proves the domain.
pub(super) fn certificate(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let all = [subject.arn_of("acm", "certificate/*")];
    let domain = subject.text(subject.resource.property("DomainName"))?;
    let listed = allow(&["acm:ListTagsForCertificate"], all.clone());
    let requested = allow(&["acm:RequestCertificate"], ["*".to_owned()]).when(
        "ForAllValues:StringEquals",
        "acm:DomainNames",
        [domain.as_str()],
    );
    let tagged = allow(&["acm:AddTagsToCertificate"], all.clone());
    let mut grants = vec![
        read(allow(&["acm:DescribeCertificate"], all.clone()).because(ABSENT)),
        read(subject.scope.owned(listed).because(BY_ID)),
        write(subject.scope.claimed(requested).because(BY_ID)),
        write(subject.scope.adopted(tagged).because(BY_ID)),
        change(
            subject,
            &["acm:DeleteCertificate", "acm:RemoveTagsFromCertificate", "acm:UpdateCertificateOptions"],
            all,
        ),
    ];
    let proofs = subject.resource.property("DomainValidationOptions").as_array();
    for proof in proofs.into_iter().flatten() {
        let zone = subject.text(&proof["HostedZoneId"])?;
        grants.push(record(subject, &zone, &format!("_*.{domain}")));
    }
    Ok(grants)
}

/// [`AWS::Route53::RecordSet`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-route53-recordset.html):
/// this name of the zone, and no other.
pub(super) fn record_set(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let zone = subject.text(subject.resource.property("HostedZoneId"))?;
    let name = subject.text(subject.resource.property("Name"))?;
    let zones = [subject.arn_of("route53", &format!("hostedzone/{zone}"))];
    let changes = [subject.arn_of("route53", "change/*")];
    Ok(vec![
        record(subject, &zone, &name),
        read(allow(&["route53:GetHostedZone", "route53:ListResourceRecordSets"], zones)),
        read(allow(&["route53:GetChange"], changes).because("A change has an id, and no tag")),
        look(&["route53:ListHostedZones"]),
    ])
}

/// Changing one name of a zone. See
/// [conditions of Route 53](https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html).
fn record(subject: Subject, zone: &str, name: &str) -> Grant {
    let zones = [subject.arn_of("route53", &format!("hostedzone/{zone}"))];
    write(allow(&["route53:ChangeResourceRecordSets"], zones).when(
        "ForAllValues:StringLike",
        "route53:ChangeResourceRecordSetsNormalizedRecordNames",
        [name.to_lowercase()],
    ))
}
