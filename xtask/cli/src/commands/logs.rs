//! `logs`: what the functions and deliveries of an environment say.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use anyhow::anyhow;
use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use clap::Args;
use futures::future::try_join_all;
use jiff::Timestamp;
use serde::Serialize;

use super::Outcome;
use crate::report::{Document, FAINT, Report, STRONG, paint};
use crate::{Format, Global};
use engine::deploy::application::APPLICATION;
use engine::inventory::Inventory;
use local_target::flink::Machine;
use session::sdk_error::sentence;
use session::{Exit, Failure, Project, Session};

/// How often `--follow` asks for more.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// Show what the functions and deliveries say
#[derive(Debug, Args)]
pub struct Logs {
    /// Only these stacks, for instance `consumer`.
    #[arg(value_name = "STACK")]
    stacks: Vec<String>,
    /// Go on showing lines as they come, until Ctrl-C.
    #[arg(long, short)]
    follow: bool,
    /// How far back to begin.
    #[arg(long, default_value = "10m", value_name = "DURATION", value_parser = super::duration)]
    since: Duration,
    /// Only lines that match, in CloudWatch's filter syntax, for instance ERROR.
    #[arg(long, value_name = "PATTERN")]
    filter: Option<String>,
}

/// A line of a log.
#[derive(Debug, Serialize)]
struct Line {
    #[serde(skip)]
    id: String,
    time: String,
    stack: &'static str,
    message: String,
    #[serde(skip)]
    at: i64,
}

#[derive(Debug, Serialize)]
struct Lines {
    lines: Vec<Line>,
}

impl Document for Lines {
    fn text(&self, out: &mut dyn std::fmt::Write) -> std::fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(out, "{}", line.text()))
    }
}

impl Line {
    fn new(stack: &'static str, event: &FilteredLogEvent) -> Self {
        let at = event.timestamp().unwrap_or_default();
        let time = Timestamp::from_millisecond(at).unwrap_or_default().to_string();
        let message = event.message().unwrap_or_default().trim_end().to_owned();
        Self { id: event.event_id().unwrap_or_default().to_owned(), time, stack, message, at }
    }

    fn text(&self) -> String {
        format!("{} {} {}", paint(FAINT, &self.time), paint(STRONG, self.stack), self.message)
    }
}

