//! What the connector answers, as TwinMaker reads it.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::request::Subject;
use crate::track::Series;
use crate::value::DataValue;

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Response {
    /// To a request for the history of time series.
    History(HistoryResponse),
    /// To a request for attributes.
    Attributes(AttributesResponse),
    /// To a request for the schema.
    Schema(SchemaResponse),
}

/// [GetPropertyValueHistory](https://docs.aws.amazon.com/iot-twinmaker/latest/apireference/API_GetPropertyValueHistory.html)'s answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryResponse {
    /// A property, of an entity or of one of several, has an entry if it has a point on this page.
    pub property_values: Vec<PropertyHistory>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// The points of a property.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PropertyHistory {
    /// Which property.
    pub entity_property_reference: Reference,
    /// Its points, in the order of the request.
    pub values: Vec<TimedValue>,
}

/// A point.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimedValue {
    /// ISO-8601, with `Z` and as many digits of a second as there are.
    pub time: String,
    /// The value.
    pub value: DataValue,
}

/// A property of an entity; in answers about a component type, of whatever has this external id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reference {
    /// The entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity_id: Option<String>,
    /// Its component.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component_name: Option<String>,
    /// The external id by the name of its property, by which TwinMaker finds the entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id_property: Option<BTreeMap<String, String>>,
    /// The property.
    pub property_name: String,
}

/// [GetPropertyValue](https://docs.aws.amazon.com/iot-twinmaker/latest/apireference/API_GetPropertyValue.html)'s answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AttributesResponse {
    /// By the name of the property; one without a value is not there.
    pub property_values: BTreeMap<String, Attribute>,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribute {
    /// Which.
    pub property_reference: Reference,
    /// Its value.
    pub property_value: DataValue,
}

/// The properties of a component type or component.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SchemaResponse {
    /// By their names.
    pub properties: BTreeMap<String, SchemaProperty>,
}

/// [PropertyRequest](https://docs.aws.amazon.com/iot-twinmaker/latest/apireference/API_PropertyRequest.html)
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SchemaProperty {
    /// What it is.
    pub definition: Definition,
    /// Its value in the entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<DataValue>,
}

/// [PropertyDefinitionRequest](https://docs.aws.amazon.com/iot-twinmaker/latest/apireference/API_PropertyDefinitionRequest.html)
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "TwinMaker's form")]
pub struct Definition {
    /// Its type.
    pub data_type: DataType,
    /// Whether it has a history.
    pub is_time_series: bool,
    /// Whether an entity must have a value of it.
    pub is_required_in_entity: bool,
    /// Whether it identifies the device.
    pub is_external_id: bool,
    /// Whether the connector has its values.
    pub is_stored_externally: bool,
}

/// [DataType](https://docs.aws.amazon.com/iot-twinmaker/latest/apireference/API_DataType.html)
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DataType {
    /// `DOUBLE`, `LONG`, `BOOLEAN` or `STRING`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_of_measure: Option<String>,
}

/// Bytes of the points of an answer. Lambda passes on
/// [6 MB](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html), which are 6,291,556
/// bytes; the rest is for the token.
pub const MAX_BYTES: usize = 6_000_000;

/// The most bytes of a point beside its time and text: names, punctuation, and a number of any type.
const POINT_BYTES: usize = 80;

/// Whether an answer has room for a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// The point is in the answer.
    Taken,
    /// The point is not, and nothing after it may be.
    Full,
}

/// Gathers points into entries: one for each property, or for each property and external id.
///
/// The properties share the bytes of the answer: each may take its part of what those before it have left.
#[derive(Debug)]
pub struct Gathered<'a> {
    subject: &'a Subject,
    external_id_property: &'a str,
    /// For each selected property, its entries by external id, which is empty for an entity.
    places: Vec<HashMap<String, usize>>,
    entries: Vec<PropertyHistory>,
    /// Properties that have not begun.
    coming: usize,
    /// The property that is being gathered, and the bytes that are left to it.
    current: Option<(usize, usize)>,
    /// The bytes that are left to those that come after it.
    left: usize,
}

