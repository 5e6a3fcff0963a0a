//! Ways of the network: who is let in, what gets out, and what the internet can see.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::expression::text;
use super::{items, resources};
use crate::deploy::difference::Values;

/// A way that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The resource that opens it: a security group, a load balancer, a route table.
    pub at: String,
    /// Which way it leads.
    pub way: Way,
    /// For instance `tcp 443`.
    pub traffic: String,
    /// Where from, or where to. Empty where other resources say it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<String>,
}

/// Which way traffic goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// From the peers into what the resource guards.
    In,
    /// From what the resource guards to the peers.
    Out,
}

impl Opening {
    /// Whether everybody, or everything, passes.
    pub fn is_wide(&self) -> bool {
        self.peers.iter().any(|peer| peer.starts_with(ANYWHERE))
    }
}

/// The whole internet.
pub const ANYWHERE: &str = "anywhere";

/// A way that cannot be divided.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Path {
    at: String,
    way: Way,
    traffic: String,
    peer: String,
    /// Whether it is shut rather than open: a rule of a network ACL that denies.
    shut: bool,
}

/// What opens and what closes.
pub fn between(old: (&Value, &Values), new: (&Value, &Values)) -> (Vec<Opening>, Vec<Opening>) {
    let (before, after) = (of(old.0, old.1), of(new.0, new.1));
    let open = |paths: &BTreeSet<Path>, others: &BTreeSet<Path>| {
        let opened = paths.difference(others).filter(|path| !path.shut);
        let unshut = others.difference(paths).filter(|path| path.shut);
        grouped(opened.chain(unshut))
    };
    (open(&after, &before), open(&before, &after))
}

fn grouped<'a>(paths: impl Iterator<Item = &'a Path>) -> Vec<Opening> {
    let mut by_traffic: BTreeMap<(&str, Way, &str), Vec<String>> = BTreeMap::new();
    for Path { at, way, traffic, peer, .. } in paths {
        let peers = by_traffic.entry((at, *way, traffic)).or_default();
        peers.extend(Some(peer.clone()).filter(|peer| !peer.is_empty()));
    }
    let mut openings: Vec<Opening> = by_traffic
        .into_iter()
        .map(|((at, way, traffic), peers)| Opening {
            at: at.to_owned(),
            way,
            traffic: traffic.to_owned(),
            peers,
        })
        .collect();
    openings.sort_by_key(|opening| Reverse(opening.is_wide()));
    openings
}

/// Every way that a template opens.
fn of(template: &Value, values: &Values) -> BTreeSet<Path> {
    let mut found = BTreeSet::new();
    for (id, kind, properties) in resources(template) {
        let read = |key: &str| text(&properties[key], values);
        let mut open = |at: &str, way, traffic: String, peer: String| {
            found.insert(Path { at: at.to_owned(), way, traffic, peer, shut: false });
        };
        match kind {
            "AWS::EC2::SecurityGroup" => {
                for rule in items(&properties["SecurityGroupIngress"]) {
                    open(id, Way::In, traffic(rule, values), peer(rule, values));
                }
                let out = items(&properties["SecurityGroupEgress"]);
                for rule in out {
                    open(id, Way::Out, traffic(rule, values), peer(rule, values));
                }
                // Without a rule of its own, a group lets everything out.
                if out.is_empty() {
                    open(id, Way::Out, ALL_TRAFFIC.to_owned(), ANYWHERE.to_owned());
                }
            }
            "AWS::EC2::SecurityGroupIngress" => {
                open(
                    &group(properties, values),
                    Way::In,
                    traffic(properties, values),
                    peer(properties, values),
                );
            }
            "AWS::EC2::SecurityGroupEgress" => {
                open(
                    &group(properties, values),
                    Way::Out,
                    traffic(properties, values),
                    peer(properties, values),
                );
            }
            "AWS::EC2::NetworkAclEntry" => {
                let way = if properties["Egress"] == true { Way::Out } else { Way::In };
                let (at, number) = (read("NetworkAclId"), read("RuleNumber"));
                let shut = properties["RuleAction"] == "deny";
                let action = if shut { "unless denied by" } else { "by" };
                let traffic = format!("{} {action} rule {number}", traffic(properties, values));
                found.insert(Path { at, way, traffic, peer: peer(properties, values), shut });
            }
            "AWS::EC2::Route" => {
                if let Some(gateway) = ROUTED.iter().find(|key| !properties[**key].is_null()) {
                    let through = format!("{ALL_TRAFFIC} through {}", read(gateway));
                    open(&read("RouteTableId"), Way::Out, through, peer(properties, values));
                }
            }
            "AWS::EC2::VPCEndpoint" => {
                open(id, Way::Out, "calls".to_owned(), read("ServiceName"));
            }
            "AWS::EC2::EIP" => open(id, Way::In, PUBLIC_ADDRESS.to_owned(), ANYWHERE.to_owned()),
            "AWS::EC2::Subnet" if properties["MapPublicIpOnLaunch"] == true => {
                open(id, Way::In, PUBLIC_ADDRESS.to_owned(), ANYWHERE.to_owned());
            }
            "AWS::ECS::Service"
                if properties["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"]
                    == "ENABLED" =>
            {
                open(id, Way::In, PUBLIC_ADDRESS.to_owned(), ANYWHERE.to_owned());
            }
            // Internet-facing is what a load balancer is when nothing is said.
            "AWS::ElasticLoadBalancingV2::LoadBalancer" if properties["Scheme"] != "internal" => {
                open(id, Way::In, PUBLIC_ADDRESS.to_owned(), ANYWHERE.to_owned());
            }
            "AWS::ElasticLoadBalancingV2::Listener" => {
                let does = match properties["DefaultActions"][0]["Type"].as_str() {
                    None | Some("forward") => String::new(),
                    Some(other) => format!(", answered by a {other}"),
                };
                let door =
                    format!("{} {} of {}{does}", read("Protocol"), read("Port"), read("LoadBalancerArn"));
                open(id, Way::In, door, String::new());
            }
            "AWS::Lambda::Url" if properties["AuthType"] == "NONE" => {
                let function = read("TargetFunctionArn");
                open(id, Way::In, format!("HTTPS to {function}, without signature"), ANYWHERE.to_owned());
            }
            "AWS::Grafana::Workspace" if properties["NetworkAccessControl"].is_null() => {
                open(id, Way::In, "HTTPS, with a sign-in".to_owned(), ANYWHERE.to_owned());
            }
            "AWS::S3::Bucket" => {
                let block = &properties["PublicAccessBlockConfiguration"];
                let blocks =
                    ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];
                if !blocks.iter().all(|key| block[*key] == true) {
                    open(
                        id,
                        Way::In,
                        "public access, where a policy or ACL grants it".to_owned(),
                        ANYWHERE.to_owned(),
                    );
                }
            }
            _ => {}
        }
    }
    found
}

