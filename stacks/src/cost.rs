//! What an environment costs a month: its templates, a load, and dated list prices. Pure.
//!
//! The rows of [`kinds`] say of every resource type what its service counts, or why it costs nothing;
//! `prices.toml` what one of that costs. It is an estimate: what is assumed of durations and of compression
//! stands beside the constants, and nothing is subtracted for free tiers and discounts.

mod prices;

use serde::Serialize;

pub use prices::{Price, Prices};

use crate::environment::StreamMode;
pub use crate::kinds::load::Load;
use crate::kinds::load::{Cost, Site, needed_shards};
use crate::{Inputs, Stack, kinds, synthesize};

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

/// Estimates the month of an environment on AWS under each of the loads.
pub fn estimate(inputs: &Inputs, prices: &Prices, loads: &[Load]) -> Vec<Estimate> {
    let stacks = synthesize(inputs);
    loads.iter().map(|load| under(*load, inputs, &stacks, prices)).collect()
}

fn under(load: Load, inputs: &Inputs, stacks: &[Stack], prices: &Prices) -> Estimate {
    let needed_shards = match inputs.environment.stream.mode {
        StreamMode::Provisioned { shards } => {
            let needed = needed_shards(inputs.environment, load);
            Some(needed).filter(|needed| *needed > f64::from(shards))
        }
        StreamMode::OnDemand => None,
    };
    let mut estimate =
        Estimate { load, items: Vec::new(), by_use: Vec::new(), needed_shards, unknown: Vec::new() };
    for stack in stacks {
        let site = Site { stack, environment: inputs.environment, model: inputs.model, load };
        for (id, resource) in stack.template.resources() {
            let service = resource.kind().split("::").nth(1).unwrap_or_default();
            match kinds::of(resource.kind()).map(|kind| kind.cost.of(site, resource)) {
                Some(Cost::Metered(amounts)) => {
                    for (name, amount) in amounts(site, id, resource) {
                        match prices.get(name) {
                            Some(price) => estimate.add(stack.name, service, price, amount),
                            None => estimate.unknown.push(name.to_owned()),
                        }
                    }
                }
                Some(Cost::ByUse(what)) => estimate.by_use.push(ByUse { service: service.to_owned(), what }),
                Some(Cost::Free(_) | Cost::Depends(_)) => {}
                None => estimate.unknown.push(resource.kind().to_owned()),
            }
        }
    }
    estimate.by_use.sort();
    estimate.by_use.dedup();
    estimate
}
