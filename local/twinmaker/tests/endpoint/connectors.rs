//! Whatever is wrong with a connector becomes an error that says what.

use aws_sdk_iottwinmaker::operation::get_property_value_history::GetPropertyValueHistoryError;
use serde_json::{Value, json};

use crate::{
    client::{Fixture, WORKSPACE, told},
    lambda::Answer,
};

/// Whose history is asked for.
enum Of {
    Entity,
    ComponentType,
}

async fn failure(fixture: &Fixture, of: Of, answer: Answer) -> GetPropertyValueHistoryError {
    fixture.lambda.answers([answer]);
    let request = fixture
        .client
        .get_property_value_history()
        .workspace_id(WORKSPACE)
        .selected_properties("Temperature")
        .selected_properties("RPM")
        .start_time("2022-08-25T00:00:00Z")
        .end_time("2022-08-25T00:00:05Z")
        .max_results(2);
    let request = match of {
        Of::ComponentType => request.component_type_id("mixer"),
        Of::Entity => request.entity_id("mixer-1").component_name("telemetry"),
    };
    let outcome = request.send().await;
    outcome.map_err(aws_sdk_iottwinmaker::error::SdkError::into_service_error).expect_err("it fails")
}

#[expect(clippy::needless_pass_by_value, reason = "the table reads better")]
fn values(property: &str, values: Value) -> Value {
    let reference = json!({ "entityId": "mixer-1", "componentName": "telemetry", "propertyName": property });
    json!({ "propertyValues": [{ "entityPropertyReference": reference, "values": values }] })
}

#[expect(clippy::needless_pass_by_value, reason = "the table reads better")]
fn at(time: &str, value: Value) -> Value {
    json!({ "time": time, "value": value })
}

const NOON: &str = "2022-08-25T00:00:01Z";

#[tokio::test]
async fn exceptions_and_refusals() {
    let fixture = Fixture::with_mixer().await;
    for (answer, code, message) in [
        (
            Answer::Exception {
                kind: "BadFilter",
                message: "propertyFilters[0].operator: LIKE is not known",
            },
            "ConnectorFailureException",
            "BadFilter: propertyFilters[0].operator: LIKE is not known",
        ),
        (
            Answer::Exception {
                kind: "Sandbox.Timedout",
                message: "RequestId: 1 Error: Task timed out after 3.00 seconds",
            },
            "ConnectorTimeoutException",
            "Sandbox.Timedout: RequestId: 1 Error: Task timed out after 3.00 seconds",
        ),
        (
            Answer::Refused { status: 429, code: "TooManyRequestsException", message: "Rate Exceeded." },
            "ThrottlingException",
            "TooManyRequestsException: Rate Exceeded.",
        ),
        (
            Answer::Refused {
                status: 404,
                code: "ResourceNotFoundException",
                message: "Function not found: connector",
            },
            "ConnectorFailureException",
            "The connector cannot be invoked: ResourceNotFoundException: Function not found: connector",
        ),
        (
            Answer::Raw("<html>"),
            "ConnectorFailureException",
            "The connector's answer is not JSON: expected value at line 1 column 1.",
        ),
    ] {
        let error = failure(&fixture, Of::Entity, answer).await;
        assert_eq!(told(&error), (code.to_owned(), message.to_owned()));
        let typed = match code {
            "ThrottlingException" => error.is_throttling_exception(),
            "ConnectorTimeoutException" => error.is_connector_timeout_exception(),
            _ => error.is_connector_failure_exception(),
        };
        assert!(typed, "{code} is modelled");
    }
}

