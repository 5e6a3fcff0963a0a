//! `quarantine show`: single events, with all that is known of them.

use std::fmt;

use base64::prelude::*;
use clap::Args;
use jiff::Timestamp;
use kinesis_consumer::quarantine::Reason;
use samples::attempt::Stored;
use serde::Serialize;
use telemetry::{EventKind, Model};

use super::super::Outcome;
use super::super::model::record as record_of;
use super::Read;
use super::filter::Filter;
use crate::Global;
use crate::quarantine::contents::{Entry, instant};
use crate::quarantine::original::{By, shown};
use crate::quarantine::replay::items;
use crate::quarantine::today::{Today, Verdict};
use crate::report::{BAD, CAUTION, Document, FAINT, GOOD, Report, STRONG, paint};
use engine::destroy::contents::size;
use session::{Exit, Failure};

/// Characters of an event that a person is shown.
const SHOWN: usize = 1_024;

/// Show events that were set aside: their bytes, where they lie, why, and what would become of them today
///
/// Today is by the model of this checkout, deployed or not. `cargo xtask quarantine list` tells ids.
#[derive(Debug, Args)]
pub struct Show {
    /// Ids of events, or how they begin.
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    #[command(flatten)]
    filter: Filter,
    /// Stop after this many events.
    #[arg(long, default_value_t = 10, value_name = "N")]
    limit: usize,
}

impl Show {
    pub(super) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let read = Read::looked(global, report).await?;
        let meant = read.meant(&self.filter);
        let takes = |id: &str| self.ids.is_empty() || self.ids.iter().any(|wanted| id.starts_with(wanted));
        let shown = Shown::of(&read.contents.entries, &meant, &read.today, takes, self.limit);
        if shown.events.is_empty() && !self.ids.is_empty() {
            return Err(Failure::new(
                Exit::Configuration,
                format_args!("no event in quarantine has the id {}", self.ids.join(" or ")),
            )
            .hint("`cargo xtask quarantine list` tells ids"));
        }
        report.print(&shown);
        Ok(Exit::Done)
    }
}

/// Single events.
#[derive(Debug, Serialize)]
struct Shown {
    /// Those that were asked for.
    events: Vec<Event>,
    /// Whether there are more.
    truncated: bool,
    #[serde(skip)]
    model: Option<Model>,
}

/// An event, with all that is known of it.
#[derive(Debug, Serialize)]
struct Event {
    id: String,
    arrival: Timestamp,
    partition_key: String,
    sequence_number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subsequence_number: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    /// Where it lies, and why.
    places: Vec<Lies>,
    bytes: usize,
    /// What it says, where that is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// What it says, where that is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
    /// What would become of it by the model of the checkout.
    today: Outlook,
}

#[derive(Debug, Serialize)]
struct Lies {
    place: String,
    by: &'static str,
    reasons: Vec<Reason>,
    omitted: usize,
}

#[derive(Debug, Serialize)]
struct Outlook {
    records: Vec<Stored>,
    reasons: Vec<Reason>,
    omitted: usize,
}

impl Shown {
    /// Of what is meant, the events whose ids are taken.
    fn of(
        entries: &[Entry],
        meant: &[usize],
        today: &Today,
        takes: impl Fn(&str) -> bool,
        limit: usize,
    ) -> Self {
        let items = items(entries, meant);
        let mut chosen = items.iter().filter(|item| takes(&item.original.id()));
        let events = chosen.by_ref().take(limit).map(|item| {
            let lies = |place: &usize| {
                let Entry { place, aside, .. } = &entries[*place];
                let by = match aside.by {
                    By::Consumer => "consumer",
                    By::Rule => "topic rule",
                    By::Lambda => "Lambda",
                };
                Lies { place: place.name(), by, reasons: aside.reasons.clone(), omitted: aside.omitted }
            };
            let original = item.original;
            let bytes = original.bytes();
            let text = String::from_utf8(bytes.to_vec()).ok();
            let ((number, nth), Verdict { records, reasons }) = (original.number(), today.of(original));
            Event {
                id: original.id(),
                arrival: instant(original.arrival_ms()),
                partition_key: original.partition_key().to_owned(),
                sequence_number: number.to_owned(),
                subsequence_number: nth,
                kind: original.kind(today.model()).and_then(|kind| kind.name.clone()),
                device: today.device(original),
                places: item.places.iter().map(lies).collect(),
                bytes: bytes.len(),
                base64: text.is_none().then(|| BASE64_STANDARD.encode(&bytes)),
                text,
                today: Outlook {
                    records: records.into_iter().map(Stored).collect(),
                    reasons: reasons.told,
                    omitted: reasons.omitted,
                },
            }
        });
        let events = events.collect();
        Self { events, truncated: chosen.next().is_some(), model: Some(today.model().clone()) }
    }
}

