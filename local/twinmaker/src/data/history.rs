//! `GetPropertyValueHistory`: values over time, which only a connector has.
//! <https://docs.aws.amazon.com/iot-twinmaker/latest/apireference/API_GetPropertyValueHistory.html>

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answer,
    connector::Connectors,
    subject::{self, Context, Subject},
    token::Tokens,
};
use crate::{
    model::data as model,
    moment, paging,
    state::State,
    twin::component_type::{DATA_READER, DATA_READER_BY_COMPONENT_TYPE, DATA_READER_BY_ENTITY},
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
    #[serde(default)]
    property_filters: Vec<Filter>,
    start_date_time: Option<f64>,
    end_date_time: Option<f64>,
    start_time: Option<String>,
    end_time: Option<String>,
    interpolation: Option<Value>,
    next_token: Option<String>,
    max_results: Option<usize>,
    order_by_time: Option<String>,
}

#[derive(Deserialize, serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    property_name: Option<String>,
    operator: Option<String>,
    value: Option<Value>,
}

/// Answers `GetPropertyValueHistory`.
pub async fn get(
    state: &State,
    connectors: &Connectors,
    tokens: &Tokens,
    request: Value,
) -> Result<Value, Error> {
    let request: Request = parse(&model::GET_HISTORY, request)?;
    if request.component_path.is_some() {
        return Err(Error::unsupported("A componentPath"));
    }
    let subject = Subject::of(request.entity_id, request.component_name, request.component_type_id)?;
    let context = subject.context(&state.read(), &request.workspace_id)?;
    let of_subject = match subject {
        Subject::Component { .. } => DATA_READER_BY_ENTITY,
        Subject::ComponentType { .. } => DATA_READER_BY_COMPONENT_TYPE,
    };
    let connector = context.connector(&[of_subject, DATA_READER])?;
    check_names(&context, &request.selected_properties, &request.property_filters)?;
    let start = Time::of("start", request.start_time, request.start_date_time)?;
    let end = Time::of("end", request.end_time, request.end_date_time)?;
    if start.at > end.at {
        return Err(Error::validation("The start time is after the end time."));
    }
    let page = request.max_results.filter(|size| *size > 0).unwrap_or(paging::DEFAULT);
    let token =
        request.next_token.map(|token| tokens.open(&token, &request.workspace_id, &subject)).transpose()?;

    let filters = (!request.property_filters.is_empty()).then_some(&request.property_filters);
    let mut event = json!({
        "workspaceId": request.workspace_id,
        "selectedProperties": request.selected_properties,
        "propertyFilters": filters,
        "startTime": start.iso,
        "startDateTime": start.epoch,
        "endTime": end.iso,
        "endDateTime": end.epoch,
        "interpolation": request.interpolation,
        "maxResults": page,
        "nextToken": token,
        "orderByTime": request.order_by_time.as_deref().unwrap_or("ASCENDING"),
        "properties": context.properties,
    });
    subject::describe(&subject, &mut event);
    let mut answer = connectors.ask(connector, &without_nulls(event), &model::HISTORY_ANSWER).await?;
    answer::check_history(&answer, &subject, &context, &request.selected_properties, page)?;
    if let Some(token) = answer.get("nextToken").and_then(Value::as_str) {
        // The samples end with an empty token as well as with none.
        answer["nextToken"] = match token {
            "" => Value::Null,
            token => tokens.seal(token, &request.workspace_id, &subject)?.into(),
        };
    }
    Ok(without_nulls(answer))
}

/// One end of the range, in both forms that connectors get.
struct Time {
    at: Timestamp,
    iso: String,
    epoch: i64,
}

impl Time {
    /// `iso` as it was given, or what `seconds` says; the other form is derived.
    fn of(end: &str, iso: Option<String>, seconds: Option<f64>) -> Result<Self, Error> {
        let (at, iso) = match (iso, seconds) {
            (Some(iso), _) => {
                let at = moment::iso(&iso).ok_or_else(|| {
                    Error::validation(format!(
                        "The {end}Time {iso} has not the form YYYY-MM-DDThh:mm:ss[.SSSSSSSSS] with Z or ±HH:mm."
                    ))
                })?;
                (at, iso)
            }
            (None, Some(seconds)) => {
                let at = moment::epoch(seconds)
                    .ok_or_else(|| Error::validation(format!("The {end}DateTime {seconds:e} is no time.")))?;
                (at, at.to_string())
            }
            (None, None) => {
                return Err(Error::validation(format!(
                    "The request must have {end}Time or, deprecated, {end}DateTime."
                )));
            }
        };
        Ok(Self { at, iso, epoch: at.as_second() })
    }
}

fn check_names(context: &Context, selected: &[String], filters: &[Filter]) -> Result<(), Error> {
    for name in selected {
        if !context.property(name)?.definition.is_time_series {
            return Err(Error::validation(format!(
                "The property {name} is not a time series: GetPropertyValue answers its value."
            )));
        }
    }
    filters
        .iter()
        .filter_map(|filter| filter.property_name.as_deref())
        .try_for_each(|name| context.property(name).map(drop))
}
