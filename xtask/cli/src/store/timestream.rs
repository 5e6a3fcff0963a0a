//! Queries of Timestream.

use anyhow::anyhow;
use aws_sdk_timestreamquery::error::SdkError;
use aws_sdk_timestreamquery::operation::query::QueryError;
use aws_sdk_timestreamquery::types::{ColumnInfo, Datum, ScalarType};
use serde_json::{Map, Number, Value};

use super::{Answer, Column};
use session::sdk_error::sentence;
use session::{Exit, Failure};

/// Runs a query and reads pages until there are no more, or `limit` rows are there. A page may be
/// empty and still not be the last.
pub(super) async fn query(
    client: &aws_sdk_timestreamquery::Client,
    sql: &str,
    limit: usize,
) -> Result<Answer, Failure> {
    let mut answer = Answer::default();
    let mut token = None;
    loop {
        let page = client
            .query()
            .query_string(sql)
            .set_next_token(token.take())
            .send()
            .await
            .map_err(|error| refused(&error))?;
        if answer.columns.is_empty() {
            answer.columns = page.column_info().iter().map(column).collect();
        }
        for row in page.rows() {
            if answer.rows.len() == limit {
                answer.truncated = true;
                return Ok(answer);
            }
            let values = row.data().iter().zip(page.column_info());
            answer.rows.push(values.map(|(datum, info)| value(datum, info)).collect());
        }
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            return Ok(answer);
        }
    }
}

fn refused(error: &SdkError<QueryError>) -> Failure {
    match error.as_service_error() {
        Some(QueryError::ValidationException(refusal)) => Failure::new(
            Exit::Configuration,
            format_args!(
                "the store refuses the query: {}",
                refusal.message().unwrap_or("it does not say why")
            ),
        ),
        _ => anyhow!("the query failed: {}", sentence(error)).into(),
    }
}

fn column(info: &ColumnInfo) -> Column {
    let kind = info.r#type().map_or_else(|| "UNKNOWN".to_owned(), type_name);
    Column { name: info.name().unwrap_or("_").to_owned(), kind }
}

fn type_name(kind: &aws_sdk_timestreamquery::types::Type) -> String {
    if let Some(scalar) = kind.scalar_type() {
        return scalar.as_str().to_owned();
    }
    let element = |info: &ColumnInfo| info.r#type().map_or_else(|| "UNKNOWN".to_owned(), type_name);
    if let Some(info) = kind.array_column_info() {
        return format!("ARRAY<{}>", element(info));
    }
    if let Some(info) = kind.time_series_measure_value_column_info() {
        return format!("TIMESERIES<{}>", element(info));
    }
    let fields: Vec<String> = kind.row_column_info().iter().map(element).collect();
    format!("ROW<{}>", fields.join(", "))
}

fn value(datum: &Datum, info: &ColumnInfo) -> Value {
    let kind = info.r#type();
    if let Some(scalar) = datum.scalar_value() {
        return scalar_value(scalar, kind.and_then(|kind| kind.scalar_type()));
    }
    if let (Some(values), Some(info)) = (&datum.array_value, kind.and_then(|kind| kind.array_column_info())) {
        return values.iter().map(|datum| value(datum, info)).collect();
    }
    if let (Some(row), Some(infos)) =
        (datum.row_value(), kind.map(aws_sdk_timestreamquery::types::Type::row_column_info))
    {
        let fields = row.data().iter().zip(infos);
        let named = fields.map(|(datum, info)| (info.name().unwrap_or("_").to_owned(), value(datum, info)));
        return Value::Object(named.collect());
    }
    if let (Some(points), Some(info)) =
        (&datum.time_series_value, kind.and_then(|kind| kind.time_series_measure_value_column_info()))
    {
        let point = |point: &aws_sdk_timestreamquery::types::TimeSeriesDataPoint| {
            let mut fields = Map::new();
            fields.insert("time".to_owned(), point.time().into());
            fields.insert("value".to_owned(), point.value().map_or(Value::Null, |datum| value(datum, info)));
            Value::Object(fields)
        };
        return points.iter().map(point).collect();
    }
    Value::Null
}

fn scalar_value(text: &str, kind: Option<&ScalarType>) -> Value {
    let number = match kind {
        Some(ScalarType::Bigint | ScalarType::Integer) => text.parse::<i64>().ok().map(Number::from),
        Some(ScalarType::Double) => text.parse::<f64>().ok().and_then(Number::from_f64),
        Some(ScalarType::Boolean) => return text.parse().map_or_else(|_| text.into(), Value::Bool),
        _ => None,
    };
    number.map_or_else(|| text.into(), Value::Number)
}
