//! `logs`: what the functions and deliveries of an environment say.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use anyhow::anyhow;
use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use clap::Args;
use futures::future::try_join_all;
use jiff::Timestamp;
use serde::Serialize;

use super::Outcome;
use crate::cli::{Format, Global};
use crate::failure::{Exit, Failure};
use crate::inventory::Inventory;
use crate::report::{Document, FAINT, Report, STRONG, paint};
use crate::sdk_error::sentence;
use crate::target::Session;

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
    pub async fn run(&self, global: &Global, report: &Report) -> Outcome {
        if self.follow && report.format() == Format::Json {
            return Err(Failure::new(
                Exit::Configuration,
                "--follow has no end, so it cannot be one JSON document",
            )
            .hint("leave out --follow, or --format json"));
        }
        let session = Session::connect(global).await?;
        let inventory = Inventory::read(&session).await?;
        let groups = self.groups(&inventory)?;
        let since = i64::try_from(self.since.as_millis()).unwrap_or(i64::MAX);
        let mut from = Timestamp::now().as_millisecond().saturating_sub(since);
        let mut seen = HashSet::new();
        let lines = self.read(&session, &groups, from, &mut seen).await?;
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
            lines = self.read(&session, &groups, from, &mut seen).await?;
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

    /// Lines since `from` that were not there before, oldest first.
    async fn read(
        &self,
        session: &Session,
        groups: &[(&'static str, String)],
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
        lines.retain(|line| seen.insert(format!("{}{}{}", line.stack, line.id, line.time)));
        lines.sort_by_key(|line| line.at);
        Ok(lines)
    }
}
