//! The binary of the simulator: reads the model and its environment, and sends what the fleet says.

mod handler;
mod put;
mod settings;

use aws_config::BehaviorVersion;
use fastrand::Rng;
use handler::Simulator;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use settings::Settings;
use tracing_subscriber::filter::LevelFilter;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let level = std::env::var("LOG_LEVEL").ok().and_then(|level| level.parse().ok());
    tracing_subscriber::fmt().json().with_max_level(level.unwrap_or(LevelFilter::INFO)).without_time().init();
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let simulator = Simulator {
        model: telemetry::Model::beside_binary()?,
        settings: Settings::read(|name| std::env::var(name).ok())?,
        client: aws_sdk_kinesis::Client::new(&config),
    };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<handler::Schedule>| {
        let report = simulator.run(event.payload, event.context.deadline(), &mut Rng::new()).await?;
        tracing::info!(?report, "events sent");
        Ok::<_, Error>(report)
    }))
    .await
}
