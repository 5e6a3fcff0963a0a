//! `[devices]`: whether each device has an identity of its own.

use crate::config::{Fault, Section};

use super::Devices;

/// Why the section says nothing, although each of its keys is well formed.
#[derive(Debug, thiserror::Error)]
enum DevicesFault {
    #[error("is {level}, but devices have no identities in this environment")]
    Unused { level: u32 },
}

impl Fault for DevicesFault {
    fn help(&self) -> String {
        match self {
            Self::Unused { .. } => "write `enabled = true` too, or remove it".into(),
        }
    }
}

/// Reads and checks the section.
pub(super) fn read(section: &Section<'_>) -> Option<Devices> {
    let enabled = section.flag("enabled").or(false);
    let topic_segment = section.integer("topic_segment", 1..=8).optional();
    if let (Some(false), Some(Some(level))) = (enabled, topic_segment) {
        section.add("topic_segment", DevicesFault::Unused { level });
    }
    Some(Devices { enabled: enabled?, topic_segment: topic_segment? })
}
