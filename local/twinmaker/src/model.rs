//! The shapes of requests and of connectors' answers, as the
//! [API's model](https://docs.aws.amazon.com/iot-twinmaker/latest/apireference/Welcome.html) has them:
//! names, lengths, patterns, what is required. Declarations alone; rules beyond shapes are elsewhere.

pub mod data;
pub mod entity;
pub mod workspace;

use crate::shape::{
    Shape::{self, Boolean, Double, Integer, List, Long, Map, OneOf, Structure, Text},
    optional, required,
};

/// No limit in the model.
pub(crate) const ANY: usize = usize::MAX;

const fn text(min: usize, max: usize, pattern: &'static str) -> Shape {
    Text { min, max, pattern: Some(pattern) }
}

pub(crate) static BOOLEAN: Shape = Boolean;
pub(crate) static LONG: Shape = Long;
static DOUBLE: Shape = Double;
static INTEGER: Shape = Integer { least: i32::MIN as i64, greatest: i32::MAX as i64 };
pub(crate) static TIMESTAMP: Shape = Shape::Timestamp;

/// Entries of a page.
pub(crate) static MAX_RESULTS: Shape = Integer { least: 0, greatest: 200 };
pub(crate) static NEXT_TOKEN: Shape = text(0, 17880, ".*");
pub(crate) static DESCRIPTION: Shape = text(0, 2048, ".*");
pub(crate) static STRING: Shape = text(1, 256, ".*");
/// The name of a property, component, function or group.
pub(crate) static NAME: Shape = text(1, 256, r"[a-zA-Z_\-0-9]+");
static DISPLAY_NAME: Shape = text(0, 256, r".*[^\u0000-\u001F\u007F]*.*");
/// The id of a workspace.
pub(crate) static ID: Shape = text(1, 128, r"[a-zA-Z_0-9][a-zA-Z_\-0-9]*[a-zA-Z0-9]+");
pub(crate) static COMPONENT_TYPE_ID: Shape = text(1, 256, r"[a-zA-Z_\.\-0-9:]+");
pub(crate) static ENTITY_ID: Shape = text(
    1,
    128,
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|^[a-zA-Z0-9][a-zA-Z_\-0-9.:]*[a-zA-Z0-9]+",
);
pub(crate) static COMPONENT_PATH: Shape = text(1, 2048, r"[a-zA-Z_\-0-9/]+");
static ARN: Shape = text(
    20,
    2048,
    r"arn:((aws)|(aws-cn)|(aws-us-gov)):iottwinmaker:[a-z0-9-]+:[0-9]{12}:[\/a-zA-Z0-9_\-\.:]+",
);
static TAG_KEY: Shape = text(1, 128, r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)");
static TAG_VALUE: Shape = text(1, 256, ".*");
pub(crate) static TAGS: Shape = Map { key: &TAG_KEY, value: &TAG_VALUE, max: 50 };

static EXPRESSION: Shape = text(1, 316, r"(^\$\{Parameters\.[a-zA-z]+([a-zA-z_0-9]*)\}$)");
static RELATIONSHIP_VALUE: Shape =
    Structure { members: &[optional("targetEntityId", &ENTITY_ID), optional("targetComponentName", &NAME)] };
static DATA_VALUES: Shape = List { of: &DATA_VALUE, min: 0, max: 50 };
static DATA_VALUE_MAP: Shape = Map { key: &STRING, value: &DATA_VALUE, max: 50 };
/// A value of a property.
pub static DATA_VALUE: Shape = Structure {
    members: &[
        optional("booleanValue", &BOOLEAN),
        optional("doubleValue", &DOUBLE),
        optional("integerValue", &INTEGER),
        optional("longValue", &LONG),
        optional("stringValue", &STRING),
        optional("listValue", &DATA_VALUES),
        optional("mapValue", &DATA_VALUE_MAP),
        optional("relationshipValue", &RELATIONSHIP_VALUE),
        optional("expression", &EXPRESSION),
    ],
};

static TYPE: Shape =
    OneOf(&["RELATIONSHIP", "STRING", "LONG", "BOOLEAN", "INTEGER", "DOUBLE", "LIST", "MAP"]);
static RELATIONSHIP: Shape = Structure {
    members: &[optional("targetComponentTypeId", &COMPONENT_TYPE_ID), optional("relationshipType", &STRING)],
};
static DATA_TYPE: Shape = Structure {
    members: &[
        required("type", &TYPE),
        optional("nestedType", &DATA_TYPE),
        optional("allowedValues", &DATA_VALUES),
        optional("unitOfMeasure", &STRING),
        optional("relationship", &RELATIONSHIP),
    ],
};
static CONFIGURATION_VALUE: Shape = text(0, ANY, ".*");
static CONFIGURATION: Shape = Map { key: &NAME, value: &CONFIGURATION_VALUE, max: ANY };
static DEFINITION: Shape = Structure {
    members: &[
        optional("dataType", &DATA_TYPE),
        optional("isRequiredInEntity", &BOOLEAN),
        optional("isExternalId", &BOOLEAN),
        optional("isStoredExternally", &BOOLEAN),
        optional("isTimeSeries", &BOOLEAN),
        optional("defaultValue", &DATA_VALUE),
        optional("configuration", &CONFIGURATION),
        optional("displayName", &DISPLAY_NAME),
    ],
};
