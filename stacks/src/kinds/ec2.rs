//! The network of store and dashboards. EC2 names nothing: each resource has an id and a tag.

use super::grants::{Grant, Grants, NO_STEP, Needed, change, look, make, read, tag, write};
use super::load::{Amounts, Cost, HOURS, Site};
use super::proof::{A_PART, TAGGED};
use super::statement::allow;
use super::subject::{BY_ID, Subject};
use super::{AtMostOnce, Data, Group, Kind, Local, Naming, Service, TOLD_BY_ID, Tags};
use crate::cfn::{LogicalId, Resource};

const SERVICE: Service = Service { namespace: "ec2", calls: &["route53"], policy: Group::Network };

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::EC2::InternetGateway",
        service: &SERVICE,
        naming: Naming::by_id("internet-gateway/{id}"),
        tags: Tags::List("Tags"),
        data: Data::HoldsNothing("nothing is kept in a network"),
        replaced_by: &[],
        immutable: &[],
        at_most_once: TOLD_BY_ID,
        kept: &[],
        grants: Grants::Needs(gateway),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: TAGGED,
        cost: Cost::Free("the way out costs nothing by itself"),
    },
    Kind {
        name: "AWS::EC2::Route",
        service: &SERVICE,
        naming: Naming::NAMELESS,
        tags: Tags::None("it is a line of its table"),
        data: Data::HoldsNothing("nothing is kept in a network"),
        replaced_by: &["DestinationCidrBlock", "RouteTableId"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/RouteTableId", "/DestinationCidrBlock"]),
        kept: &[],
        grants: Grants::Needs(route),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: A_PART,
        cost: Cost::Free("part of the network"),
    },
    Kind {
        name: "AWS::EC2::RouteTable",
        service: &SERVICE,
        naming: Naming::by_id("route-table/{id}"),
        tags: Tags::List("Tags"),
        data: Data::HoldsNothing("nothing is kept in a network"),
        replaced_by: &["VpcId"],
        immutable: &[],
        at_most_once: TOLD_BY_ID,
        kept: &[],
        grants: Grants::Needs(route_table),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: TAGGED,
        cost: Cost::Free("part of the network"),
    },
    Kind {
        name: "AWS::EC2::SecurityGroup",
        service: &SERVICE,
        naming: Naming::by_id("security-group/{id}"),
        tags: Tags::List("Tags"),
        data: Data::HoldsNothing("nothing is kept in a network"),
        replaced_by: &["GroupDescription", "GroupName", "VpcId"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/VpcId", "/GroupName"]),
        kept: &[],
        grants: Grants::Needs(security_group),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: TAGGED,
        cost: Cost::Free("part of the network"),
    },
    Kind {
        name: "AWS::EC2::Subnet",
        service: &SERVICE,
        naming: Naming::by_id("subnet/{id}"),
        tags: Tags::List("Tags"),
        data: Data::HoldsNothing("nothing is kept in a network"),
        replaced_by: &["AvailabilityZone", "CidrBlock", "VpcId"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/VpcId", "/CidrBlock"]),
        kept: &[],
        grants: Grants::Needs(subnet),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: TAGGED,
        cost: Cost::Free("part of the network"),
    },
    Kind {
        name: "AWS::EC2::SubnetRouteTableAssociation",
        service: &SERVICE,
        naming: Naming::NAMELESS,
        tags: Tags::None("it joins two that are tagged"),
        data: Data::HoldsNothing("nothing is kept in a network"),
        replaced_by: &["RouteTableId", "SubnetId"],
        immutable: &[],
        // A subnet has one table of routes.
        at_most_once: AtMostOnce::By(&["/SubnetId"]),
        kept: &[],
        grants: Grants::Needs(association),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: A_PART,
        cost: Cost::Free("part of the network"),
    },
    Kind {
        name: "AWS::EC2::VPC",
        service: &SERVICE,
        naming: Naming::by_id("vpc/{id}"),
        tags: Tags::List("Tags"),
        data: Data::HoldsNothing("nothing is kept in a network"),
        replaced_by: &["CidrBlock"],
        immutable: &[],
        at_most_once: TOLD_BY_ID,
        kept: &[],
        grants: Grants::Needs(vpc),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: TAGGED,
        cost: Cost::Free("part of the network"),
    },
    Kind {
        name: "AWS::EC2::VPCEndpoint",
        service: &SERVICE,
        naming: Naming::by_id("vpc-endpoint/{id}"),
        tags: Tags::List("Tags"),
        data: Data::HoldsNothing("nothing is kept in a network"),
        replaced_by: &["ServiceName", "VpcEndpointType", "VpcId"],
        immutable: &[],
        // The name of a service leads to one endpoint of a network.
        at_most_once: AtMostOnce::By(&["/VpcId", "/ServiceName"]),
        kept: &[],
        grants: Grants::Needs(endpoint),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: TAGGED,
        cost: Cost::Depends(endpoint_cost),
    },
    Kind {
        name: "AWS::EC2::VPCGatewayAttachment",
        service: &SERVICE,
        naming: Naming::NAMELESS,
        tags: Tags::None("it joins two that are tagged"),
        data: Data::HoldsNothing("nothing is kept in a network"),
        replaced_by: &["VpcId"],
        immutable: &[],
        // A network has one way out.
        at_most_once: AtMostOnce::By(&["/VpcId"]),
        kept: &[],
        grants: Grants::Needs(attachment),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: A_PART,
        cost: Cost::Free("part of the network"),
    },
];

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
fn vpc(subject: Subject) -> Needed {
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
fn gateway(subject: Subject) -> Needed {
    let changes = ["ec2:DeleteInternetGateway"];
    let reads = ["ec2:DescribeInternetGateways"];
    Ok(tagged(subject, "internet-gateway", "ec2:CreateInternetGateway", &changes, &reads))
}

/// [`AWS::EC2::VPCGatewayAttachment`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpcgatewayattachment.html).
fn attachment(subject: Subject) -> Needed {
    let ends = [all(subject, "internet-gateway"), all(subject, "vpc")].concat();
    Ok(vec![
        change(subject, &["ec2:AttachInternetGateway", "ec2:DetachInternetGateway"], ends),
        look(&["ec2:DescribeInternetGateways", "ec2:DescribeVpnGateways"]),
    ])
}

/// [`AWS::EC2::VPCEndpoint`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpcendpoint.html).
/// It is [made in](https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-iam.html) what the network has; its
/// private name is a zone of AWS that is joined to the network.
fn endpoint(subject: Subject) -> Needed {
    let changes = ["ec2:DeleteVpcEndpoints", "ec2:ModifyVpcEndpoint"];
    let reads =
        ["ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcEndpoints", "ec2:DescribeVpcs"];
    let mut grants = tagged(subject, "vpc-endpoint", "ec2:CreateVpcEndpoint", &changes, &reads);
    let made_in = ["route-table", "security-group", "subnet", "vpc"].map(|kind| all(subject, kind)).concat();
    grants.push(change(subject, &["ec2:CreateVpcEndpoint", "ec2:ModifyVpcEndpoint"], made_in));
    if *subject.resource.property("PrivateDnsEnabled") == true {
        let zones = ["arn:aws:route53:::hostedzone/*".to_owned()];
        grants.push(write(
            allow(&["route53:AssociateVPCWithHostedZone"], zones)
                .because("The zone of an endpoint's private name is one of AWS, whose id nobody knows"),
        ));
    }
    Ok(grants)
}

/// [One of an interface](https://aws.amazon.com/privatelink/pricing/) costs by the hour in each subnet; what passes
/// through it, which is what is quarantined or a few gigabytes of a stream, is not counted.
fn endpoint_cost(_: Site, endpoint: &Resource) -> Cost {
    match endpoint.property("VpcEndpointType").as_str() {
        Some("Interface") => Cost::Metered(endpoint_amounts),
        _ => Cost::Free("a gateway to S3 costs nothing"),
    }
}

fn endpoint_amounts(_: Site, _: &LogicalId, endpoint: &Resource) -> Amounts {
    let subnets = endpoint.property("SubnetIds").as_array().map_or(0, Vec::len);
    vec![("endpoint", f64::from(u32::try_from(subnets).unwrap_or(u32::MAX)) * HOURS)]
}

/// [`AWS::EC2::Subnet`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-subnet.html).
/// Its zone is chosen by a list of all.
fn subnet(subject: Subject) -> Needed {
    let changes = ["ec2:DeleteSubnet", "ec2:ModifySubnetAttribute"];
    let reads = ["ec2:DescribeAvailabilityZones", "ec2:DescribeNetworkAcls", "ec2:DescribeSubnets"];
    let mut grants = tagged(subject, "subnet", "ec2:CreateSubnet", &changes, &reads);
    grants.push(change(subject, &["ec2:CreateSubnet"], all(subject, "vpc")));
    Ok(grants)
}

/// [`AWS::EC2::RouteTable`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-routetable.html).
fn route_table(subject: Subject) -> Needed {
    let reads = ["ec2:DescribeRouteTables"];
    let mut grants =
        tagged(subject, "route-table", "ec2:CreateRouteTable", &["ec2:DeleteRouteTable"], &reads);
    grants.push(change(subject, &["ec2:CreateRouteTable"], all(subject, "vpc")));
    Ok(grants)
}

/// [`AWS::EC2::Route`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-route.html).
fn route(subject: Subject) -> Needed {
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
fn association(subject: Subject) -> Needed {
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
fn security_group(subject: Subject) -> Needed {
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
