//! What a request for a history means in terms of the model: which columns, which conditions.
//!
//! Here names become columns or errors, and values become literals. Nothing is queried yet.

use telemetry::twin::{ALARM_KEY, ALARM_STATUS, read_alarm_key};
use telemetry::{MeasureType, Range};

use crate::catalog::{Catalog, Columns, DimensionProperty, MeasureProperty};
use crate::error::Error;
use crate::operator::Operator;
use crate::request::{Filter, History, Properties, Subject};
use crate::store::dialect::Literal;
use crate::value::{Form, Given};

/// A selected property.
#[derive(Debug)]
pub struct Selection<'a> {
    /// Its name.
    pub name: &'a str,
    /// Type of its values in the store.
    pub stored: MeasureType,
    /// How they are answered.
    pub form: Form,
    /// Where they are: of an alarm without a key, in several measures.
    pub sources: Vec<Source<'a>>,
}

/// A measure that a property is made of.
#[derive(Debug)]
pub struct Source<'a> {
    /// The measure.
    pub measure: &'a MeasureProperty,
    /// What the property says of it.
    pub says: Says,
}

/// What a property says of a measure.
#[derive(Debug, Clone, Copy)]
pub enum Says {
    /// Its values.
    Values,
    /// Whether its values are in a range: the status of its alarm.
    Status(Range),
}

/// A filter whose names and values are known to fit.
#[derive(Debug)]
pub struct Condition<'a> {
    /// What is compared.
    pub target: Target<'a>,
    /// How.
    pub operator: Operator,
    /// With what.
    pub literal: Literal,
}

/// What a filter compares.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// The external id.
    ExternalId,
    /// A dimension other than the device.
    Dimension(&'a DimensionProperty),
    /// A measure of the same record; in the layout with one measure a record, of the record of the same
    /// series and time.
    Measure(&'a MeasureProperty),
    /// The property itself: the status of an alarm.
    Value,
}

/// Which component is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Component {
    /// The device with its measures.
    Telemetry,
    /// The alarm of a measure.
    Alarm,
}

/// What a request for a history means.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The model's names.
    pub catalog: &'a Catalog,
    /// Which component is asked.
    pub component: Component,
    /// The device, of an entity.
    pub device: Option<String>,
    /// What the component says of the device's dimensions.
    pub attributes: Vec<(&'a DimensionProperty, String)>,
    /// What is selected.
    pub selections: Vec<Selection<'a>>,
    /// What holds for every point.
    pub conditions: Vec<Condition<'a>>,
}

impl Component {
    /// Which component has these properties.
    pub fn of<'a>(
        catalog: &Catalog,
        selected: impl IntoIterator<Item = &'a String>,
        properties: &Properties,
    ) -> Self {
        let named = |name: &str| catalog.measure(name).is_some() || catalog.dimension(name).is_some();
        let alarm = properties.contains_key(ALARM_KEY) && !named(ALARM_KEY)
            || selected.into_iter().any(|name| name == ALARM_STATUS) && !named(ALARM_STATUS);
        if alarm { Self::Alarm } else { Self::Telemetry }
    }
}

impl<'a> Plan<'a> {
    /// Finds everything that a request names.
    pub fn new(history: &'a History, catalog: &'a Catalog) -> Result<Self, Error> {
        let component = Component::of(catalog, &history.selected, &history.properties);
        let (device, alarm) = match (&history.subject, component) {
            (Subject::ComponentType, _) => (None, None),
            (Subject::Entity { .. }, Component::Telemetry) => {
                (Some(external_id(&history.properties, &catalog.device.property)?.to_owned()), None)
            }
            (Subject::Entity { .. }, Component::Alarm) => {
                let (device, measure) = alarm(&history.properties, catalog)?;
                (Some(device), Some(measure))
            }
        };
        let select = |(index, name): (usize, &'a String)| {
            let field = format!("selectedProperties[{index}]");
            let selection = match component {
                Component::Telemetry => measure_selection(name, &field, catalog, &history.properties),
                Component::Alarm => alarm_selection(name, &field, alarm, catalog),
            }?;
            match selection.stored {
                MeasureType::Double | MeasureType::Bigint => Ok(selection),
                _ if history.interval.is_none() => Ok(selection),
                other => Err(Error::NotANumber { property: name.clone(), stored: other.name() }),
            }
        };
        let selections = history.selected.iter().enumerate().map(select).collect::<Result<_, _>>()?;
        let conditions = history
            .filters
            .iter()
            .map(|filter| condition(filter, component, catalog))
            .collect::<Result<_, _>>()?;
        let attributes = catalog
            .dimensions
            .iter()
            .filter_map(|dimension| match &history.properties.get(&dimension.property)?.value {
                Some(Given::Text(text)) => Some((dimension, text.clone())),
                _ => None,
            })
            .collect();
        Ok(Self { catalog, component, device, attributes, selections, conditions })
    }

    /// Every column that the request is about.
    pub fn columns(&self) -> Vec<&str> {
        let dimensions = std::iter::once(&self.catalog.device).chain(&self.catalog.dimensions);
        let sources = self.selections.iter().flat_map(|one| &one.sources).map(|source| source.measure);
        let compared = self.conditions.iter().filter_map(|condition| match condition.target {
            Target::Measure(measure) => Some(measure),
            _ => None,
        });
        dimensions
            .map(|one| one.column.as_str())
            .chain(sources.chain(compared).map(|measure| measure.column.name.as_str()))
            .collect()
    }

