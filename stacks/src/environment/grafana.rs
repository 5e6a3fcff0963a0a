//! `[grafana]`: whether there are dashboards, how large their container is, and who reaches it.
//!
//! A Grafana that anybody can reach over plain HTTP cannot be written down: without a certificate or a
//! hosted zone, the environment lists the networks that may connect, and none of them is the world.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::Target;
use crate::config::{Fault, Section};

/// The dashboards of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Grafana {
    /// There are none.
    None,
    /// An [Amazon Managed Grafana](https://docs.aws.amazon.com/grafana/latest/userguide/what-is-Amazon-Managed-Service-Grafana.html)
    /// workspace. It takes no files, so that its dashboards are imported by hand.
    Managed,
    /// A container on Fargate, with its dashboards in it.
    Container(GrafanaContainer),
}

/// Grafana on Fargate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GrafanaContainer {
    /// Processor, in units of a 1,024th of a core: 256, 512, 1,024, 2,048 or 4,096.
    pub cpu: u32,
    /// Memory, in MB: what [Fargate offers](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size)
    /// with that processor.
    pub memory_mb: u32,
    /// Whether AWS Backup keeps copies of Grafana's database.
    pub backup: bool,
    /// How a browser reaches it.
    pub entrance: Entrance,
    /// Networks from which it can be reached.
    pub networks: Vec<Network>,
}

/// How a browser reaches Grafana.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "entrance", rename_all = "snake_case")]
pub enum Entrance {
    /// Plain HTTP, under the name of the load balancer.
    Plain,
    /// HTTPS with a certificate that is there. The name in it is pointed to the load balancer elsewhere.
    Certificate {
        /// The certificate of AWS Certificate Manager, in the Region of the environment.
        certificate: String,
        /// The name that browsers ask for.
        domain: String,
    },
    /// HTTPS with a certificate and a name that the stack makes in a hosted zone of Route 53.
    HostedZone {
        /// Id of the zone.
        hosted_zone: String,
        /// The name that browsers ask for, in that zone.
        domain: String,
    },
}

impl Entrance {
    /// The name that browsers ask for; with plain HTTP it is that of the load balancer.
    pub fn domain(&self) -> Option<&str> {
        match self {
            Self::Plain => None,
            Self::Certificate { domain, .. } | Self::HostedZone { domain, .. } => Some(domain),
        }
    }
}

/// A range of IPv4 addresses, such as `203.0.113.0/24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: Ipv4Addr,
    prefix: u8,
}

impl Network {
    /// Every address.
    pub const WORLD: Self = Self { address: Ipv4Addr::UNSPECIFIED, prefix: 0 };

