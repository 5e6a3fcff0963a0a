//! A consumer in the network of the store, in subnets without a way out: what it calls beside the store it reaches by
//! endpoints, through which nobody else does anything. The subnets are its own, so that a store goes before the consumer that was connected to it.

use serde_json::json;

use crate::cfn::{Expression, LogicalId, Resource, Statement, Template, through_endpoint};
use crate::environment::{Consumer, Environment};
use crate::network::{self, ADDRESSES, EVERYWHERE, HTTPS, Placement, group, rule};
use crate::store;

/// The subnets, within the [`ADDRESSES`] of the network: each program in them takes an address.
const SUBNETS: [(LogicalId, &str); 2] = [
    (LogicalId::new("ConsumerSubnetA"), "10.42.1.0/24"),
    (LogicalId::new("ConsumerSubnetB"), "10.42.2.0/24"),
];

/// Adds the endpoints of a consumer whose `role` may do what the `statements` say, and says where it runs; `None`: in no
/// network.
pub(super) fn add(
    template: &mut Template,
    environment: &Environment,
    role: &LogicalId,
    statements: &[Statement],
) -> Option<Placement> {
    if !environment.store.is_direct() {
        return None;
    }
    let vpc = network::of(template);
    let subnets = network::add_subnets(template, &vpc, SUBNETS);
    let (routes, _) = network::add_routes(template, &vpc, &subnets);
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
    let endpoints = group(
        &vpc,
        &format!("Endpoints for the consumer of Sluice {name}"),
        &[rule("from the consumer", HTTPS, ("SourceSecurityGroupId", json!(consumer)))],
        &[network::nowhere(HTTPS)],
    );
    let endpoints = template.add(LogicalId::new("EndpointGroup"), endpoints).attribute("GroupId");

    let subnets = subnets.map(|subnet| subnet.reference());
    let mut add = |id, service, actions, mut properties: serde_json::Value| {
        properties["PolicyDocument"] = through_endpoint(role, actions, statements);
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
        "SecurityGroupIds": [endpoints],
    });
    add(LogicalId::new("BucketEndpoint"), "s3", "s3", gateway);
    add(LogicalId::new("QueueEndpoint"), "sqs", "sqs", interface.clone());
    // A function's stream is read by Lambda, from outside.
    if matches!(environment.consumer, Consumer::Flink(_)) {
        add(LogicalId::new("StreamEndpoint"), "kinesis-streams", "kinesis", interface);
    }
    Some(Placement { subnets, group: consumer })
}