const ALL_TRAFFIC: &str = "all traffic";
const PUBLIC_ADDRESS: &str = "a public address";

/// What a route can lead through.
const ROUTED: [&str; 7] = [
    "GatewayId",
    "NatGatewayId",
    "EgressOnlyInternetGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "NetworkInterfaceId",
    "InstanceId",
];

fn group(rule: &Value, values: &Values) -> String {
    let id = text(&rule["GroupId"], values);
    id.strip_suffix(".GroupId").unwrap_or(&id).to_owned()
}

/// Protocol and ports of a rule. Ports of a network ACL stand in a range of their own.
fn traffic(rule: &Value, values: &Values) -> String {
    let protocol = [&rule["IpProtocol"], &rule["Protocol"]]
        .into_iter()
        .find(|protocol| !protocol.is_null())
        .map_or("-1".to_owned(), |protocol| text(protocol, values));
    let protocol = match protocol.as_str() {
        "-1" => return ALL_TRAFFIC.to_owned(),
        "1" => "icmp",
        "6" => "tcp",
        "17" => "udp",
        named => named,
    };
    let (from, to) = match &rule["PortRange"] {
        Value::Null => (&rule["FromPort"], &rule["ToPort"]),
        range => (&range["From"], &range["To"]),
    };
    match (text(from, values), text(to, values)) {
        (from, _) if from.is_empty() => format!("{protocol}, all ports"),
        (from, to) if from == to || to.is_empty() => format!("{protocol} {from}"),
        (from, to) => format!("{protocol} {from}-{to}"),
    }
}

/// Where a rule or a route leads from or to.
fn peer(rule: &Value, values: &Values) -> String {
    const KEYS: [&str; 13] = [
        "CidrIp",
        "CidrIpv6",
        "CidrBlock",
        "Ipv6CidrBlock",
        "DestinationCidrBlock",
        "DestinationIpv6CidrBlock",
        "SourceSecurityGroupId",
        "SourceSecurityGroupName",
        "DestinationSecurityGroupId",
        "SourcePrefixListId",
        "DestinationPrefixListId",
        "SourceSecurityGroupOwnerId",
        "VpcEndpointId",
    ];
    let peer = KEYS.iter().find(|key| !rule[**key].is_null()).map(|key| text(&rule[*key], values));
    match peer.as_deref() {
        Some("0.0.0.0/0") => ANYWHERE.to_owned(),
        Some("::/0") => format!("{ANYWHERE} (IPv6)"),
        Some(peer) => peer.strip_suffix(".GroupId").unwrap_or(peer).to_owned(),
        None => "itself".to_owned(),
    }
}

#[cfg(test)]
mod tests;
