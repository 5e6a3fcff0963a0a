//! The endpoint over HTTP: REST-JSON, `GET /health`, `/_local/clusters` and `/_local/faults`.
//!
//! Signatures are accepted as they are; nobody is asked who they are. Who a statement is, its secret says.
//!
//! `POST /_local/clusters` makes a cluster of `identifier`, `database` and `username`, and `DELETE` on its identifier
//! removes it: what CloudFormation has RDS do, without the rest of RDS.

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State, rejection::BytesRejection},
    http::{Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use local_harness::{Listener, StartError, request_id};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::{
    clusters::{self, Wanted},
    endpoint::Endpoint,
    faults::{Faults, Plan},
    operations::{OPERATIONS, Operation},
    wire::{self, Error, ErrorCode},
};

/// Bytes of a [request](https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_BatchExecuteStatement.html).
pub const REQUEST_BYTES: usize = 4 * 1024 * 1024;

/// Why serving ended.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The port is gone.
    #[error(transparent)]
    Serve(#[from] StartError),
    /// A server is gone, which nobody asked to end.
    #[error("the PostgreSQL server in {} ended; its log is beside its data", .0.display())]
    Server(PathBuf),
}

/// Serves `endpoint` until a signal ends it, or a server ends by itself.
pub async fn serve(
    listener: Listener,
    endpoint: Arc<Endpoint>,
    mut ended: mpsc::UnboundedReceiver<PathBuf>,
) -> Result<(), Ended> {
    tokio::select! {
        served = listener.serve(router(Arc::clone(&endpoint))) => Ok(served?),
        Some(folder) = ended.recv() => Err(Ended::Server(folder)),
        () = endpoint.expire() => Ok(()),
    }
}

fn router(endpoint: Arc<Endpoint>) -> Router {
    let mut router = Router::new()
        .route("/health", get(health))
        .route("/_local/clusters", get(clusters).post(create))
        .route("/_local/clusters/{identifier}", delete(remove))
        .route("/_local/faults", get(show_faults).post(set_faults).delete(clear_faults));
    for (operation, _, path) in OPERATIONS {
        let handler = async move |State(endpoint): State<Arc<Endpoint>>,
                                  body: Result<Bytes, BytesRejection>| {
            respond(answer(&endpoint, operation, body).await)
        };
        router = router.route(path, post(handler));
    }
    router
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(DefaultBodyLimit::max(REQUEST_BYTES))
        .with_state(endpoint)
}

async fn answer(
    endpoint: &Endpoint,
    operation: Operation,
    body: Result<Bytes, BytesRejection>,
) -> Result<Value, Error> {
    let body = body.map_err(|cause| Error::bad_request(cause.body_text()))?;
    endpoint.handle(operation, &body).await
}

fn respond(outcome: Result<Value, Error>) -> Response {
    let request_id = request_id();
    let fixed = [(header::CONTENT_TYPE.as_str(), "application/json"), ("x-amzn-requestid", &request_id)];
    match outcome {
        Ok(response) => (fixed, response.to_string()).into_response(),
        Err(error) => {
            let status =
                StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let kind = [(wire::ERROR_TYPE, error.code.name())];
            (status, fixed, kind, error.body().to_string()).into_response()
        }
    }
}

async fn unknown(method: Method, uri: Uri) -> Response {
    let message = format!("No operation is called by {method} {}.", uri.path());
    respond(Err(Error::new(ErrorCode::UnknownOperation, message)))
}

/// No server is asked: this process ends when one does.
async fn health(State(endpoint): State<Arc<Endpoint>>) -> Json<Value> {
    Json(json!({ "status": "ok", "clusters": endpoint.clusters().list().len() }))
}

async fn clusters(State(endpoint): State<Arc<Endpoint>>) -> Response {
    Json(endpoint.clusters().list()).into_response()
}

async fn create(State(endpoint): State<Arc<Endpoint>>, body: Bytes) -> Response {
    let wanted: Wanted = match serde_json::from_slice(&body) {
        Ok(wanted) => wanted,
        Err(cause) => return refused(StatusCode::BAD_REQUEST, &cause.to_string()),
    };
    // Whoever asked may go away; what is half made would be in the way.
    let making = tokio::spawn(async move { endpoint.clusters().create(wanted).await });
    match making.await {
        Ok(Ok(description)) => Json(description).into_response(),
        Ok(Err(error @ clusters::Error::Name(_))) => refused(StatusCode::BAD_REQUEST, &error.to_string()),
        Ok(Err(error @ clusters::Error::Exists(_))) => refused(StatusCode::CONFLICT, &error.to_string()),
        Ok(Err(error)) => refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

async fn remove(State(endpoint): State<Arc<Endpoint>>, Path(identifier): Path<String>) -> Response {
    match endpoint.clusters().delete(&identifier).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn refused(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "message": message }))).into_response()
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
        Err(message) => refused(StatusCode::BAD_REQUEST, &message),
    }
}

async fn clear_faults(State(endpoint): State<Arc<Endpoint>>) -> StatusCode {
    *endpoint.faults().lock().unwrap_or_else(PoisonError::into_inner) = Faults::default();
    StatusCode::NO_CONTENT
}