#[tokio::test]
async fn answers_are_as_large_as_lambda_passes_on() {
    let fixture = Fixture::with_mixer().await;
    for (bytes, told_of) in [
        (6_291_556, "The connector's answer is not valid: Value 'x"),
        (
            6_291_557,
            "Function.ResponseSizeTooLarge: Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        ),
    ] {
        // With its quotes.
        let text = json!("x".repeat(bytes - 2));
        let (code, message) = told(&failure(&fixture, Of::Entity, Answer::Json(text)).await);
        assert_eq!(code, "ConnectorFailureException");
        assert!(message.starts_with(told_of), "{bytes}: {message}");
    }
}

#[tokio::test]
async fn answers_that_do_not_fit() {
    let fixture = Fixture::with_mixer().await;
    let good = at(NOON, json!({ "doubleValue": 1.5 }));
    let mut unknown = values("Temperature", json!([good]));
    unknown["propertyValues"][0]["values"][0]["unit"] = json!("C");
    let mut elsewhere = values("Temperature", json!([good]));
    elsewhere["propertyValues"][0]["entityPropertyReference"]["entityId"] = json!("mixer-2");
    let twice = {
        let half = values("Temperature", json!([good, good]))["propertyValues"][0].clone();
        json!({ "propertyValues": [half, half] })
    };
    for (answer, what) in [
        (json!([]), "Value '[]' at '' failed to satisfy constraint: Member must be an object"),
        (json!({}), "Value at 'propertyValues' failed to satisfy constraint: Member must not be null"),
        (unknown, "'propertyValues.1.member.values.1.member.unit' is no member of the model"),
        (
            values("Temperature", json!([at(NOON, json!({ "doubleValue": "588.168" }))])),
            "Value '588.168' at 'propertyValues.1.member.values.1.member.value.doubleValue' failed to satisfy constraint: Member must be a number",
        ),
        (
            values("Temperature", json!([at(NOON, json!({ "longValue": 5 }))])),
            "propertyValues[0].values[0] has longValue where its type asks for doubleValue",
        ),
        (values("RPM", json!([at(NOON, json!({}))])), "propertyValues[0].values[0] has no longValue"),
        (
            values("Temperature", json!([at("2022-08-25 00:00:01.000000", json!({ "doubleValue": 1 }))])),
            "propertyValues[0].values[0] has the time 2022-08-25 00:00:01.000000, which has not the form",
        ),
        (
            values("Temperature", json!([{ "value": { "doubleValue": 1 } }])),
            "propertyValues[0].values[0] has no time",
        ),
        (
            values("Running", json!([])),
            "propertyValues[0].entityPropertyReference names the property Running, which is not selected",
        ),
        (elsewhere, "propertyValues[0].entityPropertyReference has not the entityId mixer-1"),
        (
            values("Temperature", json!([good, good, good])),
            "propertyValues[0] brings 3 values of one property where at most 2 are asked for",
        ),
        (twice, "propertyValues[1] brings 4 values of one property where at most 2 are asked for"),
    ] {
        let error = failure(&fixture, Of::Entity, Answer::Json(answer)).await;
        let (code, message) = told(&error);
        assert_eq!(code, "ConnectorFailureException");
        assert!(message.starts_with(&format!("The connector's answer is not valid: {what}")), "{message}");
    }
}

#[tokio::test]
async fn answers_to_component_type_queries_say_what_they_are_about() {
    let fixture = Fixture::with_mixer().await;
    let answer = |reference: Value| {
        Answer::Json(json!({ "propertyValues": [{ "entityPropertyReference": reference, "values": [] }] }))
    };
    for (reference, what) in [
        (
            json!({ "propertyName": "RPM" }),
            "propertyValues[0].entityPropertyReference says neither the entity nor the external id",
        ),
        (
            json!({ "propertyName": "RPM", "externalIdProperty": { "room": "kitchen" } }),
            "propertyValues[0].entityPropertyReference names room, which is no external id",
        ),
    ] {
        let (code, message) = told(&failure(&fixture, Of::ComponentType, answer(reference)).await);
        assert_eq!(code, "ConnectorFailureException");
        assert!(message.starts_with(&format!("The connector's answer is not valid: {what}")), "{message}");
    }
}
