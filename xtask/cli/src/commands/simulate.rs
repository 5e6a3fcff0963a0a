//! `simulate`: events of the model from this machine, at a steady rate.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "rates and counts that a command line takes are far from the limits of f64"
)]

use std::fmt;
use std::time::{Duration, Instant};

use clap::Args;
use device_simulator::{Fleet, Traits};
use jiff::Timestamp;
use serde::Serialize;

use super::Outcome;
use crate::Global;
use crate::report::{Document, Report, STRONG, paint};
use crate::send::{Sender, Via};
use engine::inventory::Inventory;
use session::Exit;

/// How often a portion of the rate is sent.
const TICK: Duration = Duration::from_millis(100);

/// Send events of the model from this machine
#[derive(Debug, Args)]
pub struct Simulate {
    /// Number of devices.
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    devices: u32,
    /// Events a second, of all devices together.
    #[arg(long, default_value_t = 10.0, value_name = "R", value_parser = rate)]
    rate: f64,
    /// How long.
    #[arg(long = "for", default_value = "10s", value_name = "DURATION", value_parser = super::duration)]
    length: Duration,
    /// The way in.
    #[arg(long, default_value = "mqtt", value_name = "WAY")]
    via: Via,
    /// Chance that a measure is outside of what is normal, 0 to 1 [default: the environment's].
    #[arg(long, value_name = "CHANCE", value_parser = chance)]
    anomalies: Option<f64>,
    /// Seed of the values, to repeat a run.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Sent {
    #[serde(rename = "sent")]
    events: u64,
    devices: u32,
    seconds: f64,
    /// Events a second, as it came out.
    rate: f64,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "expected a number of events a second".to_owned())?;
    if (0.01..=100_000.0).contains(&rate) {
        Ok(rate)
    } else {
        Err("a rate is from 0.01 to 100000".to_owned())
    }
}

fn chance(text: &str) -> Result<f64, String> {
    let chance: f64 = text.parse().map_err(|_| "expected a chance from 0 to 1".to_owned())?;
    if (0.0..=1.0).contains(&chance) { Ok(chance) } else { Err("a chance is from 0 to 1".to_owned()) }
}

impl Simulate {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let session = global.connect().await?;
        let inventory = Inventory::read(&session).await?;
        let sender = Sender::open(&session, &inventory, self.via).await?;
        let traits = Traits {
            devices: self.devices,
            anomaly_chance: self.anomalies.unwrap_or(session.environment.simulator.anomaly_chance),
            ..Traits::default()
        };
        let seed = self.seed.unwrap_or_else(|| Timestamp::now().as_microsecond().unsigned_abs());
        let mut fleet = Fleet::new(session.model.clone(), traits, seed);

        let total = (self.rate * self.length.as_secs_f64()).round() as u64;
        let step = report.step(format_args!("sending to {}", session.environment.name));
        let (start, start_time) = (Instant::now(), Timestamp::now().as_microsecond());
        let mut sent = 0;
        while sent < total {
            // An event is sent when its own time has come. Behind the clock, a portion is larger, so
            // that the rate holds on average.
            let portion = Instant::now();
            let due = total.min((self.rate * start.elapsed().as_secs_f64()) as u64 + 1);
            let event = |index: u64| {
                let device = (index % u64::from(self.devices)) as u32;
                fleet.send(device, start_time + (index as f64 / self.rate * 1e6) as i64)
            };
            sender.send((sent..due).flat_map(event).collect()).await?;
            sent = due;
            step.update(format_args!("sent {sent} of {total} events"));
            tokio::time::sleep(TICK.saturating_sub(portion.elapsed())).await;
        }
        drop(step);
        let seconds = start.elapsed().as_secs_f64();
        let rate = sent as f64 / seconds.max(f64::EPSILON);
        if rate < 0.9 * self.rate {
            report.note(format_args!(
                "the way in took {rate:.0} events a second; {} were asked for",
                self.rate
            ));
        }
        report.print(&Sent { events: sent, devices: self.devices, seconds, rate });
        Ok(Exit::Done)
    }
}

impl Document for Sent {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let Self { events: sent, devices, seconds, rate } = self;
        writeln!(
            out,
            "{} events of {devices} devices in {seconds:.1} s, {rate:.0} a second",
            paint(STRONG, sent)
        )
    }
}
