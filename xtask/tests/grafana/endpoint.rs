//! The Timestream endpoint of this workspace as a process, with what simulated devices have sent.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_timestreamquery::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_timestreamwrite::types;
use device_simulator::{Fleet, Traits};
use local_harness::process::{self, Process};
use telemetry::{Arrival, Decoder, Measured, Model, Record, Value};

/// The time of all data, in milliseconds: an hour that ends now.
pub const SPAN: i64 = 3_600_000;
/// The time between two rounds of events, in milliseconds.
const ROUND: i64 = 30_000;
pub const DEVICES: u32 = 8;

/// A running endpoint. It ends with this value.
pub struct Endpoint {
    process: Process,
    _state: tempfile::TempDir,
    /// When it started, in milliseconds since 1970.
    pub now: i64,
}

impl Endpoint {
    pub fn start() -> Self {
        let state = tempfile::tempdir().expect("a temporary folder");
        let process = Process::start(process::command(process::program("local-timestream"), state.path()));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        Self { process, _state: state, now: i64::try_from(now).expect("a time") }
    }

    pub fn queries(&self) -> aws_sdk_timestreamquery::Client {
        let config = aws_sdk_timestreamquery::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(self.process.url())
            .credentials_provider(Credentials::new("test", "test", None, None, "test"));
        aws_sdk_timestreamquery::Client::from_conf(config.build())
    }

    fn writes(&self) -> aws_sdk_timestreamwrite::Client {
        let config = aws_sdk_timestreamwrite::Config::builder()
            .behavior_version(aws_sdk_timestreamwrite::config::BehaviorVersion::latest())
            .region(aws_sdk_timestreamwrite::config::Region::new("us-east-1"))
            .endpoint_url(self.process.url())
            .credentials_provider(aws_sdk_timestreamwrite::config::Credentials::new(
                "test", "test", None, None, "test",
            ));
        aws_sdk_timestreamwrite::Client::from_conf(config.build())
    }

    /// Creates the table and fills it with events of the simulator. Some come from the future.
    pub async fn fill(&self, model: &Model, database: &str, table: &str) {
        self.create(database, table).await;
        let traits = Traits { devices: DEVICES, future_chance: 0.02, ..Traits::default() };
        self.send(model, traits, SPAN, database, table).await;
    }

    /// Creates the table, empty.
    pub async fn create(&self, database: &str, table: &str) {
        let client = self.writes();
        client.create_database().database_name(database).send().await.expect("a database");
        client.create_table().database_name(database).table_name(table).send().await.expect("a table");
    }

    /// Writes what the consumer makes of the events of a fleet in the last `span` milliseconds.
    pub async fn send(&self, model: &Model, traits: Traits, span: i64, database: &str, table: &str) {
        let client = self.writes();
        let mut fleet = Fleet::new(model.clone(), traits, 7);
        let decoder = Decoder::new(model, timestream::LIMITS);
        let mut records = Vec::new();
        let mut number = 0_u64;
        for time in (self.now - span..self.now).step_by(usize::try_from(ROUND).expect("a step")) {
            for event in fleet.round(time * 1_000) {
                number += 1;
                let sequence = number.to_string();
                let arrival =
                    Arrival { time_ms: time, sequence_number: &sequence, partition_key: &event.key };
                let event = decoder.decode(&event.payload, arrival);
                assert!(event.rejection.is_none(), "{:?}", event.rejection);
                records.extend(event.records);
            }
        }
        for batch in records.chunks(100) {
            let records = batch.iter().map(record).collect();
            client
                .write_records()
                .database_name(database)
                .table_name(table)
                .set_records(Some(records))
                .send()
                .await
                .unwrap_or_else(|error| panic!("{:?}", error.into_service_error()));
        }
    }
}

fn record(record: &Record) -> types::Record {
    let mut out = types::Record::builder()
        .time(record.time.to_string())
        .time_unit(types::TimeUnit::Nanoseconds)
        .measure_name(&*record.measure_name)
        .version(record.version);
    for dimension in record.dimensions.iter() {
        let made = types::Dimension::builder().name(&*dimension.name).value(&dimension.value).build();
        out = out.dimensions(made.expect("a dimension"));
    }
    match &record.measured {
        Measured::Single(value) => out = out.measure_value(value.text()).measure_value_type(kind(value)),
        Measured::Multi(values) => {
            out = out.measure_value_type(types::MeasureValueType::Multi);
            for value in values {
                let made = types::MeasureValue::builder()
                    .name(&*value.name)
                    .value(value.value.text())
                    .r#type(kind(&value.value))
                    .build();
                out = out.measure_values(made.expect("a measure"));
            }
        }
    }
    out.build()
}

fn kind(value: &Value) -> types::MeasureValueType {
    match value {
        Value::Double(_) => types::MeasureValueType::Double,
        Value::Bigint(_) => types::MeasureValueType::Bigint,
        Value::Boolean(_) => types::MeasureValueType::Boolean,
        Value::Varchar(_) => types::MeasureValueType::Varchar,
        Value::Timestamp(_) => types::MeasureValueType::Timestamp,
    }
}
