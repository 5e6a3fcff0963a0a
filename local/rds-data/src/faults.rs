//! Faults on demand, so that callers can prove how they take them. Not a part of AWS, and off by default.
//!
//! `POST /_local/faults` sets them, `GET` shows them, `DELETE` ends them. For each operation by name, or
//! for all under `*`:
//!
//! ```json
//! {
//!   "seed": 7,
//!   "resuming_ms": 20000,
//!   "operations": {
//!     "ExecuteStatement": { "throttle": 0.3, "internal": 0.1, "lost_answer": 0.05, "delay_ms": 50 },
//!     "*": { "delay_ms": 5 }
//!   },
//!   "sessions": {
//!     "sluice": { "refused": 0.1, "killed": 0.1, "dropped": 0.1, "lost_answer": 0.05, "silent": 0.01, "delay_ms": 50 },
//!     "*": {}
//!   }
//! }
//! ```
//!
//! `throttle`, `internal` and `lost_answer` are the shares (0 to 1, together at most 1) of requests that are answered
//! with `ThrottlingException` or `InternalServerErrorException`; with `lost_answer` the operation is done all the same.
//! `delay_ms` (at most 60,000) holds every answer back. For `resuming_ms` from now on every request is answered with
//! `DatabaseResumingException`, as by a cluster that was paused. The same seed gives the same faults for the same
//! sequence of requests.
//!
//! `sessions` are those of PostgreSQL's own protocol, by the name of their database. `refused` is the share of those that
//! do not begin, because the database starts up; while the clusters resume none does. The others are shares of their
//! requests, together at most 1, each of which ends its session: `killed` tells so first, as a failover does, and
//! `dropped` does not, both with nothing done; with `lost_answer` the request is done all the same; `silent` does and
//! answers nothing, and leaves the session open.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use crate::{
    operations::OPERATIONS,
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
    /// For how long the clusters resume, in milliseconds from when the plan starts.
    pub resuming_ms: u64,
    /// By operation; `*` stands for those that are not named.
    pub operations: BTreeMap<String, Rates>,
    /// By database; `*` stands for those that are not named.
    pub sessions: BTreeMap<String, SessionRates>,
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
    /// How long each answer is held back, in milliseconds.
    pub delay_ms: u64,
}

/// How often a session breaks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionRates {
    /// Share of sessions that do not begin.
    pub refused: f64,
    /// Share of requests that the server ends its session at, with nothing done.
    pub killed: f64,
    /// Share of requests at which the connection is gone, with nothing done.
    pub dropped: f64,
    /// Share of requests that are done, and after which the connection is gone.
    pub lost_answer: f64,
    /// Share of requests that are not done and never answered.
    pub silent: f64,
    /// How long each request is held back, in milliseconds.
    pub delay_ms: u64,
}

/// Why a plan is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A name that no request has.
    #[error("{0} is not an operation of this endpoint.")]
    Operation(String),
    /// A share that is none.
    #[error("The shares of {0} must be from 0 to 1, and together at most 1.")]
    Share(String),
    /// A delay over a minute.
    #[error("delay_ms of {0} must be at most {MAX_DELAY_MS}.")]
    Delay(String),
}

/// The present plan and how far its chances have been drawn.
#[derive(Debug, Default)]
pub struct Faults {
    plan: Plan,
    resumed: Option<Instant>,
    chances: fastrand::Rng,
}

/// What happens to a request.
#[derive(Debug, Default)]
pub struct Drawn {
    /// How long the answer is held back.
    pub delay: Duration,
    /// How it fails.
    pub failure: Option<Failure>,
}

/// How a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// With nothing done: the cluster was paused.
    Resuming,
    /// With nothing done.
    Throttled,
    /// With nothing done.
    Internal,
    /// After it was done.
    LostAnswer,
}

/// What happens to a request of a session.
#[derive(Debug, Default)]
pub struct DrawnRequest {
    /// How long it is held back.
    pub delay: Duration,
    /// How its session breaks.
    pub broken: Option<Broken>,
}

/// How a session breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The server ends it, and says so.
    Killed,
    /// The connection is gone.
    Dropped,
    /// The connection is gone after the request was done.
    Lost,
    /// Nothing happens any more.
    Silent,
}

impl Rates {
    fn check(&self, operation: &str) -> Result<(), Error> {
        let operation = operation.to_owned();
        if operation != ALL && !OPERATIONS.iter().any(|(_, name, _)| *name == operation) {
            return Err(Error::Operation(operation));
        }
        check(operation, &[self.throttle, self.internal, self.lost_answer], self.delay_ms)
    }
}

impl SessionRates {
    fn check(&self, database: &str) -> Result<(), Error> {
        check(database.to_owned(), &[self.refused], 0)?;
        let shares = [self.killed, self.dropped, self.lost_answer, self.silent];
        check(database.to_owned(), &shares, self.delay_ms)
    }
}

fn check(name: String, shares: &[f64], delay_ms: u64) -> Result<(), Error> {
    if shares.iter().any(|share| !(0.0..=1.0).contains(share)) || shares.iter().sum::<f64>() > 1.0 {
        return Err(Error::Share(name));
    }
    if delay_ms > MAX_DELAY_MS { Err(Error::Delay(name)) } else { Ok(()) }
}

