//! The store: marked events are rows of the Timestream table.

use serde_json::Value;

use super::Probe;
use crate::timestream;
use engine::inventory::Inventory;
use session::{Failure, Session};

/// The Timestream table of an environment.
#[derive(Debug)]
pub struct Store {
    client: aws_sdk_timestreamquery::Client,
    device: String,
    table: String,
    marker: String,
    /// Whether the table has a column for the device: it gets one with its first record, and refuses a
    /// query that names it until then.
    written: bool,
}

impl Store {
    /// The table, restricted to devices whose names begin with `marker`.
    pub async fn of(session: &Session, inventory: &Inventory, marker: &str) -> Result<Self, Failure> {
        let database = inventory.output(session, "store", "DatabaseName")?;
        let table = inventory.output(session, "store", "TableName")?;
        Ok(Self {
            client: session.timestream_query().await?,
            device: session.model.device.dimension.clone(),
            table: format!(r#""{database}"."{table}""#),
            marker: marker.to_owned(),
            written: false,
        })
    }
}

impl Probe for Store {
    const NAME: &'static str = "store";

    async fn look(&mut self) -> Result<Vec<String>, Failure> {
        let Self { client, device, table, marker, .. } = &*self;
        if !self.written {
            let sql = format!("SELECT * FROM {table} WHERE time > ago(1h) LIMIT 1");
            let columns = timestream::query(client, &sql, None).await?.columns;
            if columns.iter().all(|column| column.name != *device) {
                return Ok(Vec::new());
            }
        }
        let sql = format!(
            r#"SELECT DISTINCT "{device}" FROM {table} WHERE time > ago(1h) AND "{device}" LIKE '{marker}%'"#
        );
        let answer = timestream::query(client, &sql, None).await?;
        self.written = true;
        let device = |row: Vec<Value>| row.into_iter().next()?.as_str().map(str::to_owned);
        Ok(answer.rows.into_iter().filter_map(device).collect())
    }
}
