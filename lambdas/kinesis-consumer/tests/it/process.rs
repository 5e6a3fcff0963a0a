//! The function as Lambda runs it: the binary with its model beside it, and an environment.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::bench::model;
use crate::cluster::{Home, TABLE};
use crate::services::{Faults, Services};

const BINARY: &str = env!("CARGO_BIN_EXE_kinesis-consumer");

/// The function in a folder of its own, ended with the test.
fn function(folder: &Path, services: &Services) -> Command {
    let bootstrap = folder.join("bootstrap");
    std::fs::copy(BINARY, &bootstrap).expect("a copy of the binary");
    let runtime_api = services.endpoint.trim_start_matches("http://");
    let mut command = Command::new(bootstrap);
    command
        .env_clear()
        .envs([
            ("AWS_LAMBDA_RUNTIME_API", runtime_api),
            ("AWS_LAMBDA_FUNCTION_NAME", "consumer"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "group"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "stream"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_ENDPOINT_URL", services.endpoint.as_str()),
            ("DATABASE", "db"),
            ("TABLE", "table"),
            ("MEMORY_HOURS", "24"),
            ("REJECTED_BUCKET", "rejected"),
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

#[tokio::test]
async fn the_binary_handles_an_invocation_and_prints_its_metrics() {
    let lines = handled("WARN", None).await;
    assert!(lines.iter().any(|line| line["level"] == "WARN"), "{lines:?}");
}

#[tokio::test]
async fn metrics_are_printed_whatever_the_level_of_the_log() {
    let lines = handled("ERROR", None).await;
    assert!(!lines.iter().any(|line| line["level"] == "WARN"), "{lines:?}");
}

#[tokio::test]
async fn the_binary_connects_to_the_database_itself() {
    let home = Home::new().await;
    handled("WARN", Some(&home)).await;
    assert_eq!(home.rows().await.len(), 2);
}

/// Lets the function handle a batch with bad events in it, and returns the lines that it printed, the
/// metrics among them. It writes into the server of the tests, or into a database.
async fn handled(level: &str, home: Option<&Home>) -> Vec<Value> {
    let services = Services::start(7, Faults::default(), None).await;
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/events/poison-among-good.json");
    services.held().invocations.push(std::fs::read(document).expect("the document"));
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("model.json"), serde_json::to_vec(&model()).expect("JSON"))
        .expect("the model");
    let mut command = function(folder.path(), &services);
    if let Some(home) = home {
        let settings = home.settings();
        command.envs([
            ("STORE", "postgres"),
            ("CONNECTION", "direct"),
            ("DATABASE", home.name()),
            ("TABLE", TABLE),
            ("PGHOST", &settings.host),
            ("PGPORT", &settings.port.to_string()),
            ("PGSSLROOTCERT", &home.roots()),
            ("AWS_REGION", &settings.region),
        ]);
    }
    let mut child = command
        .env("QUARANTINE_URL", format!("{}/000000000000/quarantine", services.endpoint))
        .env("LOG_LEVEL", level)
        // Lambda's own filter, which passes more than that.
        .env("AWS_LAMBDA_LOG_LEVEL", "INFO")
        .spawn()
        .expect("the function starts");
    let answered = async {
        while services.held().answers.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let answered = tokio::time::timeout(Duration::from_secs(30), answered).await;
    child.start_kill().expect("it runs until it is ended");
    let output = child.wait_with_output().await.expect("its output");
    assert!(answered.is_ok(), "no answer: {}", String::from_utf8_lossy(&output.stderr));

    let held = services.held();
    assert_eq!(held.answers, [json!({ "batchItemFailures": [] })]);
    assert_eq!((held.rows.len(), held.messages.len()), (if home.is_some() { 0 } else { 2 }, 3));
    let lines: Vec<Value> = lines(&output);
    let metrics = lines.iter().find(|line| !line["_aws"].is_null()).expect("a line of metrics");
    assert_eq!(
        (&metrics["Events"], &metrics["Records"], &metrics["Quarantined"]),
        (&json!(5), &json!(2), &json!(3))
    );
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!text.contains("temperature=21"), "a payload is in the log: {text}");
    drop(held);
    lines
}

/// Every line is JSON.
fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let services = Services::start(7, Faults::default(), None).await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut messages = Vec::new();
    for model in [None, Some(model())] {
        if let Some(model) = model {
            std::fs::write(folder.path().join("model.json"), serde_json::to_vec(&model).expect("JSON"))
                .expect("the model");
        }
        let output = function(folder.path(), &services).output().await.expect("it ends by itself");
        assert!(!output.status.success());
        messages.push(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    assert!(messages[0].contains("model.json"), "{}", messages[0]);
    assert!(messages[1].contains("QUARANTINE_URL"), "{}", messages[1]);
    for (variables, expected) in [
        (&[("STORE", "influx")][..], "NoStore(\"influx\")"),
        (&[("STORE", "postgres"), ("CONNECTION", "odbc")], "NoConnection(\"odbc\")"),
        (&[("STORE", "postgres"), ("CONNECTION", "direct"), ("PGPORT", "5432")], "PGHOST"),
        (
            &[("STORE", "postgres"), ("CONNECTION", "direct"), ("PGHOST", "db"), ("PGPORT", "high")],
            "NoPort(\"high\")",
        ),
    ] {
        let output = function(folder.path(), &services).envs(variables.iter().copied()).output().await;
        let output = String::from_utf8_lossy(&output.expect("it ends by itself").stderr).into_owned();
        assert!(output.contains(expected), "{variables:?}: {output}");
    }
}
