//! What an environment costs a month: its templates, a load, and dated list prices. Pure.
//!
//! [`meters`] says for every resource type what its service counts, or why it costs nothing;
//! `prices.toml` what one of that costs. It is an estimate: what is assumed of durations and of compression
//! stands beside the constants, and nothing is subtracted for free tiers and discounts.

mod meters;
mod prices;

use serde::Serialize;
use telemetry::Model;

use meters::Row;
pub use prices::{Price, Prices};

use crate::environment::{Environment, StreamMode};
use crate::{Inputs, Stack, synthesize};

/// Hours of a month, as AWS counts them.
const HOURS: f64 = 730.0;
const SECONDS: f64 = HOURS * 3_600.0;

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

/// What the service of a resource counts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    /// Stack of the resource.
    pub stack: &'static str,
    /// Service, as in the resource's type: `Kinesis`.
    pub service: String,
    /// What is counted.
    #[serde(flatten)]
    pub price: Price,
    /// How much of it a month, in the unit of the price.
    pub amount: f64,
    /// What that costs a month, in US dollars.
    pub total_usd: f64,
}

/// What is not in the sum, because it depends on who asks and how often.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ByUse {
    /// Service, as in the resource's type.
    pub service: String,
    /// What it counts.
    pub what: &'static str,
}

/// What an environment costs a month.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// The load that it is for.
    pub load: Load,
    /// By stack, in the order in which they are created.
    pub items: Vec<Item>,
    /// What is left out of the sum.
    pub by_use: Vec<ByUse>,
    /// Shards that the load needs, where the environment provisions fewer: then the stream throttles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed_shards: Option<f64>,
    /// Resource types and meters that nobody has put a price to.
    pub unknown: Vec<String>,
}

impl Estimate {
    /// The sum, in US dollars a month.
    pub fn total_usd(&self) -> f64 {
        self.items.iter().map(|item| item.total_usd).sum()
    }

    /// Counts something of a stack. What several resources of it count alike is one item.
    fn add(&mut self, stack: &'static str, service: &str, price: &Price, amount: f64) {
        let total_usd = amount * price.usd;
        let same = |item: &&mut Item| item.stack == stack && item.service == service && item.price == *price;
        if let Some(item) = self.items.iter_mut().find(same) {
            item.amount += amount;
            item.total_usd += total_usd;
        } else {
            let (service, price) = (service.to_owned(), price.clone());
            self.items.push(Item { stack, service, price, amount, total_usd });
        }
    }
}

/// What the meters look at.
#[derive(Debug, Clone, Copy)]
struct Site<'a> {
    environment: &'a Environment,
    model: &'a Model,
    load: Load,
}

/// Estimates the month of an environment on AWS under each of the loads.
pub fn estimate(inputs: &Inputs, prices: &Prices, loads: &[Load]) -> Vec<Estimate> {
    let stacks = synthesize(inputs);
    loads.iter().map(|load| under(*load, inputs, &stacks, prices)).collect()
}

fn under(load: Load, inputs: &Inputs, stacks: &[Stack], prices: &Prices) -> Estimate {
    let site = Site { environment: inputs.environment, model: inputs.model, load };
    let needed_shards = match inputs.environment.stream.mode {
        StreamMode::Provisioned { shards } => {
            Some(meters::needed_shards(site)).filter(|needed| *needed > f64::from(shards))
        }
        StreamMode::OnDemand => None,
    };
    let mut estimate =
        Estimate { load, items: Vec::new(), by_use: Vec::new(), needed_shards, unknown: Vec::new() };
    for stack in stacks {
        for (id, resource) in stack.template.resources() {
            let service = resource.kind().split("::").nth(1).unwrap_or_default();
            match meters::of(stack.name, id, resource.kind()) {
                Some(Row::Metered(meter)) => {
                    for (name, amount) in meter(site, id, resource) {
                        match prices.get(name) {
                            Some(price) => estimate.add(stack.name, service, price, amount),
                            None => estimate.unknown.push(name.to_owned()),
                        }
                    }
                }
                Some(Row::ByUse(what)) => estimate.by_use.push(ByUse { service: service.to_owned(), what }),
                Some(Row::Free) => {}
                None => estimate.unknown.push(resource.kind().to_owned()),
            }
        }
    }
    estimate.by_use.sort();
    estimate.by_use.dedup();
    estimate
}
