//! Requests that break the API's model, and the form of errors on the wire.

use local_harness::process::Process;
use serde_json::{Value, json};

use crate::client::Fixture;

const JSON: &[(&str, &str)] = &[("Content-Type", "application/json")];
const HISTORY: &str = "/workspaces/factory/entity-properties/history";

fn post(process: &Process, path: &str, body: &str) -> (u16, String) {
    let (status, answer) = process.request("POST", path, JSON, body);
    (status, answer["message"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn requests_that_break_the_model() {
    let fixture = Fixture::with_mixer().await;
    let good = json!({
        "entityId": "mixer-1",
        "componentName": "telemetry",
        "selectedProperties": ["RPM"],
        "startTime": "2022-08-25T00:00:00Z",
        "endTime": "2022-08-25T00:00:05Z",
    });
    let with = |changes: Value| {
        let mut request = good.clone();
        for (name, value) in changes.as_object().expect("changes") {
            request[name] = value.clone();
        }
        request.to_string()
    };
    for (request, status, message) in [
        ("{".to_owned(), 400, "The body is not a JSON object: EOF"),
        ("[]".to_owned(), 400, "The body is not a JSON object: invalid type"),
        (
            with(json!({ "selectedProperties": null, "maxResults": 201 })),
            400,
            "2 validation errors detected: Value at 'selectedProperties' failed to satisfy constraint: Member must not be null; Value '201' at 'maxResults'",
        ),
        (
            with(json!({ "componentTypeId": "mixer" })),
            400,
            "The request must have either entityId and componentName",
        ),
        (
            with(json!({ "componentName": null })),
            400,
            "The request must have either entityId and componentName",
        ),
        (
            with(json!({ "componentPath": "a/b" })),
            400,
            "A componentPath is not supported by this local endpoint.",
        ),
        (with(json!({ "entityId": "nobody" })), 404, "The entity nobody does not exist."),
        (with(json!({ "componentName": "none" })), 404, "The entity mixer-1 has no component none."),
        (with(json!({ "selectedProperties": ["room"] })), 400, "The property room is not a time series"),
        (
            with(json!({ "selectedProperties": ["colour"] })),
            400,
            "There is no property colour. There are: RPM,",
        ),
        (
            with(json!({ "propertyFilters": [{ "propertyName": "colour" }] })),
            400,
            "There is no property colour.",
        ),
        (
            with(json!({ "startTime": null })),
            400,
            "The request must have startTime or, deprecated, startDateTime.",
        ),
        (
            with(json!({ "endTime": "2022-08-25 00:00:05 UTC" })),
            400,
            "The endTime 2022-08-25 00:00:05 UTC has not the form",
        ),
        (
            with(json!({ "startTime": null, "startDateTime": 1e300 })),
            400,
            "The startDateTime 1e300 is no time.",
        ),
        (with(json!({ "startTime": "2022-08-26T00:00:00Z" })), 400, "The start time is after the end time."),
    ] {
        let (found, said) = post(&fixture.process, HISTORY, &request);
        assert_eq!(found, status, "{request}: {said}");
        assert!(said.starts_with(message), "{request}: {said}");
    }
    let of_type = |id: &str| with(json!({ "entityId": null, "componentName": null, "componentTypeId": id }));
    for (id, status, message) in [
        ("none", 404, "The component type none does not exist."),
        (
            "com.amazon.iottwinmaker.alarm.basic",
            400,
            "The component type com.amazon.iottwinmaker.alarm.basic is abstract",
        ),
    ] {
        let (found, said) = post(&fixture.process, HISTORY, &of_type(id));
        assert_eq!(found, status, "{said}");
        assert!(said.starts_with(message), "{said}");
    }
    let (status, said) =
        post(&fixture.process, "/workspaces/none/entity-properties/history", &good.to_string());
    assert_eq!((status, said.as_str()), (404, "The workspace none does not exist."));
    assert_eq!(fixture.lambda.asked(), [], "nothing of that reaches the connector");
}

#[tokio::test]
async fn a_reader_for_one_kind_of_question_answers_that_kind_alone() {
    let fixture = Fixture::with_mixer().await;
    fixture
        .create_type(
            "by-entity",
            crate::client::mixer(),
            &["dataReaderByEntity", "attributePropertyValueReaderByEntity"],
        )
        .await;
    let request = json!({
        "componentTypeId": "by-entity",
        "selectedProperties": ["RPM"],
        "startDateTime": 1,
        "endDateTime": 2,
    });
    let (status, said) = post(&fixture.process, HISTORY, &request.to_string());
    assert_eq!(status, 400);
    assert_eq!(said, "The component type has none of the functions dataReaderByComponentType, dataReader.");
}

#[tokio::test]
async fn what_no_operation_is_called_by() {
    let fixture = Fixture::empty().await;
    for (method, path) in
        [("POST", "/"), ("PATCH", "/workspaces/home"), ("GET", "/workspaces/home/entities/x/y")]
    {
        let (status, body) = fixture.process.request(method, path, JSON, "{}");
        assert_eq!(status, 404);
        assert_eq!(body, json!({ "message": format!("No operation is called by {method} {path}.") }));
    }
    let (status, body) = fixture.process.request("POST", "/workspaces/-x-", JSON, "{}");
    assert_eq!(status, 400);
    assert!(body["message"].as_str().is_some_and(|said| said.contains("at 'workspaceId'")), "{body}");
}
