//! What a data reader is asked, exactly, and that its answer comes back as it is.

use aws_sdk_iottwinmaker::{
    primitives::DateTime,
    types::{DataValue, InterpolationParameters, InterpolationType, OrderByTime, PropertyFilter},
};
use serde_json::{Value, json};

use crate::{
    client::{CONNECTOR, Fixture, WORKSPACE},
    lambda::Answer,
};

/// A definition as connectors get it, with what is true of it.
fn definition(kind: &str, is: &[&str]) -> Value {
    let mut definition = json!({ "dataType": { "type": kind } });
    for flag in [
        "isTimeSeries",
        "isRequiredInEntity",
        "isExternalId",
        "isStoredExternally",
        "isImported",
        "isFinal",
        "isInherited",
    ] {
        definition[flag] = is.contains(&flag).into();
    }
    definition
}

/// The properties of the mixer as connectors get them, without values.
fn properties() -> Value {
    let series = ["isTimeSeries", "isStoredExternally"];
    let mut kind = definition("STRING", &[]);
    kind["defaultValue"] = json!({ "stringValue": "Mixer" });
    json!({
        "telemetryType": { "definition": kind },
        "telemetryId": { "definition": definition("STRING", &["isRequiredInEntity", "isExternalId", "isFinal"]) },
        "room": { "definition": definition("STRING", &["isStoredExternally"]) },
        "Temperature": { "definition": definition("DOUBLE", &series) },
        "RPM": { "definition": definition("LONG", &series) },
        "Running": { "definition": definition("BOOLEAN", &series) },
    })
}

fn of_entity() -> Value {
    let mut properties = properties();
    properties["telemetryId"]["value"] = json!({ "stringValue": "item_A001" });
    properties
}

fn reference(property: &str) -> Value {
    json!({ "entityId": "mixer-1", "componentName": "telemetry", "propertyName": property })
}

#[tokio::test]
async fn the_guides_requests_and_answers() {
    let fixture = Fixture::with_mixer().await;
    let temperatures = json!({
        "entityPropertyReference": reference("Temperature"),
        "values": [
            { "time": "2022-08-25T00:00:00Z", "value": { "doubleValue": 588.168 } },
            { "time": "2022-08-25T00:00:01Z", "value": { "doubleValue": 592.4224 } },
            { "time": "2022-08-25T00:00:02Z", "value": { "doubleValue": 594.9383 } },
        ],
    });
    let turns = json!({
        "entityPropertyReference": reference("RPM"),
        "values": [{ "time": "2022-08-25T00:00:00Z", "value": { "longValue": 59 } }],
    });
    for (selected, values) in [
        (vec!["Temperature"], vec![temperatures.clone()]),
        (vec!["Temperature", "RPM"], vec![temperatures, turns]),
    ] {
        fixture.lambda.answers([Answer::Json(json!({ "propertyValues": values, "nextToken": null }))]);
        let history = fixture
            .client
            .get_property_value_history()
            .workspace_id(WORKSPACE)
            .entity_id("mixer-1")
            .component_name("telemetry")
            .set_selected_properties(Some(selected.iter().map(ToString::to_string).collect()))
            .start_time("2022-08-25T00:00:00Z")
            .end_time("2022-08-25T00:00:05Z")
            .max_results(3)
            .order_by_time(OrderByTime::Ascending)
            .send()
            .await
            .expect("an answer");
        let expected = json!({
            "workspaceId": WORKSPACE,
            "entityId": "mixer-1",
            "componentName": "telemetry",
            "selectedProperties": selected,
            "startTime": "2022-08-25T00:00:00Z",
            "startDateTime": 1_661_385_600,
            "endTime": "2022-08-25T00:00:05Z",
            "endDateTime": 1_661_385_605,
            "maxResults": 3,
            "orderByTime": "ASCENDING",
            "properties": of_entity(),
        });
        let [(name, event)] = fixture.lambda.asked().try_into().expect("one invocation");
        assert_eq!((name.as_str(), event), (CONNECTOR, expected));
        assert_eq!(history.next_token, None);
        assert_eq!(history.property_values.len(), selected.len());
        for (found, expected) in history.property_values.iter().zip(&values) {
            let name = found.entity_property_reference.as_ref().map(|found| found.property_name.as_str());
            assert_eq!(name, expected["entityPropertyReference"]["propertyName"].as_str());
            for (found, expected) in found.values().iter().zip(expected["values"].as_array().expect("values"))
            {
                assert_eq!(found.time(), expected["time"].as_str());
                let value = found.value().expect("a value");
                assert_eq!(value.double_value(), expected["value"]["doubleValue"].as_f64());
                assert_eq!(value.long_value(), expected["value"]["longValue"].as_i64());
            }
        }
    }
}

#[tokio::test]
#[expect(deprecated, reason = "the service still takes and gives the deprecated forms of time")]
async fn everything_that_a_request_may_say_reaches_the_connector() {
    let fixture = Fixture::with_mixer().await;
    fixture.lambda.answers([Answer::Json(json!({
        "propertyValues": [{
            "entityPropertyReference": {
                "externalIdProperty": { "telemetryId": "item_A001" },
                "propertyName": "Running",
            },
            "values": [{ "timestamp": 1_661_385_600.5, "value": { "booleanValue": true } }],
        }],
    }))]);
    let filter = |name: &str, operator: &str, value: DataValue| {
        PropertyFilter::builder().property_name(name).operator(operator).value(value).build()
    };
    let history = fixture
        .client
        .get_property_value_history()
        .workspace_id(WORKSPACE)
        .component_type_id("mixer")
        .selected_properties("Running")
        .property_filters(filter("telemetryId", "=", DataValue::builder().string_value("O'Brien").build()))
        .property_filters(filter("RPM", ">=", DataValue::builder().long_value(i64::MAX).build()))
        .start_date_time(DateTime::from_secs(1_661_385_600))
        .end_date_time(DateTime::from_millis(1_661_385_605_250))
        .interpolation(
            InterpolationParameters::builder()
                .interpolation_type(InterpolationType::Linear)
                .interval_in_seconds(60)
                .build(),
        )
        .order_by_time(OrderByTime::Descending)
        .send()
        .await
        .expect("an answer");
    let expected = json!({
        "workspaceId": WORKSPACE,
        "componentTypeId": "mixer",
        "selectedProperties": ["Running"],
        "propertyFilters": [
            { "propertyName": "telemetryId", "operator": "=", "value": { "stringValue": "O'Brien" } },
            { "propertyName": "RPM", "operator": ">=", "value": { "longValue": i64::MAX } },
        ],
        "startTime": "2022-08-25T00:00:00Z",
        "startDateTime": 1_661_385_600,
        "endTime": "2022-08-25T00:00:05.25Z",
        "endDateTime": 1_661_385_605,
        "interpolation": { "interpolationType": "LINEAR", "intervalInSeconds": 60 },
        "maxResults": 25,
        "orderByTime": "DESCENDING",
        "properties": properties(),
    });
    assert_eq!(fixture.lambda.asked(), [(CONNECTOR.to_owned(), expected)]);
    let [values] = history.property_values.as_slice() else { panic!("{history:?}") };
    let reference = values.entity_property_reference.as_ref().expect("a reference");
    assert_eq!(reference.external_id_property.as_ref().expect("an id")["telemetryId"], "item_A001");
    assert_eq!(values.values()[0].timestamp(), Some(&DateTime::from_secs_f64(1_661_385_600.5)));
    assert_eq!(values.values()[0].value().and_then(DataValue::boolean_value), Some(true));
}
