//! What networks are made of: that of the store, where it has one, and that of the dashboards, which is the same then.

use serde_json::{Value, json};

use crate::cfn::{LogicalId, Resource};

/// Addresses of the network. No other network is joined to it.
pub(crate) const ADDRESSES: &str = "10.42.0.0/24";

/// The network.
pub(crate) fn vpc() -> Resource {
    Resource::new(
        "AWS::EC2::VPC",
        json!({"CidrBlock": ADDRESSES, "EnableDnsHostnames": true, "EnableDnsSupport": true}),
    )
}

/// A subnet in the zone of this number, whose machines get no public address by themselves.
pub(crate) fn subnet(vpc: &LogicalId, zone: usize, addresses: &str) -> Resource {
    Resource::new(
        "AWS::EC2::Subnet",
        json!({
            "VpcId": vpc.reference(),
            "CidrBlock": addresses,
            "AvailabilityZone": {"Fn::Select": [zone, {"Fn::GetAZs": ""}]},
            "MapPublicIpOnLaunch": false,
        }),
    )
}

/// A security group.
pub(crate) fn group(vpc: &LogicalId, what: &str, ingress: &[Value], egress: &[Value]) -> Resource {
    Resource::new(
        "AWS::EC2::SecurityGroup",
        json!({
            "VpcId": vpc.reference(),
            "GroupDescription": what,
            "SecurityGroupIngress": ingress,
            "SecurityGroupEgress": egress,
        }),
    )
}

/// A rule of a group: a port, and who is at the other end.
pub(crate) fn rule(why: &str, port: u16, (key, peer): (&str, Value)) -> Value {
    json!({"Description": why, "IpProtocol": "tcp", "FromPort": port, "ToPort": port, key: peer})
}

/// The way out of what needs none: without a rule of its own, a group lets everything out.
pub(crate) fn nowhere(port: u16) -> Value {
    rule("nowhere", port, ("CidrIp", json!("127.0.0.1/32")))
}
