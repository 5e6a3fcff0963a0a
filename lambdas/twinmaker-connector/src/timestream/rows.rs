//! Queries of Timestream run, and their rows, whose values are text.

use aws_sdk_timestreamquery::Client;
use aws_sdk_timestreamquery::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_timestreamquery::operation::query::QueryOutput;
use aws_sdk_timestreamquery::types::{Datum, Row};
use sql::TableName;
use telemetry::{MeasureType, Value};
use timestream::sql::{Sql, no_rows};
use timestream::time;

use crate::store;
use crate::store::Error;

/// Where queries run.
#[derive(Debug)]
pub struct Source {
    client: Client,
}

/// The values of a row.
#[derive(Debug)]
pub struct Cells(Vec<Datum>);

impl Cells {
    /// A value of a type, `Some(None)` for null; `None` for what is no value of the type.
    pub fn take(&mut self, column: usize, kind: MeasureType) -> Option<Option<Value>> {
        let Some(text) = self.0.get_mut(column).and_then(|datum| datum.scalar_value.take()) else {
            return Some(None);
        };
        let value = match kind {
            MeasureType::Double => text.parse().ok().map(Value::Double),
            MeasureType::Bigint => text.parse().ok().map(Value::Bigint),
            MeasureType::Boolean => text.parse().ok().map(Value::Boolean),
            MeasureType::Varchar => Some(Value::Varchar(text)),
            MeasureType::Timestamp => time::instant(&text).map(Value::Timestamp),
        };
        value.map(Some)
    }
}

impl From<Row> for store::Cells {
    fn from(row: Row) -> Self {
        Self::Timestream(Cells(row.data))
    }
}

impl Source {
    /// With a client.
    pub const fn new(client: Client) -> Self {
        Self { client }
    }

    /// Runs a query and hands each row on as it comes.
    ///
    /// # Errors
    /// Those of the store, and of `take`.
    pub async fn rows<E: From<Error>>(
        &self,
        sql: &Sql,
        mut take: impl FnMut(store::Cells) -> Result<(), E>,
    ) -> Result<(), E> {
        self.pages(sql, |page| page.rows.into_iter().map(store::Cells::from).try_for_each(&mut take)).await
    }

    /// The columns of a table: those that were ever written.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn columns(&self, table: &TableName) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        self.pages(&no_rows(table), |page| {
            if !page.column_info.is_empty() {
                names = page.column_info.into_iter().filter_map(|column| column.name).collect();
            }
            Ok::<_, Error>(())
        })
        .await?;
        Ok(names)
    }

    /// A page may be empty and have a token, at any time.
    async fn pages<E: From<Error>>(
        &self,
        sql: &Sql,
        mut take: impl FnMut(QueryOutput) -> Result<(), E>,
    ) -> Result<(), E> {
        tracing::debug!(characters = sql.as_str().len(), "a query");
        let mut token = None;
        loop {
            let query = self.client.query().query_string(sql.as_str()).set_next_token(token);
            let mut page = query.send().await.map_err(|error| Error::Query(sentence(&error)))?;
            token = page.next_token.take();
            take(page)?;
            if token.is_none() {
                return Ok(());
            }
        }
    }
}

fn sentence<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
    SdkError<E, R>: std::error::Error,
{
    match (error.as_service_error().and_then(ProvideErrorMetadata::code), error.as_service_error()) {
        (Some(code), Some(inner)) => format!("{code}: {}", inner.message().unwrap_or("no message")),
        _ => DisplayErrorContext(error).to_string(),
    }
}
