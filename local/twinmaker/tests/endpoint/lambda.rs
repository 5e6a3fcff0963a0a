//! A Lambda endpoint that records what functions are asked, and answers what a test says.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// What a function does.
#[derive(Debug, Clone)]
pub enum Answer {
    /// It answers.
    Json(Value),
    /// It answers something that is no JSON.
    Raw(&'static str),
    /// It fails.
    Exception { kind: &'static str, message: &'static str },
    /// Lambda refuses.
    Refused { status: u16, code: &'static str, message: &'static str },
}

#[derive(Default)]
struct Log {
    asked: Vec<(String, Value)>,
    answers: VecDeque<Answer>,
}

/// A Lambda endpoint. An answer is given once, except the last, which stays.
#[derive(Clone, Default)]
pub struct Lambda {
    log: Arc<Mutex<Log>>,
    url: String,
}

impl Lambda {
    pub async fn start() -> Self {
        let log = Arc::new(Mutex::new(Log::default()));
        let app = axum::Router::new()
            .route("/2015-03-31/functions/{name}/invocations", axum::routing::post(invoke))
            .with_state(Arc::clone(&log));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { log, url }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sets what functions answer from now on.
    pub fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        self.log.lock().expect("no panic").answers = answers.into_iter().collect();
    }

    /// What functions were asked since the last time: their names and the events.
    pub fn asked(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.log.lock().expect("no panic").asked)
    }
}

async fn invoke(State(log): State<Arc<Mutex<Log>>>, Path(name): Path<String>, body: Bytes) -> Response {
    let mut log = log.lock().expect("no panic");
    log.asked.push((name, serde_json::from_slice(&body).expect("an event")));
    let answer = if log.answers.len() > 1 { log.answers.pop_front() } else { log.answers.front().cloned() };
    match answer.expect("the test says what functions answer") {
        Answer::Json(answer) => axum::Json(answer).into_response(),
        Answer::Raw(text) => text.into_response(),
        Answer::Exception { kind, message } => {
            let error = json!({ "errorType": kind, "errorMessage": message });
            ([("x-amz-function-error", "Unhandled")], axum::Json(error)).into_response()
        }
        Answer::Refused { status, code, message } => {
            let status = StatusCode::from_u16(status).expect("a status");
            (status, [("x-amzn-errortype", code)], axum::Json(json!({ "Message": message }))).into_response()
        }
    }
}
