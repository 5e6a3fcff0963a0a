//! The network of the dashboards. EC2 names nothing: each resource has an id and a tag.

use super::super::PermissionsError;
use super::super::names::{BY_ID, Subject};
use super::super::policy::allow;
use super::{Grant, change, look, make, read, tag};

/// The condition key that says by which call a tag of EC2 is set.
const CREATE: &str = "ec2:CreateAction";
const TAGGING: [&str; 2] = ["ec2:CreateTags", "ec2:DeleteTags"];

fn all(subject: Subject, kind: &str) -> [String; 1] {
    [subject.arn_of("ec2", &format!("{kind}/*"))]
}

/// What every type with a tag of its own needs.
fn tagged(subject: Subject, kind: &str, create: &str, changes: &[&str], reads: &[&str]) -> Vec<Grant> {
    let mut grants = vec![
        make(subject, &[create], all(subject, kind)),
        change(subject, changes, all(subject, kind)),
        look(reads),
    ];
    grants.extend(tag(subject, &TAGGING, all(subject, kind), CREATE));
    grants
}

/// [`AWS::EC2::VPC`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpc.html).
pub(super) fn vpc(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let changes = ["ec2:DeleteVpc", "ec2:ModifyVpcAttribute"];
    let reads = [
        "ec2:DescribeNetworkAcls",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeVpcEncryptionControls",
        "ec2:DescribeVpcs",
    ];
    let attributes = allow(&["ec2:DescribeVpcAttribute"], all(subject, "vpc"));
    let mut grants = tagged(subject, "vpc", "ec2:CreateVpc", &changes, &reads);
    grants.push(read(subject.scope.owned(attributes).because(BY_ID)));
    Ok(grants)
}

/// [`AWS::EC2::InternetGateway`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-internetgateway.html).
pub(super) fn gateway(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let changes = ["ec2:DeleteInternetGateway"];
    let reads = ["ec2:DescribeInternetGateways"];
    Ok(tagged(subject, "internet-gateway", "ec2:CreateInternetGateway", &changes, &reads))
}

/// [`AWS::EC2::VPCGatewayAttachment`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpcgatewayattachment.html).
pub(super) fn attachment(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let ends = [all(subject, "internet-gateway"), all(subject, "vpc")].concat();
    Ok(vec![
        change(subject, &["ec2:AttachInternetGateway", "ec2:DetachInternetGateway"], ends),
        look(&["ec2:DescribeInternetGateways", "ec2:DescribeVpnGateways"]),
    ])
}

/// [`AWS::EC2::Subnet`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-subnet.html).
/// Its zone is chosen by a list of all.
pub(super) fn subnet(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let changes = ["ec2:DeleteSubnet", "ec2:ModifySubnetAttribute"];
    let reads = ["ec2:DescribeAvailabilityZones", "ec2:DescribeNetworkAcls", "ec2:DescribeSubnets"];
    let mut grants = tagged(subject, "subnet", "ec2:CreateSubnet", &changes, &reads);
    grants.push(change(subject, &["ec2:CreateSubnet"], all(subject, "vpc")));
    Ok(grants)
}

/// [`AWS::EC2::RouteTable`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-routetable.html).
pub(super) fn route_table(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let reads = ["ec2:DescribeRouteTables"];
    let mut grants =
        tagged(subject, "route-table", "ec2:CreateRouteTable", &["ec2:DeleteRouteTable"], &reads);
    grants.push(change(subject, &["ec2:CreateRouteTable"], all(subject, "vpc")));
    Ok(grants)
}

/// [`AWS::EC2::Route`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-route.html).
pub(super) fn route(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    Ok(vec![
        change(
            subject,
            &["ec2:CreateRoute", "ec2:DeleteRoute", "ec2:ReplaceRoute"],
            all(subject, "route-table"),
        ),
        look(&["ec2:DescribeNetworkInterfaces", "ec2:DescribeRouteTables"]),
    ])
}

/// [`AWS::EC2::SubnetRouteTableAssociation`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-subnetroutetableassociation.html).
pub(super) fn association(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let ends = [all(subject, "route-table"), all(subject, "subnet")].concat();
    Ok(vec![
        change(
            subject,
            &["ec2:AssociateRouteTable", "ec2:DisassociateRouteTable", "ec2:ReplaceRouteTableAssociation"],
            ends,
        ),
        look(&["ec2:DescribeRouteTables", "ec2:DescribeSubnets"]),
    ])
}

/// [`AWS::EC2::SecurityGroup`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html).
pub(super) fn security_group(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let changes = [
        "ec2:AuthorizeSecurityGroupEgress",
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:DeleteSecurityGroup",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
        "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
        "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
    ];
    let reads = ["ec2:DescribeInstances", "ec2:DescribeSecurityGroups"];
    let mut grants = tagged(subject, "security-group", "ec2:CreateSecurityGroup", &changes, &reads);
    grants.push(change(subject, &["ec2:CreateSecurityGroup"], all(subject, "vpc")));
    Ok(grants)
}
