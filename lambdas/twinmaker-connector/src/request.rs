//! What TwinMaker asks a connector: read, checked and told apart by its form.
//!
//! The forms are those of [data connectors](https://docs.aws.amazon.com/iot-twinmaker/latest/guide/data-connector-interfaces.html).
//! One function is `dataReader`, `schemaInitializer` and `attributePropertyValueReaderByEntity` at once:
//! a request without `selectedProperties` and without a range of time is for the schema; one with a range,
//! an order, filters or interpolation, or whose properties are all time series, is for their history; what
//! is left is for attributes. Fields that are not known are ignored.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::document::{Document, unexpected};
use crate::error::Error;
use crate::instant::Instant;
use crate::operator::Operator;
use crate::token::Fingerprint;
use crate::value::Given;

/// Points of a page and property, where the request does not say: [the documented default](https://docs.aws.amazon.com/iot-twinmaker/latest/apireference/API_GetPropertyValueHistory.html).
pub const DEFAULT_PAGE: usize = 25;

/// The most points of a page and property: the reference's text says 250, its model 200.
pub const MAX_PAGE: usize = 250;

/// Properties of a request.
pub const MAX_PROPERTIES: usize = 10;

/// Filters of a request.
pub const MAX_FILTERS: usize = 10;

/// The longest interval of interpolation, in seconds: a century.
const MAX_INTERVAL: i64 = 100 * 366 * 86_400;

/// A request.
#[derive(Debug, Clone)]
pub enum Request {
    /// `dataReader`
    History(History),
    /// `attributePropertyValueReaderByEntity`
    Attributes(Attributes),
    /// `schemaInitializer`
    Schema(Schema),
}

/// Whose properties are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Subject {
    /// Of one component of an entity.
    Entity {
        /// The entity.
        entity_id: String,
        /// Its component.
        component: String,
    },
    /// Of all entities that have a component of a type.
    ComponentType,
}

/// What a request calls what it is about, as far as it says so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// `componentName`
    pub component: Option<String>,
    /// `componentTypeId`
    pub component_type: Option<String>,
}

/// In which direction time goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Order {
    /// The earliest first.
    Ascending,
    /// The latest first.
    Descending,
}

/// A filter as it is written, with a known operator.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// Where it stands, for instance `propertyFilters[0]`.
    pub path: String,
    /// What is compared.
    pub property: String,
    /// How.
    pub operator: Operator,
    /// With what.
    pub value: Given,
}

/// What TwinMaker says of a property.
#[derive(Debug, Clone, Default)]
pub struct PropertyInfo {
    /// The value in the entity, else the default of the definition.
    pub value: Option<Given>,
    /// Whether `value` is the default.
    pub defaulted: bool,
    /// `dataType.type` of the definition.
    pub data_type: Option<String>,
    /// Whether the definition makes it a time series.
    pub time_series: Option<bool>,
}

/// What TwinMaker says of all properties, by their names.
pub type Properties = BTreeMap<String, PropertyInfo>;

/// A request for the history of time series.
#[derive(Debug, Clone)]
pub struct History {
    /// Whose.
    pub subject: Subject,
    /// What it calls them.
    pub asked: Asked,
    /// Which, each once, in the order of the request.
    pub selected: Vec<String>,
    /// All of them hold for every point that is returned.
    pub filters: Vec<Filter>,
    /// The earliest time, itself included.
    pub start: Instant,
    /// The latest time, itself included. `None`: now.
    pub end: Option<Instant>,
    /// Nanoseconds between the points that are asked for, instead of those that are stored.
    pub interval: Option<i64>,
    /// The most points of each property in one answer.
    pub page: usize,
    /// Where the last page ended.
    pub token: Option<String>,
    /// The direction of time. Ascending, where the request does not say.
    pub order: Order,
    /// What TwinMaker says of the properties.
    pub properties: Properties,
    /// What is asked for, whatever the page.
    pub fingerprint: Fingerprint,
}

/// A request for values that are no time series.
#[derive(Debug, Clone)]
pub struct Attributes {
    /// The entity.
    pub entity_id: String,
    /// Its component.
    pub component: String,
    /// What it calls them.
    pub asked: Asked,
    /// Which.
    pub selected: Vec<String>,
    /// What TwinMaker says of the properties.
    pub properties: Properties,
}

/// A request for the properties of a component type, or of a component.
#[derive(Debug, Clone)]
pub struct Schema {
    /// Whether it is about a component of an entity.
    pub of_entity: bool,
    /// What it calls it.
    pub asked: Asked,
    /// What TwinMaker knows so far.
    pub properties: Properties,
}

