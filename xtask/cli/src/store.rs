//! Asks the store: a query, and its answer with all pages; which devices it has, and of which measures. Each store is
//! a file beside this one.

pub mod copy;
mod postgres;
mod timestream;

use serde::Serialize;
use serde_json::Value;
use sql::{Identifier, TableName, named_like, without_canaries};
use stacks::environment::StoreKind;

use crate::Global;
use ::postgres::schema::SCHEMA;
use ::postgres::sql::{self as postgresql, Postgres};
use ::timestream::sql::{self as timestream_sql, Timestream};
use engine::inventory::{Inventory, InventoryError};
use session::{Failure, Session};

/// Columns and rows of a query, all pages.
#[derive(Debug, Default, Serialize)]
pub struct Answer {
    /// Name and type of each column.
    pub columns: Vec<Column>,
    /// Values, in the order of the columns. Numbers and booleans are JSON numbers and booleans.
    pub rows: Vec<Vec<Value>>,
    /// Whether there are more rows than `--max-rows`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

/// A column of an answer.
#[derive(Debug, Serialize)]
pub struct Column {
    /// The name, `_` where the service gives none.
    pub name: String,
    /// The type, as the store spells it.
    #[serde(rename = "type")]
    pub kind: String,
}

impl Column {
    /// Whether it has numbers.
    pub fn is_number(&self) -> bool {
        let kinds = ["BIGINT", "INTEGER", "DOUBLE", "int2", "int4", "int8", "float4", "float8", "numeric"];
        kinds.contains(&self.kind.as_str())
    }

    /// Whether it has times: `2026-03-01 12:00:00`, with digits of a second.
    pub fn is_time(&self) -> bool {
        ["TIMESTAMP", "timestamptz"].contains(&self.kind.as_str())
    }
}

/// A table, most often that of an environment.
#[derive(Debug, Clone)]
pub struct Store {
    source: Source,
    table: TableName,
}

#[derive(Debug, Clone)]
enum Source {
    Timestream(aws_sdk_timestreamquery::Client),
    Postgres(data_api::Database),
}

/// Which devices are meant.
#[derive(Debug, Clone, Copy)]
pub enum Devices<'a> {
    /// Those that are none of [canaries](telemetry::canary).
    Real,
    /// Those whose names begin so.
    Named(&'a str),
}

impl Store {
    /// Connects to the store that an environment was deployed with, for queries that name their table. Timestream has no
    /// outputs to be found by, so that its environment need not be deployed.
    pub async fn connect(global: &Global) -> Result<(Session, Self), Failure> {
        let mut session = global.connect().await?;
        let store = match Inventory::of(&session, ["store"]).await {
            Ok(inventory) => {
                inventory.settle_store(&mut session.environment);
                Self::deployed(&session, &inventory).await?
            }
            Err(InventoryError::NotDeployed(_)) if session.environment.store.postgres().is_none() => {
                let environment = &session.environment;
                let table = TableName::new(&environment.database(), environment.table());
                Self { source: Source::Timestream(session.timestream_query().await?), table }
            }
            Err(error) => return Err(error.into()),
        };
        Ok((session, store))
    }

    /// The table that is deployed.
    pub async fn deployed(session: &Session, inventory: &Inventory) -> Result<Self, Failure> {
        let output = |name| inventory.output(session, "store", name);
        let (database, table) = (output("DatabaseName")?, output("TableName")?);
        Ok(match session.environment.store.kind {
            StoreKind::Timestream => Self {
                source: Source::Timestream(session.timestream_query().await?),
                table: TableName::new(database, table),
            },
            StoreKind::Postgres(_) => Self {
                source: Source::Postgres(data_api::Database {
                    client: session.rds_data(),
                    cluster_arn: output("ClusterArn")?.to_owned(),
                    secret_arn: output("ReaderLoginArn")?.to_owned(),
                    name: database.to_owned(),
                }),
                table: TableName::new(SCHEMA, table),
            },
        })
    }

    /// A table of Timestream that no stack has, in the account and Region of a session.
    pub async fn of_timestream(session: &Session, database: &str, table: &str) -> Result<Self, Failure> {
        let client = session.timestream_query().await?;
        Ok(Self { source: Source::Timestream(client), table: TableName::new(database, table) })
    }

    /// Runs a query and reads pages until there are no more, or `max_rows` are there.
    ///
    /// # Errors
    /// [`session::Exit::Configuration`] where the store refuses the query.
    pub async fn query(&self, sql: &str, max_rows: Option<usize>) -> Result<Answer, Failure> {
        let limit = max_rows.unwrap_or(usize::MAX);
        match &self.source {
            Source::Timestream(client) => timestream::query(client, sql, limit).await,
            Source::Postgres(database) => Box::pin(postgres::query(database, sql, limit)).await,
        }
    }

    /// What the table keeps, in words.
    pub async fn kept(&self) -> Result<String, Failure> {
        match &self.source {
            Source::Timestream(_) => Ok(String::new()),
            Source::Postgres(_) => {
                let answer = self.query(postgresql::days(&self.table).as_str(), None).await?;
                let [Some(days), first, last] = [0, 1, 2].map(|column| answer.rows.first()?.get(column))
                else {
                    return Ok(String::new());
                };
                let day = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("-").to_owned();
                Ok(format!("partitions of {days} days, {} to {}", day(first), day(last)))
            }
        }
    }

    /// The names of the table's columns.
    pub async fn columns(&self) -> Result<Vec<String>, Failure> {
        let sql = match &self.source {
            Source::Timestream(_) => timestream_sql::no_rows(&self.table).to_string(),
            Source::Postgres(_) => postgresql::no_rows(&self.table).to_string(),
        };
        Ok(self.query(&sql, None).await?.columns.into_iter().map(|column| column.name).collect())
    }

    /// The names of devices that have a record in the last `seconds`, by the column that has them.
    pub async fn devices(
        &self,
        device: &Identifier,
        devices: Devices<'_>,
        seconds: u64,
    ) -> Result<Vec<String>, Failure> {
        let condition = self.condition(device, devices);
        let sql = match &self.source {
            Source::Timestream(_) => timestream_sql::devices(&self.table, device, seconds, &condition),
            Source::Postgres(_) => postgresql::devices(&self.table, device, seconds, &condition),
        };
        let name = |row: Vec<Value>| row.into_iter().next()?.as_str().map(str::to_owned);
        Ok(self.query(&sql, None).await?.rows.into_iter().filter_map(name).collect())
    }

    /// How many values each column has in the records of devices in the last `seconds`: rows that begin with a
    /// `measure_name`.
    pub async fn counts(
        &self,
        columns: &[Identifier],
        device: &Identifier,
        devices: Devices<'_>,
        seconds: u64,
    ) -> Result<Vec<Vec<Value>>, Failure> {
        let condition = self.condition(device, devices);
        let sql = match &self.source {
            Source::Timestream(_) => timestream_sql::counts(&self.table, columns, seconds, &condition),
            Source::Postgres(_) => postgresql::counts(&self.table, columns, seconds, &condition),
        };
        Ok(self.query(&sql, None).await?.rows)
    }

    fn condition(&self, device: &Identifier, devices: Devices<'_>) -> String {
        match (&self.source, devices) {
            (Source::Timestream(_), Devices::Real) => without_canaries::<Timestream>(device),
            (Source::Timestream(_), Devices::Named(prefix)) => named_like::<Timestream>(device, prefix),
            (Source::Postgres(_), Devices::Real) => without_canaries::<Postgres>(device),
            (Source::Postgres(_), Devices::Named(prefix)) => named_like::<Postgres>(device, prefix),
        }
    }
}
