//! Whether a value fits the type of its property.

use serde_json::{Map, Value};

use super::definition::{DataType, Kind};
use crate::shape::is_not_finite;

/// The member of a `DataValue` that a type's values have.
pub fn member(kind: Kind) -> &'static str {
    match kind {
        Kind::Relationship => "relationshipValue",
        Kind::String => "stringValue",
        Kind::Long => "longValue",
        Kind::Boolean => "booleanValue",
        Kind::Integer => "integerValue",
        Kind::Double => "doubleValue",
        Kind::List => "listValue",
        Kind::Map => "mapValue",
    }
}

/// Whether `value`, a `DataValue`, is one of `data_type`; the error goes on after the property's name.
pub fn fits(data_type: &DataType, value: &Value) -> Result<(), String> {
    let expected = member(data_type.r#type);
    let set: Vec<(&String, &Value)> =
        value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()).collect();
    let inner = match set.as_slice() {
        [(name, inner)] if *name == expected => *inner,
        [] => return Err(format!("has no {expected}")),
        [(name, _)] if *name == "expression" => {
            return Err("is an expression, which this local endpoint does not support".to_owned());
        }
        [(name, _)] => return Err(format!("has {name} where its type asks for {expected}")),
        _ => return Err(format!("has more than {expected}")),
    };
    let has_form = match (data_type.r#type, inner) {
        (Kind::Boolean, Value::Bool(_))
        | (Kind::Double, Value::Number(_))
        | (Kind::String, Value::String(_))
        | (Kind::Relationship, Value::Object(_)) => true,
        (Kind::Long, Value::Number(number)) => number.is_i64(),
        (Kind::Integer, Value::Number(number)) => {
            number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
        }
        (Kind::Double, Value::String(text)) => is_not_finite(text),
        (Kind::List, Value::Array(elements)) => {
            return nested(data_type, elements.iter(), inner);
        }
        (Kind::Map, Value::Object(entries)) => {
            return nested(data_type, entries.values(), inner);
        }
        _ => false,
    };
    if !has_form {
        return Err(format!("has {inner} as {expected}"));
    }
    allowed(data_type, value)
}

fn nested<'a>(
    data_type: &DataType,
    mut elements: impl Iterator<Item = &'a Value>,
    inner: &Value,
) -> Result<(), String> {
    if let Some(nested) = &data_type.nested_type {
        elements.try_for_each(|element| fits(nested, element))?;
    }
    let whole = Map::from_iter([(member(data_type.r#type).to_owned(), inner.clone())]);
    allowed(data_type, &Value::Object(whole))
}

fn allowed(data_type: &DataType, value: &Value) -> Result<(), String> {
    match &data_type.allowed_values {
        Some(allowed) if !allowed.contains(value) => {
            Err(format!("is {value}, which is none of its allowedValues"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_has_the_member_of_its_type_and_no_other() {
        let of =
            |kind: &str| -> DataType { serde_json::from_value(json!({ "type": kind })).expect("a type") };
        let status: DataType = serde_json::from_value(json!({
            "type": "STRING", "allowedValues": [{ "stringValue": "ACTIVE" }, { "stringValue": "NORMAL" }],
        }))
        .expect("a type");
        let numbers: DataType =
            serde_json::from_value(json!({ "type": "LIST", "nestedType": { "type": "LONG" } }))
                .expect("a type");
        for (data_type, value, expected) in [
            (&of("DOUBLE"), json!({ "doubleValue": 1.5 }), Ok(())),
            (&of("DOUBLE"), json!({ "doubleValue": 59 }), Ok(())),
            (&of("DOUBLE"), json!({ "doubleValue": "NaN" }), Ok(())),
            (&of("DOUBLE"), json!({ "doubleValue": "1.5" }), Err("has \"1.5\" as doubleValue")),
            (
                &of("DOUBLE"),
                json!({ "longValue": 1 }),
                Err("has longValue where its type asks for doubleValue"),
            ),
            (&of("DOUBLE"), json!({}), Err("has no doubleValue")),
            (&of("LONG"), json!({ "longValue": i64::MIN }), Ok(())),
            (&of("LONG"), json!({ "longValue": 1.0 }), Err("has 1.0 as longValue")),
            (&of("LONG"), json!({ "longValue": u64::MAX }), Err("has 18446744073709551615 as longValue")),
            (
                &of("INTEGER"),
                json!({ "integerValue": 2_147_483_648_i64 }),
                Err("has 2147483648 as integerValue"),
            ),
            (&of("BOOLEAN"), json!({ "booleanValue": "True" }), Err("has \"True\" as booleanValue")),
            (&of("STRING"), json!({ "stringValue": "a", "longValue": 1 }), Err("has more than stringValue")),
            (&of("STRING"), json!({ "stringValue": "a", "longValue": null }), Ok(())),
            (
                &of("STRING"),
                json!({ "expression": "${Parameters.x}" }),
                Err("is an expression, which this local endpoint does not support"),
            ),
            (&status, json!({ "stringValue": "ACTIVE" }), Ok(())),
            (
                &status,
                json!({ "stringValue": "LOUD" }),
                Err("is {\"stringValue\":\"LOUD\"}, which is none of its allowedValues"),
            ),
            (&numbers, json!({ "listValue": [{ "longValue": 1 }, { "longValue": 2 }] }), Ok(())),
            (
                &numbers,
                json!({ "listValue": [{ "doubleValue": 1 }] }),
                Err("has doubleValue where its type asks for longValue"),
            ),
        ] {
            assert_eq!(fits(data_type, &value), expected.map_err(str::to_owned), "{value}");
        }
    }
}