    /// Whether it is no larger than one organization has: private, or at most 65,536 addresses.
    pub fn is_limited(self) -> bool {
        let private = match self.address.octets() {
            [10, ..] => self.prefix >= 8,
            [172, second, ..] => (16..32).contains(&second) && self.prefix >= 12,
            _ => false,
        };
        private || self.prefix >= 16
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Network {
    type Err = ();

    /// Reads the notation of CIDR, in which the bits behind the prefix are zero.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, prefix) = text.split_once('/').ok_or(())?;
        let address: Ipv4Addr = address.parse().map_err(drop)?;
        let prefix: u8 = prefix.parse().map_err(drop)?;
        let host_bits = 32_u32.checked_sub(u32::from(prefix)).ok_or(())?;
        let hosts = u32::MAX.checked_shr(32 - host_bits).unwrap_or(0);
        if address.to_bits() & hosts == 0 { Ok(Self { address, prefix }) } else { Err(()) }
    }
}

/// What is used where a file says nothing.
mod default {
    /// Half a core draws dashboards for a team.
    pub const CPU: u32 = 512;
    /// Grafana with one plugin takes about 300 MB.
    pub const MEMORY_MB: u32 = 1_024;
}

/// The processors of Fargate, each with the least and the most memory, and the steps between, in MB.
const SIZES: [(u32, u32, u32, u32); 5] = [
    (256, 512, 2_048, 512),
    (512, 1_024, 4_096, 1_024),
    (1_024, 2_048, 8_192, 1_024),
    (2_048, 4_096, 16_384, 1_024),
    (4_096, 8_192, 30_720, 1_024),
];

/// Most networks. A security group takes [60 rules](https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html)
/// by default, and each network needs up to two.
const MAX_NETWORKS: usize = 25;

/// Longest name that a certificate carries, in characters.
const MAX_DOMAIN: usize = 64;

/// Why `[grafana]` cannot be used, although each of its keys is well formed.
#[derive(Debug, thiserror::Error)]
enum GrafanaFault {
    #[error("is {cpu}, which Fargate does not offer")]
    Cpu { cpu: u32 },
    #[error("is {memory_mb}, which Fargate does not offer with {cpu} units of processor")]
    Memory { cpu: u32, memory_mb: u32, least: u32, most: u32 },
    #[error("is \"{network}\", which is no network")]
    NoNetwork { network: String },
    #[error("has \"{network}\", but without HTTPS passwords would cross the internet in plain text")]
    Public { network: Network },
    #[error("lists {count} networks, but at most {MAX_NETWORKS} fit in a security group")]
    ManyNetworks { count: usize },
    #[error("is empty, so that nobody could connect")]
    Nobody,
    #[error("is missing: without a certificate or a hosted zone, only listed networks may connect")]
    NoNetworks,
    #[error("stands beside `certificate`, which brings its own name")]
    TwoCertificates,
    #[error("is \"{domain}\", which is no name of a host")]
    Domain { domain: String },
    #[error("is \"{zone}\", which is no id of a hosted zone")]
    Zone { zone: String },
    #[error("is \"{arn}\", which is no certificate of AWS Certificate Manager")]
    Certificate { arn: String },
    #[error(
        "is of account {account} in {region}, but a load balancer takes certificates of its own account and Region"
    )]
    CertificateElsewhere { region: String, account: String, own: Owner },
    #[error("is \"managed\", but the local target has no Amazon Managed Grafana")]
    ManagedLocally,
}

impl Fault for GrafanaFault {
    fn help(&self) -> String {
        match self {
            Self::Cpu { .. } => "write 256, 512, 1024, 2048 or 4096".into(),
            Self::Memory { least, most, .. } => format!("write {least} to {most}, in the steps of Fargate"),
            Self::NoNetwork { .. } => "write addresses as in \"203.0.113.0/24\"; one alone ends with /32".into(),
            Self::Public { .. } => {
                "list the networks of your people, or set `hosted_zone` or `certificate` with `domain` for HTTPS"
                    .into()
            }
            Self::ManyNetworks { .. } => "merge neighbours, or set up HTTPS and leave `networks` out".into(),
            Self::Nobody => "list a network, such as \"203.0.113.0/24\"".into(),
            Self::NoNetworks => {
                "add `networks = [\"203.0.113.0/24\"]`, or `hosted_zone` or `certificate` with `domain`".into()
            }
            Self::TwoCertificates => "keep one of them".into(),
            Self::Domain { .. } => "write a name such as \"grafana.example.com\"".into(),
            Self::Zone { .. } => {
                "write the id that `aws route53 list-hosted-zones` prints behind /hostedzone/".into()
            }
            Self::Certificate { .. } => {
                "write its ARN, arn:aws:acm:<region>:<account>:certificate/<id>".into()
            }
            Self::CertificateElsewhere { own: Owner { region, account }, .. } => format!(
                "request one in {region} of account {account}; `aws acm list-certificates --region {region}` prints those that are there"
            ),
            Self::ManagedLocally => "write \"container\" or \"none\"".into(),
        }
    }
}

/// Whose load balancer it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    pub region: String,
    pub account: String,
}

#[derive(Clone, Copy)]
enum Kind {
    None,
    Managed,
    Container,
}

