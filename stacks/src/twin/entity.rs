//! What one device is in the twin: an entity, whether `CloudFormation` makes it or `twin sync` does.
//!
//! Both make it from what is here, so that they make the same. The limits are those of
//! [`CreateEntity`](https://docs.aws.amazon.com/iot-twinmaker/latest/apireference/API_CreateEntity.html).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use telemetry::twin::{ALARM_KEY, TELEMETRY_COMPONENT, alarm_component, alarm_key, alarms, property_name};
use telemetry::{Measure, Model};

use super::{ComponentTypes, digest};
use crate::cfn::{LogicalId, Resource};
use crate::config::Fault;

/// Longest id of an entity, in characters.
const MAX_ID: usize = 128;

/// Longest name of an entity, and longest text of a property, in characters.
const MAX_TEXT: usize = 256;

/// Digits of a device's hash in the id of its entity.
const HASH_DIGITS: usize = 12;

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
    let key = |measure: &Measure| alarm_key(device, measure).chars().count();
    match alarms(model).map(|measure| (key(measure), measure)).max_by_key(|(characters, _)| *characters) {
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

/// One component of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Id of its type.
    pub component_type: String,
    /// What the entity itself says: text by the name of a property.
    pub properties: BTreeMap<String, String>,
}

/// The components of a device's entity, by name: its telemetry, and an alarm for each measure of which the
/// model says what is normal.
pub fn components(model: &Model, types: &ComponentTypes, device: &str) -> BTreeMap<String, Component> {
    let of = |component_type: String, property: Cow<'_, str>, value: String| Component {
        component_type,
        properties: BTreeMap::from([(property.into_owned(), value)]),
    };
    let id = property_name(&model.device.dimension);
    let telemetry = of(types.telemetry.id(), id, device.to_owned());
    let mut components = BTreeMap::from([(TELEMETRY_COMPONENT.to_owned(), telemetry)]);
    if let Some(alarm) = &types.alarm {
        for measure in alarms(model) {
            let component = of(alarm.id(), ALARM_KEY.into(), alarm_key(device, measure));
            components.insert(alarm_component(measure), component);
        }
    }
    components
}

/// Follows from the device alone, so that an entity stays what it is whatever the model says.
pub(super) fn logical_id(device: &str) -> LogicalId {
    LogicalId::from_kebab(&format!("entity-{}", digest(device, HASH_DIGITS)))
}

pub(super) fn resource(
    device: &str,
    components: &BTreeMap<String, Component>,
    workspace: &LogicalId,
) -> Resource {
    let property = |value: &String| json!({"Value": {"StringValue": value}});
    let component = |component: &Component| {
        let properties = component.properties.iter();
        let properties: Map<String, Value> =
            properties.map(|(name, value)| (name.clone(), property(value))).collect();
        json!({"ComponentTypeId": component.component_type, "Properties": properties})
    };
    let components: Map<String, Value> =
        components.iter().map(|(name, one)| (name.clone(), component(one))).collect();
    Resource::new(
        "AWS::IoTTwinMaker::Entity",
        json!({
            "WorkspaceId": workspace.reference(),
            "EntityId": entity_id(device),
            "EntityName": device,
            "Components": components,
        }),
    )
}
