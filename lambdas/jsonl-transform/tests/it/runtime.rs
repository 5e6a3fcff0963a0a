//! The real binary against a Runtime API: what the function answers is what the handler answers.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::Response;
use jsonl_transform::Kinds;
use jsonl_transform::handler::transform;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::{Mutex, mpsc};

use crate::model::{by_topic, kind, model};

const BINARY: &str = env!("CARGO_BIN_EXE_jsonl-transform");

/// An invocation's end: the path and the echoed invocation id, and the body.
type End = (String, String, Bytes);

/// Serves `events` one after the other, the n-th with `n` as its id, and passes on what comes back.
async fn runtime_api(events: Vec<Vec<u8>>) -> (String, mpsc::UnboundedReceiver<End>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let events = Arc::new(Mutex::new(events.into_iter().enumerate()));
    let app = axum::Router::new().fallback(async move |request: Request| {
        let path = request.uri().path().to_owned();
        if !path.ends_with("/next") {
            let id = request.headers().get("lambda-runtime-invocation-id").cloned();
            let id = id.and_then(|id| id.to_str().ok().map(str::to_owned)).unwrap_or_default();
            let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.expect("a body");
            sender.send((path, id, body)).expect("a reader");
            return Response::builder().status(202).body(Body::empty()).expect("a response");
        }
        let Some((id, event)) = events.lock().await.next() else {
            return std::future::pending().await;
        };
        Response::builder()
            .header("lambda-runtime-aws-request-id", id)
            .header("lambda-runtime-invocation-id", format!("invocation-{id}"))
            .header("lambda-runtime-deadline-ms", "9999999999999")
            .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:0:function:transform")
            .body(Body::from(event))
            .expect("a response")
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, receiver)
}

#[tokio::test]
async fn the_binary_answers_as_the_handler_does() {
    answers_as_the_handler_does(Path::new(BINARY), None).await;
}

#[tokio::test]
async fn the_log_is_as_talkative_as_the_function_is_told() {
    let log = log_of_answers(Path::new(BINARY), None, "ERROR", &kind(&json!({}))).await;
    assert!(!log.contains("batch transformed") && log.contains("batch refused"), "{log}");
}

/// Starts the function, by this emulator if there is one, invokes it, compares its answers and reads its log.
pub async fn answers_as_the_handler_does(binary: &Path, emulator: Option<&OsStr>) {
    let log = log_of_answers(binary, emulator, "INFO", &by_topic("device_id")).await;
    assert!(log.contains("batch transformed") && log.contains("batch refused"), "{log}");
    assert!(!log.contains("secret") && !log.contains("DeviceID"), "a payload is in the log: {log}");
    assert!(log.lines().all(|line| line.starts_with('{')), "{log}");
}

/// Compares the answers of the function with this model, and returns its log of this level.
async fn log_of_answers(binary: &Path, emulator: Option<&OsStr>, level: &str, lines: &Value) -> String {
    // As in its archive: the model is beside the binary.
    let archive = tempfile::tempdir().expect("a folder");
    let bootstrap = archive.path().join("bootstrap");
    std::fs::copy(binary, &bootstrap).expect("a copy of the binary");
    std::fs::write(archive.path().join(telemetry::MODEL_FILE), lines.to_string()).expect("a file");
    let mut command = Command::new(emulator.unwrap_or(bootstrap.as_os_str()));
    command.args(emulator.map(|_| &bootstrap));
    let good = include_bytes!("../events/kinesis.json").to_vec();
    let large =
        format!(r#"{{"records":[{{"recordId":"1","data":"{}"}}]}}"#, "MTEx".repeat(1_400_000)).into_bytes();
    let bad = b"{\"device\": \"secret\"}".to_vec();
    let kinds = Kinds::new(&model(lines));
    let expected = |event: &[u8]| Bytes::from(transform(event, &kinds).expect("a batch").body);
    let refusal = r#"{"errorMessage":"the event is not a Firehose batch","errorType":"NotFirehose"}"#;
    let ends = [
        ("0/response", expected(&good)),
        ("1/error", Bytes::from_static(refusal.as_bytes())),
        ("2/response", expected(&large)),
    ];

    let (address, mut receiver) = runtime_api(vec![good, bad, large]).await;
    let mut function = command
        .env("AWS_LAMBDA_RUNTIME_API", address)
        .env("AWS_LAMBDA_FUNCTION_NAME", "transform")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("LOG_LEVEL", level)
        // Lambda's own filter, which passes more than that.
        .env("AWS_LAMBDA_LOG_LEVEL", "INFO")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the binary");
    for (number, (path, body)) in ends.into_iter().enumerate() {
        let end =
            tokio::time::timeout(Duration::from_secs(20), receiver.recv()).await.expect("an answer in time");
        let (found_path, id, found) = end.expect("an answer");
        assert_eq!(found_path, format!("/2018-06-01/runtime/invocation/{path}"));
        assert_eq!(id, format!("invocation-{number}"));
        assert!(found == body, "{path}: {} bytes instead of {}", found.len(), body.len());
    }
    function.start_kill().expect("it runs");
    let output = function.wait_with_output().await.expect("its log");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
