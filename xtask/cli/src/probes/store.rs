//! The store: marked events are rows of the Timestream table.

use serde::Serialize;
use serde_json::Value;
use telemetry::{EventKind, Measure, RecordLayout};
use timestream::sql::{self, Identifier, TableName};

use super::Probe;
use crate::store;
use engine::inventory::Inventory;
use session::{Failure, Session};

/// A measure that was sent and of which the store has nothing.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Name of its kind, where the model has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its name in the store.
    pub measure: String,
    /// Its field in the event.
    pub field: String,
}

/// How far back marked events are looked for.
const LOOK_BACK_SECONDS: u64 = 3_600;

/// The Timestream table of an environment.
#[derive(Debug, Clone)]
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

    /// Which of these measures, of which each has been sent, no record of a marked device has.
    pub async fn missing(&self, sent: &[(&EventKind, &Measure)]) -> Result<Vec<Missing>, Failure> {
        let Self { client, device, table, marker, .. } = self;
        let there = store::query(client, sql::no_rows(table).as_str(), None).await?.columns;
        let columns: Vec<&Measure> = sent
            .iter()
            .map(|(_, measure)| *measure)
            .filter(|measure| there.iter().any(|column| column.name == measure.name))
            .collect();
        let names: Vec<Identifier> = columns.iter().map(|measure| Identifier::measure(measure)).collect();
        let condition = sql::named_like(device, marker);
        let sql = sql::counts(table, &names, LOOK_BACK_SECONDS, &condition);
        let rows = store::query(client, &sql, None).await?.rows;
        let has = |kind: &EventKind, measure: &Measure| {
            let record = match &kind.record {
                RecordLayout::Multi { name } => name,
                RecordLayout::Single => &measure.name,
            };
            let row = rows.iter().find(|row| row.first().and_then(Value::as_str) == Some(record));
            let column = columns.iter().position(|column| column.name == measure.name);
            match (&kind.record, row) {
                // Its record is named after it. A timestamp has a column beside.
                (RecordLayout::Single, row) => row.is_some(),
                (RecordLayout::Multi { .. }, None) => false,
                (RecordLayout::Multi { .. }, Some(row)) => {
                    column.and_then(|column| row.get(column + 1)?.as_i64()).is_some_and(|count| count > 0)
                }
            }
        };
        let missing = sent.iter().filter(|(kind, measure)| !has(kind, measure));
        Ok(missing
            .map(|(kind, measure)| Missing {
                kind: kind.name.clone(),
                measure: measure.name.clone(),
                field: measure.field.clone(),
            })
            .collect())
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
        let device = |row: Vec<Value>| row.first()?.as_str().map(super::sender);
        Ok(answer.rows.into_iter().filter_map(device).collect())
    }
}
