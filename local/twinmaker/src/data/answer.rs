//! Whether what a connector answers is an answer to what it was asked. Shapes are checked before.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    connector::unfit,
    subject::{Context, Subject},
};
use crate::{
    moment,
    twin::{component::Effective, value},
    wire::Error,
};

/// Checks the answer of a data reader.
pub(crate) fn check_history(
    answer: &Value,
    subject: &Subject,
    context: &Context,
    selected: &[String],
    page: usize,
) -> Result<(), Error> {
    let mut wrong = Vec::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (index, history) in elements(answer, "propertyValues").iter().enumerate() {
        let path = format!("propertyValues[{index}]");
        let reference = &history["entityPropertyReference"];
        let property = match check_reference(reference, subject, context, selected) {
            Ok(property) => property,
            Err(why) => {
                wrong.push(format!("{path}.entityPropertyReference {why}"));
                continue;
            }
        };
        let values = elements(history, "values");
        let count = counts.entry(reference.to_string()).or_default();
        *count += values.len();
        if *count > page {
            wrong.push(format!(
                "{path} brings {count} values of one property where at most {page} are asked for"
            ));
        }
        for (index, entry) in values.iter().enumerate() {
            if let Err(why) = check_value(entry, property) {
                wrong.push(format!("{path}.values[{index}] {why}"));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(unfit(&wrong)) }
}

/// Checks the answer of an attribute reader.
pub(crate) fn check_attributes(
    answer: &Value,
    subject: &Subject,
    context: &Context,
    selected: &[String],
) -> Result<(), Error> {
    let mut wrong = Vec::new();
    for (name, latest) in answer["propertyValues"].as_object().into_iter().flatten() {
        let reference = &latest["propertyReference"];
        let checked = check_reference(reference, subject, context, selected).and_then(|property| {
            if reference["propertyName"].as_str() != Some(name) {
                return Err(format!("names the property {}", reference["propertyName"]));
            }
            match latest.get("propertyValue") {
                Some(found) => value::fits(&property.definition.data_type, found),
                None => Ok(()),
            }
        });
        if let Err(why) = checked {
            wrong.push(format!("propertyValues.{name} {why}"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(unfit(&wrong)) }
}

fn check_reference<'a>(
    reference: &Value,
    subject: &Subject,
    context: &'a Context,
    selected: &[String],
) -> Result<&'a Effective, String> {
    let text = |name: &str| reference.get(name).and_then(Value::as_str);
    let name = text("propertyName").unwrap_or_default();
    let property = context
        .properties
        .get(name)
        .filter(|_| selected.iter().any(|selected| selected == name))
        .ok_or_else(|| format!("names the property {name}, which is not selected"))?;
    let external_ids = reference.get("externalIdProperty").and_then(Value::as_object);
    for id in external_ids.into_iter().flat_map(|ids| ids.keys()) {
        let known = context.properties.get(id).is_some_and(|property| property.definition.is_external_id);
        if !known {
            return Err(format!("names {id}, which is no external id of the component type"));
        }
    }
    match subject {
        Subject::Component { entity, component } => {
            for (member, expected) in [("entityId", entity), ("componentName", component)] {
                if text(member) != Some(expected) {
                    return Err(format!("has not the {member} {expected}"));
                }
            }
        }
        Subject::ComponentType { .. } => {
            let by_entity = text("entityId").is_some() && text("componentName").is_some();
            if !by_entity && external_ids.is_none_or(serde_json::Map::is_empty) {
                return Err("says neither the entity nor the external id that it is about".to_owned());
            }
        }
    }
    Ok(property)
}

fn check_value(entry: &Value, property: &Effective) -> Result<(), String> {
    match (entry.get("time").and_then(Value::as_str), entry.get("timestamp").and_then(Value::as_f64)) {
        (Some(time), _) if moment::iso(time).is_none() => {
            return Err(format!(
                "has the time {time}, which has not the form YYYY-MM-DDThh:mm:ss[.SSSSSSSSS] with Z or ±HH:mm"
            ));
        }
        (None, Some(seconds)) if moment::epoch(seconds).is_none() => {
            return Err(format!("has the timestamp {seconds}, which is no time"));
        }
        (None, None) => return Err("has no time".to_owned()),
        _ => {}
    }
    value::fits(&property.definition.data_type, &entry["value"])
}

fn elements<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    of.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
