//! The endpoint over HTTP: `POST /` for the APIs, `GET /health`, and `/_local/faults`.
//!
//! Signatures are accepted as they are; nobody is asked who they are.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use local_harness::{Listener, MAX_BODY_BYTES, StartError, request_id};
use serde_json::{Value, json};

use crate::{
    endpoint::Endpoint,
    faults::{Faults, Plan},
    wire::{self, ErrorCode},
};

/// How often rows that are no longer retained are removed.
const PURGE_EVERY: Duration = Duration::from_mins(1);

/// Serves `endpoint` until a signal ends it.
pub async fn serve(listener: Listener, endpoint: Arc<Endpoint>) -> Result<(), StartError> {
    let purging = tokio::spawn(purge(Arc::clone(&endpoint)));
    let router = Router::new()
        .route("/", post(operation))
        .route("/health", get(health))
        .route("/_local/faults", get(show_faults).post(set_faults).delete(clear_faults))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(endpoint);
    let served = listener.serve(router).await;
    purging.abort();
    served
}

async fn operation(
    State(endpoint): State<Arc<Endpoint>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let outcome = match read(&headers, body) {
        Ok((operation, body)) => endpoint.handle(&operation, address(&headers), body).await,
        Err(error) => Err(error),
    };
    let (status, body) = match outcome {
        Ok(body) => (StatusCode::OK, body),
        Err(error) => {
            let status =
                StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, error.body())
        }
    };
    let request_id = request_id();
    let headers =
        [(header::CONTENT_TYPE.as_str(), wire::CONTENT_TYPE), ("x-amzn-requestid", request_id.as_str())];
    (status, headers, body.to_string()).into_response()
}

fn read(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<(String, Value), wire::Error> {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = wire::operation(target).ok_or_else(|| {
        wire::Error::new(ErrorCode::UnknownOperation, format!("The target \"{target}\" names no operation."))
    })?;
    let body = body.map_err(|cause| wire::Error::validation(cause.body_text()))?;
    let body = serde_json::from_slice(&body).map_err(|cause| {
        wire::Error::new(ErrorCode::Serialization, format!("The body is not JSON: {cause}."))
    })?;
    Ok((operation.to_owned(), body))
}

/// Where the caller reaches this endpoint: as it wrote itself.
fn address(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("localhost")
}

async fn health(State(endpoint): State<Arc<Endpoint>>) -> Json<Value> {
    Json(json!({ "status": "ok", "databases": endpoint.store().databases().len() }))
}

async fn show_faults(State(endpoint): State<Arc<Endpoint>>) -> Json<Plan> {
    Json(endpoint.faults().lock().unwrap_or_else(PoisonError::into_inner).plan().clone())
}

async fn set_faults(State(endpoint): State<Arc<Endpoint>>, body: Bytes) -> Response {
    let started = serde_json::from_slice(&body)
        .map_err(|cause| cause.to_string())
        .and_then(|plan| Faults::start(plan).map_err(|cause| cause.to_string()));
    match started {
        Ok(faults) => {
            let plan = faults.plan().clone();
            *endpoint.faults().lock().unwrap_or_else(PoisonError::into_inner) = faults;
            Json(plan).into_response()
        }
        Err(message) => (StatusCode::BAD_REQUEST, Json(json!({ "message": message }))).into_response(),
    }
}

async fn clear_faults(State(endpoint): State<Arc<Endpoint>>) -> StatusCode {
    *endpoint.faults().lock().unwrap_or_else(PoisonError::into_inner) = Faults::default();
    StatusCode::NO_CONTENT
}

async fn purge(endpoint: Arc<Endpoint>) {
    loop {
        let store = Arc::clone(endpoint.store());
        // A purge that fails is tried again; readers never see expired rows anyway.
        let _ = tokio::task::spawn_blocking(move || store.purge()).await;
        tokio::time::sleep(PURGE_EVERY).await;
    }
}