impl Request {
    /// Reads a request.
    pub fn read(json: &Value) -> Result<Self, Error> {
        let document = Document::new(json, "")?;
        if document.get("entries").is_some() {
            return Err(Error::ReadOnly);
        }
        let properties = properties(&document)?;
        let asked = Asked {
            component: document.text("componentName")?.map(str::to_owned),
            component_type: document.text("componentTypeId")?.map(str::to_owned),
        };
        let times = ["startTime", "endTime", "startDateTime", "endDateTime"];
        let shaped = ["orderByTime", "interpolation", "propertyFilters"];
        let ranged = times.iter().any(|name| document.get(name).is_some());
        let history = ranged || shaped.iter().any(|name| document.get(name).is_some());
        if document.get("selectedProperties").is_none() && !history {
            let of_entity = document.text("entityId")?.is_some();
            return Ok(Self::Schema(Schema { of_entity, asked, properties }));
        }
        let selected = selected(&document)?;
        let series =
            |name: &String| properties.get(name).is_some_and(|property| property.time_series == Some(true));
        if history || selected.iter().all(series) {
            return read_history(&document, asked, selected, properties).map(Self::History);
        }
        match subject(&document)? {
            Subject::Entity { entity_id, component } => {
                Ok(Self::Attributes(Attributes { entity_id, component, asked, selected, properties }))
            }
            Subject::ComponentType => Err(Error::Missing {
                field: "entityId".to_owned(),
                expected: "attributes are read of one entity; a history needs startTime".to_owned(),
            }),
        }
    }
}

fn subject(document: &Document<'_>) -> Result<Subject, Error> {
    let component = document.text("componentName")?;
    let component_type = document.text("componentTypeId")?;
    match (document.text("entityId")?, component, component_type) {
        (Some(entity_id), Some(component), _) => {
            Ok(Subject::Entity { entity_id: entity_id.to_owned(), component: component.to_owned() })
        }
        (Some(_), None, _) => Err(Error::Missing {
            field: "componentName".to_owned(),
            expected: "expected the component of the entity in entityId".to_owned(),
        }),
        (None, None, Some(_)) => Ok(Subject::ComponentType),
        (None, Some(_), _) => Err(Error::Missing {
            field: "entityId".to_owned(),
            expected: "expected the entity that has the component in componentName".to_owned(),
        }),
        (None, None, None) => Err(Error::Missing {
            field: "entityId".to_owned(),
            expected: "expected entityId and componentName, or componentTypeId".to_owned(),
        }),
    }
}

fn read_history(
    document: &Document<'_>,
    asked: Asked,
    selected: Vec<String>,
    properties: Properties,
) -> Result<History, Error> {
    let subject = subject(document)?;
    let filters = filters(document)?;
    let start = time(document, "startTime", "startDateTime")?.ok_or_else(|| Error::Missing {
        field: "startTime".to_owned(),
        expected: "expected an ISO-8601 time, or seconds in startDateTime; without it all that is stored would be read"
            .to_owned(),
    })?;
    // The store has nothing from before 1970, and no query has to count from there.
    let start = start.max(Instant::from_nanos(0));
    let end = time(document, "endTime", "endDateTime")?;
    if let Some(end) = end
        && end < start
    {
        return Err(Error::EmptyRange { start: start.iso(), end: end.iso() });
    }
    let interval = interval(document)?;
    let order = order(document)?;
    let workspace = document.text("workspaceId")?;
    let said: Vec<_> = properties.iter().map(|(name, property)| (name, &property.value)).collect();
    let compared: Vec<_> =
        filters.iter().map(|one| (&one.property, format!("{:?}", one.operator), &one.value)).collect();
    let ends = (start.nanos(), end.map(Instant::nanos));
    let fingerprint = Fingerprint::of(&(
        workspace,
        &subject,
        &asked.component_type,
        &selected,
        compared,
        ends,
        interval,
        order,
        said,
    ));
    Ok(History {
        subject,
        asked,
        selected,
        filters,
        start,
        end,
        interval,
        page: page(document)?,
        token: document.text("nextToken")?.map(str::to_owned),
        order,
        properties,
        fingerprint,
    })
}

fn selected(document: &Document<'_>) -> Result<Vec<String>, Error> {
    const NAME: &str = "selectedProperties";
    const EXPECTED: &str = "a list of 1 to 10 names of properties";
    document.required(NAME, EXPECTED)?;
    let list = document.list(NAME, EXPECTED)?.unwrap_or_default();
    let mut selected: Vec<String> = Vec::with_capacity(list.len());
    for (index, item) in list.iter().enumerate() {
        match item {
            Value::String(name) if !name.is_empty() => {
                if !selected.contains(name) {
                    selected.push(name.clone());
                }
            }
            other => return Err(unexpected(format!("{NAME}[{index}]"), "the name of a property", other)),
        }
    }
    if selected.is_empty() || list.len() > MAX_PROPERTIES {
        let found = Value::Array(list.to_vec());
        return Err(document.unexpected(NAME, EXPECTED, &found));
    }
    Ok(selected)
}

