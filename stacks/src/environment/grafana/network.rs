//! Networks from which the dashboards can be reached.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::Entrance;
use crate::config::{Fault, Section};

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

/// Most networks. A security group takes [60 rules](https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html)
/// by default, and each network needs up to two.
const MAX_NETWORKS: usize = 25;

/// Why `networks` cannot be used, although it is a list of text.
#[derive(Debug, thiserror::Error)]
enum NetworkFault {
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
}

impl Fault for NetworkFault {
    fn help(&self) -> String {
        match self {
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
        }
    }
}

pub(super) fn read(section: &Section<'_>, entrance: Option<&Entrance>) -> Option<Vec<Network>> {
    let written = section.list("networks", "a list of networks, such as [\"203.0.113.0/24\"]");
    if !section.has("networks") {
        return match entrance {
            Some(Entrance::Plain) => {
                section.add("networks", NetworkFault::NoNetworks);
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
            Err(()) => section.add_at(spot, NetworkFault::NoNetwork { network: text.clone() }),
            Ok(network) if entrance == Some(&Entrance::Plain) && !network.is_limited() => {
                section.add_at(spot, NetworkFault::Public { network });
            }
            Ok(network) => networks.push(network),
        }
    }
    if written.is_empty() {
        section.add("networks", NetworkFault::Nobody);
    }
    if written.len() > MAX_NETWORKS {
        section.add("networks", NetworkFault::ManyNetworks { count: written.len() });
    }
    (networks.len() == written.len() && !networks.is_empty()).then_some(networks)
}

#[cfg(test)]
mod tests {
    use super::*;

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
