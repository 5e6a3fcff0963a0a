//! The binary: it answers, says what is wrong so that `ConnectorFailure` can, and is silent about values.

use serde_json::{Value, json};

use crate::fixture::{FirstPage, Fixture, Row, Server, model};
use crate::runtime::Function;

#[tokio::test]
async fn the_binary_answers_and_keeps_silent() {
    for server in Server::each(FirstPage::Empty) {
        answers_and_keeps_silent(&server).await;
    }
}

async fn answers_and_keeps_silent(server: &Server) {
    let measures = json!([{ "name": "temperature", "type": "double" }]);
    let model = model(&json!({ "layout": "single" }), "DeviceID", &[], &measures);
    let fixture = Fixture::new(server, model).await;
    let stored = json!({
        "time": "2022-08-25T00:00:00Z",
        "dimensions": { "DeviceID": "secret-device" },
        "measures": { "temperature": 588.168 },
    });
    fixture.write(&[serde_json::from_value::<Row>(stored).expect("a row")]).await;
    let mut function = Function::start(&fixture, "INFO").await;
    let mut request = json!({
        "workspaceId": "w", "entityId": "secret-entity", "componentName": "telemetry",
        "selectedProperties": ["temperature"], "startTime": "2022-08-25T00:00:00Z",
        "properties": { "DeviceID": { "value": { "stringValue": "secret-device" } } },
        "propertyFilters": [
            { "propertyName": "temperature", "operator": ">", "value": { "doubleValue": 111.111 } }
        ],
    });
    let answer = function.call(&request).await;
    assert_eq!(
        answer,
        Ok(json!({ "propertyValues": [{
            "entityPropertyReference": {
                "entityId": "secret-entity", "componentName": "telemetry", "propertyName": "temperature",
            },
            "values": [{ "time": "2022-08-25T00:00:00Z", "value": { "doubleValue": 588.168 } }],
        }] }))
    );
    request["propertyFilters"][0]["value"] = json!({ "stringValue": "secret-value" });
    let error: Value = function.call(&request).await.expect_err("an error");
    assert_eq!(error["errorType"], "UnexpectedValue");
    assert_eq!(
        error["errorMessage"],
        "propertyFilters[0].value: expected a number, as doubleValue, integerValue or longValue, since \
         \"temperature\" is of type double, found text"
    );
    if let Some(kib) = function.peak_memory() {
        assert!(kib < 128 * 1024, "{kib} KiB do not fit into the least that Lambda gives");
    }
    let log = function.end().await;
    for value in ["secret", "588.168", "111.111"] {
        assert!(!log.contains(value), "{value} is in the log: {log}");
    }
}
