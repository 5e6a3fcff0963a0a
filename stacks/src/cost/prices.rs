//! The list prices that the repository ships, with the page that each was read on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What one unit of a meter costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// What is counted, and how it is rounded.
    pub what: String,
    /// What the price is for, such as `GB`.
    pub unit: String,
    /// US dollars for one unit.
    pub usd: f64,
    /// The page of the price.
    pub source: String,
}

/// A dated list of prices of one Region.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Prices {
    /// The day on which they were written down.
    pub dated: String,
    /// The Region that they are for. Others differ, most by a few per cent and some by a quarter.
    pub region: String,
    #[serde(flatten)]
    by_meter: BTreeMap<String, Price>,
}

impl Prices {
    /// The shipped list.
    pub fn shipped() -> Result<Self, toml::de::Error> {
        toml::from_str(include_str!("../../prices.toml"))
    }

    /// The price of a meter.
    pub(super) fn get(&self, meter: &str) -> Option<&Price> {
        self.by_meter.get(meter)
    }

    /// What has a price.
    pub fn all(&self) -> impl Iterator<Item = &Price> {
        self.by_meter.values()
    }
}
