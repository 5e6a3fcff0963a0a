//! `verify`: marked events go in through the front door; each must arrive at every end.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Args;
use device_simulator::{Event, Fleet, Traits};
use futures::future::{OptionFuture, try_join};
use jiff::Timestamp;
use serde::Serialize;
use telemetry::canary::CANARY;

use super::Outcome;
use crate::Global;
use crate::probes::{self, Canary, Lake, Latency, Passage, Probe, Store, Twin};
use crate::report::{BAD, Document, FAINT, GOOD, Report, STRONG, paint};
use crate::send::{Sender, Via};
use engine::inventory::Inventory;
use session::{Exit, Failure, Session, Step};

/// Send marked events through the front door and prove that each arrives at every end
///
/// The events are published to the model's topic, one from each of N devices whose names begin with
/// `sluice-canary-`, so that dashboards, alerts and counts leave them out. One more, of the device
/// `sluice-canary`, proves that the digital twin answers for an entity.
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
    /// Marked events, without the canary's.
    sent: usize,
    /// Events that did not arrive at every end.
    lost: usize,
    #[serde(rename = "hops")]
    ends: Vec<Passage>,
    /// Ends that the environment does not have, and why.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    left_out: BTreeMap<&'static str, &'static str>,
}

/// When each device's event was handed over.
type Sent = HashMap<String, Instant>;

impl Verify {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let session = global.connect().await?;
        let inventory = Inventory::read(&session).await?;
        let marker = marker();
        let store = Store::of(&session, &inventory, &marker).await?;
        let lake = Lake::of(&session, &inventory, &marker)?;
        let has_twin = session.environment.twin.enabled;
        let twin = has_twin.then(|| Twin::of(&session, &inventory, &marker)).transpose()?;
        let canary = has_twin.then(|| Canary::of(&session, &inventory)).transpose()?;
        let (sent, sent_canary) = self.send(&session, &inventory, &marker, report).await?;

        let patience = self.patience.unwrap_or_else(|| patience(&session));
        let progress = Progress::new(report, sent.len());
        let (store, lake, twin, canary) = tokio::try_join!(
            progress.follow(store, &sent, patience),
            progress.follow(lake, &sent, patience),
            follow_some(twin.map(|twin| progress.follow(twin, &sent, patience))),
            follow_some(canary.map(|canary| progress.follow(canary, &sent_canary, patience))),
        )?;
        drop(progress);

        let ends: Vec<Passage> = [Some(store), Some(lake), twin, canary].into_iter().flatten().collect();
        let lost = ends.iter().map(|end| end.sent - end.arrived).max().unwrap_or_default();
        let mut left_out = BTreeMap::new();
        if !has_twin {
            left_out.insert(Twin::NAME, "[twin] enabled = false");
        }
        report.print(&Proof { ok: lost == 0, sent: sent.len(), lost, ends, left_out });
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

    /// Publishes the marked events, and the canary's where there is a twin.
    async fn send(
        &self,
        session: &Session,
        inventory: &Inventory,
        marker: &str,
        report: &Report,
    ) -> Result<(Sent, Sent), Failure> {
        let step = report.step(format_args!("publishing {} events", self.events));
        let traits = Traits { devices: self.events, prefix: marker.to_owned(), ..Traits::default() };
        let mut fleet = Fleet::new(session.model.clone(), traits, 0);
        let now = Timestamp::now().as_microsecond();
        let events = fleet.round(now);
        let canary = session.environment.twin.enabled.then(|| fleet.event_of(CANARY.to_owned(), 0, now));
        let sender = Sender::open(session, inventory, Via::Mqtt).await?;
        let publish = async |events: Vec<Event>| {
            let devices: Vec<String> = events.iter().map(|event| event.device.clone()).collect();
            Ok::<Sent, Failure>(devices.into_iter().zip(sender.send(events).await?).collect())
        };
        let sent = try_join(publish(events), publish(canary.into_iter().collect())).await?;
        step.done("");
        Ok(sent)
    }
}

async fn follow_some(
    passage: Option<impl Future<Output = Result<Passage, Failure>>>,
) -> Result<Option<Passage>, Failure> {
    OptionFuture::from(passage).await.transpose()
}

/// How many events have arrived where, on one line.
struct Progress<'a> {
    step: Step<'a>,
    sent: usize,
    arrived: std::cell::RefCell<BTreeMap<&'static str, usize>>,
}

impl<'a> Progress<'a> {
    fn new(report: &'a Report, sent: usize) -> Self {
        Self { step: report.step("following them"), sent, arrived: std::cell::RefCell::default() }
    }

    async fn follow<P: Probe>(&self, probe: P, sent: &Sent, patience: Duration) -> Result<Passage, Failure> {
        probes::follow(probe, sent, patience, |count| {
            let mut arrived = self.arrived.borrow_mut();
            arrived.insert(P::NAME, count);
            let counts: Vec<String> = arrived.iter().map(|(name, count)| format!("{name} {count}")).collect();
            self.step.update(format_args!("arrived of {}: {}", self.sent, counts.join(", ")));
        })
        .await
    }
}

/// A prefix of device names that no other run has, of [canaries](telemetry::canary).
fn marker() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{CANARY}-{:x}-{:x}-", since.as_millis(), std::process::id())
}

/// What the buffers between the front door and the slowest end may wait, and some.
fn patience(session: &Session) -> Duration {
    let lake = u64::from(session.environment.lake.buffer_seconds);
    Duration::from_secs(30 + 2 * lake + 60)
}

impl Document for Proof {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let Self { sent, lost, ends, left_out, .. } = self;
        writeln!(out, "{} events through the front door", paint(STRONG, sent))?;
        for Passage { name, sent, arrived, latency_ms } in ends {
            let style = if arrived == sent { GOOD } else { BAD };
            let mark = paint(style, if arrived == sent { '✓' } else { '✗' });
            write!(out, "{mark} {name:<6} {} of {sent}", paint(style, arrived))?;
            match latency_ms {
                Some(Latency { p50, p99 }) => writeln!(out, "   p50 {p50} ms   p99 {p99} ms")?,
                None => writeln!(out)?,
            }
        }
        for (name, why) in left_out {
            writeln!(out, "{}", paint(FAINT, format_args!("– {name:<6} left out: {why}")))?;
        }
        match lost {
            0 => writeln!(out, "{}", paint(GOOD, "nothing was lost")),
            lost => writeln!(out, "{}", paint(BAD, format_args!("{lost} did not arrive everywhere"))),
        }
    }
}