impl Faults {
    /// Starts a plan from its seed.
    pub fn start(plan: Plan) -> Result<Self, Error> {
        for (operation, rates) in &plan.operations {
            rates.check(operation)?;
        }
        for (database, rates) in &plan.sessions {
            rates.check(database)?;
        }
        let resumed = Instant::now().checked_add(Duration::from_millis(plan.resuming_ms));
        let chances = fastrand::Rng::with_seed(plan.seed);
        Ok(Self { plan, resumed, chances })
    }

    /// The present plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Draws what happens to a request.
    pub fn draw(&mut self, operation: &str) -> Drawn {
        let rates = self.plan.operations.get(operation).or_else(|| self.plan.operations.get(ALL));
        let rates = rates.cloned().unwrap_or_default();
        let delay = Duration::from_millis(rates.delay_ms);
        if self.is_resuming() {
            return Drawn { delay, failure: Some(Failure::Resuming) };
        }
        let chance = self.chances.f64();
        let failure = if chance < rates.throttle {
            Some(Failure::Throttled)
        } else if chance < rates.throttle + rates.internal {
            Some(Failure::Internal)
        } else if chance < rates.throttle + rates.internal + rates.lost_answer {
            Some(Failure::LostAnswer)
        } else {
            None
        };
        Drawn { delay, failure }
    }

    /// Draws whether a session does not begin.
    pub fn draw_session(&mut self, database: &str) -> bool {
        self.is_resuming() || self.chances.f64() < self.of(database).refused
    }

    /// Draws what happens to a request of a session.
    pub fn draw_request(&mut self, database: &str) -> DrawnRequest {
        let SessionRates { killed, dropped, lost_answer, silent, delay_ms, .. } = self.of(database);
        let chance = self.chances.f64();
        let broken = [
            (Broken::Killed, killed),
            (Broken::Dropped, dropped),
            (Broken::Lost, lost_answer),
            (Broken::Silent, silent),
        ];
        let mut sum = 0.0;
        let broken = broken.into_iter().find(|(_, share)| {
            sum += share;
            chance < sum
        });
        DrawnRequest { delay: Duration::from_millis(delay_ms), broken: broken.map(|(broken, _)| broken) }
    }

    fn of(&self, database: &str) -> SessionRates {
        let sessions = &self.plan.sessions;
        sessions.get(database).or_else(|| sessions.get(ALL)).cloned().unwrap_or_default()
    }

    fn is_resuming(&self) -> bool {
        self.resumed.is_some_and(|resumed| Instant::now() < resumed)
    }
}

impl Failure {
    /// The error that the caller sees.
    pub fn error(self) -> wire::Error {
        let (code, message) = match self {
            Self::Resuming => (
                ErrorCode::DatabaseResuming,
                "The Aurora DB instance is resuming after being auto-paused. Please wait a few seconds and try again.",
            ),
            Self::Throttled => (ErrorCode::Throttling, "Rate exceeded"),
            Self::Internal | Self::LostAnswer => (
                ErrorCode::InternalServerError,
                "The request could not be processed because of an internal error.",
            ),
        };
        wire::Error::new(code, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(operation: &str, rates: Rates) -> Plan {
        Plan { seed: 7, operations: BTreeMap::from([(operation.to_owned(), rates)]), ..Plan::default() }
    }

    #[test]
    fn refused_plans() {
        for (operation, rates, part) in [
            ("ExecuteSql", Rates::default(), "ExecuteSql is not an operation"),
            ("ExecuteStatement", Rates { throttle: 1.5, ..Rates::default() }, "from 0 to 1"),
            ("ExecuteStatement", Rates { throttle: f64::NAN, ..Rates::default() }, "from 0 to 1"),
            ("*", Rates { throttle: 0.6, internal: 0.6, ..Rates::default() }, "together at most 1"),
            ("*", Rates { delay_ms: 60_001, ..Rates::default() }, "delay_ms"),
        ] {
            let error = Faults::start(plan(operation, rates.clone())).expect_err(part);
            assert!(error.to_string().contains(part), "{rates:?}: {error}");
        }
    }

    #[test]
    fn shares_hold_and_repeat() {
        let rates = Rates { throttle: 0.3, internal: 0.1, lost_answer: 0.05, ..Rates::default() };
        let run = || {
            let mut faults = Faults::start(plan("*", rates.clone())).expect("the plan is valid");
            std::iter::repeat_with(|| faults.draw("ExecuteStatement").failure)
                .take(20_000)
                .collect::<Vec<_>>()
        };
        let drawn = run();
        assert_eq!(drawn, run());
        for (failure, expected) in
            [(Failure::Throttled, 0.3), (Failure::Internal, 0.1), (Failure::LostAnswer, 0.05)]
        {
            let count = drawn.iter().filter(|drawn| **drawn == Some(failure)).count();
            let share = f64::from(u32::try_from(count).expect("few")) / 20_000.0;
            assert!((share - expected).abs() < 0.015, "{failure:?}: {share}");
        }
    }

    #[test]
    fn a_cluster_resumes_for_its_time_alone() {
        let mut faults = Faults::start(Plan { resuming_ms: 60_000, ..Plan::default() }).expect("valid");
        assert_eq!(faults.draw("BeginTransaction").failure, Some(Failure::Resuming));
        faults.resumed = Some(Instant::now());
        assert_eq!(faults.draw("BeginTransaction").failure, None);
    }
}
