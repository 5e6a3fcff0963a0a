//! Component types that are in every workspace.
//!
//! Of the service's own types this endpoint has the one whose definition is
//! [published](https://docs.aws.amazon.com/iot-twinmaker/latest/guide/twinmaker-component-types-examples.html).

use std::sync::LazyLock;

use serde_json::json;

use super::component_type::ComponentType;

/// The abstract alarm.
pub const ALARM: &str = "com.amazon.iottwinmaker.alarm.basic";

/// What ids of the service's own types begin with.
const RESERVED: &str = "com.amazon.";

/// An alarm whose data some connector has.
static ALARM_TYPE: LazyLock<ComponentType> = LazyLock::new(|| {
    let declared = json!({
        "description": "Abstract alarm component type",
        "isSingleton": false,
        "functions": { "dataReader": {} },
        "propertyDefinitions": {
            "alarm_key": {
                "dataType": { "type": "STRING" },
                "isExternalId": true,
                "isRequiredInEntity": true,
            },
            "alarm_status": {
                "dataType": {
                    "type": "STRING",
                    "allowedValues": [
                        { "stringValue": "ACTIVE" },
                        { "stringValue": "SNOOZE_DISABLED" },
                        { "stringValue": "ACKNOWLEDGED" },
                        { "stringValue": "NORMAL" },
                    ],
                },
                "isStoredExternally": true,
                "isTimeSeries": true,
            },
        },
    });
    serde_json::from_value(declared).unwrap_or_default()
});

/// The built-in type with this id.
pub fn find(id: &str) -> Option<&'static ComponentType> {
    (id == ALARM).then(|| &*ALARM_TYPE)
}

/// Every built-in type with its id.
pub fn all<'a>() -> impl Iterator<Item = (&'a str, &'a ComponentType)> {
    [(ALARM, &*ALARM_TYPE)].into_iter()
}

/// Whether nobody but the service may have a type with this id.
pub fn is_reserved(id: &str) -> bool {
    id.starts_with(RESERVED)
}

/// What to say of a type of the service that is not here.
pub fn refusal(id: &str) -> Option<String> {
    is_reserved(id).then(|| {
        format!("{id} is not supported by this local endpoint, which has {ALARM} of the built-in types")
    })
}
