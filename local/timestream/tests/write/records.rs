//! Records through the Rust SDK: what is counted, and how rejections and failures arrive.

use aws_sdk_timestreamwrite::{
    error::ProvideErrorMetadata,
    operation::write_records::WriteRecordsError,
    types::{Dimension, MeasureValue, MeasureValueType, Record, TimeUnit},
};

use crate::client::{Fixture, now, record};

#[tokio::test]
async fn rejected_records_and_the_others() {
    let Fixture { client, .. } = &Fixture::new().await;
    let time = now();
    let write = |records: Vec<Record>| {
        client.write_records().database_name("home").table_name("measures").set_records(Some(records)).send()
    };
    let first = write(vec![record("d1", time, "1"), record("d2", time, "1")]).await.expect("all are written");
    let ingested = first.records_ingested().expect("counts");
    assert_eq!((ingested.total(), ingested.memory_store(), ingested.magnetic_store()), (2, 2, 0));

    let hour = 3_600_000_000_000;
    let failed = write(vec![
        record("d3", time, "1"),
        record("d1", time, "2"),
        record("d4", time + hour, "1"),
        record("d2", time, "1"),
        record("d5", time - 25 * hour, "1"),
    ])
    .await
    .expect_err("three are rejected");
    assert_eq!(
        failed.message(),
        Some("One or more records have been rejected. See RejectedRecords for details.")
    );
    let WriteRecordsError::RejectedRecordsException(rejection) = failed.into_service_error() else {
        panic!("another error");
    };
    let rejected: Vec<(i32, Option<i64>, bool)> = rejection
        .rejected_records()
        .iter()
        .map(|record| {
            let reason = record.reason().unwrap_or_default();
            (record.record_index(), record.existing_version(), reason.contains("outside the time range"))
        })
        .collect();
    assert_eq!(rejected, [(1, Some(1), false), (2, None, true), (4, None, true)]);

    // The third device was written: it can only be written again with the same value.
    write(vec![record("d3", time, "1")]).await.expect("the same again is fine");
    write(vec![record("d3", time, "2")]).await.expect_err("another value is not");
}

#[tokio::test]
async fn multi_measures_and_common_attributes() {
    let Fixture { client, .. } = &Fixture::new().await;
    let device = Dimension::builder().name("device").value("d1").build().expect("a dimension");
    let common = Record::builder()
        .dimensions(device.clone())
        .measure_name("metrics")
        .measure_value_type(MeasureValueType::Multi)
        .time(now().to_string())
        .time_unit(TimeUnit::Nanoseconds)
        .build();
    let value = |name: &str, text: &str, kind: MeasureValueType| {
        MeasureValue::builder().name(name).value(text).r#type(kind).build().expect("a value")
    };
    let values = [
        value("temperature", "21.5", MeasureValueType::Double),
        value("count", "3", MeasureValueType::Bigint),
        value("open", "true", MeasureValueType::Boolean),
        value("state", "idle", MeasureValueType::Varchar),
        value("seen", &now().to_string(), MeasureValueType::Timestamp),
    ];
    let one = Record::builder().set_measure_values(Some(values.to_vec())).build();
    let write = |record: Record| {
        let request = client.write_records().database_name("home").table_name("measures");
        request.common_attributes(common.clone()).records(record).send()
    };
    write(one.clone()).await.expect("it is written");
    write(one.clone()).await.expect("the same again is fine");

    let mut twice = one;
    twice.dimensions = Some(vec![device]);
    let failed = write(twice).await.expect_err("the dimension is given twice");
    assert_eq!(failed.code(), Some("ValidationException"));
}

#[tokio::test]
async fn requests_to_nowhere() {
    let Fixture { client, .. } = &Fixture::new().await;
    for (database, table) in [("home", "none"), ("none", "measures")] {
        let write =
            client.write_records().database_name(database).table_name(table).records(record("d", now(), "1"));
        let failed = write.send().await.expect_err("it does not exist").into_service_error();
        assert!(failed.is_resource_not_found_exception(), "{failed:?}");
    }
}
