//! `verify`: marked events go in through the front door; each must arrive at every end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use device_simulator::{Event, Fleet, Traits};
use futures::future::{try_join, try_join_all};
use jiff::Timestamp;
use serde::Serialize;
use telemetry::canary::CANARY;
use telemetry::{EventKind, Measure, Model};

use super::Outcome;
use crate::Global;
use crate::probes::{self, Arrived, Canary, Lake, Latency, Missing, Passage, Probe, Sent, Store, Twin};
use crate::report::{BAD, Document, FAINT, GOOD, Report, STRONG, paint};
use crate::send::{Sender, Via};
use engine::deploy::options::selection;
use engine::inventory::Inventory;
use session::{Exit, Failure, Session, Step};

/// Send marked events through the front door and prove that each arrives at every end
///
/// The events are published to the model's topics, in the shape in which a device of their kind sends them, one
/// from each of N devices whose names begin with `sluice-canary-`, so that dashboards, alerts and counts leave them
/// out. Of each kind one more, of the device `sluice-canary`, proves that the digital twin answers for an entity.
/// A measure that was sent and is not in the store is named with its field.
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
    /// Measures that were sent and are not in the store.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<Missing>,
    /// Ends that the environment does not have, and why.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    left_out: BTreeMap<String, String>,
}

/// What was published of one kind.
#[derive(Default)]
struct Published {
    /// Marked events, by device.
    marked: Sent,
    /// The canary's, where there is a twin.
    canary: Sent,
    /// Measures that were in the marked events, by name.
    measures: BTreeSet<String>,
}

impl Verify {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let (session, inventory) = global.connect_to_deployed().await?;
        let marker = marker();
        let kinds = &session.model.kinds;
        let ends = Ends::of(&session, &inventory, &marker).await?;
        let published = self.send(&session, &inventory, &marker, report).await?;

        let patience = self.patience.unwrap_or_else(|| patience(&session));
        let all: Sent = published.iter().flat_map(|kind| kind.marked.clone()).collect();
        let progress = Progress::new(report, all.len());
        let (store, lake, twin, canary) = tokio::try_join!(
            progress.follow(ends.store.clone(), &all, patience),
            progress.follow_kinds(ends.lake, published.iter().map(|kind| &kind.marked), patience),
            progress.follow_kinds(ends.twin, published.iter().map(|kind| &kind.marked), patience),
            progress.follow_kinds(ends.canary, published.iter().map(|kind| &kind.canary), patience),
        )?;
        drop(progress);
        let sent = sent_measures(&session.model, &published);
        let missing = if store.is_empty() { Vec::new() } else { ends.store.missing(&sent).await? };

