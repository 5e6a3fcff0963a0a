//! Dashboards: nobody reaches them in plain text from everywhere, nothing floats, nothing leaks, nothing
//! writes.
//!
//! The rules are about types of resources, not about the stack of that name, so that they hold for any
//! container that is added.

use serde::Serialize;
use serde_json::Value;

use super::{Subject, objects, one_or_many};
use crate::cfn::Resource;
use crate::environment::{Image, Network, is_version};
use crate::network;

/// What is broken about a container, or about the way to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ContainerBreach {
    /// Passwords would cross the internet in plain text.
    #[error("it serves plain HTTP to {0}; add a certificate, or list the networks that may connect")]
    PublicPlainHttp(String),
    /// HTTPS with ciphers that are broken.
    #[error("its `SslPolicy` allows TLS before 1.2; use one of ELBSecurityPolicy-TLS13-1-2")]
    OldTls,
    /// Something other than the load balancer lets addresses in.
    #[error("it lets {0} in, but only the load balancer may; refer to the group of the load balancer")]
    Reachable(String),
    /// A service that is in the group of everything that has none.
    #[error("it names no security group, so that it is in that of the whole network")]
    NoGroup,
    /// The image is another one tomorrow.
    #[error("the image `{0}` has no full version; write one, or a digest")]
    UnpinnedImage(String),
    /// The plugin is another one tomorrow.
    #[error("`{variable}` has the plugin `{plugin}` without a version; write `id@version`")]
    UnpinnedPlugin {
        /// The variable of the container.
        variable: String,
        /// The plugin.
        plugin: String,
    },
    /// A secret that everybody can read who can read the template or the task.
    #[error(
        "`{0}` would be in the template in plain text; keep it in Secrets Manager and name it under `Secrets`"
    )]
    PlainSecret(String),
    /// Whoever takes over a dashboard could change the data.
    #[error("its role may call `{0}`, but dashboards only read")]
    MayWrite(String),
    /// Two containers at a time, each with the same database open.
    #[error("`{0}` allows two containers at a time, which would corrupt their one database")]
    TwoWriters(&'static str),
    /// More than the service accepts.
    #[error(
        "it has about {found} bytes, but ECS accepts at most {limit}; leave out measures, or set `grafana.kind`"
    )]
    LargeTask {
        /// Bytes that there are.
        found: usize,
        /// Bytes that there may be.
        limit: usize,
    },
}

/// Largest task definition, in bytes, by the [quotas of ECS](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html).
const MAX_TASK_BYTES: usize = 64 * 1024;

/// Words in the names of variables that hold secrets.
const SECRETS: [&str; 4] = ["PASSWORD", "SECRET", "TOKEN", "ACCESS_KEY"];

/// Variables of Grafana that name plugins.
const PLUGINS: [&str; 3] = ["GF_PLUGINS_PREINSTALL", "GF_PLUGINS_PREINSTALL_SYNC", "GF_INSTALL_PLUGINS"];

/// Calls of Timestream that change nothing.
const READS: [&str; 4] = ["CancelQuery", "Describe", "List", "Select"];

pub(super) fn check(subject: &Subject) -> Vec<ContainerBreach> {
    match subject.resource.kind() {
        "AWS::ElasticLoadBalancingV2::Listener" => check_listener(subject),
        "AWS::EC2::SecurityGroup" if !is_of_balancer(subject) => doors(subject.resource)
            .filter(|rule| rule["SourceSecurityGroupId"].is_null() && rule["CidrIp"] != network::ADDRESSES)
            .map(|rule| ContainerBreach::Reachable(peer(rule)))
            .collect(),
        "AWS::ECS::Service" => check_service(subject),
        "AWS::ECS::TaskDefinition" => check_task(subject),
        "AWS::Grafana::Workspace" => check_role(subject, "RoleArn"),
        "AWS::SecretsManager::Secret" if !subject.resource.property("SecretString").is_null() => {
            vec![ContainerBreach::PlainSecret("SecretString".to_owned())]
        }
        _ => Vec::new(),
    }
}

/// What a security group lets in.
fn doors(group: &Resource) -> impl Iterator<Item = &Value> {
    one_or_many(group.property("SecurityGroupIngress")).iter()
}

fn peer(rule: &Value) -> String {
    let peers = ["CidrIp", "CidrIpv6", "SourcePrefixListId"].into_iter().filter_map(|key| rule[key].as_str());
    peers.map(str::to_owned).next().unwrap_or_else(|| "somebody".to_owned())
}

/// The groups of the load balancers of a stack.
fn balancer_groups<'a>(subject: &'a Subject) -> impl Iterator<Item = (&'a str, &'a Resource)> {
    let resources = subject.stack.template.resources();
    resources
        .values()
        .filter(|resource| resource.kind() == "AWS::ElasticLoadBalancingV2::LoadBalancer")
        .flat_map(|balancer| one_or_many(balancer.property("SecurityGroups")))
        .filter_map(|group| subject.referred(group))
        .map(|(id, group)| (id.as_str(), group))
}

