//! What a device and an alarm are to the twin: component types that follow from the model.
//!
//! The connector decodes requests by the same names, from the same model
//! ([`telemetry::twin`]). See
//! [component types](https://docs.aws.amazon.com/iot-twinmaker/latest/guide/twinmaker-component-types.html).

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};
use telemetry::twin::{alarms, component_type, property_name};
use telemetry::{EventKind, MeasureType, Model};

use crate::cfn::{LogicalId, Resource};
use crate::device::digest;

/// The type that an alarm extends: it declares the properties of every alarm, and no function.
const ALARM_PARENT: &str = "com.amazon.iottwinmaker.alarm.basic";

/// Digits of a definition's hash in the id of its type.
const HASH_DIGITS: usize = 8;

/// The component types of a model: those of each kind, in the order of the model.
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentTypes(Vec<KindTypes>);

/// The component types of a kind.
#[derive(Debug, Clone, PartialEq)]
pub struct KindTypes {
    /// A device, with a time series for each measure.
    pub telemetry: ComponentType,
    /// Whether a measure is normal, if the model says of any measure what is.
    pub alarm: Option<ComponentType>,
}

/// A component type, under an id that no other definition has.
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentType {
    what: &'static str,
    /// The name of its kind.
    kind: Option<String>,
    description: &'static str,
    hash: String,
    definition: Definition,
}

/// What makes a component type: everything that cannot change while it is in use.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Definition {
    extends: Option<&'static str>,
    properties: BTreeMap<String, Property>,
    /// The functions that the connector implements, with the properties that each needs.
    functions: BTreeMap<&'static str, Vec<String>>,
}

/// A property of a component type.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Property {
    data_type: &'static str,
    unit: Option<String>,
    kind: PropertyKind,
}

/// Where the value of a property comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
enum PropertyKind {
    /// The entity has it. By it the store is asked.
    ExternalId,
    /// The store has it, one for each device.
    Attribute,
    /// The store has it, with a time.
    TimeSeries,
}

impl ComponentTypes {
    /// The component types that follow from a model.
    pub fn of(model: &Model) -> Self {
        Self(model.kinds.iter().map(KindTypes::of).collect())
    }

    /// Those of each kind.
    pub fn kinds(&self) -> impl Iterator<Item = &KindTypes> {
        self.0.iter()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &ComponentType> {
        self.0.iter().flat_map(|kind| std::iter::once(&kind.telemetry).chain(&kind.alarm))
    }
}

impl KindTypes {
    fn of(kind: &EventKind) -> Self {
        let telemetry = ComponentType::new("telemetry", kind, "Measures of a device", telemetry(kind));
        let alarm = alarms(kind).next().map(|_| {
            let functions = BTreeMap::from([("dataReader", Vec::new())]);
            let definition =
                Definition { extends: Some(ALARM_PARENT), properties: BTreeMap::new(), functions };
            ComponentType::new("alarm", kind, "Whether a measure of a device is normal", definition)
        });
        Self { telemetry, alarm }
    }
}

fn telemetry(kind: &EventKind) -> Definition {
    let device = property_name(&kind.device.dimension).into_owned();
    let text = |kind| Property { data_type: "STRING", unit: None, kind };
    let mut properties = BTreeMap::from([(device.clone(), text(PropertyKind::ExternalId))]);
    for dimension in &kind.dimensions {
        properties.insert(property_name(&dimension.name).into_owned(), text(PropertyKind::Attribute));
    }
    for measure in &kind.measures {
        let data_type = match measure.kind {
            MeasureType::Double => "DOUBLE",
            MeasureType::Bigint => "LONG",
            MeasureType::Boolean => "BOOLEAN",
            // TwinMaker has no type for an instant: it is ISO-8601 text.
            MeasureType::Varchar | MeasureType::Timestamp => "STRING",
        };
        let property = Property { data_type, unit: measure.unit.clone(), kind: PropertyKind::TimeSeries };
        properties.insert(property_name(&measure.name).into_owned(), property);
    }
    let functions = ["attributePropertyValueReaderByEntity", "dataReader", "schemaInitializer"];
    let functions = functions.map(|function| (function, vec![device.clone()]));
    Definition { extends: None, properties, functions: functions.into() }
}

impl ComponentType {
    fn new(what: &'static str, kind: &EventKind, description: &'static str, definition: Definition) -> Self {
        // Ordered members and no failing Serialize: the same definition has the same text everywhere.
        let text = serde_json::to_string(&definition).unwrap_or_default();
        let (kind, hash) = (kind.name.clone(), digest(&text, HASH_DIGITS));
        Self { what, kind, description, hash, definition }
    }

    /// The id: `sluice.telemetry.<hash>` or `sluice.alarm.<hash>`, with the kind's name before the hash where it
    /// has one.
    pub fn id(&self) -> String {
        component_type(self.what, self.kind.as_deref(), &self.hash)
    }

    /// Names of the properties that the type itself declares, in order.
    pub fn properties(&self) -> impl Iterator<Item = &str> {
        self.definition.properties.keys().map(String::as_str)
    }

    /// Another definition is another resource: the new one is there before the old one goes.
    pub(super) fn logical_id(&self) -> LogicalId {
        let kind = self.kind.as_ref().map_or_else(String::new, |name| format!("{name}-"));
        LogicalId::from_kebab(&format!("{kind}{}-type-{}", self.what, self.hash))
    }

    pub(super) fn resource(&self, workspace: &LogicalId, connector: &LogicalId) -> Resource {
        let Definition { extends, properties, functions } = &self.definition;
        let function = |required: &[String]| {
            // Without a version, which TwinMaker does not take.
            let mut function = json!({"ImplementedBy": {"Lambda": {"Arn": connector.attribute("Arn")}}});
            if !required.is_empty() {
                function["RequiredProperties"] = json!(required);
            }
            function
        };
        let functions: Map<String, Value> =
            functions.iter().map(|(name, required)| ((*name).to_owned(), function(required))).collect();
        let mut out = json!({
            "WorkspaceId": workspace.reference(),
            "ComponentTypeId": self.id(),
            "Description": self.description,
            "Functions": functions,
        });
        if let Some(parent) = extends {
            out["ExtendsFrom"] = json!([parent]);
        }
        if !properties.is_empty() {
            let properties: Map<String, Value> =
                properties.iter().map(|(name, property)| (name.clone(), property.to_json())).collect();
            out["PropertyDefinitions"] = Value::Object(properties);
        }
        Resource::new("AWS::IoTTwinMaker::ComponentType", out)
    }
}

impl Property {
    fn to_json(&self) -> Value {
        let mut data_type = json!({"Type": self.data_type});
        if let Some(unit) = &self.unit {
            data_type["UnitOfMeasure"] = json!(unit);
        }
        let is_id = self.kind == PropertyKind::ExternalId;
        json!({
            "DataType": data_type,
            "IsExternalId": is_id,
            "IsRequiredInEntity": is_id,
            "IsStoredExternally": !is_id,
            "IsTimeSeries": self.kind == PropertyKind::TimeSeries,
        })
    }
}
