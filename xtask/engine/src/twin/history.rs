//! The history of properties, as the twin answers it: through the connector, page by page.

use aws_sdk_iottwinmaker::operation::get_property_value_history::GetPropertyValueHistoryError;
use aws_sdk_iottwinmaker::operation::get_property_value_history::builders::GetPropertyValueHistoryFluentBuilder;
use aws_sdk_iottwinmaker::types::{
    DataValue, InterpolationParameters, InterpolationType, OrderByTime, PropertyValue, PropertyValueHistory,
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Entity, PAGE, TwinError, Workspace, service};

/// What is asked of an entity.
#[derive(Debug, Clone)]
pub struct Question {
    /// Name of a component.
    pub component: String,
    /// Names of time series of it; all, when there are none.
    pub properties: Vec<String>,
    /// The earliest time.
    pub from: Timestamp,
    /// The latest time.
    pub to: Timestamp,
    /// How many values of each property at most.
    pub limit: usize,
    /// Which values come first.
    pub order: OrderByTime,
    /// Seconds between values that are interpolated.
    pub interpolate: Option<i64>,
}

/// The values of a property.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Series {
    /// The property.
    pub property: String,
    /// For people, for instance `celsius`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// In the order that was asked for.
    pub values: Vec<Point>,
}

/// A value and its time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// When it was measured.
    pub time: Timestamp,
    /// Numbers and booleans are JSON numbers and booleans.
    pub value: Value,
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// One for each property, in the order that was asked for.
    pub series: Vec<Series>,
    /// Whether there are more values than the limit.
    pub truncated: bool,
}

impl Workspace {
    /// A request for a history, which still needs its entity or component type.
    pub fn history(&self, properties: &[String]) -> GetPropertyValueHistoryFluentBuilder {
        let request = self.client.get_property_value_history().workspace_id(&self.id);
        request.set_selected_properties(Some(properties.to_vec()))
    }

    /// Asks an entity. Names are checked first, so that a misspelt one is met with the right one.
    pub async fn ask(&self, entity: &Entity, question: &Question) -> Result<Answer, TwinError> {
        let component = entity.component(&question.component)?;
        let known: Vec<&str> = component.time_series().collect();
        let mut names = question.properties.clone();
        if names.is_empty() {
            names = known.iter().map(|name| (*name).to_owned()).collect();
        }
        if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
            return Err(TwinError::NoProperty {
                entity: entity.name.clone(),
                component: question.component.clone(),
                property: unknown.clone(),
                known: known.into_iter().map(str::to_owned).collect(),
            });
        }
        let mut answer = Answer { series: Vec::new(), truncated: false };
        for property in names {
            let unit = component.properties.get(&property).and_then(|property| property.unit.clone());
            let (values, more) = self.values(entity, question, &property).await?;
            answer.series.push(Series { property, unit, values });
            answer.truncated |= more;
        }
        Ok(answer)
    }

    /// The values of one property, and whether there are more than the limit. Each property is asked for by
    /// itself: pages of several go on until the sparsest has as many as the limit. A page may be empty and
    /// still not be the last.
    async fn values(
        &self,
        entity: &Entity,
        question: &Question,
        property: &str,
    ) -> Result<(Vec<Point>, bool), TwinError> {
        let limit = question.limit;
        let page = i32::try_from(limit).map_or(PAGE, |limit| limit.clamp(1, PAGE));
        let interpolation = question.interpolate.map(|seconds| {
            let parameters = InterpolationParameters::builder().interval_in_seconds(seconds);
            parameters.interpolation_type(InterpolationType::Linear).build()
        });
        let request = self
            .history(&[property.to_owned()])
            .entity_id(&entity.id)
            .component_name(&question.component)
            .start_time(question.from.to_string())
            .end_time(question.to.to_string())
            .order_by_time(question.order.clone())
            .set_interpolation(interpolation)
            .max_results(page);
        let (mut values, mut token) = (Vec::new(), None);
        loop {
            let (histories, next) = next_page(&request, token.take()).await?;
            for value in histories.iter().flat_map(PropertyValueHistory::values) {
                values.push(point(property, value)?);
            }
            token = next;
            if token.is_none() || values.len() >= limit {
                let more = token.is_some() || values.len() > limit;
                values.truncate(limit);
                return Ok((values, more));
            }
        }
    }
}

/// A page of a history, and the token of the next one.
pub async fn next_page(
    request: &GetPropertyValueHistoryFluentBuilder,
    token: Option<String>,
) -> Result<(Vec<PropertyValueHistory>, Option<String>), TwinError> {
    match request.clone().set_next_token(token).send().await {
        Ok(page) => Ok((page.property_values, page.next_token)),
        Err(error) => Err(match error.as_service_error() {
            Some(GetPropertyValueHistoryError::ConnectorFailureException(failure)) => {
                TwinError::Connector(failure.message().unwrap_or("it does not say why").to_owned())
            }
            Some(GetPropertyValueHistoryError::ConnectorTimeoutException(timeout)) => {
                TwinError::Connector(timeout.message().unwrap_or("it takes too long").to_owned())
            }
            _ => service("tell a history", &error),
        }),
    }
}

fn point(property: &str, value: &PropertyValue) -> Result<Point, TwinError> {
    let unreadable =
        || TwinError::Unreadable { property: property.to_owned(), time: value.time().map(str::to_owned) };
    let time = value.time().and_then(|time| time.parse().ok()).ok_or_else(unreadable)?;
    Ok(Point { time, value: value.value().map_or(Value::Null, json) })
}

/// A value as JSON.
fn json(value: &DataValue) -> Value {
    if let Some(number) = value.double_value() {
        return number.into();
    }
    if let Some(number) = value.long_value().or(value.integer_value().map(i64::from)) {
        return number.into();
    }
    if let Some(flag) = value.boolean_value() {
        return flag.into();
    }
    if let Some(text) = value.string_value() {
        return text.into();
    }
    if let Some(map) = value.map_value() {
        return Value::Object(
            map.iter().map(|(key, value)| (key.clone(), json(value))).collect::<Map<_, _>>(),
        );
    }
    match &value.list_value {
        Some(list) => list.iter().map(json).collect(),
        None => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_without_a_time_is_an_error_and_not_left_out() {
        let value = |time: Option<&str>| PropertyValue::builder().set_time(time.map(str::to_owned)).build();
        for (time, told) in [
            (None, "the twin answers a value of `watt` with the time left out"),
            (Some("noon"), "the twin answers a value of `watt` with the time \"noon\""),
        ] {
            assert_eq!(point("watt", &value(time)).map_err(|error| error.to_string()), Err(told.to_owned()));
        }
        assert!(point("watt", &value(Some("2022-08-25T00:00:00.123456789Z"))).is_ok());
    }
}
