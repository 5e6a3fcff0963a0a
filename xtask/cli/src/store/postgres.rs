//! Queries of PostgreSQL, by the Data API.

use std::time::Duration;

use anyhow::anyhow;
use aws_sdk_rdsdata::types::{ArrayValue, ColumnMetadata, Field};
use serde_json::{Number, Value};

use super::{Answer, Column};
use data_api::{Database, Failure as Unanswered, Patience};
use session::{Exit, Failure};

/// How long a database is waited for that resumes from its pause or is busy.
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs a query and reads parts of its answer until there are no more, or `limit` rows are there.
pub(super) async fn query(database: &Database, sql: &str, limit: usize) -> Result<Answer, Failure> {
    // A query is put into another, which no semicolon is within.
    let sql = sql.trim_end().trim_end_matches(';');
    let mut pages = database.pages(sql, Patience::of(PATIENCE)).await.map_err(failed)?;
    let mut answer = Answer::default();
    loop {
        if answer.columns.is_empty() {
            answer.columns = pages.columns.iter().map(column).collect();
        }
        for row in std::mem::take(&mut pages.records) {
            if answer.rows.len() == limit {
                answer.truncated = true;
                pages.close().await.map_err(failed)?;
                return Ok(answer);
            }
            let values = row.into_iter().zip(&answer.columns);
            answer.rows.push(values.map(|(field, column)| value(field, column)).collect());
        }
        if !pages.turn().await.map_err(failed)? {
            return Ok(answer);
        }
    }
}

fn failed(failure: Unanswered) -> Failure {
    match failure {
        Unanswered::Refused { message, .. } => {
            Failure::new(Exit::Configuration, format_args!("the store refuses the query: {message}"))
        }
        // A word, a name or a function that is none: a consumer would need another schema, a person another query.
        Unanswered::Schema { message } => {
            let told = message.split("; SQLState").next().unwrap_or_default();
            Failure::new(Exit::Configuration, format_args!("the store refuses the query: {told}"))
        }
        other => anyhow!("the query failed: {other}").into(),
    }
}

fn column(column: &ColumnMetadata) -> Column {
    let name = column.label().or(column.name()).unwrap_or("_").to_owned();
    Column { name, kind: column.type_name().unwrap_or("unknown").to_owned() }
}

fn value(field: Field, column: &Column) -> Value {
    match field {
        Field::BooleanValue(boolean) => boolean.into(),
        Field::LongValue(number) => number.into(),
        Field::DoubleValue(number) => double(number),
        // The service writes numbers of any length as text.
        Field::StringValue(text) if column.is_number() => {
            text.parse().ok().and_then(Number::from_f64).map_or_else(|| text.into(), Value::Number)
        }
        Field::StringValue(text) => text.into(),
        Field::ArrayValue(array) => list(array),
        _ => Value::Null,
    }
}

/// JSON has no other numbers than finite ones.
fn double(number: f64) -> Value {
    Number::from_f64(number).map_or_else(|| number.to_string().into(), Value::Number)
}

fn list(array: ArrayValue) -> Value {
    match array {
        ArrayValue::ArrayValues(arrays) => {
            arrays.into_iter().map(|array| array.map_or(Value::Null, list)).collect()
        }
        ArrayValue::BooleanValues(booleans) => booleans.into(),
        ArrayValue::DoubleValues(numbers) => {
            numbers.into_iter().map(|number| number.map_or(Value::Null, double)).collect()
        }
        ArrayValue::LongValues(numbers) => numbers.into(),
        ArrayValue::StringValues(texts) => texts.into(),
        _ => Value::Null,
    }
}
