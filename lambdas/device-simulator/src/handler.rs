//! One invocation: a minute of the fleet's life.
//!
//! The minute ends at the scheduled time, and everything in it follows from that time: a repetition
//! of the same invocation sends the same events, which change nothing in the store.

use std::time::{Duration, SystemTime};

use aws_sdk_kinesis::Client;
use device_simulator::{Event, Fleet};
use fastrand::Rng;
use jiff::Timestamp;
use serde::Deserialize;
use telemetry::Model;

use crate::put::{Report, put};
use crate::settings::Settings;

/// The time of events that an invocation covers, in microseconds.
const MINUTE: i64 = 60_000_000;
/// What the invocation keeps of its time to answer.
const MARGIN: Duration = Duration::from_secs(2);

/// What the function uses of a
/// [scheduled event](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html).
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Schedule {
    /// When the invocation was due. `None`, by hand: now.
    #[serde(default)]
    pub time: Option<Timestamp>,
}

/// Why an invocation failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Nothing at all came through, so the stream is missing, or forbidden, or far too small.
    #[error("the stream {stream} took none of {failed} events; the log has the reasons")]
    NothingSent { stream: String, failed: usize },
}

/// Everything that outlives an invocation.
pub(crate) struct Simulator {
    pub model: Model,
    pub settings: Settings,
    pub client: Client,
}

impl Simulator {
    /// Sends a minute of events. `deadline` is when Lambda ends the invocation, `rng` is for waits only.
    pub(crate) async fn run(
        &self,
        schedule: Schedule,
        deadline: SystemTime,
        rng: &mut Rng,
    ) -> Result<Report, Error> {
        let events = self.minute(schedule.time.unwrap_or_else(Timestamp::now));
        let deadline = deadline.checked_sub(MARGIN).unwrap_or(deadline);
        let stream = &self.settings.stream;
        let report = put(&self.client, stream, events, deadline, rng).await;
        if report.sent == 0 && report.failed > 0 {
            return Err(Error::NothingSent { stream: stream.clone(), failed: report.failed });
        }
        Ok(report)
    }

    /// The events of the minute that ends at `end`, spread over it evenly.
    fn minute(&self, end: Timestamp) -> Vec<Event> {
        let end = end.as_microsecond();
        let mut fleet = Fleet::new(self.model.clone(), self.settings.traits.clone(), end.cast_unsigned());
        let rounds = i64::from(self.settings.events_per_minute);
        (0..rounds).rev().flat_map(|age| fleet.round(end - age * MINUTE / rounds)).collect()
    }
}

#[cfg(test)]
mod tests;