impl Document for Shown {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        for event in &self.events {
            let of_kind = |kind: &&EventKind| kind.name == event.kind;
            let kind = self.model.as_ref().and_then(|model| model.kinds.iter().find(of_kind));
            event.text(kind, out)?;
        }
        if self.events.is_empty() {
            writeln!(out, "{} no such event is in quarantine", paint(GOOD, '✓'))?;
        }
        if self.truncated {
            writeln!(out, "{}", paint(FAINT, "there are more: `--limit` shows them"))?;
        }
        Ok(())
    }
}

impl Event {
    fn text(&self, kind: Option<&EventKind>, out: &mut dyn fmt::Write) -> fmt::Result {
        let Self { id, arrival, partition_key, sequence_number, places, bytes, today, .. } = self;
        let of = self.device.as_ref().map(|device| format!(" of {device}")).unwrap_or_default();
        writeln!(out, "{}{of}, which came at {arrival:.3}", paint(STRONG, shown(id)))?;
        let nth =
            self.subsequence_number.map(|nth| format!(", event {nth} of an aggregate")).unwrap_or_default();
        let place = format_args!("key {partition_key}, sequence number {sequence_number}{nth}");
        writeln!(out, "  ├ {}", paint(FAINT, place))?;
        for Lies { place, by, reasons, omitted } in places {
            writeln!(out, "  ├ {}", paint(FAINT, format_args!("{place}, by {by}")))?;
            told(reasons, *omitted, "then", out)?;
        }
        let whole = match (&self.text, &self.base64) {
            (Some(text), _) => text.clone(),
            (None, base64) => hex(base64.as_deref().unwrap_or_default()),
        };
        let shown: String = whole.chars().take(SHOWN).collect();
        let more = if shown.len() < whole.len() { "…" } else { "" };
        writeln!(out, "  ├ {} {}{more}", paint(FAINT, size(*bytes as u64)), shown.replace('\n', "\n  │ "))?;
        for Stored(record) in &today.records {
            record_of(out, record, kind)?;
        }
        told(&today.reasons, today.omitted, "today", out)?;
        match today.reasons.is_empty() {
            true => writeln!(out, "  └ {}\n", paint(GOOD, "today it would be stored")),
            false if today.records.is_empty() => {
                writeln!(out, "  └ {}\n", paint(BAD, "today it would stay"))
            }
            false => {
                writeln!(out, "  └ {}\n", paint(BAD, "today a part of it would be stored, and it would stay"))
            }
        }
    }
}

fn told(reasons: &[Reason], omitted: usize, when: &str, out: &mut dyn fmt::Write) -> fmt::Result {
    for Reason { code, message, .. } in reasons {
        writeln!(out, "  ├ {} {} {message}", paint(CAUTION, when), paint(STRONG, code))?;
    }
    if omitted > 0 {
        writeln!(out, "  ├ {} and {omitted} more", paint(CAUTION, when))?;
    }
    Ok(())
}

/// Bytes for people, by their base64.
fn hex(base64: &str) -> String {
    let bytes = BASE64_STANDARD.decode(base64).unwrap_or_default();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
