//! Faults on demand, so that consumers can prove how they take them. Not a part of AWS, and off by default.
//!
//! `POST /_local/faults` sets them, `GET` shows them, `DELETE` ends them. For each operation by name, or
//! for all under `*`:
//!
//! ```json
//! {
//!   "seed": 7,
//!   "operations": {
//!     "WriteRecords": {
//!       "throttle": 0.3, "internal": 0.1, "lost_answer": 0.05,
//!       "reject": 0.02, "reject_reason": "as the test wants it", "delay_ms": 50
//!     },
//!     "*": { "delay_ms": 5 }
//!   }
//! }
//! ```
//!
//! `throttle`, `internal` and `lost_answer` are the shares (0 to 1, together at most 1) of requests that
//! are answered with `ThrottlingException` or `InternalServerException`; with `lost_answer` the operation
//! is done all the same. `reject` is the share of the records of `WriteRecords` that are rejected.
//! `delay_ms` (at most 60,000) holds every answer back. The same seed gives the same faults for the same
//! sequence of requests.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    operations,
    wire::{self, ErrorCode},
};

const ALL: &str = "*";
const MAX_DELAY_MS: u64 = 60_000;

/// Which faults are asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    /// Start of the sequence of chances.
    pub seed: u64,
    /// By operation; `*` stands for those that are not named.
    pub operations: BTreeMap<String, Rates>,
}

/// How often an operation fails.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rates {
    /// Share of requests that are throttled.
    pub throttle: f64,
    /// Share of requests that fail, with nothing done.
    pub internal: f64,
    /// Share of requests that are done and answered as failed.
    pub lost_answer: f64,
    /// Share of records that are rejected.
    pub reject: f64,
    /// Reason of these rejections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reject_reason: Option<String>,
    /// How long each answer is held back, in milliseconds.
    pub delay_ms: u64,
}

/// Why a plan is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A name that no request has.
    #[error("{operation} is not an operation of this endpoint.")]
    Operation {
        /// The name.
        operation: String,
    },
    /// A share that is none.
    #[error(
        "The shares of {operation} must be from 0 to 1, and throttle, internal and lost_answer together at most 1."
    )]
    Share {
        /// The operation.
        operation: String,
    },
    /// A delay over a minute.
    #[error("delay_ms of {operation} must be at most {MAX_DELAY_MS}.")]
    Delay {
        /// The operation.
        operation: String,
    },
    /// Rejections of something without records.
    #[error("reject applies to WriteRecords, not to {operation}.")]
    Reject {
        /// The operation.
        operation: String,
    },
}

impl Rates {
    fn check(&self, operation: &str) -> Result<(), Error> {
        let operation = operation.to_owned();
        if operation != ALL && !operations::does(&operation) {
            return Err(Error::Operation { operation });
        }
        let shares = [self.throttle, self.internal, self.lost_answer, self.reject];
        let requests = self.throttle + self.internal + self.lost_answer;
        if shares.iter().any(|share| !(0.0..=1.0).contains(share)) || requests > 1.0 {
            return Err(Error::Share { operation });
        }
        if self.delay_ms > MAX_DELAY_MS {
            return Err(Error::Delay { operation });
        }
        if self.reject > 0.0 && !matches!(operation.as_str(), "WriteRecords" | ALL) {
            return Err(Error::Reject { operation });
        }
        Ok(())
    }
}

/// The present plan and how far its chances have been drawn.
#[derive(Debug, Default)]
pub struct Faults {
    plan: Plan,
    chances: Chances,
}

impl Faults {
    /// Starts a plan from its seed.
    pub fn start(plan: Plan) -> Result<Self, Error> {
        for (operation, rates) in &plan.operations {
            rates.check(operation)?;
        }
        let chances = Chances(plan.seed);
        Ok(Self { plan, chances })
    }

    /// The present plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Draws what happens to a request.
    pub fn draw(&mut self, operation: &str) -> RequestFaults {
        let Some(rates) = self.plan.operations.get(operation).or_else(|| self.plan.operations.get(ALL))
        else {
            return RequestFaults::default();
        };
        let chance = self.chances.next_share();
        let failure = if chance < rates.throttle {
            Some(Failure::Throttled)
        } else if chance < rates.throttle + rates.internal {
            Some(Failure::Internal)
        } else if chance < rates.throttle + rates.internal + rates.lost_answer {
            Some(Failure::LostAnswer)
        } else {
            None
        };
        let records = RecordFaults {
            share: rates.reject,
            reason: rates.reject_reason.clone().unwrap_or_else(|| "Rejected by /_local/faults.".to_owned()),
            chances: Chances(self.chances.next_word()),
        };
        RequestFaults { delay: Duration::from_millis(rates.delay_ms), failure, records }
    }
}

