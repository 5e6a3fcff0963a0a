//! The function as Lambda runs it: the binary with its model beside it, an environment, and the
//! [runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) that hands it requests.

use std::process::Stdio;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc};

use crate::fixture::Fixture;

/// The binary, ended with this value.
pub struct Function {
    child: Child,
    requests: mpsc::Sender<String>,
    answers: mpsc::Receiver<Answer>,
    _folder: TempDir,
}

/// What the function posted: the answer, or an error with its type and message.
pub type Answer = Result<Value, Value>;

struct Api {
    requests: Mutex<mpsc::Receiver<String>>,
    answers: mpsc::Sender<Answer>,
}

async fn next(State(api): State<Arc<Api>>) -> impl IntoResponse {
    let request = match api.requests.lock().await.recv().await {
        Some(request) => request,
        None => std::future::pending().await,
    };
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", "4102444800000"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:connector"),
    ];
    (headers, request)
}

async fn posted(
    State(api): State<Arc<Api>>,
    Path((_, kind)): Path<(String, String)>,
    body: Bytes,
) -> StatusCode {
    let body = serde_json::from_slice(&body).expect("JSON");
    let answer = if kind == "response" { Ok(body) } else { Err(body) };
    api.answers.send(answer).await.expect("somebody waits");
    StatusCode::ACCEPTED
}

impl Function {
    /// Starts the function in front of a fixture's table.
    pub async fn start(fixture: &Fixture, level: &str) -> Self {
        let (requests, receiver) = mpsc::channel(1);
        let (sender, answers) = mpsc::channel(1);
        let api = Arc::new(Api { requests: Mutex::new(receiver), answers: sender });
        let router = axum::Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{kind}", post(posted))
            .with_state(api);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });

        let folder = tempfile::tempdir().expect("a folder");
        let bootstrap = folder.path().join("bootstrap");
        std::fs::copy(env!("CARGO_BIN_EXE_twinmaker-connector"), &bootstrap).expect("a copy of the binary");
        let model = serde_json::to_vec(&fixture.model).expect("JSON");
        std::fs::write(folder.path().join("model.json"), model).expect("the model");
        let child = Command::new(bootstrap)
            .env_clear()
            .envs([
                ("AWS_LAMBDA_RUNTIME_API", address.as_str()),
                ("AWS_LAMBDA_FUNCTION_NAME", "connector"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_LOG_GROUP_NAME", "group"),
                ("AWS_LAMBDA_LOG_STREAM_NAME", "stream"),
                ("AWS_REGION", "us-east-1"),
                ("AWS_ACCESS_KEY_ID", "test"),
                ("AWS_SECRET_ACCESS_KEY", "test"),
                ("LOG_LEVEL", level),
            ])
            .envs(fixture.environment.iter().map(|(name, value)| (*name, value.as_str())))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the function starts");
        Self { child, requests, answers, _folder: folder }
    }

    /// Lets the function answer a request.
    pub async fn call(&mut self, request: &Value) -> Answer {
        self.requests.send(request.to_string()).await.expect("the function listens");
        self.answers.recv().await.expect("an answer")
    }

    /// The most memory that it ever had, in KiB, where the system says so.
    pub fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    }

    /// Ends the function, and returns all that it printed.
    pub async fn end(mut self) -> String {
        self.child.start_kill().expect("it runs until it is ended");
        let output = self.child.wait_with_output().await.expect("its output");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        text(&output.stdout) + &text(&output.stderr)
    }
}
