//! A value of a template as a person writes it: what refers to a resource is its name.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::deploy::difference::Values;

/// The text of a value. An ARN of a resource in the same template is the resource's name.
pub fn text(value: &Value, values: &Values) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) => items.iter().map(|item| text(item, values)).collect::<Vec<_>>().join(", "),
        Value::Object(map) => function(map, values).unwrap_or_else(|| value.to_string()),
    }
}

/// The resource that a value refers to, if it is one of the template.
pub fn referred(value: &Value) -> Option<&str> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    let (function, argument) = map.iter().next()?;
    match function.as_str() {
        "Ref" => argument.as_str(),
        "Fn::GetAtt" => match argument {
            Value::Array(parts) => parts.first()?.as_str(),
            dotted => dotted.as_str()?.split('.').next(),
        },
        _ => None,
    }
}

fn function(map: &Map<String, Value>, values: &Values) -> Option<String> {
    if map.len() != 1 {
        return None;
    }
    let (function, argument) = map.iter().next()?;
    match (function.as_str(), argument) {
        ("Ref", Value::String(name)) => Some(called(name, values)),
        ("Fn::GetAtt", Value::String(dotted)) => Some(attribute(dotted)),
        ("Fn::GetAtt", Value::Array(parts)) => {
            let parts: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
            Some(attribute(&parts?.join(".")))
        }
        ("Fn::Sub", Value::String(template)) => Some(substituted(template, &BTreeMap::new(), values)),
        ("Fn::Sub", Value::Array(parts)) => {
            let [Value::String(template), Value::Object(own)] = parts.as_slice() else { return None };
            let own = own.iter().map(|(name, value)| (name.as_str(), text(value, values))).collect();
            Some(substituted(template, &own, values))
        }
        ("Fn::Join", Value::Array(parts)) => {
            let [Value::String(separator), Value::Array(items)] = parts.as_slice() else { return None };
            Some(items.iter().map(|item| text(item, values)).collect::<Vec<_>>().join(separator))
        }
        _ => None,
    }
}

/// The value of a parameter that is known, else its name.
fn called(name: &str, values: &Values) -> String {
    values.get(name).cloned().flatten().unwrap_or_else(|| name.to_owned())
}

/// `Bucket.Arn` is the bucket.
fn attribute(dotted: &str) -> String {
    dotted.strip_suffix(".Arn").unwrap_or(dotted).to_owned()
}

/// The text of an `Fn::Sub`: `${Name}` and `${Name.Attribute}` filled in, and `${!Name}` as `${Name}`.
fn substituted(template: &str, own: &BTreeMap<&str, String>, values: &Values) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("${") {
        text.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            text.push_str("${");
            rest = after;
            continue;
        };
        match (name.strip_prefix('!'), own.get(name)) {
            (Some(literal), _) => text.extend(["${", literal, "}"]),
            (None, Some(value)) => text.push_str(value),
            (None, None) if name.contains('.') => text.push_str(&attribute(name)),
            (None, None) => text.push_str(&called(name, values)),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn expressions_as_people_write_them() {
        let values: Values = [
            ("AWS::Region", Some("eu-west-1")),
            ("AWS::Partition", Some("aws")),
            ("TableArn", Some("arn:aws:timestream:table")),
            ("Later", None),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.map(str::to_owned)))
        .collect();
        let table = [
            (json!("arn:aws:s3:::x"), "arn:aws:s3:::x"),
            (json!({"Ref": "TableArn"}), "arn:aws:timestream:table"),
            (json!({"Ref": "Later"}), "Later"),
            (json!({"Ref": "Bucket"}), "Bucket"),
            (json!({"Fn::GetAtt": ["Bucket", "Arn"]}), "Bucket"),
            (json!({"Fn::GetAtt": "Bucket.Arn"}), "Bucket"),
            (json!({"Fn::GetAtt": ["Group", "GroupId"]}), "Group.GroupId"),
            (json!({"Fn::Sub": "${Bucket.Arn}/*"}), "Bucket/*"),
            (
                json!({"Fn::Sub": "arn:${AWS::Partition}:iot:${AWS::Region}:rule/*"}),
                "arn:aws:iot:eu-west-1:rule/*",
            ),
            (json!({"Fn::Sub": "${!hour} ${Other} ${open"}), "${hour} Other ${open"),
            (json!({"Fn::Sub": ["${A}-${Later}", {"A": {"Ref": "Bucket"}}]}), "Bucket-Later"),
            (json!({"Fn::Join": ["/", [{"Fn::GetAtt": ["B", "Arn"]}, "x", "*"]]}), "B/x/*"),
            (json!({"Fn::If": ["C", "a", "b"]}), r#"{"Fn::If":["C","a","b"]}"#),
            (json!(["a", {"Ref": "B"}]), "a, B"),
            (json!(true), "true"),
            (json!(null), ""),
        ];
        for (value, expected) in table {
            assert_eq!(text(&value, &values), expected, "{value}");
        }
    }
}