        let passages = |name, published: &Published, kind: &EventKind, arrived: Option<&Arrived>| {
            let sent = if name == Canary::NAME { &published.canary } else { &published.marked };
            arrived.map(|arrived| Passage::of(name, kind.name.clone(), sent, arrived))
        };
        let by_kind = published.iter().zip(kinds).enumerate();
        let passages = by_kind.flat_map(|(index, (published, kind))| {
            [
                passages(Store::NAME, published, kind, Some(&store)),
                passages(Lake::NAME, published, kind, lake.get(index)),
                passages(Twin::NAME, published, kind, twin.get(index)),
                passages(Canary::NAME, published, kind, canary.get(index)),
            ]
        });
        // What was not to be seen at an end says nothing of it.
        let ends: Vec<Passage> = passages.flatten().filter(|end| end.sent > 0).collect();
        let proof = Proof::of(all.len(), ends, missing, left_out(&session));
        report.print(&proof);
        if proof.ok {
            return Ok(Exit::Done);
        }
        report.note(format_args!(
            "{} `cargo xtask status{selected}` shows the quarantine, `cargo xtask logs{selected}` what the functions say",
            paint(GOOD, "hint:"),
            selected = selection(&session.environment.name)
        ));
        Ok(Exit::VerificationFailed)
    }

    /// Publishes the marked events, and the canary's where there is a twin: what there is of each kind.
    async fn send(
        &self,
        session: &Session,
        inventory: &Inventory,
        marker: &str,
        report: &Report,
    ) -> Result<Vec<Published>, Failure> {
        let kinds = &session.model.kinds;
        // At least one of each kind.
        let devices = self.events.max(u32::try_from(kinds.len()).unwrap_or(u32::MAX));
        let step = report.step(format_args!("publishing {devices} events"));
        let traits = Traits { devices, prefix: marker.to_owned(), ..Traits::default() };
        let mut fleet = Fleet::new(session.model.clone(), traits, 0);
        let now = Timestamp::now().as_microsecond();
        let events: Vec<Event> = (0..devices).flat_map(|index| fleet.send(index, now)).collect();
        let proven =
            kinds.iter().enumerate().filter(|(_, kind)| session.environment.twin.enabled && has_canary(kind));
        let canaries: Vec<Event> = proven.map(|(index, _)| fleet.event_of(index, CANARY, 0, now)).collect();

        let mut published: Vec<Published> = kinds.iter().map(|_| Published::default()).collect();
        for event in &events {
            let measures = event.readings.iter().map(|reading| reading.name.to_string());
            published[event.kind].measures.extend(measures);
        }
        let sender = Sender::open(session, inventory, Via::Mqtt).await?;
        let publish = async |events: Vec<Event>| {
            let senders: Vec<(usize, String)> =
                events.iter().map(|event| (event.kind, probes::sender(&event.device))).collect();
            Ok::<_, Failure>(senders.into_iter().zip(sender.send(events).await?).collect::<Vec<_>>())
        };
        let (sent, sent_canaries) = try_join(publish(events), publish(canaries)).await?;
        for ((kind, device), moment) in sent {
            published[kind].marked.insert(device, moment);
        }
        for ((kind, device), moment) in sent_canaries {
            published[kind].canary.insert(device, moment);
        }
        step.done("");
        Ok(published)
    }
}

/// The probes of an environment: of the store one, of other ends one for each kind.
struct Ends {
    store: Store,
    lake: Vec<Lake>,
    twin: Vec<Twin>,
    canary: Vec<Canary>,
}

impl Ends {
    async fn of(session: &Session, inventory: &Inventory, marker: &str) -> Result<Self, Failure> {
        let kinds = &session.model.kinds;
        let of_twin: &[EventKind] = if session.environment.twin.enabled { kinds } else { &[] };
        let lake = kinds.iter().map(|kind| Lake::of(session, inventory, kind, marker));
        let twin = of_twin.iter().map(|kind| Twin::of(session, inventory, kind, marker));
        let canary = of_twin.iter().map(|kind| Canary::of(session, inventory, kind));
        Ok(Self {
            store: Store::of(session, inventory, marker).await?,
            lake: lake.collect::<Result<_, _>>()?,
            twin: twin.collect::<Result<_, _>>()?,
            canary: canary.collect::<Result<_, _>>()?,
        })
    }
}

/// Whether the canary can send events of a kind: its name has one level, and cannot be that of a device that
/// several levels of the topic name.
fn has_canary(kind: &EventKind) -> bool {
    kind.device.topic_segments.len() < 2
}

/// What is not proven, and why.
fn left_out(session: &Session) -> BTreeMap<String, String> {
    if !session.environment.twin.enabled {
        return BTreeMap::from([(Twin::NAME.to_owned(), "[twin] enabled = false".to_owned())]);
    }
    let without = session.model.kinds.iter().filter(|kind| !has_canary(kind));
    without
        .map(|kind| {
            let of_kind = kind.name.iter().fold(Canary::NAME.to_owned(), |end, kind| format!("{end} {kind}"));
            (of_kind, "several levels of the topic name its devices, and no canary".to_owned())
        })
        .collect()
}

/// The measures that were in marked events.
fn sent_measures<'a>(model: &'a Model, published: &[Published]) -> Vec<(&'a EventKind, &'a Measure)> {
    let of_kind = |(kind, published): (&'a EventKind, &Published)| {
        let sent = published.measures.clone();
        kind.measures
            .iter()
            .filter(move |measure| sent.contains(&measure.name))
            .map(move |measure| (kind, measure))
    };
    model.kinds.iter().zip(published).flat_map(of_kind).collect()
}

/// How many events have arrived where, on one line.
struct Progress<'a> {
    step: Step<'a>,
    sent: usize,
    arrived: std::cell::RefCell<BTreeMap<(&'static str, usize), usize>>,
}

