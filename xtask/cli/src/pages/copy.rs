//! What a copy into a store would take, and what came of it, as a person reads it.

use std::fmt;

use serde::Serialize;

use crate::report::{CAUTION, Document, FAINT, GOOD, STRONG, paint};
use crate::store::copy::journal::Journal;
use crate::store::copy::tally::{Behind, Tally};
use crate::store::copy::target::Target;
use crate::store::copy::{Source, Survey};
use engine::destroy::contents::size;
use jiff::Timestamp;
use session::Session;
use stacks::environment::{StoreKind, Target as Place};

/// What is copied where.
#[derive(Debug, Clone, Serialize)]
pub struct Way {
    /// The environment that gets the points.
    pub environment: String,
    /// Where they come from: `env-dev`, `lake-dev` or `table-database.table`.
    pub source: String,
    /// Its store.
    pub store: String,
    /// The first instant.
    pub since: Timestamp,
    /// The first instant that is not copied.
    pub until: Timestamp,
}

/// What a copy would take.
#[derive(Debug, Serialize)]
pub struct Planned {
    #[serde(flatten)]
    way: Way,
    /// What is counted: points, or objects of a lake.
    pub what: &'static str,
    /// How many there are.
    count: u64,
    /// How many of them an interrupted copy has done.
    pub done: u64,
    /// How many are too old for the store.
    older: u64,
    /// Bytes of objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    /// What AWS asks for.
    costs: Vec<String>,
}

/// What came of a copy.
#[derive(Debug, Serialize)]
pub struct Copied {
    /// What was copied where.
    #[serde(flatten)]
    pub way: Way,
    /// What became of everything.
    #[serde(flatten)]
    pub tally: Tally,
    /// Points that the store had in that time before.
    pub had: u64,
    /// Points that it has now, with those that came by the stream meanwhile.
    pub has: u64,
    /// The file that lists what stays behind.
    pub listed: Option<String>,
    /// How long it took, without what was done before an interruption.
    pub seconds: f64,
}

impl Planned {
    /// By what there is.
    pub fn new(
        way: &Way,
        source: &Source,
        survey: &Survey,
        journal: &Journal,
        target: &Target,
        session: &Session,
    ) -> Self {
        let what = source.unit();
        let (count, done) = (survey.items(), journal.done.iter().map(|window| window.items).sum());
        let environment = &session.environment;
        let costs = match environment.target {
            Place::Local => Vec::new(),
            Place::Aws => costs(&environment.store.kind, survey, target.request_records() as u64),
        };
        Self { way: way.clone(), what, count, done, older: survey.older, bytes: survey.bytes, costs }
    }
}

/// What is known of what AWS asks for.
fn costs(kind: &StoreKind, survey: &Survey, per_request: u64) -> Vec<String> {
    let mut costs = Vec::new();
    let count = survey.items();
    if survey.bytes.is_some() {
        costs.push(format!("{count} requests that read S3"));
    } else {
        costs.push(
            "the source is read twice, to count and to copy: Timestream asks for what its queries scan"
                .to_owned(),
        );
    }
    let requests = count.div_ceil(per_request);
    costs.push(match kind {
        _ if survey.bytes.is_some() => "writing as many points as the objects have".to_owned(),
        StoreKind::Postgres(_) => {
            format!("about {requests} requests of the Data API, and the cluster while it is awake")
        }
        StoreKind::Timestream => {
            format!("about {requests} requests of up to {per_request} points, in steps of 1 KB")
        }
    });
    costs
}

impl Document for Planned {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        heading(&self.way, out)?;
        let bytes = self.bytes.map(|bytes| format!(", {}", size(bytes))).unwrap_or_default();
        let done = if self.done > 0 { format!(", {} of them done", self.done) } else { String::new() };
        writeln!(out, "  {} {}{bytes}{done}", self.count, self.what)?;
        if self.older > 0 {
            let text =
                format_args!("{} {} older than what the store keeps, left behind", self.older, self.what);
            writeln!(out, "  {} {text}", paint(CAUTION, "="))?;
        }
        for cost in &self.costs {
            writeln!(out, "  {}", paint(FAINT, cost))?;
        }
        Ok(())
    }
}

impl Document for Copied {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let Tally { lines, read, stored, superseded, left, faulty, .. } = &self.tally;
        heading(&self.way, out)?;
        let of = if *lines > 0 { format!(" of {lines} lines") } else { String::new() };
        writeln!(out, "  {read} points{of} in {:.1} s", self.seconds)?;
        writeln!(out, "  {} {stored} taken, or there already", paint(GOOD, "✓"))?;
        if *superseded > 0 {
            writeln!(out, "  {} {superseded} there in a later version", paint(GOOD, "✓"))?;
        }
        for (reason, Behind { count, examples }) in left {
            writeln!(out, "  {} {count} left behind: {reason}", paint(CAUTION, "="))?;
            for example in examples {
                writeln!(out, "      {}", paint(FAINT, example))?;
            }
        }
        for (code, count) in faulty {
            let text = format_args!("{count} {code}: faults of messages, which they had when they came");
            writeln!(out, "  {}", paint(FAINT, text))?;
        }
        writeln!(out, "  the store had {} points in that time, and has {}", self.had, self.has)?;
        if let Some(listed) = &self.listed {
            writeln!(out, "  what is left behind is listed in {listed}")?;
        }
        Ok(())
    }
}

fn heading(way: &Way, out: &mut dyn fmt::Write) -> fmt::Result {
    let Way { environment, source, store, since, until } = way;
    let text = format_args!("{environment}: from {source} into {store}, {since:.0} to {until:.0}");
    writeln!(out, "{}", paint(STRONG, text))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::report::text;

    #[test]
    fn a_person_reads_what_stays_behind_and_why() {
        let way = Way {
            environment: "start".to_owned(),
            source: "lake-dev".to_owned(),
            store: "PostgreSQL sluice.telemetry".to_owned(),
            since: Timestamp::UNIX_EPOCH,
            until: Timestamp::UNIX_EPOCH,
        };
        let mut tally = Tally { lines: 9, read: 12, stored: 8, superseded: 1, ..Tally::default() };
        tally.faulty = BTreeMap::from([("not_json".to_owned(), 2)]);
        let behind = Behind { count: 3, examples: vec![json!({"line": 4})] };
        tally.left.insert("it does not say its time".to_owned(), behind);
        let listed = Some("copies/a.left.jsonl".to_owned());
        let copied = Copied { way: way.clone(), tally, had: 1, has: 9, listed, seconds: 0.25 };
        let planned = Planned {
            way,
            what: "objects",
            count: 7,
            done: 2,
            older: 1,
            bytes: Some(2_048),
            costs: vec!["7 requests that read S3".to_owned()],
        };
        insta::assert_snapshot!("copy", anstream::adapter::strip_str(&(text(&planned) + &text(&copied))));
    }
}
