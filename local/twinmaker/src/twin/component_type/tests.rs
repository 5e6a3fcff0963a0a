//! What component types inherit, and what they refuse.

use serde_json::json;

use super::*;

fn types(declared: &[(&str, Value)]) -> ComponentTypes {
    declared
        .iter()
        .map(|(id, declared)| {
            ((*id).to_owned(), serde_json::from_value(declared.clone()).expect("a component type"))
        })
        .collect()
}

fn reader(name: &str) -> Value {
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:connector";
    json!({ name: { "implementedBy": { "lambda": { "arn": arn } } } })
}

fn series() -> Value {
    json!({ "dataType": { "type": "DOUBLE" }, "isTimeSeries": true, "isStoredExternally": true })
}

#[test]
fn what_is_extended_is_inherited_and_may_be_refined() {
    let types = types(&[
        (
            "base",
            json!({ "propertyDefinitions": { "id": { "dataType": { "type": "STRING" } }, "t": series() } }),
        ),
        (
            "middle",
            json!({ "extendsFrom": ["base"], "functions": reader("dataReader"), "isSingleton": true }),
        ),
        (
            "leaf",
            json!({
                "extendsFrom": ["middle", built_in::ALARM],
                "propertyDefinitions": { "id": { "defaultValue": { "stringValue": "Alarm" } }, "own": series() },
            }),
        ),
    ]);
    let leaf = resolve(&types, "leaf").expect("it is valid");
    let inherited: Vec<_> =
        leaf.properties.iter().map(|(name, property)| (name.as_str(), property.is_inherited)).collect();
    assert_eq!(
        inherited,
        [("alarm_key", true), ("alarm_status", true), ("id", true), ("own", false), ("t", true)]
    );
    assert_eq!(leaf.properties["id"].default_value, Some(json!({ "stringValue": "Alarm" })));
    assert_eq!(leaf.lineage, ["base", built_in::ALARM, "leaf", "middle"].map(str::to_owned).into());
    assert!(leaf.is_singleton);
    assert!(resolve(&types, "base").expect("it is valid").is_abstract(), "nothing reads t");
    assert!(!resolve(&types, "middle").expect("it is valid").is_abstract());
}

#[test]
fn an_alarm_is_abstract_until_something_reads_it() {
    let alarm = |functions: Value| json!({ "extendsFrom": [built_in::ALARM], "functions": functions });
    let types = types(&[
        ("mute", alarm(json!({}))),
        ("entity", alarm(reader("dataReaderByEntity"))),
        ("loud", alarm(reader("dataReader"))),
    ]);
    for (id, expected) in [(built_in::ALARM, true), ("mute", true), ("entity", false), ("loud", false)] {
        let resolved = resolve(&types, id).expect("it is valid");
        assert_eq!(resolved.is_abstract(), expected, "{id}");
    }
}

#[test]
fn what_cannot_be_is_refused_with_its_reason() {
    let types = types(&[
        ("number", json!({ "propertyDefinitions": { "x": { "dataType": { "type": "LONG" } } } })),
        ("text", json!({ "propertyDefinitions": { "x": { "dataType": { "type": "STRING" } } } })),
        ("child", json!({ "extendsFrom": ["new"] })),
        ("new", json!({})),
    ]);
    let property = |definition: Value| json!({ "propertyDefinitions": { "x": definition } });
    for (declared, expected) in [
        (property(json!({})), "of the property x, it has no dataType"),
        (property(json!({ "dataType": { "type": "LIST" } })), "of the property x, List needs a nestedType"),
        (
            property(json!({ "dataType": { "type": "LONG" }, "defaultValue": { "stringValue": "a" } })),
            "of the property x, its defaultValue has stringValue where its type asks for longValue",
        ),
        (json!({ "extendsFrom": ["nothing"] }), "it extends nothing, which does not exist"),
        (
            json!({ "extendsFrom": ["com.amazon.kvs.video"] }),
            "com.amazon.kvs.video is not supported by this local endpoint",
        ),
        (json!({ "extendsFrom": ["number", "text"] }), "it inherits two properties x that differ"),
        (json!({ "extendsFrom": ["child"] }), "it extends itself through child"),
        (json!({ "extendsFrom": vec!["number"; 11] }), "it extends more than 10 component types"),
        (
            json!({ "extendsFrom": ["number"], "propertyDefinitions": { "x": { "isTimeSeries": true } } }),
            "of the property x, its isTimeSeries differs from the one that it inherits",
        ),
        (json!({ "functions": reader("guess") }), "guess is none of the functions"),
        (
            json!({ "functions": { "dataReader": { "requiredProperties": ["y"] } } }),
            "the function dataReader requires y, which is no property of it",
        ),
        (
            json!({ "functions": { "dataReader": { "implementedBy": { "isNative": true } } } }),
            "The native implementation of dataReader is not supported",
        ),
        (
            json!({ "functions": { "schemaInitializer": { "scope": "WORKSPACE" } } }),
            "A schemaInitializer of the scope WORKSPACE is not supported",
        ),
    ] {
        let declared = serde_json::from_value(declared).expect("a component type");
        let error = check(&types, "new", &declared).expect_err(expected);
        assert!(error.message.contains(expected), "{error}");
    }
}
