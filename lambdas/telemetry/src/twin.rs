//! What the digital twin calls things: names that the component types and the connector must agree on.
//!
//! Everything here is derived from the model. The limits are those of the
//! [TwinMaker API](https://docs.aws.amazon.com/iot-twinmaker/latest/apireference/API_PropertyDefinitionRequest.html).

use std::borrow::Cow;

use crate::{EventKind, Measure};

/// The component of an entity that has the device's measures.
pub const TELEMETRY_COMPONENT: &str = "telemetry";

/// The external id of an alarm: `<device>/<measure's property name>`. The last slash separates.
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

/// The component of an entity that has the alarm of a measure, for instance `temperature_alarm`.
pub fn alarm_component(measure: &Measure) -> String {
    format!("{}_alarm", property_name(&measure.name))
}

/// The external id of the alarm of one device's measure.
pub fn alarm_key(device: &str, measure: &Measure) -> String {
    format!("{device}/{}", property_name(&measure.name))
}

/// Measures that have an alarm: those with a normal range.
pub fn alarms(model: &EventKind) -> impl Iterator<Item = &Measure> {
    model.measures.iter().filter(|measure| measure.normal.is_some())
}

#[cfg(test)]
mod tests {
    use super::property_name;

    #[test]
    fn names_become_property_names() {
        for (name, property) in
            [("temperature", "temperature"), ("a-b_C9", "a-b_C9"), ("a.b c", "a_b_c"), ("größe", "gr__e")]
        {
            assert_eq!(property_name(name), property);
        }
    }
}
