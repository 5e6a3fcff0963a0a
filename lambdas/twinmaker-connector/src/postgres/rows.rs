//! Queries of PostgreSQL run, and their rows, whose values have types.

use std::time::Duration;

use aws_sdk_rdsdata::types::Field;
use data_api::{Database, Failure, Patience};
use postgres::sql::{Sql, columns};
use sql::TableName;
use telemetry::{MeasureType, Value};

use crate::store;
use crate::store::Error;

/// How long a database that resumes from its pause is waited for: it takes up to half a minute, and who asks waits
/// for a minute at most.
const PATIENCE: Duration = Duration::from_secs(40);

/// Where queries run.
#[derive(Debug)]
pub struct Source {
    database: Database,
}

/// The values of a row.
#[derive(Debug)]
pub struct Cells(Vec<Field>);

impl Cells {
    /// A value of a type, `Some(None)` for null; `None` for what is no value of the type.
    pub fn take(&mut self, column: usize, kind: MeasureType) -> Option<Option<Value>> {
        let Some(field) = self.0.get_mut(column) else { return Some(None) };
        let value = match (kind, field) {
            (_, Field::IsNull(_)) => return Some(None),
            (MeasureType::Double, Field::DoubleValue(number)) => Value::Double(*number),
            (MeasureType::Bigint, Field::LongValue(number)) => Value::Bigint(*number),
            (MeasureType::Timestamp, Field::LongValue(number)) => Value::Timestamp(*number),
            (MeasureType::Boolean, Field::BooleanValue(boolean)) => Value::Boolean(*boolean),
            (MeasureType::Varchar, Field::StringValue(text)) => Value::Varchar(std::mem::take(text)),
            _ => return None,
        };
        Some(Some(value))
    }
}

impl Source {
    /// With a database.
    pub const fn new(database: Database) -> Self {
        Self { database }
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
        tracing::debug!(characters = sql.as_str().len(), "a query");
        let mut pages =
            self.database.pages(sql.as_str(), Patience::of(PATIENCE)).await.map_err(unanswered)?;
        loop {
            let records = std::mem::take(&mut pages.records);
            records.into_iter().map(|row| store::Cells::Postgres(Cells(row))).try_for_each(&mut take)?;
            if !pages.turn().await.map_err(unanswered)? {
                return Ok(());
            }
        }
    }

    /// The columns of a table.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn columns(&self, table: &TableName) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        self.rows(&columns(table), |mut cells| {
            names.extend(cells.text(0)?);
            Ok::<_, Error>(())
        })
        .await?;
        Ok(names)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` takes")]
fn unanswered(failure: Failure) -> Error {
    Error::Query(failure.to_string())
}
