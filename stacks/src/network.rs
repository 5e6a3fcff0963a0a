//! `network`: the network of an environment, where its store or its dashboards need one, and what networks are made of.
//!
//! A stack of its own, so that dashboards and store come and go without each other: subnets, routes and groups are
//! those of the stacks that use them.

use serde_json::{Value, json};

use crate::Inputs;
use crate::cfn::{Expression, LogicalId, Policy, Resource, Statement, Template};
use crate::environment::{Environment, Grafana, OnDelete};

/// Addresses of the network, of which each stack that uses it has some. No other network is joined to it.
pub(crate) const ADDRESSES: &str = "10.42.0.0/20";

/// All addresses.
pub(crate) const EVERYWHERE: &str = "0.0.0.0/0";
/// The port of HTTPS.
pub(crate) const HTTPS: u16 = 443;

/// Whether an environment has a network.
pub(crate) fn is_needed(environment: &Environment) -> bool {
    environment.store.postgres().is_some() || matches!(environment.grafana, Grafana::Container(_))
}

/// Builds the stack.
pub(crate) fn build(inputs: &Inputs) -> Template {
    let environment = inputs.environment;
    let mut template = Template::new(format!("Sluice {}: the network", environment.name));
    let mut vpc = Resource::new(
        "AWS::EC2::VPC",
        json!({"CidrBlock": ADDRESSES, "EnableDnsHostnames": true, "EnableDnsSupport": true}),
    );
    // A cluster that stays is in it.
    if environment.store.postgres().is_some() && environment.on_delete == OnDelete::Retain {
        vpc.set_policies(Policy::RetainExceptOnCreate, Policy::Retain);
    }
    let vpc = template.add(LogicalId::new("Network"), vpc);
    template.output("VpcId", "The network", vpc.reference());
    template
}

/// The network, in another stack.
pub(crate) fn of(template: &mut Template) -> LogicalId {
    template.input("network", "VpcId")
}

/// Where in a network a program runs.
pub(crate) struct Placement {
    /// Its subnets, each in another zone.
    pub subnets: [Expression; 2],
    /// The group that says whom it reaches.
    pub group: Expression,
}

/// What a service does with the role of a program to have it in a network.
pub(crate) fn join(actions: &'static [&'static str]) -> Statement {
    Statement::allow_everywhere(
        actions,
        "Addresses of a network have no name of this environment's: the service makes one where a program runs, and \
         asks about all of them",
    )
}

/// Adds a subnet in each of two zones, whose machines get no public address by themselves.
pub(crate) fn add_subnets(
    template: &mut Template,
    vpc: &LogicalId,
    [first, second]: [(LogicalId, &str); 2],
) -> [LogicalId; 2] {
    [(0, first), (1, second)].map(|(zone, (id, addresses))| {
        let subnet = Resource::new(
            "AWS::EC2::Subnet",
            json!({
                "VpcId": vpc.reference(),
                "CidrBlock": addresses,
                "AvailabilityZone": {"Fn::Select": [zone, {"Fn::GetAZs": ""}]},
                "MapPublicIpOnLaunch": false,
            }),
        );
        template.add(id, subnet)
    })
}

/// Adds a table of routes for subnets, and returns it with what joins them to it.
pub(crate) fn add_routes(
    template: &mut Template,
    vpc: &LogicalId,
    subnets: &[LogicalId; 2],
) -> (LogicalId, [LogicalId; 2]) {
    let table = Resource::new("AWS::EC2::RouteTable", json!({"VpcId": vpc.reference()}));
    let table = template.add(LogicalId::new("Routes"), table);
    let joined = subnets.each_ref().map(|subnet| {
        let joined = Resource::new(
            "AWS::EC2::SubnetRouteTableAssociation",
            json!({"SubnetId": subnet.reference(), "RouteTableId": table.reference()}),
        );
        template.add(subnet.with("Routes"), joined)
    });
    (table, joined)
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