fn is_of_balancer(subject: &Subject) -> bool {
    balancer_groups(subject).any(|(id, _)| id == subject.id.as_str())
}

fn check_listener(subject: &Subject) -> Vec<ContainerBreach> {
    let listener = subject.resource;
    if *listener.property("Protocol") == "HTTPS" {
        let policy = listener.property("SslPolicy").as_str().unwrap_or_default();
        let modern = policy.starts_with("ELBSecurityPolicy-TLS13-1-2")
            || policy.starts_with("ELBSecurityPolicy-TLS13-1-3");
        return if modern { Vec::new() } else { vec![ContainerBreach::OldTls] };
    }
    let only_redirects = one_or_many(listener.property("DefaultActions"))
        .iter()
        .all(|action| action["Type"] == "redirect" && action["RedirectConfig"]["Protocol"] == "HTTPS");
    if only_redirects {
        return Vec::new();
    }
    let is_limited = |rule: &Value| {
        let network = rule["CidrIp"].as_str().and_then(|text| text.parse::<Network>().ok());
        !rule["SourceSecurityGroupId"].is_null() || network.is_some_and(Network::is_limited)
    };
    balancer_groups(subject)
        .flat_map(|(_, group)| doors(group))
        .filter(|rule| !is_limited(rule))
        .map(|rule| ContainerBreach::PublicPlainHttp(peer(rule)))
        .collect()
}

fn check_service(subject: &Subject) -> Vec<ContainerBreach> {
    let service = subject.resource;
    let mut breaches = Vec::new();
    let network = &service.property("NetworkConfiguration")["AwsvpcConfiguration"];
    if one_or_many(&network["SecurityGroups"]).is_empty() {
        breaches.push(ContainerBreach::NoGroup);
    }
    let task = subject.referred(service.property("TaskDefinition")).map(|(_, task)| task);
    if task.is_some_and(|task| {
        objects(task.properties()).iter().any(|object| object.contains_key("EFSVolumeConfiguration"))
    }) {
        if service.property("DeploymentConfiguration")["MaximumPercent"]
            .as_u64()
            .is_none_or(|most| most > 100)
        {
            breaches.push(ContainerBreach::TwoWriters("MaximumPercent"));
        }
        if *service.property("DesiredCount") != 1 {
            breaches.push(ContainerBreach::TwoWriters("DesiredCount"));
        }
    }
    breaches
}

fn check_task(subject: &Subject) -> Vec<ContainerBreach> {
    let mut breaches = check_role(subject, "TaskRoleArn");
    let found = subject.resource.properties().to_string().len();
    if found > MAX_TASK_BYTES {
        breaches.push(ContainerBreach::LargeTask { found, limit: MAX_TASK_BYTES });
    }
    for container in one_or_many(subject.resource.property("ContainerDefinitions")) {
        let image = container["Image"].as_str().unwrap_or_default();
        if !Image::is_pinned(image) {
            breaches.push(ContainerBreach::UnpinnedImage(image.to_owned()));
        }
        for variable in one_or_many(&container["Environment"]) {
            let (name, value) = (variable["Name"].as_str().unwrap_or_default(), &variable["Value"]);
            // An address at which a token is fetched is none.
            let is_address = name.ends_with("_URL");
            if !is_address && SECRETS.iter().any(|word| name.to_ascii_uppercase().contains(word)) {
                breaches.push(ContainerBreach::PlainSecret(name.to_owned()));
            }
            if PLUGINS.contains(&name) {
                let plugins = value.as_str().unwrap_or_default().split(',');
                let floating = plugins
                    .filter(|plugin| plugin.split_once('@').is_none_or(|(_, version)| !is_version(version)));
                breaches.extend(floating.map(|plugin| ContainerBreach::UnpinnedPlugin {
                    variable: name.to_owned(),
                    plugin: plugin.to_owned(),
                }));
            }
        }
    }
    breaches
}

/// What the role of a container or of a workspace may do to Timestream beside reading.
fn check_role(subject: &Subject, property: &str) -> Vec<ContainerBreach> {
    let role = subject.referred(subject.resource.property(property)).map(|(_, role)| role);
    let actions = role
        .into_iter()
        .flat_map(|role| objects(role.properties()))
        .filter_map(|object| object.get("Action"));
    actions
        .flat_map(one_or_many)
        .filter_map(Value::as_str)
        .filter(|action| {
            action
                .strip_prefix("timestream:")
                .is_some_and(|call| !READS.iter().any(|read| call.starts_with(read)))
        })
        .map(|action| ContainerBreach::MayWrite(action.to_owned()))
        .collect()
}
