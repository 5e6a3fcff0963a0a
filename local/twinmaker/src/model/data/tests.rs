//! What a value of each type is, and is not.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::shape::{Unknown, violations};

fn complaints(shape: &Shape, value: &Value) -> Vec<String> {
    violations(shape, value, Unknown::Refused)
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let good =
        json!({ "workspaceId": "works", "selectedProperties": ["t"], "startTime": "2026-01-01T00:00:00Z" });
    let changed = |name: &str, value: Value| {
        let mut changed = good.clone();
        changed[name] = value;
        changed
    };
    assert_eq!(complaints(&GET_HISTORY, &good), Vec::<String>::new());
    for (request, expected) in [
        (
            changed("workspaceId", json!("-x-")),
            "Value '-x-' at 'workspaceId' failed to satisfy constraint: Member must satisfy regular expression pattern: ",
        ),
        (
            changed("selectedProperties", json!([])),
            "Value at 'selectedProperties' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ),
        (
            changed("selectedProperties", json!(null)),
            "Value at 'selectedProperties' failed to satisfy constraint: Member must not be null",
        ),
        (
            changed("maxResults", json!(201)),
            "Value '201' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 200",
        ),
        (
            changed("maxResults", json!("9")),
            "Value '9' at 'maxResults' failed to satisfy constraint: Member must be a number",
        ),
        (
            changed("maxResults", json!(0.5)),
            "Value '0.5' at 'maxResults' failed to satisfy constraint: Member must be an integer",
        ),
        (
            changed("orderByTime", json!("UP")),
            "Value 'UP' at 'orderByTime' failed to satisfy constraint: Member must satisfy enum value set: [ASCENDING, DESCENDING]",
        ),
        (
            changed("startTime", json!("now")),
            "Value 'now' at 'startTime' failed to satisfy constraint: Member must have length greater than or equal to 20",
        ),
        (
            changed("propertyFilters", json!([{ "value": { "longValue": 1.5 } }])),
            "Value '1.5' at 'propertyFilters.1.member.value.longValue' failed to satisfy constraint: Member must be a long",
        ),
        (changed("surplus", json!(1)), "'surplus' is no member of the model"),
    ] {
        let found = complaints(&GET_HISTORY, &request);
        assert!(matches!(found.as_slice(), [one] if one.starts_with(expected)), "{request}: {found:?}");
    }
}

/// JSON with the model's own names in it, so that the check reaches what is deep.
fn documents() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        Just("propertyValues".to_owned()),
        Just("entityPropertyReference".to_owned()),
        Just("values".to_owned()),
        Just("value".to_owned()),
        Just("time".to_owned()),
        Just("listValue".to_owned()),
        any::<String>(),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 40, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(name.clone(), inner, 0..5)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_document_breaks_the_check(document in documents()) {
        for shape in [&HISTORY_ANSWER, &ATTRIBUTES_ANSWER, &SCHEMA_ANSWER, &GET_HISTORY] {
            let refused = violations(shape, &document, Unknown::Refused);
            let ignored = violations(shape, &document, Unknown::Ignored);
            prop_assert!(ignored.iter().all(|violation| refused.contains(violation)));
        }
    }
}

#[test]
fn every_pattern_is_understood() {
    let cases = [
        (&ID, "sluice-local", "sluice-"),
        (&NAME, "temperature_measure", "a.b"),
        (&COMPONENT_TYPE_ID, "com.example.alarm.basic:1", "a b"),
        (&ENTITY_ID, "device.1:x", "$ROOT"),
        (&COMPONENT_PATH, "a/b", "a b"),
        (&NEXT_TOKEN, "", "\n"),
        (&DISPLAY_NAME, "Größe", "\n"),
    ];
    for (shape, good, bad) in cases {
        assert_eq!(complaints(shape, &json!(good)), Vec::<String>::new(), "{good}");
        assert_eq!(complaints(shape, &json!(bad)).len(), 1, "{bad}");
    }
}
