//! Timestream, as the endpoint of this workspace is it.

use aws_sdk_timestreamquery::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_timestreamquery::error::ProvideErrorMetadata as _;
use aws_sdk_timestreamquery::types::{ColumnInfo, Row, ScalarType};
use aws_sdk_timestreamwrite::types;
use local_harness::process::{self, Process};
use telemetry::{Measured, Record, Value};

use super::{Answer, Type};

#[derive(Debug)]
pub struct Server {
    process: Process,
    _state: tempfile::TempDir,
}

/// The way to a table.
#[derive(Debug)]
pub struct Way {
    database: String,
    table: String,
    queries: aws_sdk_timestreamquery::Client,
    writes: aws_sdk_timestreamwrite::Client,
}

impl Server {
    pub fn start() -> Self {
        let state = tempfile::tempdir().expect("a temporary folder");
        let process = Process::start(process::command(process::program("local-timestream"), state.path()));
        Self { process, _state: state }
    }

    pub async fn table(&self, database: &str, table: &str) -> Way {
        let queries = aws_sdk_timestreamquery::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(self.process.url())
            .credentials_provider(Credentials::new("test", "test", None, None, "test"));
        let writes = aws_sdk_timestreamwrite::Config::builder()
            .behavior_version(aws_sdk_timestreamwrite::config::BehaviorVersion::latest())
            .region(aws_sdk_timestreamwrite::config::Region::new("us-east-1"))
            .endpoint_url(self.process.url())
            .credentials_provider(aws_sdk_timestreamwrite::config::Credentials::new(
                "test", "test", None, None, "test",
            ));
        let way = Way {
            database: database.to_owned(),
            table: table.to_owned(),
            queries: aws_sdk_timestreamquery::Client::from_conf(queries.build()),
            writes: aws_sdk_timestreamwrite::Client::from_conf(writes.build()),
        };
        way.writes.create_database().database_name(database).send().await.expect("a database");
        let made = way.writes.create_table().database_name(database).table_name(table).send().await;
        made.expect("a table");
        way
    }
}

impl Way {
    pub async fn write(&self, records: &[Record]) {
        for batch in records.chunks(100) {
            let records = batch.iter().map(record).collect();
            self.writes
                .write_records()
                .database_name(&self.database)
                .table_name(&self.table)
                .set_records(Some(records))
                .send()
                .await
                .unwrap_or_else(|error| panic!("{:?}", error.into_service_error()));
        }
    }

    /// All pages of an answer.
    pub async fn run(&self, sql: &str) -> Result<Answer, String> {
        let mut answer = Answer { columns: Vec::new(), rows: Vec::new() };
        let mut token = None;
        loop {
            let page = self.queries.query().query_string(sql).set_next_token(token).send().await;
            let page = page.map_err(|error| error.message().unwrap_or("no message").to_owned())?;
            let columns = page.column_info().iter();
            answer.columns =
                columns.map(|info| (info.name().unwrap_or("").to_owned(), type_of(info))).collect();
            answer.rows.extend(page.rows().iter().map(texts));
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(answer);
            }
        }
    }
}

fn type_of(info: &ColumnInfo) -> Type {
    match info.r#type().and_then(|of| of.scalar_type()) {
        Some(ScalarType::Double | ScalarType::Bigint | ScalarType::Integer) => Type::Number,
        Some(ScalarType::Varchar) => Type::Text,
        Some(ScalarType::Boolean) => Type::Truth,
        Some(ScalarType::Timestamp) => Type::Time,
        _ => Type::Other,
    }
}

fn texts(row: &Row) -> Vec<String> {
    row.data().iter().map(|datum| datum.scalar_value().unwrap_or_default().to_owned()).collect()
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
