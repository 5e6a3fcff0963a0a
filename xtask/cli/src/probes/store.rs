//! The store: marked events are rows of the Timestream table.

use serde_json::Value;
use timestream::sql::{self, Identifier, TableName};

use super::Probe;
use crate::store;
use engine::inventory::Inventory;
use session::{Failure, Session};

/// How far back marked events are looked for.
const LOOK_BACK_SECONDS: u64 = 3_600;

/// The Timestream table of an environment.
#[derive(Debug)]
pub struct Store {
    client: aws_sdk_timestreamquery::Client,
    column: String,
    device: Identifier,
    table: TableName,
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
            column: session.model.first().device.dimension.clone(),
            device: Identifier::device(&session.model.first().device),
            table: TableName::new(database, table),
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
            let columns = store::query(client, sql::no_rows(table).as_str(), None).await?.columns;
            if columns.iter().all(|column| column.name != self.column) {
                return Ok(Vec::new());
            }
        }
        let sql = sql::devices(table, device, LOOK_BACK_SECONDS, &sql::named_like(device, marker));
        let answer = store::query(client, &sql, None).await?;
        self.written = true;
        let device = |row: Vec<Value>| row.into_iter().next()?.as_str().map(str::to_owned);
        Ok(answer.rows.into_iter().filter_map(device).collect())
    }
}
