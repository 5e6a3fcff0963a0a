//! The store: marked events are rows of its table.

use serde::Serialize;
use serde_json::Value;
use sql::Identifier;
use telemetry::{EventKind, Measure, RecordLayout};

use super::Probe;
use crate::store::{self, Devices};
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

/// The table of an environment.
#[derive(Debug, Clone)]
pub struct Store {
    table: store::Store,
    column: String,
    device: Identifier,
    marker: String,
    /// Whether the table has a column for the device: that of Timestream gets one with its first record, and
    /// refuses a query that names it until then.
    written: bool,
}

impl Store {
    /// The table, restricted to devices whose names begin with `marker`.
    pub async fn of(session: &Session, inventory: &Inventory, marker: &str) -> Result<Self, Failure> {
        Ok(Self {
            table: store::Store::deployed(session, inventory).await?,
            column: session.model.first().device.dimension.clone(),
            device: Identifier::device(&session.model.first().device),
            marker: marker.to_owned(),
            written: false,
        })
    }

    /// Which of these measures, of which each has been sent, no record of a marked device has.
    pub async fn missing(&self, sent: &[(&EventKind, &Measure)]) -> Result<Vec<Missing>, Failure> {
        let Self { table, device, marker, .. } = self;
        let there = table.columns().await?;
        let columns: Vec<&Measure> = sent
            .iter()
            .map(|(_, measure)| *measure)
            .filter(|measure| there.contains(&measure.name))
            .collect();
        let names: Vec<Identifier> = columns.iter().map(|measure| Identifier::measure(measure)).collect();
        let rows = table.counts(&names, device, Devices::Named(marker), LOOK_BACK_SECONDS).await?;
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
        let Self { table, device, marker, .. } = &*self;
        if !self.written && !table.columns().await?.contains(&self.column) {
            return Ok(Vec::new());
        }
        let devices = table.devices(device, Devices::Named(marker), LOOK_BACK_SECONDS).await?;
        self.written = true;
        Ok(devices.iter().map(|device| super::sender(device)).collect())
    }
}
