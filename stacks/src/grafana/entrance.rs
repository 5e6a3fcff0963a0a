//! How a browser comes in: load balancer, listeners, certificate and name.
//!
//! With a certificate or a hosted zone, HTTPS from TLS 1.2 on, and plain HTTP only says where that is.
//! Without, plain HTTP, for the networks that the environment lists.

use serde_json::{Value, json};

use super::network::Network;
use super::{BALANCER, PORT, TARGETS};
use crate::cfn::{Auditor, Expression, LogicalId, Resource, Template};
use crate::environment::{Entrance, GrafanaContainer};

/// What answers on port 80. It is the same one with and without a certificate, and only what it does with a
/// request differs: a load balancer has one listener on a port, and an update makes what is new before it
/// removes what is old.
const HTTP_LISTENER: LogicalId = LogicalId::new("HttpListener");
/// What answers on port 443, where there is a certificate.
const HTTPS_LISTENER: LogicalId = LogicalId::new("HttpsListener");

/// TLS 1.3 and 1.2 without weak ciphers, and with a key exchange that withstands quantum computers for
/// browsers that offer it: the policy that AWS recommends among its
/// [policies](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html).
const TLS_POLICY: &str = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09";

/// A container that goes is given this long to finish its answers, in seconds.
const DRAIN_SECONDS: u32 = 10;

/// Why a listener may speak plain HTTP.
const NO_CERTIFICATE: &str = "This environment names no certificate and no hosted zone, so that only the networks \
    which it lists can connect; an invariant keeps all others out";

pub(super) struct Door {
    /// The address that browsers use.
    pub url: Expression,
    /// Whether that is HTTPS.
    pub is_https: bool,
    /// The listeners, without which the service has no load balancer.
    pub listeners: Vec<LogicalId>,
}

pub(super) fn add(template: &mut Template, container: &GrafanaContainer, network: &Network) -> Door {
    let subnets: Vec<Expression> = network.subnets.iter().map(LogicalId::reference).collect();
    let balancer = template.add(
        BALANCER,
        Resource::new(
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            json!({
                "Type": "application",
                "Scheme": "internet-facing",
                "Subnets": subnets,
                "SecurityGroups": [network.balancer.attribute("GroupId")],
                "LoadBalancerAttributes": [
                    {"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "true"},
                ],
            }),
        )
        .after(network.routes.iter().cloned())
        .skip(
            Auditor::Checkov,
            "CKV_AWS_91",
            "Grafana logs each request with its user (GF_SERVER_ROUTER_LOGGING), in a group with retention. \
             The balancer would need a bucket, which it still fills while the stack is deleted",
        ),
    );
    let targets = template.add(
        TARGETS,
        Resource::new(
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            json!({
                "VpcId": network.vpc.reference(),
                "TargetType": "ip",
                "Protocol": "HTTP",
                "Port": PORT,
                "HealthCheckPath": "/api/health",
                "HealthCheckIntervalSeconds": 10,
                "HealthyThresholdCount": 2,
                "UnhealthyThresholdCount": 5,
                "Matcher": {"HttpCode": "200"},
                "TargetGroupAttributes": [
                    {"Key": "deregistration_delay.timeout_seconds", "Value": DRAIN_SECONDS.to_string()},
                ],
            }),
        ),
    );
    let forward = json!([{"Type": "forward", "TargetGroupArn": targets.reference()}]);
    let (certificate, domain) = match &container.entrance {
        Entrance::Plain => {
            let listener = listener(&balancer, 80, "HTTP", &forward)
                .skip(Auditor::Checkov, "CKV_AWS_2", NO_CERTIFICATE)
                .skip(Auditor::Checkov, "CKV_AWS_103", NO_CERTIFICATE);
            return Door {
                url: Expression::joined(["http://".into(), balancer.attribute("DNSName"), "/".into()]),
                is_https: false,
                listeners: vec![template.add(HTTP_LISTENER, listener)],
            };
        }
        Entrance::Certificate { certificate, domain } => (json!(certificate), domain),
        Entrance::HostedZone { hosted_zone, domain } => {
            (json!(add_name(template, &balancer, hosted_zone, domain).reference()), domain)
        }
    };
    let mut secure = listener(&balancer, 443, "HTTPS", &forward);
    secure.set_property("Certificates", json!([{"CertificateArn": certificate}]));
    secure.set_property("SslPolicy", json!(TLS_POLICY));
    let redirect = json!([{
        "Type": "redirect",
        "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
    }]);
    let plain = listener(&balancer, 80, "HTTP", &redirect);
    Door {
        url: format!("https://{domain}/").into(),
        is_https: true,
        listeners: vec![template.add(HTTPS_LISTENER, secure), template.add(HTTP_LISTENER, plain)],
    }
}

fn listener(balancer: &LogicalId, port: u16, protocol: &str, actions: &Value) -> Resource {
    Resource::new(
        "AWS::ElasticLoadBalancingV2::Listener",
        json!({
            "LoadBalancerArn": balancer.reference(),
            "Port": port,
            "Protocol": protocol,
            "DefaultActions": actions,
        }),
    )
}

/// A certificate that renews itself, and the name that leads to the load balancer.
fn add_name(template: &mut Template, balancer: &LogicalId, zone: &str, domain: &str) -> LogicalId {
    template.add(
        LogicalId::new("Name"),
        Resource::new(
            "AWS::Route53::RecordSet",
            json!({
                "HostedZoneId": zone,
                "Name": domain,
                "Type": "A",
                "AliasTarget": {
                    "DNSName": balancer.attribute("DNSName"),
                    "HostedZoneId": balancer.attribute("CanonicalHostedZoneID"),
                },
            }),
        ),
    );
    template.add(
        LogicalId::new("Certificate"),
        Resource::new(
            "AWS::CertificateManager::Certificate",
            json!({
                "DomainName": domain,
                "ValidationMethod": "DNS",
                "DomainValidationOptions": [{"DomainName": domain, "HostedZoneId": zone}],
            }),
        ),
    )
}
