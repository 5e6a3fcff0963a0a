//! `[twin]`: whether there is a digital twin, and of which devices.

use std::collections::BTreeMap;

use telemetry::canary::{CANARY, is_canary};

use super::{Twin, region};
use crate::config::{Fault, Section, Spot};
use crate::device::{DeviceFault, MAX_DEVICES, check_name, entity_id};

/// Memory of the connector, in MB: several times what a page of ten properties takes.
const MEMORY_MB: u32 = 256;
/// Time limit of the connector, in seconds: twice that of one request to the store, so that a failure is
/// told rather than cut off.
const TIMEOUT_SECONDS: u32 = 60;

/// Why the twin cannot be made, although each of its keys is well formed.
#[derive(Debug, thiserror::Error)]
enum TwinFault {
    #[error("{0}")]
    Device(#[from] DeviceFault),
    #[error("is {device:?}, which is listed already")]
    Twice { device: String },
    #[error("is {device:?}, which becomes the same entity as {other:?}")]
    Same { device: String, other: String },
    #[error("is {device:?}, but devices whose names begin with `{CANARY}` are those of `cargo xtask verify`")]
    Canary { device: String },
    #[error("is {device:?}, which CloudFormation does not take as the name of an entity")]
    Name { device: String },
    #[error("are {count}, but a template has room for {MAX_DEVICES}")]
    Many { count: usize },
    #[error("is empty, but a tag of the digital twin needs a value")]
    EmptyTag,
}

impl Fault for TwinFault {
    fn help(&self) -> String {
        match self {
            Self::Device(fault) => fault.help(),
            Self::Twice { .. } | Self::Same { .. } => "remove one".into(),
            Self::Canary { .. } => {
                "remove it, and call no device so: dashboards, alerts and `twin sync` leave such names out".into()
            }
            Self::Name { .. } => {
                "remove it: `cargo xtask twin sync` makes its entity once it has sent something".into()
            }
            Self::Many { .. } => {
                "list fewer: `cargo xtask twin sync` makes the entities of the others once they have sent something".into()
            }
            Self::EmptyTag => "write a value, remove the tag, or write `enabled = false` under [twin]".into(),
        }
    }
}

/// Reads and checks the section: whether there is a twin, as far as that can be told, and the whole of it.
pub(super) fn read(section: &Section<'_>) -> (Option<bool>, Option<Twin>) {
    let enabled = section.flag("enabled").or(true);
    let devices = section.list("devices", "ids of devices, such as [\"device-1\", \"device-2\"]");
    let memory_mb = section.integer("memory_mb", 128..=10_240).or(MEMORY_MB);
    let timeout_seconds = section.integer("timeout_seconds", 1..=900).or(TIMEOUT_SECONDS);
    if let Some(devices) = &devices {
        check_devices(section, devices);
    }
    let twin = || {
        Some(Twin {
            enabled: enabled?,
            devices: devices?.into_iter().map(|(_, device)| device).collect(),
            memory_mb: memory_mb?,
            timeout_seconds: timeout_seconds?,
        })
    };
    (enabled, twin())
}

fn check_devices(section: &Section<'_>, devices: &[(Spot, String)]) {
    if devices.len() > MAX_DEVICES {
        section.add("devices", TwinFault::Many { count: devices.len() });
    }
    let mut entities = BTreeMap::new();
    for (spot, device) in devices {
        let checked = check_device(device).and_then(|()| match entities.insert(entity_id(device), device) {
            None => Ok(()),
            Some(other) if other == device => Err(TwinFault::Twice { device: device.clone() }),
            Some(other) => Err(TwinFault::Same { device: device.clone(), other: other.clone() }),
        });
        if let Err(fault) = checked {
            section.add_at(spot, fault);
        }
    }
}

fn check_device(device: &str) -> Result<(), TwinFault> {
    check_name(device)?;
    if is_canary(device) {
        return Err(TwinFault::Canary { device: device.to_owned() });
    }
    if !is_template_name(device) {
        return Err(TwinFault::Name { device: device.to_owned() });
    }
    Ok(())
}

/// The pattern of `EntityName` in
/// [`AWS::IoTTwinMaker::Entity`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iottwinmaker-entity.html),
/// which the API does not have: somewhere in it, `[a-zA-Z_0-9-.][a-zA-Z_0-9-. ]*[a-zA-Z0-9]+`.
fn is_template_name(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ');
    name.split(|c| !inner(c))
        .any(|part| part.trim_start_matches(' ').chars().skip(1).any(|c| c.is_ascii_alphanumeric()))
}

/// Reports a Region that lacks the service. The local target has it, whatever its Region is called.
pub(super) fn check_region(root: &Section<'_>, region: &str) {
    if let Err(fault) = region::check_twin(region) {
        root.add("region", fault);
    }
}

/// Reports tags that the twin's resources do not take.
pub(super) fn check_tags(section: &Section<'_>, tags: &BTreeMap<String, String>) {
    for (key, _) in tags.iter().filter(|(_, value)| value.is_empty()) {
        section.add(key, TwinFault::EmptyTag);
    }
}
