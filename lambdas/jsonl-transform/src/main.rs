//! The binary of the transform: carries events to [`jsonl_transform::handler::transform`] and answers back.
//!
//! The model beside the binary says what the lines of each kind are.

mod raw;

use jsonl_transform::Kinds;
use lambda_runtime::{LambdaEvent, Runtime, layers::TracingLayer, service_fn};
use serde::de::IgnoredAny;
use tracing_subscriber::filter::LevelFilter;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let level =
        std::env::var("LOG_LEVEL").ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    tracing_subscriber::fmt().json().with_max_level(level).without_time().init();
    let kinds = Kinds::new(&telemetry::Model::beside_binary()?).into();
    // The runtime wants a handler of parsed events; `raw` takes the bytes before that one is asked.
    let parsed = service_fn(|_: LambdaEvent<IgnoredAny>| async { Ok::<(), lambda_runtime::Error>(()) });
    Runtime::new(parsed).layer(raw::RawLayer { kinds }).layer(TracingLayer::new()).run().await
}
