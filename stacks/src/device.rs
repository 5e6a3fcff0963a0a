//! What a device is called in the twin, and which devices can be called something there.
//!
//! The limits are those of
//! [`CreateEntity`](https://docs.aws.amazon.com/iot-twinmaker/latest/apireference/API_CreateEntity.html).

use std::borrow::Cow;

use sha2::{Digest, Sha256};
use telemetry::Model;
use telemetry::twin::{alarm_key, alarms};

use crate::config::Fault;

/// Most devices that an environment lists: a template has at most 500 resources, and the twin needs a
/// few beside the entities.
pub(crate) const MAX_DEVICES: usize = 450;

/// Longest id of an entity, in characters.
const MAX_ID: usize = 128;

/// Longest name of an entity, and longest text of a property, in characters.
const MAX_TEXT: usize = 256;

/// Digits of a device's hash in the id of its entity.
pub(crate) const HASH_DIGITS: usize = 12;

/// Why a device cannot have an entity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeviceFault {
    /// Its id is empty.
    #[error("is empty")]
    Empty,
    /// Its id is too long for a name.
    #[error("has {characters} characters, but a name in TwinMaker has at most {MAX_TEXT}")]
    Long {
        /// Length of the id.
        characters: usize,
    },
    /// Its id has a character that a name cannot have.
    #[error("has {character:?} in it, which a name in TwinMaker cannot have")]
    Character {
        /// The first such character.
        character: char,
    },
    /// The id, together with the name of a measure, is too long for the key of an alarm.
    #[error(
        "makes a key of {characters} characters with its measure \"{measure}\", but TwinMaker takes at most {MAX_TEXT} for an alarm"
    )]
    AlarmKey {
        /// The measure.
        measure: String,
        /// Length of the key.
        characters: usize,
    },
}

impl Fault for DeviceFault {
    fn help(&self) -> String {
        match self {
            Self::Empty => "write the id that the device sends, or remove it".into(),
            Self::Long { .. } | Self::Character { .. } => {
                "remove it: the store keeps what the device sends, the twin cannot show it".into()
            }
            Self::AlarmKey { .. } => "remove it, or shorten the name of the measure in the model".into(),
        }
    }
}

/// Checks what an entity's name and its external id can be.
pub(crate) fn check_name(device: &str) -> Result<(), DeviceFault> {
    let characters = device.chars().count();
    if characters == 0 {
        return Err(DeviceFault::Empty);
    }
    if characters > MAX_TEXT {
        return Err(DeviceFault::Long { characters });
    }
    // The rest of what Unicode calls control characters, and its line ends, break the pattern of a value.
    let refused = |c: &char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    match device.chars().find(refused) {
        Some(character) => Err(DeviceFault::Character { character }),
        None => Ok(()),
    }
}

/// Checks that a device can have an entity with the components of a model.
pub fn check_device(model: &Model, device: &str) -> Result<(), DeviceFault> {
    check_name(device)?;
    let measures = model.kinds.iter().flat_map(|kind| alarms(kind).map(move |measure| (kind, measure)));
    let keys = measures.map(|(kind, measure)| (alarm_key(kind, device, measure).chars().count(), measure));
    match keys.max_by_key(|(characters, _)| *characters) {
        Some((characters, measure)) if characters > MAX_TEXT => {
            Err(DeviceFault::AlarmKey { measure: measure.name.clone(), characters })
        }
        _ => Ok(()),
    }
}

/// The id of a device's entity: the device's own, where `TwinMaker` takes it, else `device-` and the first
/// 12 hexadecimal digits of its SHA-256. The entity's name is the device's id either way.
pub fn entity_id(device: &str) -> Cow<'_, str> {
    if is_entity_id(device) {
        return Cow::Borrowed(device);
    }
    Cow::Owned(format!("device-{}", digest(device, HASH_DIGITS)))
}

/// The pattern of an entity's id, which begins and ends with a letter or digit. A UUID fits it too.
fn is_entity_id(id: &str) -> bool {
    let edge = |c: char| c.is_ascii_alphanumeric();
    (2..=MAX_ID).contains(&id.len())
        && id.starts_with(edge)
        && id.ends_with(edge)
        && id.chars().all(|c| edge(c) || matches!(c, '_' | '-' | '.' | ':'))
}

/// The first hexadecimal digits of the SHA-256 of a text: a name for it that stays.
pub(crate) fn digest(text: &str, digits: usize) -> String {
    let hex =
        Sha256::digest(text.as_bytes()).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    hex.chars().take(digits).collect()
}
