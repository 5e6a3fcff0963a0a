//! `GetPropertyValue`: from the entity, or from the connector.

use aws_sdk_iottwinmaker::types::DataValue;
use serde_json::{Value, json};

use crate::{
    client::{CONNECTOR, Fixture, WORKSPACE, told},
    lambda::Answer,
};

#[expect(clippy::needless_pass_by_value, reason = "the table reads better")]
fn room(property: &str, value: Value) -> Answer {
    let reference = json!({ "entityId": "mixer-1", "componentName": "telemetry", "propertyName": property });
    Answer::Json(
        json!({ "propertyValues": { "room": { "propertyReference": reference, "propertyValue": value } } }),
    )
}

async fn ask(
    fixture: &Fixture,
    selected: &[&str],
) -> Result<Vec<(String, Option<String>)>, (String, String)> {
    let answer = fixture
        .client
        .get_property_value()
        .workspace_id(WORKSPACE)
        .entity_id("mixer-1")
        .component_name("telemetry")
        .set_selected_properties(Some(selected.iter().map(ToString::to_string).collect()))
        .send()
        .await
        .map_err(|error| told(&error.into_service_error()))?;
    let mut values: Vec<_> = answer
        .property_values
        .unwrap_or_default()
        .into_iter()
        .map(|(name, latest)| {
            assert_eq!(latest.property_reference.expect("a reference").property_name, name);
            let value = latest.property_value.as_ref().and_then(DataValue::string_value);
            (name, value.map(str::to_owned))
        })
        .collect();
    values.sort();
    Ok(values)
}

#[tokio::test]
async fn what_the_entity_knows_is_not_asked_elsewhere() {
    let fixture = Fixture::with_mixer().await;
    let own = [
        ("telemetryId".to_owned(), Some("item_A001".to_owned())),
        ("telemetryType".to_owned(), Some("Mixer".to_owned())),
    ];
    assert_eq!(ask(&fixture, &["telemetryType", "telemetryId"]).await, Ok(own.to_vec()));
    assert_eq!(fixture.lambda.asked(), []);

    fixture.lambda.answers([room("room", json!({ "stringValue": "kitchen" }))]);
    let mut all = vec![("room".to_owned(), Some("kitchen".to_owned()))];
    all.extend(own);
    assert_eq!(ask(&fixture, &["room", "telemetryType", "telemetryId"]).await, Ok(all));
    let [(name, event)] = fixture.lambda.asked().try_into().expect("one invocation");
    assert_eq!(name, CONNECTOR);
    assert_eq!(event["selectedProperties"], json!(["room"]));
    assert_eq!(event["properties"]["telemetryId"]["value"], json!({ "stringValue": "item_A001" }));
    assert_eq!((&event["entityId"], &event["componentName"]), (&json!("mixer-1"), &json!("telemetry")));
    let members: Vec<_> = event.as_object().expect("an event").keys().collect();
    assert_eq!(members, ["componentName", "entityId", "properties", "selectedProperties", "workspaceId"]);
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused() {
    let fixture = Fixture::with_mixer().await;
    for (answer, selected, code, message) in [
        (None, "Temperature", "ValidationException", "The property Temperature is a time series"),
        (None, "colour", "ValidationException", "There is no property colour. There are: RPM, Running,"),
        (
            Some(room("room", json!({ "longValue": 1 }))),
            "room",
            "ConnectorFailureException",
            "The connector's answer is not valid: propertyValues.room has longValue where its type asks for stringValue",
        ),
        (
            Some(room("telemetryId", json!({ "stringValue": "x" }))),
            "room",
            "ConnectorFailureException",
            "The connector's answer is not valid: propertyValues.room names the property telemetryId, which is not selected",
        ),
        (
            Some(Answer::Json(json!({ "propertyValues": [] }))),
            "room",
            "ConnectorFailureException",
            "The connector's answer is not valid: Value '[]' at 'propertyValues'",
        ),
    ] {
        fixture.lambda.answers(answer);
        let (found, said) = ask(&fixture, &[selected]).await.expect_err(message);
        assert_eq!(found, code);
        assert!(said.starts_with(message), "{said}");
    }
    let tabular = fixture
        .client
        .get_property_value()
        .workspace_id(WORKSPACE)
        .entity_id("mixer-1")
        .component_name("telemetry")
        .selected_properties("room")
        .property_group_name("table");
    let error = tabular.send().await.expect_err("it is not supported").into_service_error();
    assert_eq!(
        told(&error).1,
        "The member propertyGroupName of GetPropertyValue is not supported by this local endpoint."
    );
}
