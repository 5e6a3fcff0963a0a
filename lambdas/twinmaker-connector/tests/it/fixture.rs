//! A table of a real store with rows in it, and a connector in front of it. The stores are the local endpoint for
//! Timestream, and PostgreSQL behind its local Data API.

// By their paths, since a benchmark takes this file from elsewhere.
#[path = "fixture/postgres.rs"]
mod postgres;
#[path = "fixture/timestream.rs"]
mod timestream;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use telemetry::{
    DimensionValue, EventKind, MeasureType, MeasureValue, Measured, Model, Record, RecordLayout,
};
use twinmaker_connector::error::Error;
use twinmaker_connector::handler::Connector;
use twinmaker_connector::instant::Instant;

pub const TABLE: &str = "telemetry";

/// Records of one request.
const BATCH: usize = 100;

/// What Timestream answers first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstPage {
    Rows,
    /// Nothing but a token.
    Empty,
}

/// A store that runs. It ends with this value.
#[derive(Debug)]
pub enum Server {
    Timestream(timestream::Server),
    Postgres(Box<postgres::Server>),
}

impl Server {
    /// The store for Timestream alone.
    pub fn timestream(first_page: FirstPage) -> Self {
        Self::Timestream(timestream::Server::start(first_page))
    }

    /// A server of each store.
    pub fn each(first_page: FirstPage) -> [Self; 2] {
        [Self::timestream(first_page), Self::Postgres(Box::new(postgres::Server::start()))]
    }

    /// What it is called in the function's environment.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Timestream(_) => "timestream",
            Self::Postgres(_) => "postgres",
        }
    }

    /// Whether it takes a text.
    pub fn takes(&self, text: &str) -> bool {
        matches!(self, Self::Timestream(_)) || !text.contains('\0')
    }
}

/// A row of the store.
#[derive(Debug, Clone, Deserialize)]
pub struct Row {
    /// ISO-8601.
    pub time: String,
    /// The device first.
    pub dimensions: BTreeMap<String, String>,
    /// As JSON, by the names of the model.
    pub measures: BTreeMap<String, Value>,
}

/// A table of a server, and a connector in front of it.
pub struct Fixture {
    pub connector: Connector,
    pub model: Model,
    /// The variables by which the function finds the table.
    pub environment: Vec<(&'static str, String)>,
    writer: Writer,
}

enum Writer {
    Timestream(timestream::Writer),
    Postgres(postgres::Writer),
}

impl Fixture {
    /// An empty table of `model`, in a database of its own.
    pub async fn new(server: &Server, model: impl Into<Model>) -> Self {
        let model = model.into();
        match server {
            Server::Timestream(server) => {
                let (writer, table, environment) = server.table().await;
                let connector = Connector::new(&model, table);
                Self { connector, model, environment, writer: Writer::Timestream(writer) }
            }
            Server::Postgres(server) => {
                let (writer, table, environment) = server.table(&model).await;
                let connector = Connector::new(&model, table);
                Self { connector, model, environment, writer: Writer::Postgres(writer) }
            }
        }
    }

    /// Writes rows as the pipeline does, of the only kind.
    pub async fn write(&self, rows: &[Row]) {
        self.write_of(self.model.first(), rows).await;
    }

    /// Writes rows of a kind.
    pub async fn write_of(&self, kind: &EventKind, rows: &[Row]) {
        let records: Vec<Record> = rows.iter().flat_map(|row| records(kind, row)).collect();
        for batch in records.chunks(BATCH) {
            match &self.writer {
                Writer::Timestream(writer) => writer.write(batch).await,
                Writer::Postgres(writer) => writer.write(batch).await,
            }
        }
    }

    /// The connector's answer as JSON.
    pub async fn answer(&self, request: &Value) -> Result<Value, Error> {
        self.answer_at(request, Instant::now()).await
    }

    /// The same, at a time.
    pub async fn answer_at(&self, request: &Value, now: Instant) -> Result<Value, Error> {
        let response = self.connector.answer(request, now).await?;
        Ok(serde_json::to_value(response).expect("JSON"))
    }
}

fn records(kind: &EventKind, row: &Row) -> Vec<Record> {
    let dimensions: Vec<DimensionValue> = row
        .dimensions
        .iter()
        .map(|(name, value)| DimensionValue { name: name.as_str().into(), value: value.clone() })
        .collect();
    let record = |name: &str, measured| Record {
        dimensions: dimensions.clone().into(),
        measure_name: name.into(),
        measured,
        time: Instant::parse(&row.time).expect("a time").nanos(),
        version: 1,
    };
    let mut measures = row.measures.iter().map(|(name, value)| measure(kind, name, value));
    match &kind.record {
        RecordLayout::Multi { name } => vec![record(name, Measured::Multi(measures.collect()))],
        RecordLayout::Single => measures
            .by_ref()
            .map(|measure| match measure.value {
                telemetry::Value::Timestamp(_) => {
                    record(&measure.name.clone(), Measured::Multi(vec![measure]))
                }
                value => record(&measure.name, Measured::Single(value)),
            })
            .collect(),
    }
}

fn measure(kind: &EventKind, name: &str, value: &Value) -> MeasureValue {
    let kind = kind.measures.iter().find(|one| one.name == name).expect("a measure").kind;
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let value = match kind {
        MeasureType::Double => telemetry::Value::Double(text.parse().expect("a number")),
        MeasureType::Bigint => telemetry::Value::Bigint(text.parse().expect("an integer")),
        MeasureType::Boolean => telemetry::Value::Boolean(text.parse().expect("a truth value")),
        MeasureType::Varchar => telemetry::Value::Varchar(text),
        MeasureType::Timestamp => telemetry::Value::Timestamp(Instant::parse(&text).expect("a time").nanos()),
    };
    MeasureValue { name: name.into(), value }
}

/// A model from JSON in which only what matters is written.
pub fn model(layout: &Value, device: &str, dimensions: &[&str], measures: &Value) -> EventKind {
    let dimensions: Vec<_> = dimensions.iter().map(|name| json!({ "name": name, "field": name })).collect();
    let mut measures = measures.clone();
    for measure in measures.as_array_mut().expect("measures") {
        measure["field"] = measure["name"].clone();
    }
    let model = json!({
        "topic": "dt/+/measures",
        "device": { "dimension": device, "field": device },
        "dimensions": dimensions,
        "measures": measures,
        "record": layout,
        "undeclared": "ignore",
    });
    serde_json::from_value(model).expect("a model")
}
