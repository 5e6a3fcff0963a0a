//! What the services count under a load: the events, records and requests of a month.
//!
//! Which of these numbers a type is paid by, its row says. What is assumed of durations and of compression
//! stands beside the constants.

use serde::Serialize;
use serde_json::Value;
use telemetry::Model;

use crate::Stack;
use crate::cfn::{LogicalId, Resource};
use crate::environment::{Consumer, Environment, StreamMode};

/// What a type costs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cost {
    /// Its service counts, by the load or by the hour.
    Metered(fn(Site, &LogicalId, &Resource) -> Amounts),
    /// Its service counts what people and other programs ask of it, which nobody can foresee.
    ByUse(&'static str),
    /// Nothing, for this reason.
    Free(&'static str),
    /// One of these, by what the resource is.
    Depends(fn(Site, &Resource) -> Cost),
}

impl Cost {
    /// What a resource costs.
    pub(crate) fn of(self, site: Site, resource: &Resource) -> Self {
        match self {
            Self::Depends(decide) => decide(site, resource),
            other => other,
        }
    }
}

/// Names of prices, with the amount of a month.
pub(crate) type Amounts = Vec<(&'static str, f64)>;

/// What the devices send.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Load {
    /// Events a second that devices send, on average over the month.
    pub events_per_second: f64,
    /// Devices that are connected all the time.
    pub devices: f64,
    /// Size of an event, in bytes.
    pub event_bytes: f64,
}

/// Where something is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site<'a> {
    /// The stack of the resource.
    pub stack: &'a Stack,
    /// Its environment.
    pub environment: &'a Environment,
    /// What a device sends.
    pub model: &'a Model,
    /// What all of them send.
    pub load: Load,
}

/// Hours of a month, as AWS counts them.
pub(super) const HOURS: f64 = 730.0;
pub(super) const SECONDS: f64 = HOURS * 3_600.0;

pub(super) const MILLION: f64 = 1e6;
pub(super) const KB: f64 = 1_024.0;
pub(super) const GB: f64 = KB * KB * KB;

/// Programs that read the stream: the consumer and Firehose.
pub(super) const READERS: f64 = 2.0;
/// Events and bytes a second that a shard takes. See
/// [quotas](https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html).
const SHARD_EVENTS: f64 = 1_000.0;
const SHARD_BYTES: f64 = KB * KB;
/// Shards with which a stream on demand begins.
const LEAST_SHARDS: f64 = 4.0;
/// Most records of a write request.
pub(super) const REQUEST_RECORDS: f64 = 100.0;

/// Events a second in the stream: those of the devices, and those that the simulator puts there itself.
pub(super) fn rate(site: Site) -> f64 {
    rate_of(site.environment, site.load)
}

fn rate_of(environment: &Environment, load: Load) -> f64 {
    let simulator = &environment.simulator;
    let simulated = if simulator.enabled {
        f64::from(simulator.devices * simulator.events_per_minute) / 60.0
    } else {
        0.0
    };
    load.events_per_second + simulated
}

/// Events a month in the stream.
pub(super) fn events(site: Site) -> f64 {
    rate(site) * SECONDS
}

/// What a kind of the model has of the load: nobody says more, so that each has as much as another.
pub(super) fn share(site: Site) -> f64 {
    let kinds = u32::try_from(site.model.kinds.len()).unwrap_or(u32::MAX);
    1.0 / f64::from(kinds.max(1))
}

/// How many steps of this size an event takes.
pub(super) fn steps(site: Site, bytes: f64) -> f64 {
    (site.load.event_bytes / bytes).ceil().max(1.0)
}

/// Shards of the stream: those that are provisioned, or as many as the load needs.
pub(super) fn shards(site: Site) -> f64 {
    match site.environment.stream.mode {
        StreamMode::Provisioned { shards } => shards.into(),
        StreamMode::OnDemand => needed_shards(site.environment, site.load).max(LEAST_SHARDS),
    }
}

/// Shards that take the load.
pub(crate) fn needed_shards(environment: &Environment, load: Load) -> f64 {
    let rate = rate_of(environment, load);
    (rate / SHARD_EVENTS).max(rate * load.event_bytes / SHARD_BYTES).ceil()
}

/// Objects a second that the delivery writes into the lake: each kind has a buffer of its own.
pub(super) fn objects(site: Site) -> f64 {
    let lake = &site.environment.lake;
    let bytes = rate(site) * site.load.event_bytes;
    let by_size = bytes / (f64::from(lake.buffer_mb) * KB * KB);
    let by_time = if bytes > 0.0 { 1.0 / f64::from(lake.buffer_seconds.max(1)) } else { 0.0 };
    by_size.max(by_time / share(site))
}

/// Batches a second that the consumer takes, and the records of each.
pub(super) fn batches(site: Site) -> (f64, f64) {
    let rate = rate(site) / shards(site);
    if rate <= 0.0 {
        return (0.0, 0.0);
    }
    let (most, window) = match &site.environment.consumer {
        Consumer::Lambda(lambda) => (lambda.batch_size.into(), f64::from(lambda.window_seconds.max(1))),
        // A request is written when it is full, or after a second.
        Consumer::Flink(_) => (REQUEST_RECORDS, 1.0),
    };
    // As soon as there is one, at the latest after the window, and as often as one is full.
    let each = rate.min(1.0 / window).max(rate / most);
    (each * shards(site), (rate / each).max(1.0))
}

/// A number, which some types want as text.
pub(super) fn quantity(value: &Value) -> f64 {
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_default()
}
