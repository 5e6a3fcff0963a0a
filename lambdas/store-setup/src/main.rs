//! The function that Lambda runs: reads its environment, makes the clients, hands events on.

use std::time::{Duration, SystemTime};

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use custom_resource::{MARGIN, Responder};
use data_api::Database;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use store_setup::event::Event;
use store_setup::setup::{self, Maintained, Setup};
use telemetry::Model;
use tokio::time::Instant;
use tracing_subscriber::EnvFilter;

/// One attempt of a request. A statement of the Data API ends after
/// [45 seconds](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.limitations.html).
const ATTEMPT: Duration = Duration::from_secs(50);

/// Until a connection stands.
const CONNECT: Duration = Duration::from_secs(3);

/// Kept for the reason of what does not become done in time, beside what is kept to deliver it.
const FOR_THE_REASON: Duration = Duration::from_secs(2);

/// A setting that the function's configuration must have.
#[derive(Debug, thiserror::Error)]
#[error(
    "the environment variable {name} is missing: maintenance needs CLUSTER_ARN, MASTER_SECRET_ARN and DATABASE"
)]
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
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build();
    let config = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts).load().await;
    let setup = Setup {
        rds: data_api::client(&config),
        secrets: aws_sdk_secretsmanager::Client::new(&config),
        model: Model::beside_binary().map_err(|error| error.to_string()),
    };
    let responder = Responder::default();
    lambda_runtime::run(service_fn(|event| handle(&config, &setup, &responder, event))).await
}

async fn handle(
    config: &SdkConfig,
    setup: &Setup,
    responder: &Responder,
    event: LambdaEvent<Value>,
) -> Result<(), Error> {
    let deadline = event.context.deadline();
    let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
    let until = Instant::now() + left.saturating_sub(MARGIN + FOR_THE_REASON);
    match Event::try_from(event.payload)? {
        Event::Schema(request) => {
            let provision = setup.provision(&request, until);
            Box::pin(responder.answer(&request, "the database", provision, deadline)).await?;
        }
        Event::Maintain => {
            let database = Database {
                client: data_api::client(config),
                cluster_arn: setting("CLUSTER_ARN")?,
                secret_arn: setting("MASTER_SECRET_ARN")?,
                name: setting("DATABASE")?,
            };
            let Maintained { created, dropped } = setup::maintain(&database, until).await?;
            tracing::info!(created, dropped, "partitions of days were made and dropped");
        }
    }
    Ok(())
}
