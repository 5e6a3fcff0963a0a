//! The binary of the function: carries events to [`answer`], and does what it decides.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use tracing_subscriber::EnvFilter;

use << module >>::{Answer, Event, answer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let level = std::env::var("LOG_LEVEL").unwrap_or_else(|_| "INFO".to_owned());
    // Of libraries, only what deserves a look.
    let filter = EnvFilter::new(format!("WARN,<< module >>={level}"));
    tracing_subscriber::fmt().json().with_env_filter(filter).without_time().init();
    lambda_runtime::run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Event>) -> Result<Answer, Error> {
    let answer = answer(&event.payload);
    tracing::info!(?answer, "answered");
    Ok(answer)
}
