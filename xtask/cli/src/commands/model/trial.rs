//! `model try`: what becomes of payloads under a model, without deploying anything.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use samples::{Attempt, Trial};
use serde::Serialize;
use session::Exit;
use telemetry::{EventKind, Measured, Model, Record, Value};

use super::{of_project, read_model, read_samples};
use crate::commands::Outcome;
use crate::report::{BAD, CAUTION, Document, FAINT, GOOD, Report, STRONG, many, paint};

/// Longest line of the lake that is shown whole, in characters.
const LONGEST_LINE: usize = 96;
/// Most fields that are listed.
const MOST_FIELDS: usize = 8;

/// Show what becomes of payloads under a model
///
/// For each: the records that are stored, its line in the lake, what the model does not name, and what goes to quarantine
/// and why. The exit code is 6 where a payload is not stored in full.
#[derive(Debug, Args)]
pub struct Try {
    /// Files with payloads, or `-` for standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The model [default: telemetry.toml of the checkout].
    #[arg(long, value_name = "PATH")]
    model: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Tried {
    ok: bool,
    attempts: Vec<Attempt>,
    #[serde(skip)]
    model: Model,
}

impl Try {
    pub(super) fn run(&self, report: &Report) -> Outcome {
        let model = read_model(&self.model.clone().unwrap_or_else(of_project))?;
        let samples = read_samples(&self.files)?;
        let now = Timestamp::now().as_millisecond();
        let attempts = Tried::of(model, &samples, now);
        report.print(&attempts);
        Ok(if attempts.ok { Exit::Done } else { Exit::VerificationFailed })
    }
}

impl Tried {
    fn of(model: Model, samples: &[samples::Sample], time_ms: i64) -> Self {
        let trial = Trial::new(&model);
        let attempts = samples.iter().enumerate();
        let attempts: Vec<Attempt> =
            attempts.map(|(index, sample)| trial.attempt(sample, time_ms, index)).collect();
        Self { ok: attempts.iter().all(is_stored), attempts, model }
    }
}

fn is_stored(attempt: &Attempt) -> bool {
    attempt.outside.is_none() && attempt.quarantine.is_empty()
}

impl Document for Tried {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        for attempt in &self.attempts {
            let of_kind = |kind: &&EventKind| kind.name == attempt.kind;
            show(out, attempt, self.model.kinds.iter().find(of_kind))?;
        }
        let stored = self.attempts.iter().filter(|attempt| is_stored(attempt)).count();
        let style = if self.ok { GOOD } else { BAD };
        let all = many(self.attempts.len(), "payload", "payloads");
        writeln!(out, "{}", paint(style, format_args!("{stored} of {all} stored in full")))
    }
}

/// One payload, as a tree.
fn show(out: &mut dyn fmt::Write, attempt: &Attempt, kind: Option<&EventKind>) -> fmt::Result {
    let style = if is_stored(attempt) { GOOD } else { BAD };
    let mark = paint(style, if is_stored(attempt) { '✓' } else { '✗' });
    let topic = if attempt.topic.is_empty() { "(no topic)" } else { &attempt.topic };
    let of_kind = attempt.kind.as_ref().map_or_else(String::new, |kind| format!("kind {kind}, "));
    write!(out, "{mark} {}", paint(STRONG, topic))?;
    if let Some(outside) = &attempt.outside {
        return writeln!(out, "\n  └ {}\n", paint(BAD, outside));
    }
    writeln!(out, "  {}", paint(FAINT, format_args!("{of_kind}key {}", attempt.partition_key)))?;
    for stored in &attempt.records {
        record(out, &stored.0, kind)?;
    }
    if attempt.corrected {
        writeln!(out, "  ├ {}", paint(CAUTION, "its clock is ahead: moved to its arrival"))?;
    }
    if attempt.out_of_range > 0 {
        let values = many(attempt.out_of_range, "value", "values");
        writeln!(out, "  ├ {}", paint(CAUTION, format_args!("{values} outside of the normal range")))?;
    }
    for refusal in &attempt.quarantine {
        let field = refusal.field.as_ref().map_or_else(String::new, |field| format!("{field}: "));
        writeln!(out, "  ├ {} {field}{}", paint(BAD, "quarantine"), refusal.reason)?;
    }
    if attempt.omitted > 0 {
        writeln!(out, "  ├ {} and {} more", paint(BAD, "quarantine"), attempt.omitted)?;
    }
    if attempt.undeclared_count > 0 {
        let shown: Vec<&str> = attempt.undeclared.iter().take(MOST_FIELDS).map(String::as_str).collect();
        let more = attempt.undeclared_count.saturating_sub(shown.len());
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let fields = format_args!("in the lake alone: {}{more}", shown.join(", "));
        writeln!(out, "  ├ {}", paint(FAINT, fields))?;
    }
    match &attempt.line {
        Some(line) => {
            let more = if line.chars().count() > LONGEST_LINE { "…" } else { "" };
            let line: String = line.chars().take(LONGEST_LINE).collect();
            writeln!(out, "  └ lake {}\n", paint(FAINT, format_args!("{line}{more}")))
        }
        None => writeln!(out, "  └ {}\n", paint(BAD, "no line of the lake: it is kept below its errors")),
    }
}

