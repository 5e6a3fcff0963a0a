//! The properties of the twin's component types, from the model; those of a component also with its external
//! id. What the store knows is asked of it whenever it is needed, and is no part of a schema.

use telemetry::MeasureType;
use telemetry::twin::{ALARM_KEY, ALARM_STATUS};

use crate::catalog::Catalog;
use crate::error::Error;
use crate::plan::{Component, external_id};
use crate::request::Schema;
use crate::response::{DataType, Definition, SchemaProperty, SchemaResponse};
use crate::value::DataValue;

/// Answers a request for the schema.
pub fn answer(request: &Schema, catalog: &Catalog) -> Result<SchemaResponse, Error> {
    let mut schema = SchemaResponse::default();
    let (external, component) = match Component::of(catalog, [], &request.properties) {
        Component::Telemetry => (catalog.device.property.as_str(), Component::Telemetry),
        Component::Alarm => (ALARM_KEY, Component::Alarm),
    };
    let id = external_id(&request.properties, external).ok();
    if request.of_entity && id.is_none() {
        external_id(&request.properties, external)?;
    }
    let value = id.filter(|_| request.of_entity).map(|id| DataValue::Text(id.to_owned()));
    schema.add(external, Definition { is_external_id: true, is_required_in_entity: true, ..text() }, value);
    if component == Component::Alarm {
        schema.add(
            ALARM_STATUS,
            Definition { is_time_series: true, is_stored_externally: true, ..text() },
            None,
        );
        return Ok(schema);
    }
    // Without a value: a service that kept today's would answer with it for ever.
    for dimension in &catalog.dimensions {
        schema.add(&dimension.property, Definition { is_stored_externally: true, ..text() }, None);
    }
    for measure in &catalog.measures {
        let data_type =
            DataType { kind: twin_type(measure.measure.kind), unit_of_measure: measure.measure.unit.clone() };
        let series = Definition { data_type, is_time_series: true, is_stored_externally: true, ..text() };
        schema.add(&measure.property, series, None);
    }
    Ok(schema)
}

impl SchemaResponse {
    fn add(&mut self, name: &str, definition: Definition, value: Option<DataValue>) {
        self.properties.insert(name.to_owned(), SchemaProperty { definition, value });
    }
}

/// Text of the entity.
fn text() -> Definition {
    Definition {
        data_type: DataType { kind: "STRING", unit_of_measure: None },
        is_time_series: false,
        is_required_in_entity: false,
        is_external_id: false,
        is_stored_externally: false,
    }
}

/// The type of a property that has values of a measure.
const fn twin_type(kind: MeasureType) -> &'static str {
    match kind {
        MeasureType::Double => "DOUBLE",
        MeasureType::Bigint => "LONG",
        MeasureType::Boolean => "BOOLEAN",
        MeasureType::Varchar | MeasureType::Timestamp => "STRING",
    }
}
