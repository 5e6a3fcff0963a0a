//! The function as Lambda runs it: the binary with its model beside it, and an environment.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use local_rds_data::testing::DATABASE;
use serde_json::{Value, json};

use crate::bench::{Bench, listen, measures};

/// What Lambda has for the function, what that answered, and what `CloudFormation` was told.
#[derive(Default)]
struct Log {
    invocations: Vec<Value>,
    answers: Vec<(bool, String)>,
    told: Vec<Value>,
}

async fn serve(log: Arc<Mutex<Log>>) -> String {
    let answer = async move |method: Method, uri: Uri, body: String| -> Response {
        match (method, uri.path()) {
            (Method::GET, _) => {
                let invocation = log.lock().expect("no panic").invocations.pop();
                let Some(invocation) = invocation else { return std::future::pending().await };
                let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
                let headers = [
                    ("lambda-runtime-aws-request-id", "request-1".to_owned()),
                    ("lambda-runtime-deadline-ms", (now.as_millis() + 60_000).to_string()),
                    (
                        "lambda-runtime-invoked-function-arn",
                        "arn:aws:lambda:us-east-1:0:function:f".to_owned(),
                    ),
                ];
                (headers, invocation.to_string()).into_response()
            }
            (Method::PUT, _) => {
                let told = serde_json::from_str(&body).expect("JSON");
                log.lock().expect("no panic").told.push(told);
                StatusCode::OK.into_response()
            }
            (_, path) => {
                let is_response = path.ends_with("/response");
                log.lock().expect("no panic").answers.push((is_response, body));
                StatusCode::ACCEPTED.into_response()
            }
        }
    };
    listen(axum::Router::new().fallback(answer)).await
}

/// Lets the function handle an event. Gives whether it returned, what it said, what `CloudFormation` was told, and the
/// log.
async fn handle(
    bench: &Bench,
    folder: &Path,
    event: Value,
    url: &str,
    log: &Mutex<Log>,
) -> (bool, String, Vec<Value>, String) {
    log.lock().expect("no panic").invocations.push(event);
    let bootstrap = folder.join("bootstrap");
    std::fs::copy(env!("CARGO_BIN_EXE_store-setup"), &bootstrap).expect("a copy of the binary");
    let mut child = tokio::process::Command::new(bootstrap)
        .env_clear()
        .envs([
            ("AWS_LAMBDA_RUNTIME_API", url.trim_start_matches("http://")),
            ("AWS_LAMBDA_FUNCTION_NAME", "store-setup"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "group"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "stream"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_ENDPOINT_URL_RDS_DATA", bench.instance.url().as_str()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", bench.secrets_url.as_str()),
            ("CLUSTER_ARN", bench.instance.cluster.arn.as_str()),
            ("MASTER_SECRET_ARN", bench.instance.cluster.secret_arn.as_str()),
            ("DATABASE", DATABASE),
            ("LOG_LEVEL", "INFO"),
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the function starts");
    let answered = async {
        while log.lock().expect("no panic").answers.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let answered = tokio::time::timeout(Duration::from_mins(1), answered).await;
    child.start_kill().expect("it runs until it is ended");
    let output = child.wait_with_output().await.expect("its output");
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(answered.is_ok(), "no answer: {text}");
    let mut log = log.lock().expect("no panic");
    let (returned, said) = log.answers.remove(0);
    (returned, said, std::mem::take(&mut log.told), text)
}

#[tokio::test]
async fn cloud_formation_is_answered_whatever_happens() {
    let model = measures(&[("v", "double")]);
    let bench = Bench::new(&model).await;
    let log = Arc::new(Mutex::new(Log::default()));
    let url = serve(Arc::clone(&log)).await;
    let folder = tempfile::tempdir().expect("a folder");

    let create = bench.request("Create", &format!("{url}/answer"));
    let (returned, said, told, _) = handle(&bench, folder.path(), create.clone(), &url, &log).await;
    assert!(returned, "{said}");
    assert_eq!((told.len(), &told[0]["Status"]), (1, &json!("FAILED")));
    let reason = told[0]["Reason"].as_str().expect("a reason");
    assert!(reason.contains("model.json") && reason.contains("cargo xtask deploy"), "{reason}");

    std::fs::write(folder.path().join("model.json"), model.to_string()).expect("the model");
    let mut wrong = create.clone();
    wrong["ResourceProperties"]["RetentionDays"] = "many".into();
    let (_, _, told, _) = handle(&bench, folder.path(), wrong, &url, &log).await;
    let reason = told[0]["Reason"].as_str().expect("a reason");
    assert!(reason.contains("RetentionDays is \"many\", and must be a whole number"), "{reason}");

    let (returned, said, told, printed) = handle(&bench, folder.path(), create, &url, &log).await;
    assert!(returned, "{said}");
    assert_eq!(
        (&told[0]["Status"], &told[0]["PhysicalResourceId"]),
        (&json!("SUCCESS"), &json!("sluice_test.telemetry"))
    );
    assert!(!printed.contains("'s: first"), "a password is in the log: {printed}");

    let (returned, said, told, printed) =
        handle(&bench, folder.path(), json!({ "maintain": true }), &url, &log).await;
    assert!(returned && told.is_empty(), "{said}");
    assert!(printed.contains(r#""created":0"#) && printed.contains(r#""dropped":0"#), "{printed}");
}
