//! Attributes of an entity: what the store says of its device in the latest record.

use std::collections::BTreeMap;

use telemetry::twin::ALARM_KEY;

use crate::catalog::{Catalog, DimensionProperty};
use crate::error::Error;
use crate::instant::Instant;
use crate::plan::{Component, external_id};
use crate::request::{Attributes, Properties, Subject};
use crate::response::{Attribute, AttributesResponse};
use crate::store::Table;
use crate::value::{DataValue, Given};

/// Answers a request for attributes. What TwinMaker itself knows is not asked of the store.
pub async fn answer(
    request: &Attributes,
    catalog: &Catalog,
    table: &Table,
    now: Instant,
) -> Result<AttributesResponse, Error> {
    let component = Component::of(catalog, &request.selected, &request.properties);
    let mut known: BTreeMap<&str, DataValue> = BTreeMap::new();
    let mut wanted: Vec<&DimensionProperty> = Vec::new();
    for (index, name) in request.selected.iter().enumerate() {
        let field = || format!("selectedProperties[{index}]");
        let info = request.properties.get(name);
        match catalog.dimension(name).filter(|_| component == Component::Telemetry) {
            // The value in the entity stands; a default stands only for what the store does not know.
            Some(dimension) if info.is_none_or(|info| info.value.is_none() || info.defaulted) => {
                wanted.push(dimension);
            }
            _ => {}
        }
        if let Some(value) = info.and_then(|info| info.value.as_ref()) {
            known.insert(name, answered(value));
            continue;
        }
        let external = match component {
            Component::Telemetry => catalog.device.property.as_str(),
            Component::Alarm => ALARM_KEY,
        };
        if name == external {
            external_id(&request.properties, external)?;
        }
        if component == Component::Telemetry && catalog.measure(name).is_some() {
            return Err(Error::WrongKind {
                field: field(),
                property: name.clone(),
                is: "a time series",
                expected: "an attribute, or startTime for its history",
            });
        }
        if wanted.iter().all(|dimension| dimension.property != *name) {
            return Err(Error::UnknownProperty {
                field: field(),
                property: name.clone(),
                known: catalog.names(),
            });
        }
    }
    known.extend(stored(&wanted, &request.properties, catalog, table, now).await?);
    let subject =
        Subject::Entity { entity_id: request.entity_id.clone(), component: request.component.clone() };
    let attribute = |(name, value): (&str, DataValue)| {
        let property_reference = subject.reference(name, "", "");
        (name.to_owned(), Attribute { property_reference, property_value: value })
    };
    Ok(AttributesResponse { property_values: known.into_iter().map(attribute).collect() })
}

/// The values of dimensions in the latest record of the device, by the names of their properties.
async fn stored<'a>(
    wanted: &[&'a DimensionProperty],
    properties: &Properties,
    catalog: &Catalog,
    table: &Table,
    now: Instant,
) -> Result<BTreeMap<&'a str, DataValue>, Error> {
    let mut found = BTreeMap::new();
    if wanted.is_empty() {
        return Ok(found);
    }
    let device = external_id(properties, &catalog.device.property)?;
    let mut names = vec![catalog.device.column.as_str()];
    names.extend(wanted.iter().map(|one| one.column.as_str()));
    let columns = table.columns(&names).await?;
    let wanted: Vec<_> = wanted.iter().copied().filter(|one| columns.has(&one.column)).collect();
    if wanted.is_empty() || !columns.has(&catalog.device.column) {
        return Ok(found);
    }
    let texts = table.latest(catalog, device, &wanted, now).await?;
    found.extend(
        wanted
            .iter()
            .zip(texts)
            .filter_map(|(dimension, text)| Some((dimension.property.as_str(), DataValue::Text(text?)))),
    );
    Ok(found)
}

/// A value of a request as an answer.
pub fn answered(value: &Given) -> DataValue {
    match value {
        Given::Boolean(boolean) => DataValue::Boolean(*boolean),
        Given::Double(number) => DataValue::Double(*number),
        Given::Integer(number) => i32::try_from(*number).map_or(DataValue::Long(*number), DataValue::Integer),
        Given::Text(text) => DataValue::Text(text.clone()),
    }
}