impl<'a> Progress<'a> {
    fn new(report: &'a Report, sent: usize) -> Self {
        Self { step: report.step("following them"), sent, arrived: std::cell::RefCell::default() }
    }

    async fn follow<P: Probe>(&self, probe: P, sent: &Sent, patience: Duration) -> Result<Arrived, Failure> {
        self.follow_kind(probe, 0, sent, patience).await
    }

    /// What arrived of each kind.
    async fn follow_kinds<'s, P: Probe>(
        &self,
        probes: Vec<P>,
        sent: impl Iterator<Item = &'s Sent>,
        patience: Duration,
    ) -> Result<Vec<Arrived>, Failure> {
        let kinds = probes.into_iter().zip(sent).enumerate();
        try_join_all(kinds.map(|(kind, (probe, sent))| self.follow_kind(probe, kind, sent, patience))).await
    }

    async fn follow_kind<P: Probe>(
        &self,
        probe: P,
        kind: usize,
        sent: &Sent,
        patience: Duration,
    ) -> Result<Arrived, Failure> {
        probes::follow(probe, sent, patience, |count| {
            let mut arrived = self.arrived.borrow_mut();
            arrived.insert((P::NAME, kind), count);
            let mut by_end: BTreeMap<&str, usize> = BTreeMap::new();
            for ((end, _), count) in &*arrived {
                *by_end.entry(end).or_default() += count;
            }
            let counts: Vec<String> = by_end.iter().map(|(end, count)| format!("{end} {count}")).collect();
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

impl Proof {
    fn of(
        sent: usize,
        ends: Vec<Passage>,
        missing: Vec<Missing>,
        left_out: BTreeMap<String, String>,
    ) -> Self {
        let lost_of = |kind: &Option<String>| {
            let of_kind = ends.iter().filter(|end| end.kind == *kind);
            of_kind.map(|end| end.sent - end.arrived).max().unwrap_or_default()
        };
        let kinds: BTreeSet<&Option<String>> = ends.iter().map(|end| &end.kind).collect();
        let lost = kinds.into_iter().map(lost_of).sum();
        Self { ok: lost == 0 && missing.is_empty(), sent, lost, ends, missing, left_out }
    }
}

impl Document for Proof {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let Self { sent, lost, ends, missing, left_out, .. } = self;
        writeln!(out, "{} events through the front door", paint(STRONG, sent))?;
        let mut kind_before = &None;
        for Passage { name, kind, sent, arrived, latency_ms } in ends {
            if let Some(kind) = kind.as_ref().filter(|_| kind != kind_before) {
                writeln!(out, "{}", paint(STRONG, kind))?;
            }
            kind_before = kind;
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
        for Missing { kind, measure, field } in missing {
            let kind = kind.as_ref().map_or_else(String::new, |kind| format!("{kind}: "));
            let what = format_args!("{kind}`{field}` was sent, and the store has no {measure}");
            writeln!(out, "{} {what}", paint(BAD, '✗'))?;
        }
        match (lost, missing.len()) {
            (0, 0) => writeln!(out, "{}", paint(GOOD, "nothing was lost")),
            (0, _) => Ok(()),
            (lost, _) => writeln!(out, "{}", paint(BAD, format_args!("{lost} did not arrive everywhere"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::shown;

    #[test]
    fn a_proof_tells_kinds_and_ends_apart() {
        let passage = |name, kind: &str, sent, arrived| Passage {
            name,
            kind: Some(kind.to_owned()),
            sent,
            arrived,
            latency_ms: (arrived > 0).then_some(Latency { p50: 210, p99: 340 }),
        };
        let missing = Missing {
            kind: Some("chirpstack".to_owned()),
            measure: "temperature".to_owned(),
            field: "object.temperature".to_owned(),
        };
        let ends = vec![
            passage("store", "chirpstack", 7, 7),
            passage("lake", "chirpstack", 7, 7),
            passage("store", "owntracks", 6, 4),
            passage("lake", "owntracks", 6, 0),
        ];
        let why = "several levels of the topic name its devices, and no canary".to_owned();
        let left_out = BTreeMap::from([("canary owntracks".to_owned(), why)]);
        let proof = Proof::of(13, ends, vec![missing], left_out);
        assert_eq!((proof.ok, proof.lost), (false, 6));
        insta::assert_snapshot!(shown(&proof));
    }
}
