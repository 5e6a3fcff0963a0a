//! A table of the real local endpoint with rows in it, and a connector in front of it.

use std::collections::BTreeMap;

use aws_sdk_timestreamquery::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_timestreamwrite::types::{
    Dimension, MagneticStoreWriteProperties, MeasureValue, MeasureValueType, Record, RetentionProperties,
    TimeUnit,
};
use local_harness::process::{self, Process};
use serde::Deserialize;
use serde_json::{Value, json};
use telemetry::{EventKind, MeasureType, Model, RecordLayout};
use tempfile::TempDir;
use twinmaker_connector::error::Error;
use twinmaker_connector::handler::Connector;
use twinmaker_connector::instant::Instant;
use twinmaker_connector::timestream::Table;

pub const DATABASE: &str = "twin-db";
pub const TABLE: &str = "telemetry";

/// Records of one request.
const BATCH: usize = 100;

/// What the endpoint answers first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstPage {
    Rows,
    /// Nothing but a token.
    Empty,
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

/// The endpoint, its table and a connector. It ends with this value.
pub struct Fixture {
    pub connector: Connector,
    pub model: Model,
    pub endpoint: String,
    write: aws_sdk_timestreamwrite::Client,
    _process: Process,
    _state: TempDir,
}

impl Fixture {
    /// An endpoint with an empty table of `model`.
    pub async fn new(model: impl Into<Model>, first_page: FirstPage) -> Self {
        let model = model.into();
        let state = tempfile::tempdir().expect("a folder");
        let mut command = process::command(process::program("local-timestream"), state.path());
        if first_page == FirstPage::Empty {
            command.env("LOCAL_TIMESTREAM_FIRST_PAGE", "empty");
        }
        let process = Process::start(command);
        let endpoint = process.url();

        let credentials = Credentials::new("test", "test", None, None, "test");
        let write = aws_sdk_timestreamwrite::Client::from_conf(
            aws_sdk_timestreamwrite::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("us-east-1"))
                .endpoint_url(&endpoint)
                .credentials_provider(credentials.clone())
                .build(),
        );
        write.create_database().database_name(DATABASE).send().await.expect("a database");
        let retention = RetentionProperties::builder()
            .memory_store_retention_period_in_hours(24)
            .magnetic_store_retention_period_in_days(73_000)
            .build()
            .expect("retention");
        let late = MagneticStoreWriteProperties::builder().enable_magnetic_store_writes(true).build();
        write
            .create_table()
            .database_name(DATABASE)
            .table_name(TABLE)
            .retention_properties(retention)
            .magnetic_store_write_properties(late.expect("properties"))
            .send()
            .await
            .expect("a table");

        let query = aws_sdk_timestreamquery::Client::from_conf(
            aws_sdk_timestreamquery::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("us-east-1"))
                .endpoint_url(&endpoint)
                .credentials_provider(credentials)
                .build(),
        );
        let connector = Connector::new(&model, Table::new(query, DATABASE, TABLE));
        Self { connector, model, endpoint, write, _process: process, _state: state }
    }

    /// Writes rows as the pipeline does, of the only kind.
    pub async fn write(&self, rows: &[Row]) {
        self.write_of(self.model.first(), rows).await;
    }

    /// Writes rows of a kind.
    pub async fn write_of(&self, kind: &EventKind, rows: &[Row]) {
        let records: Vec<Record> = rows.iter().flat_map(|row| records(kind, row)).collect();
        for batch in records.chunks(BATCH) {
            let request = self.write.write_records().database_name(DATABASE).table_name(TABLE);
            let request = request.set_records(Some(batch.to_vec()));
            if let Err(error) = request.send().await {
                panic!("{error:?}");
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
    let time = Instant::parse(&row.time).expect("a time").nanos().to_string();
    let dimensions: Vec<Dimension> = row
        .dimensions
        .iter()
        .map(|(name, value)| Dimension::builder().name(name).value(value).build().expect("a dimension"))
        .collect();
    let record = |name: &str| {
        Record::builder()
            .set_dimensions(Some(dimensions.clone()))
            .measure_name(name)
            .time(&time)
            .time_unit(TimeUnit::Nanoseconds)
    };
    let measures: Vec<_> = row.measures.iter().map(|(name, value)| measure(kind, name, value)).collect();
    match &kind.record {
        RecordLayout::Multi { name } => {
            let record = record(name).measure_value_type(MeasureValueType::Multi);
            vec![record.set_measure_values(Some(measures)).build()]
        }
        RecordLayout::Single => measures
            .into_iter()
            .map(|measure| match measure.r#type {
                MeasureValueType::Timestamp => record(&measure.name)
                    .measure_value_type(MeasureValueType::Multi)
                    .measure_values(measure)
                    .build(),
                one => record(&measure.name).measure_value_type(one).measure_value(measure.value).build(),
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
    let (kind, text) = match kind {
        MeasureType::Double => (MeasureValueType::Double, text),
        MeasureType::Bigint => (MeasureValueType::Bigint, text),
        MeasureType::Boolean => (MeasureValueType::Boolean, text),
        MeasureType::Varchar => (MeasureValueType::Varchar, text),
        MeasureType::Timestamp => {
            let nanos = Instant::parse(&text).expect("a time").nanos();
            (MeasureValueType::Timestamp, nanos.to_string())
        }
    };
    MeasureValue::builder().name(name).value(text).r#type(kind).build().expect("a measure")
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
