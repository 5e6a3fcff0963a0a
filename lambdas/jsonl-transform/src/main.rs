//! The binary of the transform: carries events to [`jsonl_transform::handler::transform`] and answers back.
//!
//! `DEVICE_FIELD` names the member that is to name the device, where only the topic of an event does.

mod raw;

use jsonl_transform::DeviceField;
use lambda_runtime::{LambdaEvent, Runtime, layers::TracingLayer, service_fn};
use serde::de::IgnoredAny;
use tracing_subscriber::filter::LevelFilter;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let level =
        std::env::var("LOG_LEVEL").ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    tracing_subscriber::fmt().json().with_max_level(level).without_time().init();
    let device = std::env::var("DEVICE_FIELD").ok().map(|name| DeviceField::new(&name));
    // The runtime wants a handler of parsed events; `raw` takes the bytes before that one is asked.
    let parsed = service_fn(|_: LambdaEvent<IgnoredAny>| async { Ok::<(), lambda_runtime::Error>(()) });
    Runtime::new(parsed).layer(raw::RawLayer { device }).layer(TracingLayer::new()).run().await
}
