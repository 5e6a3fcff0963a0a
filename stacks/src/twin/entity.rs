//! What one device is in the twin: an entity, whether `CloudFormation` makes it or `twin sync` does.
//!
//! Both make it from what is here, so that they make the same. The limits are those of
//! [`CreateEntity`](https://docs.aws.amazon.com/iot-twinmaker/latest/apireference/API_CreateEntity.html).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use telemetry::Model;
use telemetry::twin::{ALARM_KEY, alarm_component, alarm_key, alarms, component, property_name};

use super::ComponentTypes;
use crate::cfn::{LogicalId, Resource};
use crate::device::{HASH_DIGITS, digest, entity_id};

/// One component of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Id of its type.
    pub component_type: String,
    /// What the entity itself says: text by the name of a property.
    pub properties: BTreeMap<String, String>,
}

/// The components of a device's entity, by name: for each kind its telemetry, and an alarm for each measure of
/// which the model says what is normal. Which kinds a device sends, nobody says; those that it does not send have no
/// values.
pub fn components(model: &Model, types: &ComponentTypes, device: &str) -> BTreeMap<String, Component> {
    let of = |component_type: String, property: Cow<'_, str>, value: String| Component {
        component_type,
        properties: BTreeMap::from([(property.into_owned(), value)]),
    };
    let mut components = BTreeMap::new();
    for (kind, types) in model.kinds.iter().zip(types.kinds()) {
        let id = property_name(&kind.device.dimension);
        components.insert(component(kind).to_owned(), of(types.telemetry.id(), id, device.to_owned()));
        for (alarm, measure) in types.alarm.iter().flat_map(|alarm| alarms(kind).map(move |one| (alarm, one)))
        {
            let component = of(alarm.id(), ALARM_KEY.into(), alarm_key(kind, device, measure));
            components.insert(alarm_component(kind, measure), component);
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
