//! Requests of the data plane, and the
//! [answers of connectors](https://docs.aws.amazon.com/iot-twinmaker/latest/guide/data-connector-interfaces.html).

use super::{
    ANY, BOOLEAN, COMPONENT_PATH, COMPONENT_TYPE_ID, CONFIGURATION, DATA_TYPE, DATA_VALUE, DISPLAY_NAME,
    ENTITY_ID, ID, LONG, MAX_RESULTS, NAME, NEXT_TOKEN, STRING, TIMESTAMP,
};
use crate::shape::{
    Shape::{self, List, Map, OneOf, Structure, Text},
    optional, required,
};

static SELECTED: Shape = List { of: &STRING, min: 1, max: 10 };
static FILTER: Shape = Structure {
    members: &[
        optional("propertyName", &STRING),
        optional("operator", &STRING),
        optional("value", &DATA_VALUE),
    ],
};
static FILTERS: Shape = List { of: &FILTER, min: 1, max: 10 };
static LINEAR: Shape = OneOf(&["LINEAR"]);
static INTERPOLATION: Shape =
    Structure { members: &[optional("interpolationType", &LINEAR), optional("intervalInSeconds", &LONG)] };
static ORDER: Shape = OneOf(&["ASCENDING", "DESCENDING"]);
static TIME: Shape = Text { min: 20, max: 35, pattern: None };
static ANYTHING: Shape = Structure { members: &[] };

pub(crate) static GET_HISTORY: Shape = Structure {
    members: &[
        required("workspaceId", &ID),
        optional("entityId", &ENTITY_ID),
        optional("componentName", &NAME),
        optional("componentPath", &COMPONENT_PATH),
        optional("componentTypeId", &COMPONENT_TYPE_ID),
        required("selectedProperties", &SELECTED),
        optional("propertyFilters", &FILTERS),
        optional("startDateTime", &TIMESTAMP),
        optional("endDateTime", &TIMESTAMP),
        optional("interpolation", &INTERPOLATION),
        optional("nextToken", &NEXT_TOKEN),
        optional("maxResults", &MAX_RESULTS),
        optional("orderByTime", &ORDER),
        optional("startTime", &TIME),
        optional("endTime", &TIME),
    ],
};
pub(crate) static GET_VALUE: Shape = Structure {
    members: &[
        required("workspaceId", &ID),
        optional("componentName", &NAME),
        optional("componentPath", &COMPONENT_PATH),
        optional("componentTypeId", &COMPONENT_TYPE_ID),
        optional("entityId", &ENTITY_ID),
        required("selectedProperties", &SELECTED),
        optional("maxResults", &MAX_RESULTS),
        optional("nextToken", &NEXT_TOKEN),
        optional("propertyGroupName", &NAME),
        optional("tabularConditions", &ANYTHING),
    ],
};

static EXTERNAL_IDS: Shape = Map { key: &STRING, value: &STRING, max: ANY };
static REFERENCE: Shape = Structure {
    members: &[
        optional("componentName", &NAME),
        optional("componentPath", &COMPONENT_PATH),
        optional("externalIdProperty", &EXTERNAL_IDS),
        optional("entityId", &ENTITY_ID),
        required("propertyName", &NAME),
    ],
};
static VALUE_AT: Shape = Structure {
    members: &[optional("timestamp", &TIMESTAMP), required("value", &DATA_VALUE), optional("time", &TIME)],
};
static VALUES_OVER_TIME: Shape = List { of: &VALUE_AT, min: 0, max: ANY };
static HISTORY: Shape = Structure {
    members: &[required("entityPropertyReference", &REFERENCE), optional("values", &VALUES_OVER_TIME)],
};
static HISTORIES: Shape = List { of: &HISTORY, min: 0, max: ANY };
/// A token of a connector: shorter than the service's, for it is wrapped.
static CONNECTOR_TOKEN: Shape = Text { min: 0, max: 13_000, pattern: None };
/// What a data reader answers.
pub(crate) static HISTORY_ANSWER: Shape =
    Structure { members: &[required("propertyValues", &HISTORIES), optional("nextToken", &CONNECTOR_TOKEN)] };

static LATEST_VALUE: Shape = Structure {
    members: &[required("propertyReference", &REFERENCE), optional("propertyValue", &DATA_VALUE)],
};
static LATEST_VALUES: Shape = Map { key: &NAME, value: &LATEST_VALUE, max: ANY };
/// What an attribute reader answers.
pub(crate) static ATTRIBUTES_ANSWER: Shape = Structure {
    members: &[required("propertyValues", &LATEST_VALUES), optional("nextToken", &CONNECTOR_TOKEN)],
};

static DEFINITION_FOUND: Shape = Structure {
    members: &[
        required("dataType", &DATA_TYPE),
        optional("isTimeSeries", &BOOLEAN),
        optional("isRequiredInEntity", &BOOLEAN),
        optional("isExternalId", &BOOLEAN),
        optional("isStoredExternally", &BOOLEAN),
        optional("isImported", &BOOLEAN),
        optional("isFinal", &BOOLEAN),
        optional("isInherited", &BOOLEAN),
        optional("defaultValue", &DATA_VALUE),
        optional("configuration", &CONFIGURATION),
        optional("displayName", &DISPLAY_NAME),
    ],
};
static PROPERTY_FOUND: Shape = Structure {
    members: &[
        optional("definition", &DEFINITION_FOUND),
        optional("value", &DATA_VALUE),
        optional("areAllPropertyValuesReturned", &BOOLEAN),
    ],
};
static PROPERTIES_FOUND: Shape = Map { key: &NAME, value: &PROPERTY_FOUND, max: ANY };
/// What a schema initializer answers.
pub(crate) static SCHEMA_ANSWER: Shape = Structure { members: &[required("properties", &PROPERTIES_FOUND)] };

#[cfg(test)]
mod tests;
