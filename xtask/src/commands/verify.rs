//! `verify`: marked events go in through the front door; each must arrive at every end.

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Args;
use device_simulator::{Fleet, Route, Traits};
use jiff::Timestamp;
use serde::Serialize;

use super::Outcome;
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::hops::{self, Lake, Latency, Passage, Store};
use crate::inventory::Inventory;
use crate::report::{BAD, Document, GOOD, Report, STRONG, paint};
use crate::send::{Sender, Via};
use crate::target::Session;

/// Send marked events through the front door and prove that each arrives at every end
///
/// The events are published to the model's topic, one from each of N devices whose names begin with
/// `sluice-verify-`, so that a dashboard can leave them out.
#[derive(Debug, Args)]
pub struct Verify {
    /// How many events to send.
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    events: u32,
    /// Give up when nothing new has arrived for this long [default: 90s and twice what the lake's buffer may wait].
    #[arg(long, value_name = "DURATION", value_parser = super::duration)]
    patience: Option<Duration>,
}

/// What came of the events.
#[derive(Debug, Serialize)]
struct Proof {
    ok: bool,
    sent: usize,
    /// Events that did not arrive at every end.
    lost: usize,
    hops: Vec<Passage>,
}

impl Verify {
    pub async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let session = Session::connect(global).await?;
        let inventory = Inventory::read(&session).await?;
        let marker = marker();
        let store = Store::of(&session, &inventory, &marker).await?;
        let lake = Lake::of(&session, &inventory, &marker)?;
        let sent = self.send(&session, &inventory, &marker, report).await?;

        let patience = self.patience.unwrap_or_else(|| patience(&session));
        let step = report.step("following them");
        let counts = std::cell::Cell::new((0, 0));
        let show = || {
            let (store, lake) = counts.get();
            step.update(format_args!("arrived of {}: store {store}, lake {lake}", sent.len()));
        };
        let seen_in_store = |count| {
            counts.set((count, counts.get().1));
            show();
        };
        let seen_in_lake = |count| {
            counts.set((counts.get().0, count));
            show();
        };
        let (store, lake) = tokio::try_join!(
            hops::follow(store, &sent, patience, seen_in_store),
            hops::follow(lake, &sent, patience, seen_in_lake),
        )?;
        drop(step);

        let hops = vec![store, lake];
        let fewest = hops.iter().map(|hop| hop.arrived).min().unwrap_or_default();
        let lost = sent.len() - fewest;
        report.print(&Proof { ok: lost == 0, sent: sent.len(), lost, hops });
        if lost == 0 {
            return Ok(Exit::Done);
        }
        report.note(format_args!(
            "{} `cargo xtask status --env {env}` shows the quarantine, `cargo xtask logs --env {env}` what the functions say",
            paint(GOOD, "hint:"),
            env = session.environment.name
        ));
        Ok(Exit::VerificationFailed)
    }

    /// Publishes the events, and notes when each device's event was handed over.
    async fn send(
        &self,
        session: &Session,
        inventory: &Inventory,
        marker: &str,
        report: &Report,
    ) -> Result<HashMap<String, Instant>, Failure> {
        let step = report.step(format_args!("publishing {} events", self.events));
        let traits = Traits {
            devices: self.events,
            prefix: marker.to_owned(),
            route: Route::Topic,
            ..Traits::default()
        };
        let mut fleet = Fleet::new(session.model.clone(), traits, 0);
        let events = fleet.round(Timestamp::now().as_microsecond());
        let devices: Vec<String> = events.iter().map(|event| event.device.clone()).collect();
        let starts = Sender::open(session, inventory, Via::Mqtt)?.send(events).await?;
        step.done("");
        Ok(devices.into_iter().zip(starts).collect())
    }
}

/// A prefix of device names that no other run has.
fn marker() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("sluice-verify-{:x}-{:x}-", since.as_millis(), std::process::id())
}

/// What the buffers between the front door and the slowest end may wait, and some.
fn patience(session: &Session) -> Duration {
    let lake = u64::from(session.environment.lake.buffer_seconds);
    Duration::from_secs(30 + 2 * lake + 60)
}

impl Document for Proof {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let Self { sent, lost, hops, .. } = self;
        writeln!(out, "{} events through the front door", paint(STRONG, sent))?;
        for Passage { name, arrived, latency_ms } in hops {
            let style = if arrived == sent { GOOD } else { BAD };
            let mark = paint(style, if arrived == sent { '✓' } else { '✗' });
            write!(out, "{mark} {name:<6} {} of {sent}", paint(style, arrived))?;
            match latency_ms {
                Some(Latency { p50, p99 }) => writeln!(out, "   p50 {p50} ms   p99 {p99} ms")?,
                None => writeln!(out)?,
            }
        }
        match lost {
            0 => writeln!(out, "{}", paint(GOOD, "nothing was lost")),
            lost => writeln!(out, "{}", paint(BAD, format_args!("{lost} did not arrive everywhere"))),
        }
    }
}