impl Logs {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        if self.follow && report.format() == Format::Json {
            return Err(Failure::new(
                Exit::Configuration,
                "--follow has no end, so it cannot be one JSON document",
            )
            .hint("leave out --follow, or --format json"));
        }
        let session = global.connect().await?;
        let inventory = Inventory::read(&session).await?;
        let groups = self.groups(&inventory)?;
        let job = self.job(&session, &inventory, global);
        let since = i64::try_from(self.since.as_millis()).unwrap_or(i64::MAX);
        let mut from = Timestamp::now().as_millisecond().saturating_sub(since);
        let mut seen = HashSet::new();
        let lines = self.read(&session, &groups, job.as_ref(), from, &mut seen).await?;
        if !self.follow {
            if lines.is_empty() {
                report.note(format_args!(
                    "no line in the last {}s; --since goes further back",
                    self.since.as_secs()
                ));
            }
            report.print(&Lines { lines });
            return Ok(Exit::Done);
        }
        let mut lines = lines;
        loop {
            for line in &lines {
                report.raw(line.text());
                from = from.max(line.at);
            }
            tokio::select! {
                () = tokio::time::sleep(FOLLOW_EVERY) => {}
                _ = tokio::signal::ctrl_c() => return Ok(Exit::Done),
            }
            lines = self.read(&session, &groups, job.as_ref(), from, &mut seen).await?;
        }
    }

    /// Log groups of the stacks that were asked for.
    fn groups(&self, inventory: &Inventory) -> Result<Vec<(&'static str, String)>, Failure> {
        let groups = || {
            let groups = inventory.resources("AWS::Logs::LogGroup");
            groups.map(|(stack, resource)| (stack.name, resource.physical_id.clone()))
        };
        let known: BTreeSet<&str> = groups().map(|(stack, _)| stack).collect();
        if let Some(unknown) = self.stacks.iter().find(|name| !known.contains(name.as_str())) {
            let hint = match stacks::config::likely(unknown, known.iter().copied()) {
                Some(likely) => format!("did you mean `{likely}`?"),
                None => format!("stacks with logs: {}", known.into_iter().collect::<Vec<_>>().join(", ")),
            };
            return Err(
                Failure::new(Exit::Configuration, format_args!("there is no log of `{unknown}`")).hint(hint)
            );
        }
        Ok(groups()
            .filter(|(stack, _)| self.stacks.is_empty() || self.stacks.iter().any(|name| name == stack))
            .collect())
    }

    /// The Flink job of the local target, which writes to a file, and its stack.
    fn job(
        &self,
        session: &Session,
        inventory: &Inventory,
        global: &Global,
    ) -> Option<(&'static str, Machine)> {
        let (stack, _) = inventory
            .resources(APPLICATION)
            .find(|(stack, _)| self.stacks.is_empty() || self.stacks.iter().any(|name| name == stack.name))?;
        let project = Project::locate();
        Some((stack.name, Machine::of(&project, &global.location(&project), session)?))
    }

    /// Lines since `from` that were not there before, oldest first.
    async fn read(
        &self,
        session: &Session,
        groups: &[(&'static str, String)],
        job: Option<&(&'static str, Machine)>,
        from: i64,
        seen: &mut HashSet<String>,
    ) -> Result<Vec<Line>, Failure> {
        let client = session.logs();
        let read = groups.iter().map(|(stack, group)| {
            let request = client.filter_log_events().log_group_name(group).start_time(from);
            let mut pages = request.set_filter_pattern(self.filter.clone()).into_paginator().send();
            async move {
                let mut lines = Vec::new();
                while let Some(page) = pages.next().await {
                    let page = page
                        .map_err(|error| anyhow!("log group {group} cannot be read: {}", sentence(&error)))?;
                    lines.extend(page.events().iter().map(|event| Line::new(stack, event)));
                }
                Ok::<_, anyhow::Error>(lines)
            }
        });
        let mut lines: Vec<Line> = try_join_all(read).await?.into_iter().flatten().collect();
        if let Some((stack, machine)) = job {
            let of_job = of_file(stack, &machine.log_text()).into_iter();
            lines.extend(of_job.filter(|line| line.at >= from && self.admits(&line.message)));
        }
        lines.sort_by_key(|line| line.at);
        Ok(unseen(lines, seen))
    }

    /// CloudWatch's simplest filter, for a file: every term is in the line.
    fn admits(&self, message: &str) -> bool {
        let terms = self.filter.as_deref().unwrap_or_default().split_whitespace();
        terms.map(|term| term.trim_matches('"')).all(|term| message.contains(term))
    }
}

/// The lines that earlier readings did not have. A line without an id, as the emulator gives those of functions, is
/// known by its text, and by how many are like it.
fn unseen(lines: Vec<Line>, seen: &mut HashSet<String>) -> Vec<Line> {
    let mut alike: HashMap<String, usize> = HashMap::new();
    let is_new = |line: &Line| {
        if !line.id.is_empty() {
            return seen.insert(format!("{} {} {}", line.stack, line.time, line.id));
        }
        let name = format!("{} {} {}", line.stack, line.time, line.message);
        let count = alike.entry(name.clone()).and_modify(|count| *count += 1).or_insert(1);
        seen.insert(format!("{name} {count}"))
    };
    lines.into_iter().filter(is_new).collect()
}

/// The lines of a file, each of which begins with an instant or belongs to the one before it.
fn of_file(stack: &'static str, text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut at = 0;
    for (number, line) in text.lines().enumerate() {
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        let message = match first.parse::<Timestamp>() {
            Ok(instant) => {
                at = instant.as_millisecond();
                rest
            }
            Err(_) => line,
        };
        let time = Timestamp::from_millisecond(at).unwrap_or_default().to_string();
        lines.push(Line {
            id: number.to_string(),
            time,
            stack,
            message: message.trim_start().to_owned(),
            at,
        });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_lost_and_none_is_told_twice() {
        let line = |id: &str, message: &str| Line {
            id: id.to_owned(),
            time: "2026-01-02T03:04:05Z".to_owned(),
            stack: "consumer",
            message: message.to_owned(),
            at: 0,
        };
        let first =
            || vec![line("", "START"), line("", "twice"), line("", "twice"), line("1", "a"), line("1", "a")];
        let mut seen = HashSet::new();
        let told = |lines: Vec<Line>| lines.into_iter().map(|line| line.message).collect::<Vec<_>>();
        assert_eq!(told(unseen(first(), &mut seen)), ["START", "twice", "twice", "a"]);
        let mut second = first();
        second.extend([line("", "END"), line("2", "a")]);
        assert_eq!(told(unseen(second, &mut seen)), ["END", "a"]);
    }

    #[test]
    fn lines_of_a_file_have_the_instant_that_they_begin_with() {
        let text = "2026-01-02T03:04:05.678Z INFO  runs\n2026-01-02T03:04:06Z ERROR no\n\tat A.b\nplain";
        let lines: Vec<_> =
            of_file("consumer", text).into_iter().map(|line| (line.time, line.message)).collect();
        let expected = [
            ("2026-01-02T03:04:05.678Z", "INFO  runs"),
            ("2026-01-02T03:04:06Z", "ERROR no"),
            ("2026-01-02T03:04:06Z", "at A.b"),
            ("2026-01-02T03:04:06Z", "plain"),
        ];
        assert_eq!(lines, expected.map(|(time, message)| (time.to_owned(), message.to_owned())));
    }
}