/// A record: its series and instant, and below them what was measured.
pub(in crate::commands) fn record(
    out: &mut dyn fmt::Write,
    record: &Record,
    kind: Option<&EventKind>,
) -> fmt::Result {
    let series: Vec<String> =
        record.dimensions.iter().map(|one| format!("{}={}", one.name, one.value)).collect();
    let instant = instant(record.time);
    writeln!(out, "  ├ {}  {instant}  {}", paint(STRONG, &record.measure_name), series.join(" "))?;
    let values: Vec<(&str, &Value)> = match &record.measured {
        Measured::Single(value) => vec![(&record.measure_name, value)],
        Measured::Multi(values) => values.iter().map(|one| (&*one.name, &one.value)).collect(),
    };
    let width = values.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    for (index, (name, value)) in values.iter().enumerate() {
        let branch = if index + 1 == values.len() { '└' } else { '├' };
        let measure = kind.and_then(|kind| kind.measures.iter().find(|measure| measure.name == *name));
        let unit = measure.and_then(|measure| measure.unit.as_deref()).unwrap_or_default();
        let kind = paint(FAINT, value.kind().name());
        let text = match value {
            Value::Timestamp(time) => self::instant(*time),
            other => other.text().into_owned(),
        };
        writeln!(out, "  │ {branch} {name:<width$}  {} {kind}", format!("{text} {unit}").trim_end())?;
    }
    Ok(())
}

/// Nanoseconds since 1970 as people read them.
fn instant(time: i64) -> String {
    Timestamp::from_nanosecond(time.into()).map_or_else(|_| time.to_string(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::shown;

    const MODEL: &str = r#"
[[kind]]
name = "plug"
topic = "tele/+/SENSOR"
[kind.device]
topic_segment = 2
dimension = "device"
[kind.time]
field = "Time"
zone = "Europe/Berlin"
unit = "s"
[kind.record]
layout = "multi"
undeclared = "ignore"
[[kind.measure]]
name = "power"
field = "ENERGY.Power"
type = "double"
unit = "watt"
normal = { min = 0, max = 100 }
[[kind.measure]]
name = "started"
field = "ENERGY.TotalStartTime"
type = "timestamp"

[[kind]]
name = "switch"
topic = "stat/+/+"
[kind.named]
topic_segment = 3
value = "$"
[kind.device]
topic_segment = 2
dimension = "device"
[kind.record]
layout = "single"
undeclared = "ignore"
[[kind.measure]]
name = "switched_on"
field = "POWER"
type = "boolean"
map = { ON = true, OFF = false }
"#;

    const PAYLOADS: &str = r#"tele/plug-1/SENSOR {"Time":"2026-11-21T09:00:00","ENERGY":{"TotalStartTime":"2025-01-06T07:12:33","Power":127,"Voltage":231},"TempUnit":"C"}
tele/plug-1/SENSOR {"Time":"2026-11-21T09:00:10","ENERGY":{"Power":"much"}}
stat/plug-1/POWER ON
stat/plug-1/POWER perhaps
stat/plug-1/RESULT {"POWER":"ON"}
home/plug-1 1
"#;

    #[test]
    fn a_payload_is_shown_with_all_that_becomes_of_it() {
        let model =
            stacks::model::parse("telemetry.toml", MODEL).unwrap_or_else(|problems| panic!("{problems}"));
        let samples = samples::read(PAYLOADS.as_bytes()).expect("samples");
        let attempts = Tried::of(model, &samples, 1_795_248_060_000);
        assert!(!attempts.ok);
        insta::assert_snapshot!(shown(&attempts));
    }
}
