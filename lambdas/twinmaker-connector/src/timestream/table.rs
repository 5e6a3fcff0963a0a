//! The table of the store: queries run, rows stream by, nothing is kept but the names of columns.

use std::sync::{PoisonError, RwLock};

use aws_sdk_timestreamquery::Client;
use aws_sdk_timestreamquery::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_timestreamquery::operation::query::QueryOutput;
use aws_sdk_timestreamquery::types::{Datum, Row};
use timestream::sql::{Sql, TableName, no_rows};

use crate::catalog::Columns;

/// The table and the client that reaches it.
#[derive(Debug)]
pub struct Table {
    client: Client,
    name: TableName,
    /// What was found last. Columns come and never go.
    columns: RwLock<Columns>,
}

/// Why the store gave no rows.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It refused, or could not be reached.
    #[error("the store cannot be queried: {0}")]
    Query(String),
    /// It answered something else than what was asked.
    #[error("the store answered a row that cannot be read: {expected} is missing in column {column}")]
    Row {
        /// The column, counted from 0.
        column: usize,
        /// What belongs there.
        expected: &'static str,
    },
}

/// The values of a row, taken one by one.
#[derive(Debug)]
pub struct Cells(Vec<Datum>);

impl Cells {
    /// A value; `None` for null.
    pub fn take(&mut self, column: usize) -> Option<String> {
        self.0.get_mut(column)?.scalar_value.take()
    }

    /// A value that is never null.
    pub fn required(&mut self, column: usize, expected: &'static str) -> Result<String, Error> {
        self.take(column).ok_or(Error::Row { column, expected })
    }

    /// A value that is never null, and can be read.
    pub fn parsed<T: std::str::FromStr>(
        &mut self,
        column: usize,
        expected: &'static str,
    ) -> Result<T, Error> {
        self.required(column, expected)?.parse().map_err(|_| Error::Row { column, expected })
    }
}

impl From<Row> for Cells {
    fn from(row: Row) -> Self {
        Self(row.data)
    }
}

impl Table {
    /// The table `table` of `database`.
    pub fn new(client: Client, database: &str, table: &str) -> Self {
        Self { client, name: TableName::new(database, table), columns: RwLock::default() }
    }

    /// The table's name in queries.
    pub const fn name(&self) -> &TableName {
        &self.name
    }

    /// Runs a query and hands each row on as it comes.
    pub async fn rows<E: From<Error>>(
        &self,
        sql: &Sql,
        mut take: impl FnMut(Cells) -> Result<(), E>,
    ) -> Result<(), E> {
        self.pages(sql, |page| page.rows.into_iter().map(Cells::from).try_for_each(&mut take)).await
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

    /// The columns of the table. They are read again only when one of `wanted` is not among those known:
    /// until its first value is written, a declared measure has no column.
    pub async fn columns(&self, wanted: &[&str]) -> Result<Columns, Error> {
        {
            let known = self.columns.read().unwrap_or_else(PoisonError::into_inner);
            if !wanted.is_empty() && wanted.iter().all(|name| known.has(name)) {
                return Ok(known.clone());
            }
        }
        let mut names = Vec::new();
        self.pages(&no_rows(&self.name), |page| {
            if !page.column_info.is_empty() {
                names = page.column_info.into_iter().filter_map(|column| column.name).collect();
            }
            Ok::<_, Error>(())
        })
        .await?;
        let columns = Columns::new(names);
        *self.columns.write().unwrap_or_else(PoisonError::into_inner) = columns.clone();
        Ok(columns)
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
