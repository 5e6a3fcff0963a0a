//! Small templates, and which ways they open and close.
#![expect(clippy::needless_pass_by_value, reason = "what is written in a table is given away")]

use serde_json::{Value, json};

use super::Opening;
use crate::deploy::difference::Values;
use crate::deploy::security::between;

/// What opens, with `+`, and closes, with `-`.
fn difference(old: &Value, new: &Value) -> Vec<String> {
    let template = |resources: &Value| json!({ "Resources": resources });
    let none = Values::new();
    let security = between(&template(old), &none, &template(new), &none);
    let line = |sign: &str, Opening { at, way, traffic, peers }: &Opening| {
        format!("{sign} {at} {way:?} {traffic}: {}", peers.join(" "))
    };
    let opened = security.opened.iter().map(|opening| line("+", opening));
    let closed = security.closed.iter().map(|opening| line("-", opening));
    opened.chain(closed).collect()
}

fn check(table: &[(&str, Value, Value, &[&str])]) {
    for (case, old, new, expected) in table {
        assert_eq!(difference(old, new), *expected, "{case}");
    }
}

fn one(kind: &str, properties: Value) -> Value {
    json!({"X": {"Type": kind, "Properties": properties}})
}

#[test]
fn rules_of_security_groups() {
    let rule = |port: u16, from: &str, why: &str| json!({"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": from, "Description": why});
    let group = |ingress: Value, egress: Value| {
        one(
            "AWS::EC2::SecurityGroup",
            json!({"SecurityGroupIngress": ingress, "SecurityGroupEgress": egress}),
        )
    };
    let inside = json!([rule(443, "10.0.0.0/8", "")]);
    let apart = json!({
        "X": group(json!([]), inside.clone())["X"],
        "Rule": {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": {
            "GroupId": {"Fn::GetAtt": ["X", "GroupId"]}, "IpProtocol": "6", "FromPort": "443", "ToPort": "443", "CidrIp": "0.0.0.0/0",
        }},
    });
    let table: [(&str, Value, Value, &[&str]); 8] = [
        (
            "a group, without rules for what leaves",
            json!({}),
            one("AWS::EC2::SecurityGroup", json!({})),
            &["+ X Out all traffic: anywhere"],
        ),
        (
            "another order, another description",
            group(json!([rule(80, "a", "x"), rule(443, "b", "")]), inside.clone()),
            group(json!([rule(443, "b", "y"), rule(80, "a", "")]), inside.clone()),
            &[],
        ),
        (
            "another source and another port",
            group(json!([rule(443, "10.0.0.0/8", "")]), inside.clone()),
            group(
                json!([rule(443, "10.0.0.0/8", ""), rule(443, "0.0.0.0/0", ""), rule(22, "1.2.3.4/32", "")]),
                inside.clone(),
            ),
            &["+ X In tcp 443: anywhere", "+ X In tcp 22: 1.2.3.4/32"],
        ),
        (
            "several sources of one port are one line",
            group(json!([]), inside.clone()),
            group(json!([rule(443, "b", ""), rule(443, "a", "")]), inside.clone()),
            &["+ X In tcp 443: a b"],
        ),
        (
            "the last rule for what leaves, after which everything does",
            group(json!([]), inside.clone()),
            group(json!([]), json!([])),
            &["+ X Out all traffic: anywhere", "- X Out tcp 443: 10.0.0.0/8"],
        ),
        (
            "the next version of the protocol",
            group(json!([rule(443, "0.0.0.0/0", "")]), inside.clone()),
            group(
                json!([rule(443, "0.0.0.0/0", ""), {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv6": "::/0"}]),
                inside.clone(),
            ),
            &["+ X In tcp 443: anywhere (IPv6)"],
        ),
        (
            "a rule that stands apart is the same",
            group(json!([rule(443, "0.0.0.0/0", "")]), inside.clone()),
            apart,
            &[],
        ),
        (
            "other groups, ranges, everything",
            group(json!([]), inside.clone()),
            group(
                json!([
                    {"IpProtocol": "udp", "FromPort": 1, "ToPort": 9, "SourceSecurityGroupId": {"Fn::GetAtt": ["Y", "GroupId"]}},
                    {"IpProtocol": "-1", "SourcePrefixListId": "pl-1"},
                ]),
                inside.clone(),
            ),
            &["+ X In all traffic: pl-1", "+ X In udp 1-9: Y"],
        ),
    ];
    check(&table);
}

#[test]
fn doors_of_everything_else() {
    let scheme = |scheme: &str| one("AWS::ElasticLoadBalancingV2::LoadBalancer", json!({"Scheme": scheme}));
    let listener = |protocol: &str, does: &str| {
        one(
            "AWS::ElasticLoadBalancingV2::Listener",
            json!({"LoadBalancerArn": {"Ref": "Balancer"}, "Protocol": protocol, "Port": 80, "DefaultActions": [{"Type": does}]}),
        )
    };
    let acl = |action: &str| {
        one(
            "AWS::EC2::NetworkAclEntry",
            json!({"NetworkAclId": {"Ref": "Acl"}, "RuleNumber": 100, "RuleAction": action, "Protocol": 6, "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 22, "To": 22}}),
        )
    };
    let blocked = |restricted: bool| {
        one(
            "AWS::S3::Bucket",
            json!({"PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": restricted}}),
        )
    };
    let table: [(&str, Value, Value, &[&str]); 13] = [
        ("inside only", json!({}), scheme("internal"), &[]),
        (
            "into the internet",
            scheme("internal"),
            scheme("internet-facing"),
            &["+ X In a public address: anywhere"],
        ),
        (
            "what is said of nothing",
            json!({}),
            one("AWS::ElasticLoadBalancingV2::LoadBalancer", json!({})),
            &["+ X In a public address: anywhere"],
        ),
        (
            "a listener that redirects no more",
            listener("HTTP", "redirect"),
            listener("HTTP", "forward"),
            &["+ X In HTTP 80 of Balancer: ", "- X In HTTP 80 of Balancer, answered by a redirect: "],
        ),
        (
            "a way out",
            json!({}),
            one(
                "AWS::EC2::Route",
                json!({"RouteTableId": {"Ref": "Routes"}, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": {"Ref": "Gateway"}}),
            ),
            &["+ Routes Out all traffic through Gateway: anywhere"],
        ),
        (
            "addresses of a service",
            one(
                "AWS::ECS::Service",
                json!({"NetworkConfiguration": {"AwsvpcConfiguration": {"AssignPublicIp": "DISABLED"}}}),
            ),
            one(
                "AWS::ECS::Service",
                json!({"NetworkConfiguration": {"AwsvpcConfiguration": {"AssignPublicIp": "ENABLED"}}}),
            ),
            &["+ X In a public address: anywhere"],
        ),
        (
            "addresses of a subnet",
            one("AWS::EC2::Subnet", json!({"MapPublicIpOnLaunch": true})),
            one("AWS::EC2::Subnet", json!({"MapPublicIpOnLaunch": false})),
            &["- X In a public address: anywhere"],
        ),
        (
            "an endpoint",
            json!({}),
            one("AWS::EC2::VPCEndpoint", json!({"ServiceName": "com.amazonaws.eu-west-1.s3"})),
            &["+ X Out calls: com.amazonaws.eu-west-1.s3"],
        ),
        ("a rule that allows", json!({}), acl("allow"), &["+ Acl In tcp 22 by rule 100: anywhere"]),
        (
            "a rule that denies closes",
            json!({}),
            acl("deny"),
            &["- Acl In tcp 22 unless denied by rule 100: anywhere"],
        ),
        (
            "without it, it is open",
            acl("deny"),
            json!({}),
            &["+ Acl In tcp 22 unless denied by rule 100: anywhere"],
        ),
        (
            "a function for everybody",
            json!({}),
            one("AWS::Lambda::Url", json!({"AuthType": "NONE", "TargetFunctionArn": {"Ref": "F"}})),
            &["+ X In HTTPS to F, without signature: anywhere"],
        ),
        (
            "a bucket that may be made public",
            blocked(true),
            blocked(false),
            &["+ X In public access, where a policy or ACL grants it: anywhere"],
        ),
    ];
    check(&table);
}