/// What happens to a request.
#[derive(Debug, Default)]
pub struct RequestFaults {
    /// How long the answer is held back.
    pub delay: Duration,
    /// How it fails.
    pub failure: Option<Failure>,
    /// What happens to its records.
    pub records: RecordFaults,
}

/// How a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// With nothing done.
    Throttled,
    /// With nothing done.
    Internal,
    /// After it was done.
    LostAnswer,
}

impl Failure {
    /// The error that the caller sees.
    pub fn error(self) -> wire::Error {
        match self {
            Self::Throttled => wire::Error::new(ErrorCode::Throttling, "Rate exceeded"),
            Self::Internal | Self::LostAnswer => {
                wire::Error::internal("The request could not be processed because of an internal error.")
            }
        }
    }
}

/// What happens to the records of a request.
#[derive(Debug, Default)]
pub struct RecordFaults {
    share: f64,
    reason: String,
    chances: Chances,
}

impl RecordFaults {
    /// Draws whether the next record is rejected, and why.
    pub fn draw(&mut self) -> Option<String> {
        (self.share > 0.0 && self.chances.next_share() < self.share).then(|| self.reason.clone())
    }
}

/// A sequence of chances from a seed: [SplitMix64](https://doi.org/10.1145/2714064.2660195).
#[derive(Debug, Default)]
struct Chances(u64);

impl Chances {
    fn next_word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// From 0, below 1.
    fn next_share(&mut self) -> f64 {
        let thirty_two_bits = u32::try_from(self.next_word() >> 32).unwrap_or(u32::MAX);
        f64::from(thirty_two_bits) / (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(operation: &str, rates: Rates) -> Plan {
        Plan { seed: 7, operations: BTreeMap::from([(operation.to_owned(), rates)]) }
    }

    #[test]
    fn refused_plans() {
        for (operation, rates, part) in [
            ("WriteRecord", Rates::default(), "WriteRecord is not an operation"),
            ("Query", Rates { throttle: 1.5, ..Rates::default() }, "from 0 to 1"),
            ("Query", Rates { internal: -0.1, ..Rates::default() }, "from 0 to 1"),
            ("Query", Rates { throttle: f64::NAN, ..Rates::default() }, "from 0 to 1"),
            ("Query", Rates { throttle: 0.6, internal: 0.6, ..Rates::default() }, "together at most 1"),
            ("Query", Rates { delay_ms: 60_001, ..Rates::default() }, "delay_ms"),
            ("Query", Rates { reject: 0.1, ..Rates::default() }, "applies to WriteRecords"),
        ] {
            let error = Faults::start(plan(operation, rates.clone())).expect_err(part);
            assert!(error.to_string().contains(part), "{rates:?}: {error}");
        }
    }

    #[test]
    fn shares_hold_and_repeat() {
        let rates =
            Rates { throttle: 0.3, internal: 0.1, lost_answer: 0.05, reject: 0.2, ..Rates::default() };
        let run = || {
            let mut faults = Faults::start(plan("*", rates.clone())).expect("the plan is valid");
            let mut requests = Vec::new();
            for _ in 0..20_000 {
                let mut drawn = faults.draw("WriteRecords");
                requests.push((drawn.failure, drawn.records.draw().is_some()));
            }
            requests
        };
        let requests = run();
        assert_eq!(requests, run());
        let share = |count: usize| f64::from(u32::try_from(count).expect("few")) / 20_000.0;
        let failed = |failure| requests.iter().filter(|request| request.0 == Some(failure)).count();
        let rejected = requests.iter().filter(|request| request.1).count();
        for (what, count, expected) in [
            ("throttled", failed(Failure::Throttled), 0.3),
            ("internal", failed(Failure::Internal), 0.1),
            ("lost answers", failed(Failure::LostAnswer), 0.05),
            ("rejected", rejected, 0.2),
        ] {
            let actual = share(count);
            assert!((actual - expected).abs() < 0.015, "{what}: {actual}");
        }
    }

    #[test]
    fn what_is_not_named_is_left_alone() {
        let always = Rates { throttle: 1.0, reject: 1.0, ..Rates::default() };
        let mut faults = Faults::start(plan("WriteRecords", always)).expect("the plan is valid");
        let mut query = faults.draw("Query");
        assert_eq!((query.failure, query.records.draw()), (None, None));
        assert_eq!(faults.draw("WriteRecords").failure, Some(Failure::Throttled));
    }
}
