//! What is answered for is there after the process ends, however it ends.

use aws_sdk_timestreamwrite::operation::write_records::WriteRecordsError;

use crate::{
    client::{Fixture, connect, now, record},
    process,
};

#[tokio::test]
async fn rows_survive_sigkill() {
    let Fixture { process, client, state } = Fixture::new().await;
    let time = now();
    for batch in 0..20 {
        let records = (0..100).map(|number| record(&format!("d{number}"), time + batch, "1")).collect();
        let write = client.write_records().database_name("home").table_name("measures");
        write.set_records(Some(records)).send().await.expect("all are written");
    }
    process.kill();

    let process = process::start(state.path());
    let client = connect(&process);
    let table =
        client.describe_table().database_name("home").table_name("measures").send().await.expect("it exists");
    let retention = table.table().and_then(|table| table.retention_properties()).expect("retention");
    assert_eq!(retention.memory_store_retention_period_in_hours(), 24);
    for batch in 0..20 {
        // Each of these rows is in the way of another value: none is lost.
        let records = (0..100).map(|number| record(&format!("d{number}"), time + batch, "2")).collect();
        let write =
            client.write_records().database_name("home").table_name("measures").set_records(Some(records));
        let WriteRecordsError::RejectedRecordsException(rejection) =
            write.send().await.expect_err("all are rejected").into_service_error()
        else {
            panic!("another error");
        };
        assert_eq!(rejection.rejected_records().len(), 100);
        assert!(rejection.rejected_records().iter().all(|record| record.existing_version() == Some(1)));
    }
}

#[tokio::test]
async fn sigterm_ends_it_cleanly() {
    let Fixture { process, state, .. } = Fixture::new().await;
    assert!(process.terminate().success());
    let process = process::start(state.path());
    let databases = connect(&process).list_databases().send().await.expect("a page");
    assert_eq!(databases.databases().len(), 1);
}

#[tokio::test]
async fn a_second_process_on_the_same_data_is_refused() {
    let Fixture { state, .. } = &Fixture::new().await;
    let output = process::command(state.path()).output().expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.starts_with("local-timestream: cannot open the data:"), "{message}");
}
