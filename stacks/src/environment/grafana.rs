//! `[grafana]`: whether there are dashboards, how large their container is, and who reaches it.
//!
//! A Grafana that anybody can reach over plain HTTP cannot be written down: without a certificate or a
//! hosted zone, the environment lists the networks that may connect, and none of them is the world.

mod alerts;
mod arn;
mod entrance;
mod image;
mod network;
mod notify;
mod oidc;
mod secret;

use serde::Serialize;

use crate::config::{Fault, Section};

pub use alerts::AlertInterval;
pub use entrance::Entrance;
pub(super) use entrance::Owner;
pub(crate) use image::is_version;
pub use image::{IMAGE, Image, Repository};
pub use network::Network;
pub(super) use notify::Around;
pub use notify::{Notify, Topic};
pub use oidc::Oidc;

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
    /// The image that is started.
    pub image: Image,
    /// How often people's alerts are looked after. `None`: there are none.
    pub alerts: Option<AlertInterval>,
    /// Who is told of alerts. `None`: whom Grafana's own notification policies name, at first nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify: Option<Box<Notify>>,
    /// Who else signs people in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc: Option<Box<Oidc>>,
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

/// Why `[grafana]` cannot be used, although each of its keys is well formed.
#[derive(Debug, thiserror::Error)]
enum GrafanaFault {
    #[error("is {cpu}, which Fargate does not offer")]
    Cpu { cpu: u32 },
    #[error("is {memory_mb}, which Fargate does not offer with {cpu} units of processor")]
    Memory { cpu: u32, memory_mb: u32, least: u32, most: u32 },
    #[error("is \"managed\", but the local target has no Amazon Managed Grafana")]
    ManagedLocally,
}

impl Fault for GrafanaFault {
    fn help(&self) -> String {
        match self {
            Self::Cpu { .. } => "write 256, 512, 1024, 2048 or 4096".into(),
            Self::Memory { least, most, .. } => format!("write {least} to {most}, in the steps of Fargate"),
            Self::ManagedLocally => "write \"container\" or \"none\"".into(),
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    None,
    Managed,
    Container,
}

/// Reads `[grafana]`. Without it, there is none: nobody pays for what they did not ask for. The owner is known
/// when Region and account of an environment on AWS are sound.
pub(super) fn read(section: &Section<'_>, around: Around<'_>) -> Option<Grafana> {
    const KINDS: [(&str, Kind); 3] =
        [("container", Kind::Container), ("managed", Kind::Managed), ("none", Kind::None)];
    let kind = section.choice("kind", &KINDS).check(|kind| match kind {
        Kind::Managed if around.is_local => Err(GrafanaFault::ManagedLocally),
        _ => Ok(()),
    });
    // What is wrong with the kind says nothing about the other keys: they are known.
    let keys = [
        "cpu",
        "memory_mb",
        "backup",
        "networks",
        "domain",
        "certificate",
        "hosted_zone",
        "image",
        "alerts",
        "notify",
        "oidc",
    ];
    let Some(kind) = kind.or(Kind::None) else {
        for key in keys {
            section.has(key);
        }
        return None;
    };
    match kind {
        Kind::Container => read_container(section, around).map(Grafana::Container),
        kind @ (Kind::None | Kind::Managed) => {
            for key in keys {
                section.refuse(key, "without `kind = \"container\"`");
            }
            Some(if matches!(kind, Kind::Managed) { Grafana::Managed } else { Grafana::None })
        }
    }
}

fn read_container(section: &Section<'_>, around: Around<'_>) -> Option<GrafanaContainer> {
    let owner = around.owner;
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
    let entrance = entrance::read(section, owner);
    let networks = network::read(section, entrance.as_ref());
    let image = image::read(section);
    let alerts = alerts::read(section);
    let notify = notify::read(section, around);
    let oidc = oidc::read(section, entrance.as_ref(), owner);
    Some(GrafanaContainer {
        cpu: cpu?,
        memory_mb: memory_mb?,
        backup: backup?,
        entrance: entrance?,
        networks: networks?,
        image: image?,
        alerts: alerts?,
        notify: notify?.map(Box::new),
        oidc: oidc?.map(Box::new),
    })
}
