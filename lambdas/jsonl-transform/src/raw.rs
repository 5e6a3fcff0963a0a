//! Bytes of the Lambda Runtime API in, bytes out.
//!
//! `lambda_runtime` parses every event and serializes every answer with `serde_json`, which for a
//! batch of 6 MB costs more than the transform itself. This layer stands where that happens: it hands
//! the event to the transform as it came from the network and posts the answer as it was written.
//! See the [Runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Method, Request};
use jsonl_transform::Kinds;
use jsonl_transform::handler::{self, Answer};
use lambda_runtime::tower::{Layer, Service};
use lambda_runtime::{Error, LambdaInvocation};
use lambda_runtime_api_client::{PooledClient, body::Body, build_request};

/// Identifies an invocation to a Runtime API that refuses late answers; echoed where it was sent.
const INVOCATION_ID: &str = "lambda-runtime-invocation-id";

/// Replaces whatever service it is laid over.
pub(crate) struct RawLayer {
    /// How lines are made.
    pub(crate) kinds: Arc<Kinds>,
}

impl<S> Layer<S> for RawLayer {
    type Service = RawService;

    fn layer(&self, _parsed: S) -> RawService {
        RawService { client: Arc::new(PooledClient::builder().build()), kinds: Arc::clone(&self.kinds) }
    }
}

/// Answers invocations with [`handler::transform`].
#[derive(Clone)]
pub(crate) struct RawService {
    client: Arc<PooledClient>,
    kinds: Arc<Kinds>,
}

impl Service<LambdaInvocation> for RawService {
    type Response = ();
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let client = Arc::clone(&self.client);
        let kinds = Arc::clone(&self.kinds);
        Box::pin(async move {
            let response = client.call(request(&invocation, &kinds)?).await?;
            if !response.status().is_success() {
                tracing::error!(status = %response.status(), "the Runtime API refused the answer");
            }
            Ok(())
        })
    }
}

/// The request that ends `invocation`.
fn request(invocation: &LambdaInvocation, kinds: &Kinds) -> Result<Request<Body>, Error> {
    let (outcome, body) = match handler::transform(&invocation.body, kinds) {
        Ok(Answer { body, counts }) => {
            tracing::info!(
                lines = counts.lines,
                failed = counts.failed(),
                request_bytes = invocation.body.len(),
                response_bytes = body.len(),
                "batch transformed"
            );
            if counts.failed() > 0 {
                tracing::warn!(?counts, "records go to processing-failed");
            }
            if counts.unnamed > 0 {
                tracing::warn!(
                    unnamed = counts.unnamed,
                    "events without what their topic says: Firehose said no partition key, or not one of the rule"
                );
            }
            ("response", body)
        }
        Err(error) => {
            // Not the parser's own text: it quotes the event.
            tracing::error!(code = error.code(), request_bytes = invocation.body.len(), "batch refused");
            let report = serde_json::json!({"errorType": error.code(), "errorMessage": error.to_string()});
            ("error", report.to_string().into_bytes())
        }
    };
    let path = format!("/2018-06-01/runtime/invocation/{}/{outcome}", invocation.context.request_id);
    let mut request = build_request().method(Method::POST).uri(path);
    if let Some(id) = invocation.parts.headers.get(INVOCATION_ID) {
        request = request.header(INVOCATION_ID, id);
    }
    Ok(request.body(Body::from(body))?)
}
