//! A client of the Rust SDK, and records for it.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_timestreamwrite::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    types::{Dimension, MeasureValueType, Record, RetentionProperties, TimeUnit},
};
use local_harness::process::Process;
use tempfile::TempDir;

use crate::process;

/// An endpoint with the table `home.measures`, and a client that never tries again.
pub struct Fixture {
    pub process: Process,
    pub client: Client,
    pub state: TempDir,
}

impl Fixture {
    pub async fn new() -> Self {
        let state = TempDir::new().expect("a temporary folder");
        let process = process::start(state.path());
        let client = connect(&process);
        client.create_database().database_name("home").send().await.expect("a new database");
        let retention = RetentionProperties::builder()
            .memory_store_retention_period_in_hours(24)
            .magnetic_store_retention_period_in_days(30)
            .build()
            .expect("both tiers");
        client
            .create_table()
            .database_name("home")
            .table_name("measures")
            .retention_properties(retention)
            .send()
            .await
            .expect("a new table");
        Self { process, client, state }
    }
}

/// A client of a running process.
pub fn connect(process: &Process) -> Client {
    let config = aws_sdk_timestreamwrite::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .endpoint_url(process.url())
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}

/// Nanoseconds since 1970.
pub fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(elapsed.as_nanos()).expect("before 2262")
}

/// A temperature of a device at a time in nanoseconds.
pub fn record(device: &str, time: i64, value: &str) -> Record {
    Record::builder()
        .dimensions(Dimension::builder().name("device").value(device).build().expect("a dimension"))
        .measure_name("temperature")
        .measure_value(value)
        .measure_value_type(MeasureValueType::Double)
        .time(time.to_string())
        .time_unit(TimeUnit::Nanoseconds)
        .build()
}
