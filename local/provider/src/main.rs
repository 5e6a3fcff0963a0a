//! What the local emulator lacks, behind interfaces that it has.
//!
//! One function with two duties, told apart by the event: it stands behind the custom resources that
//! replace Timestream's and TwinMaker's types ([`custom_resource`], [`timestream`], [`twinmaker`]), and it carries events from the
//! bridge queue into the stream ([`bridge`]). It is deployed to the local target only; nothing here
//! may be needed on AWS.

mod bridge;
mod custom_resource;
mod properties;
mod resources;
mod scalar;
mod timestream;
mod twinmaker;

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::timeout::TimeoutConfig;
use bridge::Bridge;
use custom_resource::Responder;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use resources::Resources;
use serde::{Deserialize, Serialize};
use timestream::Timestream;
use tracing_subscriber::filter::LevelFilter;
use twinmaker::TwinMaker;

/// No single call to a service on the same machine takes longer.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// What the function is invoked with.
#[derive(Deserialize)]
#[serde(untagged)]
enum Event {
    Resource(custom_resource::Request),
    Batch(bridge::Batch),
}

/// What the function answers. `CloudFormation` reads nothing of it.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Resource {},
    Batch(bridge::Answer),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let level = std::env::var("LOG_LEVEL").ok().and_then(|level| level.parse().ok());
    tracing_subscriber::fmt().json().with_max_level(level.unwrap_or(LevelFilter::INFO)).without_time().init();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .timeout_config(TimeoutConfig::builder().operation_timeout(CALL_TIMEOUT).build())
        .load()
        .await;
    let responder = Responder::new()?;
    let resources = Resources {
        timestream: Timestream::new(aws_sdk_timestreamwrite::Client::new(&config)),
        twinmaker: TwinMaker::new(twinmaker::client(
            &config,
            std::env::var("AWS_ENDPOINT_URL_IOTTWINMAKER").ok(),
        )),
    };
    let bridge = Bridge {
        client: aws_sdk_kinesis::Client::new(&config),
        stream: std::env::var("STREAM_NAME").unwrap_or_default(),
        key_field: std::env::var("PARTITION_KEY_FIELD").unwrap_or_default(),
    };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Event>| {
        let deadline = event.context.deadline();
        Ok::<_, Error>(match event.payload {
            Event::Resource(request) => {
                responder.answer(&request, &resources, deadline).await?;
                Answer::Resource {}
            }
            Event::Batch(batch) => Answer::Batch(bridge.forward(batch, deadline).await),
        })
    }))
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duties_are_told_apart_by_the_event() {
        let cases = [
            (include_str!("../tests/events/create-database.json"), "resource"),
            (include_str!("../tests/events/sqs-batch.json"), "batch"),
            (r#"{"hello": "world"}"#, "neither"),
        ];
        for (event, expected) in cases {
            let found = match serde_json::from_str(event) {
                Ok(Event::Resource(_)) => "resource",
                Ok(Event::Batch(_)) => "batch",
                Err(_) => "neither",
            };
            assert_eq!(found, expected, "{event}");
        }
    }
}
