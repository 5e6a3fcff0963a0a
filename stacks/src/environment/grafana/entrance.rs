//! How a browser reaches the dashboards: by plain HTTP, or by HTTPS with a certificate.

use serde::Serialize;

use super::arn::Parts;
use crate::config::{Fault, Section};

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

/// Longest name that a certificate carries, in characters.
const MAX_DOMAIN: usize = 64;

/// Why the way in cannot be made, although each of its keys is well formed.
#[derive(Debug, thiserror::Error)]
enum EntranceFault {
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
}

impl Fault for EntranceFault {
    fn help(&self) -> String {
        match self {
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
        }
    }
}

/// Whose load balancer it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::environment) struct Owner {
    pub region: String,
    pub account: String,
}

pub(super) fn read(section: &Section<'_>, owner: Option<&Owner>) -> Option<Entrance> {
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
            section.add("hosted_zone", EntranceFault::TwoCertificates);
            domain.optional().and(None)
        }
    }
}

fn check_domain(domain: &str) -> Result<(), EntranceFault> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let named = domain.len() <= MAX_DOMAIN && domain.contains('.') && domain.split('.').all(label);
    if named { Ok(()) } else { Err(EntranceFault::Domain { domain: domain.to_owned() }) }
}

fn check_zone(zone: &str) -> Result<(), EntranceFault> {
    let plain = zone.starts_with('Z')
        && zone.len() <= 32
        && zone.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if plain { Ok(()) } else { Err(EntranceFault::Zone { zone: zone.to_owned() }) }
}

fn check_certificate(arn: &str, owner: Option<&Owner>) -> Result<(), EntranceFault> {
    let (region, account) =
        split_certificate(arn).ok_or_else(|| EntranceFault::Certificate { arn: arn.to_owned() })?;
    match owner {
        Some(own) if own.region != region || own.account != account => {
            let (region, account) = (region.to_owned(), account.to_owned());
            Err(EntranceFault::CertificateElsewhere { region, account, own: own.clone() })
        }
        _ => Ok(()),
    }
}

/// Region and account of a certificate, where the text names one.
fn split_certificate(arn: &str) -> Option<(&str, &str)> {
    let parts = Parts::of(arn).filter(|parts| parts.service == "acm")?;
    let id = parts.resource.strip_prefix("certificate/")?;
    let is_sound = parts.has_account()
        && !parts.region.is_empty()
        && !id.is_empty()
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    is_sound.then_some((parts.region, parts.account))
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
}