fn filters(document: &Document<'_>) -> Result<Vec<Filter>, Error> {
    const NAME: &str = "propertyFilters";
    let list = document.list(NAME, "a list of filters")?.unwrap_or_default();
    if list.len() > MAX_FILTERS {
        let found = Value::Array(list.to_vec());
        return Err(document.unexpected(NAME, "a list of at most 10 filters", &found));
    }
    let read = |(index, item): (usize, &Value)| {
        let path = format!("{NAME}[{index}]");
        let dotted = format!("{path}.");
        let filter = Document::new(item, &dotted)?;
        let text = |name: &str, expected: &str| {
            filter.required(name, expected)?;
            filter.text(name).map(Option::unwrap_or_default)
        };
        let property = text("propertyName", "the name of a property")?.to_owned();
        let operator = text("operator", Operator::EXPECTED)?;
        let operator = Operator::parse(operator).ok_or_else(|| {
            unexpected(filter.path("operator"), Operator::EXPECTED, &Value::String(operator.to_owned()))
        })?;
        let value = filter.required("value", "a DataValue")?;
        let value = Given::read(value, &filter.path("value."))?;
        Ok(Filter { path, property, operator, value })
    };
    list.iter().enumerate().map(read).collect()
}

/// A time in the form of today, else in the deprecated one; TwinMaker may send both.
fn time(document: &Document<'_>, iso: &str, epoch: &str) -> Result<Option<Instant>, Error> {
    const ISO: &str = "an ISO-8601 time such as 2022-08-25T00:00:00Z";
    const EPOCH: &str = "seconds since 1970";
    let (name, expected, read, value) = match (document.get(iso), document.get(epoch)) {
        (Some(value @ Value::String(text)), _) => (iso, ISO, Instant::parse(text), value),
        (Some(other), _) => (iso, ISO, None, other),
        (None, Some(value @ Value::Number(number))) => {
            let whole = number.as_i64().map(Instant::from_whole_seconds);
            let read = whole.unwrap_or_else(|| number.as_f64().and_then(Instant::from_seconds));
            (epoch, EPOCH, read, value)
        }
        (None, Some(other)) => (epoch, EPOCH, None, other),
        (None, None) => return Ok(None),
    };
    match read {
        Some(instant) => Ok(Some(instant)),
        None => Err(document.unexpected(name, expected, value)),
    }
}

/// Nanoseconds between two points.
fn interval(document: &Document<'_>) -> Result<Option<i64>, Error> {
    let Some(value) = document.get("interpolation") else { return Ok(None) };
    let interpolation = Document::new(value, "interpolation.")?;
    let linear = "LINEAR, the only kind that there is";
    let kind = interpolation.required("interpolationType", linear)?;
    if kind.as_str() != Some("LINEAR") {
        return Err(interpolation.unexpected("interpolationType", linear, kind));
    }
    let expected = "a whole number of seconds, at least 1";
    let seconds = interpolation.required("intervalInSeconds", expected)?;
    match seconds.as_i64().filter(|seconds| (1..=MAX_INTERVAL).contains(seconds)) {
        Some(seconds) => Ok(Some(seconds * 1_000_000_000)),
        None => Err(interpolation.unexpected("intervalInSeconds", expected, seconds)),
    }
}

fn order(document: &Document<'_>) -> Result<Order, Error> {
    match document.get("orderByTime") {
        None => Ok(Order::Ascending),
        Some(value) => match value.as_str() {
            Some("ASCENDING") => Ok(Order::Ascending),
            Some("DESCENDING") => Ok(Order::Descending),
            _ => Err(document.unexpected("orderByTime", "ASCENDING or DESCENDING", value)),
        },
    }
}

/// None and 0 are the default.
fn page(document: &Document<'_>) -> Result<usize, Error> {
    let Some(value) = document.get("maxResults") else { return Ok(DEFAULT_PAGE) };
    match value.as_u64().and_then(|number| usize::try_from(number).ok()) {
        Some(0) => Ok(DEFAULT_PAGE),
        Some(number) if number <= MAX_PAGE => Ok(number),
        _ => Err(document.unexpected("maxResults", "a whole number from 0 to 250", value)),
    }
}

fn properties(document: &Document<'_>) -> Result<Properties, Error> {
    let Some(value) = document.get("properties") else { return Ok(Properties::new()) };
    let all = Document::new(value, "properties.")?;
    let mut properties = Properties::new();
    for (name, value) in all.fields() {
        let path = format!("properties.{name}.");
        let property = Document::new(value, &path)?;
        let mut info = PropertyInfo::default();
        if let Some(value) = property.get("value") {
            info.value = given(value, &property.path("value."));
        }
        if let Some(value) = property.get("definition") {
            let path = property.path("definition.");
            let definition = Document::new(value, &path)?;
            info.time_series = definition.get("isTimeSeries").and_then(Value::as_bool);
            if let Some(value) = definition.get("dataType") {
                let path = definition.path("dataType.");
                info.data_type = Document::new(value, &path)?.text("type")?.map(str::to_owned);
            }
            if info.value.is_none()
                && let Some(value) = definition.get("defaultValue")
            {
                info.value = given(value, &definition.path("defaultValue."));
                info.defaulted = info.value.is_some();
            }
        }
        properties.insert(name.clone(), info);
    }
    Ok(properties)
}

/// A value that is not a simple one is of no use here, and no error either.
fn given(value: &Value, path: &str) -> Option<Given> {
    Given::read(value, path).ok()
}
