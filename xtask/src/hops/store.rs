//! The store: marked events are rows of the Timestream table.

use serde_json::Value;

use super::Hop;
use crate::commands::query;
use crate::failure::Failure;
use crate::inventory::Inventory;
use crate::target::Session;

/// The Timestream table of an environment.
#[derive(Debug)]
pub struct Store {
    client: aws_sdk_timestreamquery::Client,
    sql: String,
}

impl Store {
    /// The table, restricted to devices whose names begin with `marker`.
    pub async fn of(session: &Session, inventory: &Inventory, marker: &str) -> Result<Self, Failure> {
        let database = inventory.output(session, "store", "DatabaseName")?;
        let table = inventory.output(session, "store", "TableName")?;
        let device = &session.model.device.dimension;
        let sql = format!(
            r#"SELECT DISTINCT "{device}" FROM "{database}"."{table}" WHERE time > ago(1h) AND "{device}" LIKE '{marker}%'"#
        );
        Ok(Self { client: session.timestream_query().await?, sql })
    }
}

impl Hop for Store {
    const NAME: &'static str = "store";

    async fn look(&mut self) -> Result<Vec<String>, Failure> {
        let answer = query::run(&self.client, &self.sql, None).await?;
        let device = |row: Vec<Value>| row.into_iter().next()?.as_str().map(str::to_owned);
        Ok(answer.rows.into_iter().filter_map(device).collect())
    }
}
