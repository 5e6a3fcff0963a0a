//! What the digital twin calls things: names that the component types and the connector must agree on.
//!
//! Everything here is derived from the model. The limits are those of the
//! [TwinMaker API](https://docs.aws.amazon.com/iot-twinmaker/latest/apireference/API_PropertyDefinitionRequest.html).

use std::borrow::Cow;

use crate::{EventKind, Measure};

/// The component of an entity that has the device's measures, where a model has one kind without a name.
pub const TELEMETRY_COMPONENT: &str = "telemetry";

/// The external id of an alarm: `<device>/<measure's property name>`, behind `<kind>/` where the kind has a name.
/// The last slash separates, since a device may have some in its name.
pub const ALARM_KEY: &str = "alarm_key";

/// The time series of an alarm.
pub const ALARM_STATUS: &str = "alarm_status";

/// [`ALARM_STATUS`] while a value is outside of what is normal.
pub const ALARM_ACTIVE: &str = "ACTIVE";

/// [`ALARM_STATUS`] while a value is normal.
pub const ALARM_NORMAL: &str = "NORMAL";

/// The name of a measure or dimension as a property: `[a-zA-Z0-9_-]` stay, anything else becomes `_`.
/// `stacks` refuses a model in which two names become one.
pub fn property_name(name: &str) -> Cow<'_, str> {
    let stays = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.chars().all(stays) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.chars().map(|c| if stays(c) { c } else { '_' }).collect())
}

/// The component of an entity that has the measures of a kind: called like the kind.
pub fn component(kind: &EventKind) -> &str {
    kind.name.as_deref().unwrap_or(TELEMETRY_COMPONENT)
}

/// The component of an entity that has the alarm of a kind's measure, for instance `temperature_alarm`, or
/// `shelly_temperature_alarm`.
pub fn alarm_component(kind: &EventKind, measure: &Measure) -> String {
    let prefix = kind.name.as_ref().map_or_else(String::new, |name| format!("{name}_"));
    format!("{prefix}{}_alarm", property_name(&measure.name))
}

/// The external id of the alarm of one device's measure.
pub fn alarm_key(kind: &EventKind, device: &str, measure: &Measure) -> String {
    format!("{}{device}/{}", alarm_prefix(kind.name.as_deref()), property_name(&measure.name))
}

/// What the external ids of a kind's alarms begin with.
pub fn alarm_prefix(kind: Option<&str>) -> String {
    kind.map_or_else(String::new, |name| format!("{name}/"))
}

/// The device and the property in the external id of an alarm, if it is one of a kind with this name.
pub fn read_alarm_key<'k>(kind: Option<&str>, key: &'k str) -> Option<(&'k str, &'k str)> {
    let rest = match kind {
        Some(kind) => key.strip_prefix(kind)?.strip_prefix('/')?,
        None => key,
    };
    rest.rsplit_once('/').filter(|(device, _)| !device.is_empty())
}

/// The beginning of the ids of component types, behind which a kind's name stands where it has one.
const TYPE_PREFIXES: [&str; 2] = ["sluice.telemetry.", "sluice.alarm."];

/// The id of the component type `what` (`telemetry` or `alarm`) of a kind, whose definition has this hash.
pub fn component_type(what: &str, kind: Option<&str>, hash: &str) -> String {
    let kind = kind.map_or_else(String::new, |name| format!("{name}."));
    format!("sluice.{what}.{kind}{hash}")
}

/// The name of the kind whose component type has this id, where it says one.
pub fn kind_of_type(id: &str) -> Option<&str> {
    let rest = TYPE_PREFIXES.iter().find_map(|prefix| id.strip_prefix(prefix))?;
    rest.rsplit_once('.').map(|(kind, _)| kind)
}

/// Measures that have an alarm: those with a normal range.
pub fn alarms(kind: &EventKind) -> impl Iterator<Item = &Measure> {
    kind.measures.iter().filter(|measure| measure.normal.is_some())
}

#[cfg(test)]
mod tests {
    use super::{component_type, kind_of_type, property_name, read_alarm_key};

    #[test]
    fn an_alarm_is_of_a_kind_a_device_and_a_measure() {
        for (kind, key, read) in [
            (None, "site/1/watt", Some(("site/1", "watt"))),
            (None, "/watt", None),
            (None, "watt", None),
            (Some("a"), "a/site/1/watt", Some(("site/1", "watt"))),
            (Some("a"), "ab/site/watt", None),
            (Some("a"), "a/watt", None),
        ] {
            assert_eq!(read_alarm_key(kind, key), read, "{kind:?} {key}");
        }
    }

    #[test]
    fn a_component_type_says_its_kind() {
        for kind in [None, Some("shelly"), Some("ruuvi-gw"), Some("alarm")] {
            for what in ["telemetry", "alarm"] {
                assert_eq!(kind_of_type(&component_type(what, kind, "0a1b")), kind);
            }
        }
        assert_eq!(kind_of_type("com.example.telemetry.shelly.0a1b"), None);
    }

    #[test]
    fn names_become_property_names() {
        for (name, property) in
            [("temperature", "temperature"), ("a-b_C9", "a-b_C9"), ("a.b c", "a_b_c"), ("größe", "gr__e")]
        {
            assert_eq!(property_name(name), property);
        }
    }
}
