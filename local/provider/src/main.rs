//! What the local emulator lacks, behind interfaces that it has.
//!
//! It stands behind the custom resources that replace Timestream's, TwinMaker's and RDS' types
//! ([`timestream`], [`twinmaker`], [`postgres`]). It is deployed to the local target only; nothing here may
//! be needed on AWS.

mod postgres;
mod properties;
mod resources;
mod scalar;
mod timestream;
mod twinmaker;

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::timeout::TimeoutConfig;
use custom_resource::Responder;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use postgres::Postgres;
use resources::Resources;
use timestream::Timestream;
use tracing_subscriber::filter::LevelFilter;
use twinmaker::TwinMaker;

/// No single call to a service on the same machine takes longer.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let level = std::env::var("LOG_LEVEL").ok().and_then(|level| level.parse().ok());
    tracing_subscriber::fmt().json().with_max_level(level.unwrap_or(LevelFilter::INFO)).without_time().init();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .timeout_config(TimeoutConfig::builder().operation_timeout(CALL_TIMEOUT).build())
        .load()
        .await;
    let responder = Responder::default();
    let resources = Resources {
        postgres: Postgres::new(std::env::var("AWS_ENDPOINT_URL_RDS_DATA").unwrap_or_default()),
        timestream: Timestream::new(aws_sdk_timestreamwrite::Client::new(&config)),
        twinmaker: TwinMaker::new(twinmaker::client(
            &config,
            std::env::var("AWS_ENDPOINT_URL_IOTTWINMAKER").ok(),
        )),
    };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<custom_resource::Request>| {
        let deadline = event.context.deadline();
        let request = &event.payload;
        let service = Resources::service(request);
        Box::pin(responder.answer(request, service, resources.provision(request), deadline)).await?;
        // CloudFormation reads the answer elsewhere, and nothing of what is returned.
        Ok::<_, Error>(())
    }))
    .await
}
