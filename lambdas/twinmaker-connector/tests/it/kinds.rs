//! A model of several kinds, one of which is asked: by its component type, its component, its alarm, or by what the
//! request names.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use telemetry::{EventKind, Model};

use crate::fixture::{FirstPage, Fixture, Row, Server, model};

const START: &str = "2022-08-25T00:00:00Z";
const END: &str = "2022-08-26T00:00:00Z";

fn kind(name: &str, layout: &Value, dimensions: &[&str], measures: &Value) -> EventKind {
    EventKind { name: Some(name.to_owned()), ..model(layout, "device", dimensions, measures) }
}

/// Two kinds that share a name, and have some of their own.
async fn house(server: &Server) -> Fixture {
    let normal = json!({ "min": 0.0, "max": 30.0 });
    let lora = json!([{ "name": "temperature", "type": "double", "normal": normal }, { "name": "rssi", "type": "bigint" }]);
    let meter = json!([{ "name": "temperature", "type": "double", "normal": normal }, { "name": "open", "type": "boolean" }]);
    let kinds = vec![
        kind("lora", &json!({ "layout": "multi", "name": "lora" }), &["profile"], &lora),
        kind("meter", &json!({ "layout": "single" }), &["site"], &meter),
    ];
    let fixture = Fixture::new(server, Model { kinds }).await;
    let row = |dimension: (&str, &str), time: &str, measures: &[(&str, Value)]| Row {
        time: time.to_owned(),
        dimensions: [("device", "kitchen/1"), dimension]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        measures: measures.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
    };
    let kinds = &fixture.model.kinds;
    let lora =
        row(("profile", "eu"), "2022-08-25T01:00:00Z", &[("temperature", json!(21.5)), ("rssi", json!(-70))]);
    fixture.write_of(&kinds[0], &[lora]).await;
    let meter = row(
        ("site", "north"),
        "2022-08-25T02:00:00Z",
        &[("temperature", json!(35.5)), ("open", json!(true))],
    );
    fixture.write_of(&kinds[1], &[meter]).await;
    fixture
}

/// The values of an answer, each with what it is of.
fn values(answer: &Value) -> Vec<Value> {
    let entries = answer["propertyValues"].as_array().expect("entries").iter();
    entries
        .flat_map(|entry| {
            let ids = entry["entityPropertyReference"]["externalIdProperty"].as_object();
            let id = ids.and_then(|ids| ids.values().next()).cloned().unwrap_or_default();
            let values = entry["values"].as_array().expect("values").iter();
            values
                .map(move |one| json!([id, one["value"].as_object().expect("a value").values().next()]))
                .collect::<Vec<_>>()
        })
        .collect()
}

#[tokio::test]
async fn a_kind_is_asked_by_its_component_type_its_component_or_its_names() {
    for server in Server::each(FirstPage::Rows) {
        asks_a_kind(&house(&server).await).await;
    }
}

async fn asks_a_kind(fixture: &Fixture) {
    let id = || json!({ "device": { "value": { "stringValue": "kitchen/1" } } });
    let entity = |component: &str, selected: &str| {
        json!({ "entityId": "e", "componentName": component, "selectedProperties": [selected], "properties": id(),
                "startTime": START, "endTime": END })
    };
    let typed = |kind: &str, selected: &str| json!({ "componentTypeId": kind, "selectedProperties": [selected], "startTime": START, "endTime": END });
    let alarm = |key: &str| {
        json!({ "entityId": "e", "componentName": "theirs", "selectedProperties": ["alarm_status"],
                "properties": { "alarm_key": { "value": { "stringValue": key } } },
                "startTime": START, "endTime": END })
    };
    for (request, expected) in [
        (entity("lora", "temperature"), json!([[null, 21.5]])),
        (entity("meter", "temperature"), json!([[null, 35.5]])),
        // A person has called the component otherwise: what is selected tells.
        (entity("theirs", "rssi"), json!([[null, -70]])),
        (entity("theirs", "open"), json!([[null, true]])),
        (entity("theirs", "temperature"), json!([[null, 21.5]])),
        (typed("sluice.telemetry.lora.0a1b2c3d", "temperature"), json!([["kitchen/1", 21.5]])),
        (typed("sluice.telemetry.meter.0a1b2c3d", "temperature"), json!([["kitchen/1", 35.5]])),
        (
            typed("sluice.alarm.lora.d7739744", "alarm_status"),
            json!([["lora/kitchen/1/temperature", "NORMAL"]]),
        ),
        (
            typed("sluice.alarm.meter.d7739744", "alarm_status"),
            json!([["meter/kitchen/1/temperature", "ACTIVE"]]),
        ),
        (alarm("lora/kitchen/1/temperature"), json!([[null, "NORMAL"]])),
        (alarm("meter/kitchen/1/temperature"), json!([[null, "ACTIVE"]])),
    ] {
        let answer = fixture.answer(&request).await.unwrap_or_else(|error| panic!("{request}: {error}"));
        assert_eq!(json!(values(&answer)), expected, "{request}");
    }
    // What a kind lacks is told of that kind.
    let error = fixture.answer(&entity("meter", "rssi")).await.expect_err("another kind has it");
    assert!(error.to_string().contains("it has device, site, temperature, open"), "{error}");
    let error = fixture.answer(&alarm("other/kitchen/1/temperature")).await.expect_err("no such kind");
    assert_eq!(error.code(), "UnknownAlarm");
}

#[tokio::test]
async fn attributes_are_of_the_latest_record_of_their_kind() {
    for server in Server::each(FirstPage::Rows) {
        asks_for_attributes(&house(&server).await).await;
    }
}

async fn asks_for_attributes(fixture: &Fixture) {
    let request = |component: &str, selected: &str| {
        json!({ "entityId": "e", "componentName": component, "selectedProperties": [selected],
                "properties": { "device": { "value": { "stringValue": "kitchen/1" } } } })
    };
    let now = twinmaker_connector::instant::Instant::parse(END).expect("a time");
    for (component, name, value) in [("lora", "profile", "eu"), ("meter", "site", "north")] {
        let answer = fixture.answer_at(&request(component, name), now).await.expect("an answer");
        let found = &answer["propertyValues"][name]["propertyValue"]["stringValue"];
        assert_eq!(found, value, "{component} {answer}");
    }
}

#[tokio::test]
async fn a_schema_is_of_one_kind() {
    for server in Server::each(FirstPage::Rows) {
        asks_for_schemas(&house(&server).await).await;
    }
}

async fn asks_for_schemas(fixture: &Fixture) {
    let names = |answer: &Value| -> BTreeMap<String, String> {
        let all = answer["properties"].as_object().expect("properties").iter();
        all.map(|(name, property)| {
            let kind = property["definition"]["dataType"]["type"].as_str().expect("a type");
            (name.clone(), kind.to_owned())
        })
        .collect()
    };
    for (kind, own) in [("lora", ["profile", "rssi"]), ("meter", ["site", "open"])] {
        let request = json!({ "componentTypeId": format!("sluice.telemetry.{kind}.0"), "properties": {} });
        let answer = fixture.answer(&request).await.expect("an answer");
        let mut expected = ["device", "temperature", own[0], own[1]];
        expected.sort_unstable();
        assert!(names(&answer).keys().eq(expected.iter()), "{answer}");
    }
}
