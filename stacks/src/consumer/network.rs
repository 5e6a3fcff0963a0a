//! A consumer in the network of the store, whose subnets have no way out: what it calls beside the store it reaches by
//! endpoints of the network.

use serde_json::json;

use crate::cfn::{Expression, LogicalId, Resource, Template};
use crate::environment::{Consumer, Environment};
use crate::network::{self, ADDRESSES, Placement, SUBNETS, group, rule};
use crate::store;

const HTTPS: u16 = 443;
const EVERYWHERE: &str = "0.0.0.0/0";

/// Adds the endpoints, and says where the consumer runs.
pub(super) fn add(template: &mut Template, environment: &Environment) -> Placement {
    let vpc = network::of(template);
    let subnets = SUBNETS.map(|output| template.input("store", output));
    let name = &environment.name;
    let consumer = group(
        &vpc,
        &format!("Consumer of Sluice {name}"),
        &[],
        &[
            rule("store", store::PORT, ("CidrIp", json!(ADDRESSES))),
            // Addresses of S3 are public ones; its endpoint is the only way to them.
            rule("services, by their endpoints", HTTPS, ("CidrIp", json!(EVERYWHERE))),
        ],
    );
    let consumer = template.add(LogicalId::new("ConsumerGroup"), consumer).attribute("GroupId");
    let doors = group(
        &vpc,
        &format!("Endpoints for the consumer of Sluice {name}"),
        &[rule("from the consumer", HTTPS, ("SourceSecurityGroupId", json!(consumer)))],
        &[network::nowhere(HTTPS)],
    );
    let doors = template.add(LogicalId::new("EndpointGroup"), doors).attribute("GroupId");

    let routes = template.add(
        LogicalId::new("Routes"),
        Resource::new("AWS::EC2::RouteTable", json!({"VpcId": vpc.reference()})),
    );
    for (output, subnet) in SUBNETS.into_iter().zip(&subnets) {
        template.add(
            LogicalId::new(output).with("Routes"),
            Resource::new(
                "AWS::EC2::SubnetRouteTableAssociation",
                json!({"SubnetId": subnet.reference(), "RouteTableId": routes.reference()}),
            ),
        );
    }
    let subnets = subnets.map(|subnet| subnet.reference());
    let mut add = |id, service, mut properties: serde_json::Value| {
        properties["VpcId"] = json!(vpc.reference());
        properties["ServiceName"] = json!(Expression::joined([
            Expression::Sub("com.amazonaws.${AWS::Region}."),
            Expression::from(service),
        ]));
        template.add(id, Resource::new("AWS::EC2::VPCEndpoint", properties));
    };
    let gateway = json!({"VpcEndpointType": "Gateway", "RouteTableIds": [routes.reference()]});
    let interface = json!({
        "VpcEndpointType": "Interface",
        "PrivateDnsEnabled": true,
        "SubnetIds": subnets,
        "SecurityGroupIds": [doors],
    });
    add(LogicalId::new("BucketEndpoint"), "s3", gateway);
    add(LogicalId::new("QueueEndpoint"), "sqs", interface.clone());
    // A function's stream is read by Lambda, from outside.
    if matches!(environment.consumer, Consumer::Flink(_)) {
        add(LogicalId::new("StreamEndpoint"), "kinesis-streams", interface);
    }
    Placement { subnets, group: consumer }
}
