//! The test bench: a consumer wired to a server, batches, and Lambda's way of delivering them again.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use base64::prelude::*;
use kinesis_consumer::batch::{Batch, Delivery};
use kinesis_consumer::handler::{Consumer, Handled};
use kinesis_consumer::quarantine::Quarantine;
use kinesis_consumer::store::Store;
use kinesis_consumer::timestream::Table;
use serde_json::json;
use telemetry::{Decoder, Model, Retention};

use crate::cluster::Home;
use crate::services::{Faults, Place, Row, Services};

/// When the events of the tests arrive.
pub const ARRIVAL_MS: i64 = 1_609_757_180_000;

/// The time of an invocation that has enough of it.
pub const PLENTY: Duration = Duration::from_mins(1);

/// How long the store keeps a record in memory.
pub const MEMORY: Duration = Duration::from_hours(24);

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(ARRIVAL_MS.unsigned_abs())
}

/// Which store a bench has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// As the server of the tests has it.
    Timestream,
    /// The real one by the Data API, behind that server's faults.
    Postgres,
    /// The real one by its own protocol, with faults of its own.
    Direct,
}

/// A test for each store, of functions that get its kind.
macro_rules! for_each_store {
    ($($test:ident),* $(,)?) => {
        mod timestream {
            $(#[tokio::test] async fn $test() { super::$test(crate::bench::Kind::Timestream).await; })*
        }
        mod postgres {
            $(#[tokio::test] async fn $test() { super::$test(crate::bench::Kind::Postgres).await; })*
        }
    };
}
pub(crate) use for_each_store;

/// A test for the way by `PostgreSQL`'s own protocol, of functions that get its kind.
macro_rules! for_direct {
    ($($test:ident),* $(,)?) => {
        mod direct {
            $(#[tokio::test] async fn $test() { super::$test(crate::bench::Kind::Direct).await; })*
        }
    };
}
pub(crate) use for_direct;

pub struct Bench {
    pub services: Services,
    pub consumer: Consumer,
    pub home: Option<Home>,
}

impl Bench {
    pub async fn new(faults: Faults) -> Self {
        Self::seeded(Kind::Timestream, 7, faults).await
    }

    /// A bench with a store of this kind.
    pub async fn of(kind: Kind, faults: Faults) -> Self {
        Self::seeded(kind, 7, faults).await
    }

    pub async fn seeded(kind: Kind, seed: u64, faults: Faults) -> Self {
        let home = match kind {
            Kind::Timestream => None,
            Kind::Postgres | Kind::Direct => Some(Home::new().await),
        };
        let of_sessions = faults.clone();
        let services = Services::start(seed, faults, home.as_ref().map(Home::url)).await;
        let mut consumer = consumer(&services.endpoint);
        if let Some(home) = &home {
            consumer.store = Store::Postgres(match kind {
                Kind::Direct => Home::direct(home.settings()),
                _ => home.table(&services.endpoint),
            });
            consumer.retention = Retention { fresh: Duration::MAX, kept: None };
        }
        if let (Kind::Direct, Some(home)) = (kind, &home) {
            home.faults(&of_sessions);
        }
        Self { services, consumer, home }
    }

    /// What the store holds.
    pub async fn rows(&self) -> BTreeMap<Place, Row> {
        match &self.home {
            Some(home) => home.rows().await,
            None => self.services.held().rows.clone(),
        }
    }

    /// How many rows the table of `PostgreSQL` has of a condition.
    pub async fn count(&self, condition: &str) -> i64 {
        let home = self.home.as_ref().expect("a bench of PostgreSQL");
        let sql = format!("SELECT count(*) FROM sluice.\"{}\" {condition}", crate::cluster::TABLE);
        let [row] = &home.execute(&sql).await[..] else { panic!("{sql}") };
        *row[0].as_long_value().expect("a number")
    }

    pub async fn handle(&self, batch: &Batch) -> Handled {
        self.handle_within(batch, PLENTY).await
    }

    /// As soon as the events have arrived.
    pub async fn handle_within(&self, batch: &Batch, left: Duration) -> Handled {
        self.consumer.handle(batch, now(), left).await
    }

    /// Delivers as Lambda does: again from the first failure on, until there is none.
    pub async fn deliver(&self, batch: &Batch, left: Duration) -> usize {
        let mut batch = batch.clone();
        for deliveries in 1..=200 {
            let handled = self.handle_within(&batch, left).await;
            let failures = failures(&handled);
            let Some(lowest) =
                batch.deliveries.iter().position(|one| failures.contains(&one.kinesis.sequence_number))
            else {
                assert!(failures.is_empty(), "a failure that was not delivered: {failures:?}");
                return deliveries;
            };
            batch.deliveries.drain(..lowest);
        }
        panic!("still not delivered");
    }
}

/// Sequence numbers to be delivered again.
pub fn failures(handled: &Handled) -> Vec<String> {
    handled.response.batch_item_failures.iter().map(|failure| failure.item_identifier.clone()).collect()
}

/// A delivery whose sequence number is `sequence`.
pub fn delivery(sequence: usize, arrival_ms: i64, payload: &[u8]) -> Delivery {
    #[allow(clippy::cast_precision_loss)]
    let seconds = arrival_ms as f64 / 1000.0;
    serde_json::from_value(json!({
        "eventID": format!("shardId-000000000000:{sequence}"),
        "kinesis": {
            "sequenceNumber": sequence.to_string(),
            "partitionKey": "key",
            "approximateArrivalTimestamp": seconds,
            "data": BASE64_STANDARD.encode(payload),
        },
    }))
    .expect("a delivery")
}

/// A batch of payloads that arrive together, with sequence numbers from 0.
pub fn batch<P: AsRef<[u8]>>(payloads: impl IntoIterator<Item = P>) -> Batch {
    let deliveries = payloads
        .into_iter()
        .enumerate()
        .map(|(sequence, payload)| delivery(sequence, ARRIVAL_MS, payload.as_ref()))
        .collect();
    Batch { deliveries }
}

/// A good event: device `d0` to `d9`, at `number` milliseconds after a fixed time, with `number` as its value.
pub fn event(number: usize) -> String {
    format!(r#"{{"id": "d{}", "t": {}, "v": {number}}}"#, number % 10, 1_609_757_170_000 + number)
}

/// The model of the tests.
pub fn model() -> Model {
    serde_json::from_value(json!({
        "topic": "t/+",
        "device": { "dimension": "device", "field": "id" },
        "time": { "field": "t", "unit": "ms" },
        "measures": [{ "name": "value", "field": "v", "type": "bigint", "normal": { "min": 0, "max": 1_000_000 } },
            { "name": "other", "field": "w", "type": "bigint" }],
        "record": { "layout": "multi", "name": "m" },
        "undeclared": "ignore",
    }))
    .expect("a model")
}

fn credentials() -> Credentials {
    Credentials::builder().access_key_id("test").secret_access_key("test").provider_name("test").build()
}

fn region() -> Region {
    Region::new("eu-west-1")
}

/// A client of the store, as the function makes it, which waits for an answer as long as `patience`.
pub fn store(endpoint: &str, patience: Duration) -> aws_sdk_timestreamwrite::Client {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(patience).build();
    let config = aws_sdk_timestreamwrite::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region())
        .endpoint_url(endpoint)
        .credentials_provider(credentials())
        .timeout_config(timeouts)
        .retry_config(RetryConfig::disabled());
    aws_sdk_timestreamwrite::Client::from_conf(config.build())
}

/// A client of the Data API, as the function makes it.
pub fn rds(endpoint: &str, patience: Duration) -> aws_sdk_rdsdata::Client {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(patience).build();
    let config = aws_sdk_rdsdata::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region())
        .endpoint_url(endpoint)
        .credentials_provider(credentials())
        .timeout_config(timeouts)
        .retry_config(RetryConfig::disabled());
    aws_sdk_rdsdata::Client::from_conf(config.build())
}

fn consumer(endpoint: &str) -> Consumer {
    let sqs = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region())
        .endpoint_url(endpoint)
        .credentials_provider(credentials());
    let s3 = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region())
        .endpoint_url(endpoint)
        .force_path_style(true)
        .credentials_provider(credentials());
    Consumer {
        decoder: Decoder::new(&model(), timestream::LIMITS),
        store: Store::Timestream(Table {
            client: store(endpoint, Duration::from_millis(500)),
            database: "db".to_owned(),
            table: "table".to_owned(),
        }),
        retention: Retention { fresh: MEMORY, kept: None },
        quarantine: Quarantine {
            sqs: aws_sdk_sqs::Client::from_conf(sqs.build()),
            s3: aws_sdk_s3::Client::from_conf(s3.build()),
            queue_url: format!("{endpoint}/000000000000/quarantine"),
            bucket: "rejected".to_owned(),
        },
    }
}