    /// The dimensions beside the device that the table has: they tell series of one device apart.
    pub fn dimensions(&self, columns: &Columns) -> Vec<&'a DimensionProperty> {
        self.catalog.dimensions.iter().filter(|one| columns.has(&one.column)).collect()
    }

    /// The name of the property that holds the external id.
    pub fn external_id_property(&self) -> &'a str {
        match self.component {
            Component::Telemetry => &self.catalog.device.property,
            Component::Alarm => ALARM_KEY,
        }
    }
}

/// The value of the property that tells which device it is.
pub fn external_id<'a>(properties: &'a Properties, property: &str) -> Result<&'a str, Error> {
    match properties.get(property).and_then(|info| info.value.as_ref()) {
        Some(Given::Text(text)) if !text.is_empty() => Ok(text),
        _ => Err(Error::Missing {
            field: format!("properties.{property}.value.stringValue"),
            expected: "expected the external id of the entity, or a defaultValue in its definition"
                .to_owned(),
        }),
    }
}

/// The device and the measure of an alarm, from its key.
pub fn alarm<'a>(
    properties: &Properties,
    catalog: &'a Catalog,
) -> Result<(String, &'a MeasureProperty), Error> {
    let key = external_id(properties, ALARM_KEY)?;
    let found = read_alarm_key(catalog.kind.as_deref(), key).and_then(|(device, name)| {
        Some((device.to_owned(), catalog.alarms().find(|measure| measure.property == name)?))
    });
    found.ok_or_else(|| Error::UnknownAlarm {
        field: format!("properties.{ALARM_KEY}.value.stringValue"),
        known: catalog.alarm_names(),
    })
}

fn measure_selection<'a>(
    name: &'a str,
    field: &str,
    catalog: &'a Catalog,
    properties: &Properties,
) -> Result<Selection<'a>, Error> {
    let Some(measure) = catalog.measure(name) else {
        if catalog.device.property == name || catalog.dimension(name).is_some() {
            return Err(Error::WrongKind {
                field: field.to_owned(),
                property: name.to_owned(),
                is: "an attribute",
                expected: "a time series",
            });
        }
        return Err(Error::UnknownProperty {
            field: field.to_owned(),
            property: name.to_owned(),
            known: catalog.names(),
        });
    };
    let stored = measure.measure.kind;
    let declared = properties.get(name).and_then(|info| info.data_type.as_deref());
    let form = Form::of(stored, declared).ok_or_else(|| Error::WrongType {
        property: name.to_owned(),
        declared: declared.unwrap_or_default().to_owned(),
        stored: stored.name(),
    })?;
    let sources = vec![Source { measure, says: Says::Values }];
    Ok(Selection { name, stored, form, sources })
}

fn alarm_selection<'a>(
    name: &'a str,
    field: &str,
    of: Option<&'a MeasureProperty>,
    catalog: &'a Catalog,
) -> Result<Selection<'a>, Error> {
    if name == ALARM_KEY {
        return Err(Error::WrongKind {
            field: field.to_owned(),
            property: name.to_owned(),
            is: "the external id",
            expected: "a time series",
        });
    }
    if name != ALARM_STATUS {
        return Err(Error::UnknownProperty {
            field: field.to_owned(),
            property: name.to_owned(),
            known: format!("{ALARM_KEY}, {ALARM_STATUS}"),
        });
    }
    let sources = catalog
        .alarms()
        .filter(|measure| of.is_none_or(|of| of.property == measure.property))
        .filter_map(|measure| Some(Source { measure, says: Says::Status(measure.measure.normal?) }))
        .collect();
    Ok(Selection { name, stored: MeasureType::Varchar, form: Form::Text, sources })
}

fn condition<'a>(
    filter: &'a Filter,
    component: Component,
    catalog: &'a Catalog,
) -> Result<Condition<'a>, Error> {
    let name = filter.property.as_str();
    let unknown = |known: String| Error::UnknownProperty {
        field: format!("{}.propertyName", filter.path),
        property: name.to_owned(),
        known,
    };
    let (target, kind) = match component {
        Component::Alarm if name == ALARM_KEY => (Target::ExternalId, MeasureType::Varchar),
        Component::Alarm if name == ALARM_STATUS => (Target::Value, MeasureType::Varchar),
        Component::Alarm => return Err(unknown(format!("{ALARM_KEY}, {ALARM_STATUS}"))),
        Component::Telemetry if name == catalog.device.property => (Target::ExternalId, MeasureType::Varchar),
        Component::Telemetry => match (catalog.dimension(name), catalog.measure(name)) {
            (Some(dimension), _) => (Target::Dimension(dimension), MeasureType::Varchar),
            (None, Some(measure)) => (Target::Measure(measure), measure.measure.kind),
            (None, None) => return Err(unknown(catalog.names())),
        },
    };
    let literal = filter.value.literal(kind).map_err(|expected| Error::Unexpected {
        field: format!("{}.value", filter.path),
        expected: format!("{expected}, since \"{name}\" is of type {}", kind.name()),
        found: match filter.value {
            Given::Boolean(_) => "a truth value",
            Given::Double(_) => "a number",
            Given::Integer(_) => "an integer",
            Given::Text(_) => "text",
        }
        .to_owned(),
    })?;
    if kind == MeasureType::Boolean && filter.operator.orders() {
        let field = format!("{}.operator", filter.path);
        return Err(Error::NoOrder { field, operator: filter.operator });
    }
    Ok(Condition { target, operator: filter.operator, literal })
}
