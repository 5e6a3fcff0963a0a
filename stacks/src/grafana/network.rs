//! Its part of the network: two public subnets, because a load balancer wants two, and no NAT.
//!
//! Who reaches whom is decided by three groups: the world (or the listed networks) the load balancer,
//! the load balancer the container, the container its files. A group refers only to those before it,
//! so that their rules can stand in them.

use serde_json::{Value, json};

use super::PORT;
use crate::cfn::{Auditor, LogicalId, Resource, Template};
use crate::environment::{self, Entrance, Environment, GrafanaContainer};
use crate::network::{self, ADDRESSES, EVERYWHERE, HTTPS, group, rule};
use crate::store;

/// The subnets, within the [`ADDRESSES`] of the network.
pub(super) const SUBNETS: [(LogicalId, &str); 2] =
    [(LogicalId::new("SubnetA"), "10.42.0.0/26"), (LogicalId::new("SubnetB"), "10.42.0.64/26")];

const HTTP: u16 = 80;
const NFS: u16 = 2_049;

/// What the rest of the stack refers to.
pub(super) struct Network {
    pub vpc: LogicalId,
    pub subnets: [LogicalId; 2],
    /// Groups of the load balancer, the container and its files.
    pub balancer: LogicalId,
    pub container: LogicalId,
    pub files: LogicalId,
    /// The ways out, without which the container starts in vain.
    pub routes: Vec<LogicalId>,
}

pub(super) fn add(
    template: &mut Template,
    environment: &Environment,
    container: &GrafanaContainer,
) -> Network {
    let vpc = network::of(template);
    let gateway =
        template.add(LogicalId::new("Gateway"), Resource::new("AWS::EC2::InternetGateway", json!({})));
    let attachment = template.add(
        LogicalId::new("GatewayAttachment"),
        Resource::new(
            "AWS::EC2::VPCGatewayAttachment",
            json!({"VpcId": vpc.reference(), "InternetGatewayId": gateway.reference()}),
        ),
    );
    // The container asks for its address itself; nothing else gets one.
    let subnets = network::add_subnets(template, &vpc, SUBNETS);
    let (table, joined) = network::add_routes(template, &vpc, &subnets);
    let route = template.add(
        LogicalId::new("RouteOut"),
        Resource::new(
            "AWS::EC2::Route",
            json!({
                "RouteTableId": table.reference(),
                "DestinationCidrBlock": EVERYWHERE,
                "GatewayId": gateway.reference(),
            }),
        )
        .after([attachment]),
    );
    let routes = [route].into_iter().chain(joined).collect();

    let name = &environment.name;
    let mut visited = group(
        &vpc,
        &format!("Load balancer of Grafana, Sluice {name}"),
        &visitors(container),
        // By address, because the container's group refers to this one.
        &[rule("to the container", PORT, ("CidrIp", json!(ADDRESSES)))],
    );
    if container.entrance != Entrance::Plain && container.networks.contains(&environment::Network::WORLD) {
        visited = visited.skip(
            Auditor::Checkov,
            "CKV_AWS_260",
            "Port 80 answers nothing but a redirect to HTTPS, so that a person who types the name alone finds it",
        );
    }
    let balancer = template.add(LogicalId::new("BalancerGroup"), visited);
    let mut reaches = vec![
        rule("image, plugin, secrets, logs, Timestream", HTTPS, ("CidrIp", json!(EVERYWHERE))),
        rule("files", NFS, ("CidrIp", json!(ADDRESSES))),
    ];
    if environment.store.postgres().is_some() {
        reaches[0]["Description"] = "image, secrets, logs".into();
        reaches.push(rule("store", store::PORT, ("CidrIp", json!(ADDRESSES))));
    }
    let service = group(
        &vpc,
        &format!("Container of Grafana, Sluice {name}"),
        &[rule(
            "from the load balancer",
            PORT,
            ("SourceSecurityGroupId", json!(balancer.attribute("GroupId"))),
        )],
        &reaches,
    );
    let service = template.add(LogicalId::new("ContainerGroup"), service);
    let files = group(
        &vpc,
        &format!("Files of Grafana, Sluice {name}"),
        &[rule("from the container", NFS, ("SourceSecurityGroupId", json!(service.attribute("GroupId"))))],
        &[network::nowhere(NFS)],
    );
    let files = template.add(LogicalId::new("FilesGroup"), files);
    Network { vpc, subnets, balancer, container: service, files, routes }
}

/// Who may connect to the load balancer, and how.
fn visitors(container: &GrafanaContainer) -> Vec<Value> {
    let doors: &[(u16, &str)] = match container.entrance {
        Entrance::Plain => &[(HTTP, "listed network")],
        Entrance::Certificate { .. } | Entrance::HostedZone { .. } => {
            &[(HTTPS, "HTTPS"), (HTTP, "redirected to HTTPS")]
        }
    };
    let from = |network: &environment::Network| {
        let network = json!(network);
        doors.iter().map(move |(port, why)| rule(why, *port, ("CidrIp", network.clone()))).collect::<Vec<_>>()
    };
    container.networks.iter().flat_map(from).collect()
}
