//! The function that Lambda runs: reads its environment, makes the client, hands requests on.

use aws_config::BehaviorVersion;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::Value;
use tracing_subscriber::EnvFilter;
use twinmaker_connector::handler::Connector;
use twinmaker_connector::instant::Instant;
use twinmaker_connector::response::Response;
use twinmaker_connector::store::Settings;

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
    let settings = Settings::read(|name| std::env::var(name).ok())?;
    let config =
        aws_config::defaults(BehaviorVersion::latest()).timeout_config(Settings::timeouts()).load().await;
    let model = telemetry::Model::beside_binary()?;
    Ok(Connector::new(&model, settings.table(&config).await?))
}