/// Reads `[grafana]`. Without it, there is none: nobody pays for what they did not ask for. `owner` is known
/// when Region and account of an environment on AWS are sound.
pub(super) fn read(section: &Section<'_>, target: Option<Target>, owner: Option<&Owner>) -> Option<Grafana> {
    const KINDS: [(&str, Kind); 3] =
        [("container", Kind::Container), ("managed", Kind::Managed), ("none", Kind::None)];
    let kind = section.choice("kind", &KINDS).check(|kind| match (kind, target) {
        (Kind::Managed, Some(Target::Local)) => Err(GrafanaFault::ManagedLocally),
        _ => Ok(()),
    });
    // What is wrong with the kind says nothing about the other keys: they are known.
    let keys = ["cpu", "memory_mb", "backup", "networks", "domain", "certificate", "hosted_zone"];
    let Some(kind) = kind.or(Kind::None) else {
        for key in keys {
            section.has(key);
        }
        return None;
    };
    match kind {
        Kind::Container => read_container(section, owner).map(Grafana::Container),
        kind @ (Kind::None | Kind::Managed) => {
            for key in keys {
                section.refuse(key, "without `kind = \"container\"`");
            }
            Some(if matches!(kind, Kind::Managed) { Grafana::Managed } else { Grafana::None })
        }
    }
}

fn read_container(section: &Section<'_>, owner: Option<&Owner>) -> Option<GrafanaContainer> {
    let size = |cpu: u32| SIZES.iter().find(|(offered, ..)| *offered == cpu);
    let cpu = section.integer("cpu", 256..=4_096).check(|&cpu| match size(cpu) {
        Some(_) => Ok(()),
        None => Err(GrafanaFault::Cpu { cpu }),
    });
    let cpu = cpu.or(default::CPU);
    let memory_mb = section.integer("memory_mb", 512..=30_720).check(|&memory_mb| {
        let Some((cpu, &(_, least, most, step))) = cpu.and_then(|cpu| Some((cpu, size(cpu)?))) else {
            return Ok(());
        };
        let offered = (least..=most).contains(&memory_mb) && memory_mb.is_multiple_of(step);
        if offered { Ok(()) } else { Err(GrafanaFault::Memory { cpu, memory_mb, least, most }) }
    });
    // The least that goes with a larger processor, where only that is given.
    let least =
        cpu.and_then(size).map_or(default::MEMORY_MB, |&(_, least, ..)| least.max(default::MEMORY_MB));
    let memory_mb = memory_mb.or(least);
    let backup = section.flag("backup").or(false);
    let entrance = read_entrance(section, owner);
    let networks = read_networks(section, entrance.as_ref());
    Some(GrafanaContainer {
        cpu: cpu?,
        memory_mb: memory_mb?,
        backup: backup?,
        entrance: entrance?,
        networks: networks?,
    })
}

fn read_entrance(section: &Section<'_>, owner: Option<&Owner>) -> Option<Entrance> {
    let certificate = section.text_like("certificate", "the ARN of a certificate");
    let certificate = certificate.check(|arn| check_certificate(arn, owner)).optional();
    let zone = section.text_like("hosted_zone", "the id of a hosted zone");
    let zone = zone.check(|zone| check_zone(zone)).optional();
    let domain =
        section.text_like("domain", "the name that browsers ask for, such as \"grafana.example.com\"");
    let domain = domain.check(|domain| check_domain(domain));
    match (certificate?, zone?) {
        (None, None) => {
            domain.optional()?;
            section.refuse("domain", "without `certificate` or `hosted_zone`");
            Some(Entrance::Plain)
        }
        (Some(certificate), None) => {
            domain.required().map(|domain| Entrance::Certificate { certificate, domain })
        }
        (None, Some(hosted_zone)) => {
            domain.required().map(|domain| Entrance::HostedZone { hosted_zone, domain })
        }
        (Some(_), Some(_)) => {
            section.add("hosted_zone", GrafanaFault::TwoCertificates);
            domain.optional().and(None)
        }
    }
}

