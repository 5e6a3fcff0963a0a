//! The endpoint over HTTP: REST-JSON, and `GET /health`.
//!
//! Signatures are accepted as they are; nobody is asked who they are.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State, rejection::BytesRejection},
    http::{Method as HttpMethod, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, delete, get, post, put},
};
use local_harness::{Listener, MAX_BODY_BYTES, StartError};
use serde_json::{Map, Value, json};

use crate::{
    endpoint::Endpoint,
    operations::{Method, OPERATIONS, Operation, QUERY_MEMBERS, Query},
    wire::{self, Error, ErrorCode},
};

/// Serves `endpoint` until a signal ends it.
pub async fn serve(listener: Listener, endpoint: Arc<Endpoint>) -> Result<(), StartError> {
    endpoint.initialize_components();
    listener.serve(router(endpoint)).await
}

fn router(endpoint: Arc<Endpoint>) -> Router {
    let mut router = Router::new().route("/health", get(health));
    for operation in OPERATIONS {
        router = router.route(operation.path, route(operation));
    }
    router
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(endpoint)
}

fn route(operation: &'static Operation) -> MethodRouter<Arc<Endpoint>> {
    let handler = async move |State(endpoint): State<Arc<Endpoint>>,
                              Path(path): Path<HashMap<String, String>>,
                              uri: Uri,
                              body: Result<Bytes, BytesRejection>| {
        respond(match request(path, uri.query().unwrap_or_default(), body) {
            Ok(request) => endpoint.handle(operation, request).await,
            Err(error) => Err(error),
        })
    };
    match operation.method {
        Method::Get => get(handler),
        Method::Post => post(handler),
        Method::Put => put(handler),
        Method::Delete => delete(handler),
    }
}

/// The request that an operation reads: the body with what path and query say.
fn request(
    path: HashMap<String, String>,
    query: &str,
    body: Result<Bytes, BytesRejection>,
) -> Result<Value, Error> {
    let body = body.map_err(|cause| Error::validation(cause.body_text()))?;
    let mut members = if body.is_empty() {
        Map::new()
    } else {
        serde_json::from_slice(&body)
            .map_err(|cause| Error::validation(format!("The body is not a JSON object: {cause}.")))?
    };
    members.extend(path.into_iter().map(|(name, value)| (name, Value::String(value))));
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let Some((_, form)) = QUERY_MEMBERS.iter().find(|(known, _)| *known == name) else { continue };
        match form {
            Query::Boolean => {
                let value = value.parse().map_or_else(|_| json!(value), Value::Bool);
                members.insert(name.into_owned(), value);
            }
            Query::Text => {
                members.insert(name.into_owned(), json!(value));
            }
            Query::List => {
                let list = members.entry(name).or_insert_with(|| json!([]));
                if let Some(list) = list.as_array_mut() {
                    list.push(json!(value));
                }
            }
        }
    }
    Ok(Value::Object(members))
}

fn respond(outcome: Result<Value, Error>) -> Response {
    let request_id = local_harness::request_id();
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

async fn unknown(method: HttpMethod, uri: Uri) -> Response {
    let message = format!("No operation is called by {method} {}.", uri.path());
    respond(Err(Error::new(ErrorCode::UnknownOperation, message)))
}

async fn health(State(endpoint): State<Arc<Endpoint>>) -> Json<Value> {
    Json(json!({ "status": "ok", "workspaces": endpoint.state().read().workspaces.len() }))
}
