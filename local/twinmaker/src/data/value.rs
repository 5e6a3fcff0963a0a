//! `GetPropertyValue`: present values, from the entity itself or, of attributes that are stored
//! externally, from the connector.
//! <https://docs.aws.amazon.com/iot-twinmaker/latest/apireference/API_GetPropertyValue.html>

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    answer,
    connector::Connectors,
    subject::{self, Subject},
};
use crate::{
    model::data as model,
    state::State,
    twin::component_type::ATTRIBUTE_READER,
    wire::{Error, parse, without_nulls},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    workspace_id: String,
    entity_id: Option<String>,
    component_name: Option<String>,
    component_path: Option<String>,
    component_type_id: Option<String>,
    selected_properties: Vec<String>,
    next_token: Option<String>,
    property_group_name: Option<String>,
    tabular_conditions: Option<Value>,
}

/// Answers `GetPropertyValue`.
pub async fn get(state: &State, connectors: &Connectors, request: Value) -> Result<Value, Error> {
    let request: Request = parse(&model::GET_VALUE, request)?;
    for (name, given) in [
        ("componentPath", request.component_path.is_some()),
        ("propertyGroupName", request.property_group_name.is_some()),
        ("tabularConditions", request.tabular_conditions.is_some()),
    ] {
        if given {
            return Err(Error::unsupported(&format!("The member {name} of GetPropertyValue")));
        }
    }
    let subject = Subject::of(request.entity_id, request.component_name, request.component_type_id)?;
    let Subject::Component { entity, component } = &subject else {
        return Err(Error::unsupported("GetPropertyValue of a componentTypeId"));
    };
    if request.next_token.is_some() {
        return Err(Error::validation("The nextToken is not valid for this request."));
    }
    let context = subject.context(&state.read(), &request.workspace_id)?;
    let mut values = Map::new();
    let mut external = Vec::new();
    for name in request.selected_properties {
        let property = context.property(&name)?;
        let definition = &property.definition;
        if definition.is_time_series {
            return Err(Error::validation(format!(
                "The property {name} is a time series: GetPropertyValueHistory answers its values."
            )));
        }
        if definition.is_external() {
            external.push(name);
            continue;
        }
        let value = property.value.as_ref().or(definition.default_value.as_ref());
        let reference = json!({ "entityId": entity, "componentName": component, "propertyName": name });
        values.insert(name, json!({ "propertyReference": reference, "propertyValue": value }));
    }
    if !external.is_empty() {
        let connector = context.connector(&[ATTRIBUTE_READER])?;
        let mut event = json!({
            "workspaceId": request.workspace_id,
            "selectedProperties": external,
            "properties": context.properties,
        });
        subject::describe(&subject, &mut event);
        let answer = connectors.ask(connector, &event, &model::ATTRIBUTES_ANSWER).await?;
        answer::check_attributes(&answer, &subject, &context, &external)?;
        values.extend(answer["propertyValues"].as_object().cloned().unwrap_or_default());
    }
    Ok(without_nulls(json!({ "propertyValues": values })))
}