fn read_networks(section: &Section<'_>, entrance: Option<&Entrance>) -> Option<Vec<Network>> {
    let written = section.list("networks", "a list of networks, such as [\"203.0.113.0/24\"]");
    if !section.has("networks") {
        return match entrance {
            Some(Entrance::Plain) => {
                section.add("networks", GrafanaFault::NoNetworks);
                None
            }
            Some(_) => Some(vec![Network::WORLD]),
            None => None,
        };
    }
    let written = written?;
    let mut networks = Vec::new();
    for (spot, text) in &written {
        match text.parse::<Network>() {
            Err(()) => section.add_at(spot, GrafanaFault::NoNetwork { network: text.clone() }),
            Ok(network) if entrance == Some(&Entrance::Plain) && !network.is_limited() => {
                section.add_at(spot, GrafanaFault::Public { network });
            }
            Ok(network) => networks.push(network),
        }
    }
    if written.is_empty() {
        section.add("networks", GrafanaFault::Nobody);
    }
    if written.len() > MAX_NETWORKS {
        section.add("networks", GrafanaFault::ManyNetworks { count: written.len() });
    }
    (networks.len() == written.len() && !networks.is_empty()).then_some(networks)
}

fn check_domain(domain: &str) -> Result<(), GrafanaFault> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let named = domain.len() <= MAX_DOMAIN && domain.contains('.') && domain.split('.').all(label);
    if named { Ok(()) } else { Err(GrafanaFault::Domain { domain: domain.to_owned() }) }
}

fn check_zone(zone: &str) -> Result<(), GrafanaFault> {
    let plain = zone.starts_with('Z')
        && zone.len() <= 32
        && zone.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if plain { Ok(()) } else { Err(GrafanaFault::Zone { zone: zone.to_owned() }) }
}

fn check_certificate(arn: &str, owner: Option<&Owner>) -> Result<(), GrafanaFault> {
    let (region, account) =
        split_certificate(arn).ok_or_else(|| GrafanaFault::Certificate { arn: arn.to_owned() })?;
    match owner {
        Some(own) if own.region != region || own.account != account => {
            let (region, account) = (region.to_owned(), account.to_owned());
            Err(GrafanaFault::CertificateElsewhere { region, account, own: own.clone() })
        }
        _ => Ok(()),
    }
}

/// Region and account of a certificate, where the text names one.
fn split_certificate(arn: &str) -> Option<(&str, &str)> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, "acm", region, account, name] = parts[..] else { return None };
    let id = name.strip_prefix("certificate/")?;
    let is_sound = partition.starts_with("aws")
        && !region.is_empty()
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && !id.is_empty()
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    is_sound.then_some((region, account))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_names_its_region_and_account() {
        for (arn, expected) in [
            ("arn:aws:acm:eu-west-1:123456789012:certificate/1-a", Some(("eu-west-1", "123456789012"))),
            ("arn:aws-cn:acm:cn-north-1:123456789012:certificate/1", Some(("cn-north-1", "123456789012"))),
            ("arn:aws:acm:eu-west-1:12345678901x:certificate/1-a", None),
            ("arn:aws:acm:eu-west-1:12345678901:certificate/1-a", None),
            ("arn:aws:acm::123456789012:certificate/1-a", None),
            ("arn:aws:acm:eu-west-1:123456789012:certificate/", None),
            ("arn:aws:acm:eu-west-1:123456789012:certificate/1:2", None),
            ("arn:aws:iam::123456789012:server-certificate/old", None),
            ("", None),
        ] {
            assert_eq!(split_certificate(arn), expected, "{arn}");
        }
    }

    #[test]
    fn networks_are_what_they_say() {
        for (text, limited) in [
            ("203.0.113.7/32", Some(true)),
            ("203.0.0.0/16", Some(true)),
            ("203.0.0.0/15", Some(false)),
            ("203.1.0.0/15", None),
            ("202.0.0.0/15", Some(false)),
            ("10.0.0.0/8", Some(true)),
            ("172.16.0.0/12", Some(true)),
            ("172.32.0.0/12", Some(false)),
            ("0.0.0.0/0", Some(false)),
            ("0.0.0.0/1", Some(false)),
            ("128.0.0.0/1", Some(false)),
            ("203.0.113.7/24", None),
            ("203.0.113.0", None),
            ("203.0.113.0/33", None),
            ("::/0", None),
            ("", None),
        ] {
            let network = text.parse::<Network>().ok();
            assert_eq!(network.map(Network::is_limited), limited, "{text}");
            if let Some(network) = network {
                assert_eq!(network.to_string(), text);
            }
        }
    }
}
