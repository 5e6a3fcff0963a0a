//! Whatever stands in a request, it stays a value: the endpoint runs the queries, and the rows are counted.

use std::collections::HashMap;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use twinmaker_connector::error::Error;

use crate::fixture::{FirstPage, Fixture, Row, Server, model};

/// What breaks out of queries that are put together from text.
const BREAKOUTS: &[&str] = &[
    "'",
    "''",
    "' OR '1'='1",
    "' OR 1=1 --",
    "'; DROP TABLE telemetry; --",
    "\\",
    "\\'",
    "\"",
    "\" OR \"\"=\"",
    "O'Brien",
    "/* */",
    "-- ",
    "%",
    "_",
    "${x}",
    "\u{2019}",
    "\u{ff07}",
    "' UNION ALL SELECT 0, time, measure_name FROM \"twin-db\".\"telemetry\" --",
    "' || (SELECT label FROM \"twin-db\".\"telemetry\" LIMIT 1) || '",
    "=",
    "= 1 OR 1 =",
    "temperature",
    "measure_name",
    "alarm_status",
    "alarm_key",
    "kitchen/temperature",
    "2022-08-25T00:00:00Z",
    "2022-08-25T00:00:00Z' OR '1'='1",
    "ASCENDING",
    "LINEAR",
    "qwertyuiop",
    "",
];

/// Text that tries to be more than text.
fn hostile() -> impl Strategy<Value = String> {
    let breakout = || proptest::sample::select(BREAKOUTS).prop_map(str::to_owned);
    prop_oneof![
        4 => breakout(),
        2 => (breakout(), breakout()).prop_map(|(a, b)| a + &b),
        2 => "[\\PC'\"\\\\;-]{0,40}",
        1 => any::<String>(),
    ]
}

fn house(layout: &Value) -> telemetry::EventKind {
    let measures = json!([
        { "name": "temperature", "type": "double", "normal": { "min": 0.0, "max": 10.0 } },
        { "name": "label", "type": "varchar" },
    ]);
    model(layout, "DeviceID", &["location"], &measures)
}

const LAYOUTS: [&str; 2] = [r#"{"layout": "multi", "name": "m"}"#, r#"{"layout": "single"}"#];

fn row(second: usize, device: &str, location: &str, label: &str) -> Row {
    let value = json!({
        "time": format!("2022-08-25T00:{:02}:{:02}Z", second / 60, second % 60),
        "dimensions": { "DeviceID": device, "location": location },
        "measures": { "temperature": 1.5, "label": label },
    });
    serde_json::from_value(value).expect("a row")
}

/// Points of an answer, over all its entries.
fn count(answer: &Value) -> usize {
    let entries = answer["propertyValues"].as_array().expect("entries");
    entries.iter().map(|entry| entry["values"].as_array().expect("values").len()).sum()
}

fn runner(cases: u32) -> TestRunner {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    )
}

/// Each string is stored as a device, an attribute and a label; asked for, exactly the rows that have it
/// come back, and asked to be left out, exactly the others.
#[test]
fn as_many_rows_come_back_as_were_stored() {
    for server in Server::each(FirstPage::Rows) {
        returns_what_is_stored(&server);
    }
}

fn returns_what_is_stored(server: &Server) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for layout in LAYOUTS {
        let layout: Value = serde_json::from_str(layout).expect("a layout");
        let fixture = runtime.block_on(Fixture::new(server, house(&layout)));
        let stored = std::cell::RefCell::new(HashMap::<String, usize>::new());
        let total = std::cell::Cell::new(0_usize);
        runner(40)
            .run(&hostile(), |text| {
                prop_assume!(!text.is_empty() && server.takes(&text));
                runtime.block_on(async {
                    fixture.write(&[row(total.get(), &text, &text, &text)]).await;
                });
                total.set(total.get() + 1);
                let same = {
                    let mut stored = stored.borrow_mut();
                    let same = stored.entry(text.clone()).or_default();
                    *same += 1;
                    *same
                };
                let ask = |changes: Value| {
                    let mut request = json!({
                        "entityId": "e", "componentName": "c", "selectedProperties": ["temperature"],
                        "startTime": "2022-08-25T00:00:00Z", "maxResults": 250,
                        "properties": { "DeviceID": { "value": { "stringValue": text } } },
                    });
                    for (name, value) in changes.as_object().expect("fields") {
                        request[name] = value.clone();
                    }
                    let answer = runtime.block_on(fixture.answer(&request));
                    count(&answer.unwrap_or_else(|error| panic!("{text:?}: {error}")))
                };
                let filters = |names: &[&str], operator: &str| {
                    let one = |name: &&str| {
                        json!({ "propertyName": name, "operator": operator, "value": { "stringValue": text } })
                    };
                    json!({
                        "entityId": null, "componentName": null, "componentTypeId": "t",
                        "propertyFilters": names.iter().map(one).collect::<Vec<_>>(),
                    })
                };
                let stated = json!({
                    "DeviceID": { "value": { "stringValue": text } },
                    "location": { "definition": { "defaultValue": { "stringValue": text } } },
                });
                prop_assert_eq!(ask(json!({ "properties": stated })), same, "as a device and an attribute");
                prop_assert_eq!(ask(filters(&["DeviceID", "location", "label"], "=")), same, "as filters");
                prop_assert_eq!(ask(filters(&["label"], "!=")), total.get() - same, "as a filter");
                let alarm = json!({
                    "selectedProperties": ["alarm_status"],
                    "properties": { "alarm_key": { "value": { "stringValue": format!("{text}/temperature") } } },
                });
                prop_assert_eq!(ask(alarm), same, "as the device of an alarm");
                Ok(())
            })
            .expect("every string is a value");
    }
}

