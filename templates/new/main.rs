//! The binary of the function: carries events to [`answer`], and does what it decides.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use tracing_subscriber::filter::LevelFilter;

use << module >>::{Answer, Event, answer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let level = std::env::var("LOG_LEVEL").ok().and_then(|level| level.parse().ok());
    tracing_subscriber::fmt().json().with_max_level(level.unwrap_or(LevelFilter::INFO)).without_time().init();
    lambda_runtime::run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Event>) -> Result<Answer, Error> {
    let answer = answer(&event.payload);
    tracing::info!(?answer, "answered");
    Ok(answer)
}
