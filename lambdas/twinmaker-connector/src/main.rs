//! The function that Lambda runs: reads its environment, makes the client, hands requests on.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::timeout::TimeoutConfig;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::Value;
use tracing_subscriber::EnvFilter;
use twinmaker_connector::handler::Connector;
use twinmaker_connector::instant::Instant;
use twinmaker_connector::response::Response;
use twinmaker_connector::store::client::{self, Table};

/// One attempt of a request. A query that takes longer answers with a token before that.
const ATTEMPT: Duration = Duration::from_secs(30);

/// Until a connection stands.
const CONNECT: Duration = Duration::from_secs(3);

/// A setting that the function's configuration must have.
#[derive(Debug, thiserror::Error)]
#[error("the environment variable {name} is missing: the function needs DATABASE and TABLE")]
struct MissingSetting {
    name: &'static str,
}

fn setting(name: &'static str) -> Result<String, MissingSetting> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).ok_or(MissingSetting { name })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let level = std::env::var("LOG_LEVEL").unwrap_or_else(|_| "info".to_owned());
    tracing_subscriber::fmt().json().with_env_filter(EnvFilter::new(level)).with_ansi(false).init();
    let connector = wire().await?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| handle(&connector, event))).await
}

async fn handle(connector: &Connector, event: LambdaEvent<Value>) -> Result<Response, Diagnostic> {
    connector.answer(&event.payload, Instant::now()).await.map_err(Diagnostic::from)
}

async fn wire() -> Result<Connector, Error> {
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build();
    let config = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts).load().await;
    let model = telemetry::Model::beside_binary()?;
    let table = Table::new(client::client(&config).await?, &setting("DATABASE")?, &setting("TABLE")?);
    Ok(Connector::new(&model, table))
}
