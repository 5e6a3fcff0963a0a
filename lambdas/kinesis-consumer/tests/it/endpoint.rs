//! The consumer against the local Timestream, which has its own sentences.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_timestreamwrite::Client;
use aws_sdk_timestreamwrite::types::{
    Dimension, MeasureValue, MeasureValueType, Record, RetentionProperties, TimeUnit,
};
use kinesis_consumer::batch::Batch;
use kinesis_consumer::effect::{Cause, Effect};
use kinesis_consumer::store::Store;
use kinesis_consumer::timestream::Table;
use local_harness::process::{self, Process};
use tempfile::TempDir;

use crate::bench::{Bench, PLENTY, delivery, failures, store};
use crate::services::Faults;

/// An empty table of the endpoint. It ends with this value.
struct Endpoint {
    table: Table,
    _process: Process,
    _state: TempDir,
}

impl Endpoint {
    async fn start() -> Self {
        let state = tempfile::tempdir().expect("a folder");
        let process = Process::start(process::command(process::program("local-timestream"), state.path()));
        let client = store(&process.url(), PLENTY);
        client.create_database().database_name("home").send().await.expect("a database");
        let retention = RetentionProperties::builder()
            .memory_store_retention_period_in_hours(24)
            .magnetic_store_retention_period_in_days(365)
            .build();
        let table = client.create_table().database_name("home").table_name("table");
        table.retention_properties(retention.expect("retention")).send().await.expect("a table");
        let table = Table { client, database: "home".to_owned(), table: "table".to_owned() };
        Self { table, _process: process, _state: state }
    }
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    now.as_millis().try_into().expect("milliseconds")
}

/// Makes the column `other` with texts in it.
async fn write_text(client: &Client) {
    let dimension = Dimension::builder().name("device").value("z").build().expect("a dimension");
    let value = MeasureValue::builder().name("other").value("text").r#type(MeasureValueType::Varchar);
    let record = Record::builder()
        .dimensions(dimension)
        .measure_name("m")
        .measure_value_type(MeasureValueType::Multi)
        .measure_values(value.build().expect("a value"))
        .time(now_ms().to_string())
        .time_unit(TimeUnit::Milliseconds);
    let request = client.write_records().database_name("home").table_name("table");
    request.records(record.build()).send().await.expect("a row");
}

#[tokio::test]
async fn a_value_of_another_type_leaves_the_others_of_its_record() {
    let endpoint = Endpoint::start().await;
    write_text(&endpoint.table.client).await;
    let mut bench = Bench::new(Faults::default()).await;
    bench.consumer.store = Store::Timestream(endpoint.table.clone());
    let now = now_ms();
    let event = |number: i64, more: &str| format!(r#"{{"id": "a", "t": {}, "v": 7{more}}}"#, now - number);
    let deliveries =
        vec![delivery(0, now, event(0, "").as_bytes()), delivery(1, now, event(1, r#", "w": 5"#).as_bytes())];
    let batch = Batch { deliveries };
    for _ in 0..2 {
        let handled = bench.consumer.handle(&batch, SystemTime::now(), PLENTY).await;
        assert_eq!(failures(&handled), Vec::<String>::new());
        assert_eq!(handled.metrics.records, 2, "also when it comes again");
    }
    let held = bench.services.held();
    assert_eq!(held.quarantined(), ["1".to_owned()].into());
    let reason = &held.messages[0]["reasons"][0];
    assert_eq!(reason["code"], "store_rejected");
    assert!(reason["message"].as_str().is_some_and(|said| said.contains("\"other\"")), "{reason}");
}

#[tokio::test]
async fn a_probe_is_refused_for_its_time() {
    let endpoint = Endpoint::start().await;
    let effect = Store::Timestream(endpoint.table.clone()).probe().await;
    let Effect::Refused(refusals) = effect else { panic!("{effect:?}") };
    let [refusal] = refusals.as_slice() else { panic!("{refusals:?}") };
    let Cause::Content { reason, .. } = &refusal.cause else { panic!("{refusal:?}") };
    assert!(reason.contains("outside the time range"), "{reason}");
}
