//! The real process under the SDKs that clients use.

use aws_sdk_timestreamquery::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    error::ProvideErrorMetadata,
    types::ScalarType,
};
use local_harness::{process::Process, python};
use local_timestream::query::FIRST_PAGE_VARIABLE;
use serde_json::json;
use tempfile::TempDir;

use crate::process;

/// A process with `home.measures`, in which 2,500 devices reported once, just now.
fn running() -> (Process, TempDir) {
    let state = TempDir::new().expect("a temporary folder");
    let process = process::start(state.path());
    let call = |operation: &str, body: serde_json::Value| {
        let (status, answer) =
            process::call(&process, &format!("Timestream_20181101.{operation}"), &body.to_string());
        assert_eq!(status, 200, "{operation}: {answer}");
    };
    call("CreateDatabase", json!({ "DatabaseName": "home" }));
    call("CreateTable", json!({ "DatabaseName": "home", "TableName": "measures" }));
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_millis();
    let common = json!({
        "MeasureName": "temperature",
        "MeasureValueType": "DOUBLE",
        "Time": now.to_string(),
        "TimeUnit": "MILLISECONDS",
    });
    for batch in 0..25 {
        let records: Vec<_> = (batch * 100..batch * 100 + 100)
            .map(|n| json!({ "Dimensions": [{ "Name": "device", "Value": format!("d{n:04}") }], "MeasureValue": n.to_string() }))
            .collect();
        let write = json!({
            "DatabaseName": "home", "TableName": "measures", "CommonAttributes": common, "Records": records,
        });
        call("WriteRecords", write);
    }
    (process, state)
}

fn connect(url: String) -> Client {
    let config = aws_sdk_timestreamquery::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .build();
    Client::from_conf(config)
}

#[tokio::test]
async fn rust_sdk() {
    let (process, _state) = running();
    let client = connect(process.url());
    let sql =
        "SELECT device, measure_value::double AS v FROM home.measures WHERE time > ago(10m) ORDER BY device";
    let mut devices = Vec::new();
    let mut token = None;
    loop {
        let query = client.query().query_string(sql).max_rows(999).set_next_token(token);
        let page = query.send().await.expect("a page");
        let names = page.rows().iter().map(|row| row.data()[0].scalar_value().expect("a device").to_owned());
        devices.extend(names);
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    let expected: Vec<_> = (0..2_500).map(|n| format!("d{n:04}")).collect();
    assert_eq!(devices, expected);

    let answer = client
        .query()
        .query_string("SELECT max_by(device, measure_value::double), NULL FROM home.measures")
        .send()
        .await;
    let answer = answer.expect("an answer");
    let kind = answer.column_info()[0].r#type().expect("a type");
    assert_eq!(kind.scalar_type(), Some(&ScalarType::Varchar));
    let data = answer.rows()[0].data();
    assert_eq!((data[0].scalar_value(), data[1].null_value()), (Some("d2499"), Some(true)));

    let sql = "SELECT create_time_series(time, measure_value::double), ARRAY[device] FROM home.measures \
               WHERE device = 'd0007' GROUP BY device";
    let answer = client.query().query_string(sql).send().await.expect("a time series");
    let kind = answer.column_info()[0].r#type().expect("a type");
    let value =
        kind.time_series_measure_value_column_info().and_then(|value| value.r#type()).expect("a type");
    assert_eq!(value.scalar_type(), Some(&ScalarType::Double));
    let data = answer.rows()[0].data();
    let points = data[0].time_series_value();
    assert_eq!(points.len(), 1);
    assert_eq!(points[0].value().and_then(|value| value.scalar_value()), Some("7.0"));
    assert_eq!(data[1].array_value()[0].scalar_value(), Some("d0007"));

    let error =
        client.query().query_string("SELECT nope FROM home.measures").send().await.expect_err("a refusal");
    assert_eq!(error.code(), Some("ValidationException"));
    assert_eq!(error.message(), Some("line 1:8: Column 'nope' does not exist"));
}

#[test]
fn boto3() {
    let (process, _state) = running();
    python::run(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/boto3_query.py"), &[&process.url()]);
}

/// The switch that makes every first page empty, from outside of the process.
#[test]
fn the_first_page_is_empty_on_demand() {
    let state = TempDir::new().expect("a temporary folder");
    let mut command = process::command(state.path());
    command.env(FIRST_PAGE_VARIABLE, "empty");
    let process = Process::start(command);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let pages = runtime.block_on(async {
        let client = connect(process.url());
        let first = client.query().query_string("SELECT 1").send().await?;
        let next = client.query().query_string("SELECT 1").set_next_token(first.next_token.clone());
        Ok::<_, aws_sdk_timestreamquery::Error>((first, next.send().await?))
    });
    let (first, second) = pages.expect("two pages");
    assert!(first.rows.is_empty() && first.next_token.is_some(), "{first:?}");
    assert!(second.rows.len() == 1 && second.next_token.is_none(), "{second:?}");
}