impl<'a> Gathered<'a> {
    /// Nothing yet, of `properties` properties, of which `open` have points to come.
    pub fn new(subject: &'a Subject, external_id_property: &'a str, properties: usize, open: usize) -> Self {
        Self {
            subject,
            external_id_property,
            places: std::iter::repeat_with(HashMap::new).take(properties).collect(),
            entries: Vec::new(),
            coming: open,
            current: None,
            left: MAX_BYTES,
        }
    }

    /// Adds a point of the property with index `index` and name `name`, if there is room. Properties come one
    /// after the other.
    pub fn add(&mut self, index: usize, name: &str, series: &Series, point: TimedValue) -> Room {
        let id = series.external_id.as_deref().unwrap_or_default();
        let known = self.places.get(index).and_then(|places| places.get(id).copied());
        let entry = known.is_none().then(|| PropertyHistory {
            entity_property_reference: self.subject.reference(name, self.external_id_property, id),
            values: Vec::new(),
        });
        let bytes = point.bytes() + entry.as_ref().map_or(0, PropertyHistory::bytes);
        if !self.take(index, bytes) {
            return Room::Full;
        }
        let place = known.unwrap_or(self.entries.len());
        if let (Some(entry), Some(places)) = (entry, self.places.get_mut(index)) {
            places.insert(id.to_owned(), place);
            self.entries.push(entry);
        }
        if let Some(entry) = self.entries.get_mut(place) {
            entry.values.push(point);
        }
        Room::Taken
    }

    /// Takes `bytes` from what the property with index `index` may have; whether it may.
    fn take(&mut self, index: usize, bytes: usize) -> bool {
        let mut own = match self.current {
            Some((current, own)) if current == index => own,
            before => {
                self.left += before.map_or(0, |(_, rest)| rest);
                let share = self.left / self.coming.max(1);
                self.coming = self.coming.saturating_sub(1);
                self.left -= share;
                share
            }
        };
        let fits = bytes <= own;
        if fits {
            own -= bytes;
        }
        self.current = Some((index, own));
        fits
    }

    /// The entries.
    pub fn finish(self) -> Vec<PropertyHistory> {
        self.entries
    }
}

impl TimedValue {
    /// At least as many bytes as it takes in an answer.
    fn bytes(&self) -> usize {
        let text = match &self.value {
            DataValue::Text(text) => escaped_bytes(text),
            DataValue::Boolean(_) | DataValue::Double(_) | DataValue::Integer(_) | DataValue::Long(_) => 0,
        };
        POINT_BYTES + self.time.len() + text
    }
}

impl PropertyHistory {
    /// The bytes that it takes in an answer, without its values.
    fn bytes(&self) -> usize {
        // What it consists of has no map with keys that are no text: this does not fail.
        serde_json::to_vec(self).map_or(0, |json| json.len()) + ",".len()
    }
}

/// At least as many bytes as `text` takes in JSON, without its quotes.
fn escaped_bytes(text: &str) -> usize {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' => r#"\""#.len(),
        0..b' ' => r"\u0000".len(),
        _ => 1,
    };
    text.bytes().map(escaped).sum()
}

impl Subject {
    /// What an answer calls a property.
    pub fn reference(&self, property: &str, external_id_property: &str, external_id: &str) -> Reference {
        let property_name = property.to_owned();
        match self {
            Self::Entity { entity_id, component } => Reference {
                entity_id: Some(entity_id.clone()),
                component_name: Some(component.clone()),
                external_id_property: None,
                property_name,
            },
            Self::ComponentType => Reference {
                entity_id: None,
                component_name: None,
                external_id_property: Some(BTreeMap::from([(
                    external_id_property.to_owned(),
                    external_id.to_owned(),
                )])),
                property_name,
            },
        }
    }
}