/// Every string of a request is replaced: the connector answers or says what is wrong. What it never does is
/// to send the store a query that the store does not understand, or to return what was not asked for.
#[test]
fn no_string_of_a_request_reaches_the_query_as_anything_but_a_value() {
    for server in Server::each(FirstPage::Rows) {
        keeps_strings_values(&server);
    }
}

fn keeps_strings_values(server: &Server) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let fixture = runtime.block_on(async {
        let fixture = Fixture::new(server, house(&json!({ "layout": "multi", "name": "m" }))).await;
        let rows: Vec<Row> =
            (0..50).map(|n| row(n, ["kitchen", "O'Brien"][n % 2], "hall", &format!("l{n}"))).collect();
        fixture.write(&rows).await;
        fixture
    });
    let request = json!({
        "workspaceId": "w", "entityId": "e", "componentName": "c", "componentTypeId": "t",
        "selectedProperties": ["temperature"],
        "startTime": "2022-08-25T00:00:00Z", "endTime": "2022-08-25T00:01:00Z", "orderByTime": "ASCENDING",
        "maxResults": 250,
        "propertyFilters": [{ "propertyName": "label", "operator": "=", "value": { "stringValue": "l2" } }],
        "properties": {
            "DeviceID": { "value": { "stringValue": "kitchen" } },
            "location": { "definition": { "dataType": { "type": "STRING" }, "defaultValue": { "stringValue": "hall" } } },
            "temperature": { "definition": { "dataType": { "type": "DOUBLE" } } },
        },
    });
    assert_eq!(count(&runtime.block_on(fixture.answer(&request)).expect("an answer")), 1);
    let places = [
        "/workspaceId",
        "/entityId",
        "/componentName",
        "/componentTypeId",
        "/selectedProperties/0",
        "/startTime",
        "/endTime",
        "/orderByTime",
        "/propertyFilters/0/propertyName",
        "/propertyFilters/0/operator",
        "/propertyFilters/0/value/stringValue",
        "/properties/DeviceID/value/stringValue",
        "/properties/location/definition/dataType/type",
        "/properties/location/definition/defaultValue/stringValue",
        "/properties/temperature/definition/dataType/type",
        "/nextToken",
        "/interpolation",
    ];
    let case = (proptest::collection::vec(0..places.len(), 1..4), hostile());
    let (answered, refused) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    runner(250)
        .run(&case, |(chosen, text)| {
            let mut request = request.clone();
            request["nextToken"] = Value::Null;
            request["interpolation"] = Value::Null;
            for index in chosen {
                let place = places[index];
                *request.pointer_mut(place).expect(place) = match place {
                    "/interpolation" => json!({ "interpolationType": text, "intervalInSeconds": 1 }),
                    _ => json!(text),
                };
            }
            match runtime.block_on(fixture.answer(&request)) {
                Ok(answer) if answer["propertyValues"].is_array() => {
                    // One operator does not exclude: at most what one device has.
                    prop_assert!(count(&answer) <= 25, "{request}: {answer}");
                    answered.set(answered.get() + 1);
                }
                Ok(answer) => prop_assert!(false, "{request}: this is no history: {answer}"),
                Err(error @ Error::Store(_)) => prop_assert!(false, "{request}: {error}"),
                Err(_) => refused.set(refused.get() + 1),
            }
            Ok(())
        })
        .expect("no query breaks");
    // Strings that are only refused, or never, would show nothing.
    assert!(answered.get() >= 10 && refused.get() >= 10, "{answered:?} answered, {refused:?} refused");
}
