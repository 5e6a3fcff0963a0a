//! `twin history`: values of an entity's properties over time, as a table or as charts.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use aws_sdk_iottwinmaker::types::OrderByTime;
use clap::{Args, ValueEnum};
use comfy_table::{CellAlignment, Table, presets};
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::super::Outcome;
use crate::Global;
use crate::pages::chart::chart;
use crate::report::{Document, FAINT, Report, STRONG, paint};
use engine::inventory::Inventory;
use engine::twin::history::{Question, Series};
use engine::twin::{Entity, Workspace};
use session::{Exit, Failure};
use telemetry::Model;

/// Width of a chart where there is no terminal.
const WIDTH: u16 = 80;

/// Show the values of an entity's properties over time
///
/// The twin answers from the store, through its connector. For instance
/// `cargo xtask twin history --entity device-0001 --property temperature --from 10m --plot`.
#[derive(Debug, Args)]
pub struct History {
    /// The entity, or the device that it stands for.
    #[arg(long, value_name = "NAME")]
    entity: String,
    /// The component: `telemetry` or the name of a kind, or for instance `temperature_alarm` [default: that
    /// of the entity's only kind].
    #[arg(long, value_name = "NAME")]
    component: Option<String>,
    /// A property; may be given several times, or as a list with commas [default: every time series].
    #[arg(long = "property", value_name = "NAME", value_delimiter = ',')]
    properties: Vec<String>,
    /// The earliest time: RFC 3339, or for instance 10m, `2h ago` or 3d.
    #[arg(long, default_value = "1h ago", value_name = "TIME", value_parser = instant)]
    from: Timestamp,
    /// The latest time.
    #[arg(long, default_value = "now", value_name = "TIME", value_parser = instant)]
    to: Timestamp,
    /// Stop after this many values of a property.
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Which values come first.
    #[arg(long, default_value = "ascending", value_name = "ORDER")]
    order: Order,
    /// Values at equal distances, for instance 30s, each on the line between its neighbours.
    #[arg(long, value_name = "DURATION", value_parser = interval)]
    interpolate: Option<i64>,
    /// Draw charts rather than a table.
    #[arg(long)]
    plot: bool,
}

/// Which values come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Order {
    /// The oldest.
    Ascending,
    /// The latest.
    Descending,
}

/// How an answer is shown to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Table,
    /// Charts of this width.
    Charts(u16),
}

/// Values of an entity's properties.
#[derive(Debug, Serialize)]
struct Shown {
    entity: String,
    component: String,
    from: Timestamp,
    to: Timestamp,
    properties: Vec<Series>,
    /// Whether there are more values than `--limit`.
    truncated: bool,
    #[serde(skip)]
    view: View,
}

impl History {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        if self.from >= self.to {
            let (from, to) = (self.from, self.to);
            return Err(Failure::new(
                Exit::Configuration,
                format_args!("--from {from} is not before --to {to}"),
            ));
        }
        let session = global.connect().await?;
        let inventory = Inventory::read(&session).await?;
        let workspace = Workspace::of(&session, &inventory)?;
        let entity = workspace.find(&self.entity).await?;
        let component = match &self.component {
            Some(component) => component.clone(),
            None => only_component(&entity, &session.model)?,
        };
        let question = Question {
            component: component.clone(),
            properties: self.properties.clone(),
            from: self.from,
            to: self.to,
            limit: usize::try_from(self.limit).unwrap_or(usize::MAX),
            order: match self.order {
                Order::Ascending => OrderByTime::Ascending,
                Order::Descending => OrderByTime::Descending,
            },
            interpolate: self.interpolate,
        };
        let answer = workspace.ask(&entity, &question).await?;
        if answer.series.iter().all(|series| series.values.is_empty()) {
            report.note("There is no value in this time; --from goes further back.");
        }
        report.print(&Shown {
            entity: entity.name,
            component,
            from: self.from,
            to: self.to,
            properties: answer.series,
            truncated: answer.truncated,
            view: if self.plot { View::Charts(width()) } else { View::Table },
        });
        Ok(Exit::Done)
    }
}

/// The component of the only kind that an entity has, or that there is.
fn only_component(entity: &Entity, model: &Model) -> Result<String, Failure> {
    let all: Vec<&str> = model.kinds.iter().map(telemetry::twin::component).collect();
    let has = |name: &&str| entity.components.contains_key(*name);
    let found: Vec<&str> = all.iter().copied().filter(has).collect();
    match (&found[..], &all[..]) {
        ([only], _) | ([], [only]) => Ok((*only).to_owned()),
        (found, all) => {
            let names = if found.is_empty() { all } else { found };
            Err(Failure::new(
                Exit::Configuration,
                format_args!(
                    "which component of {} is meant? Say `--component`: {}",
                    entity.name,
                    names.join(", ")
                ),
            ))
        }
    }
}

/// Reads a time: RFC 3339, `now`, or how long ago it was.
pub(in crate::commands) fn instant(text: &str) -> Result<Timestamp, String> {
    if text == "now" {
        return Ok(Timestamp::now());
    }
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let expected =
        || "expected a time such as 2026-03-01T12:00:00Z, or a duration such as 10m, `2h ago` or 3d";
    let span: Span = text.parse().map_err(|_| expected().to_owned())?;
    let ago: SignedDuration =
        span.abs().to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| expected().to_owned())?;
    Timestamp::now().checked_sub(ago).map_err(|error| error.to_string())
}

/// Reads whole seconds.
fn interval(text: &str) -> Result<i64, String> {
    let duration: Duration = crate::commands::duration(text)?;
    match i64::try_from(duration.as_secs()) {
        Ok(seconds @ 1..) if duration.subsec_nanos() == 0 => Ok(seconds),
        _ => Err("expected whole seconds, at least one".to_owned()),
    }
}

/// The width of the terminal.
fn width() -> u16 {
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    told.or_else(|| Some(console::Term::stdout().size_checked()?.1)).unwrap_or(WIDTH)
}

impl Document for Shown {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        match self.view {
            View::Table => self.table(out)?,
            View::Charts(width) => self.charts(out, width)?,
        }
        let more = if self.truncated { ", there are more: --limit shows them" } else { "" };
        let values: usize = self.properties.iter().map(|series| series.values.len()).sum();
        let noun = if values == 1 { "value" } else { "values" };
        writeln!(out, "{}", paint(FAINT, format_args!("{values} {noun}{more}")))
    }
}

impl Shown {
    fn table(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header(std::iter::once("time".to_owned()).chain(self.properties.iter().map(title)));
        for (time, values) in self.rows() {
            let cells = values.into_iter().map(|value| value.map_or_else(|| "-".to_owned(), cell));
            table.add_row(std::iter::once(time.to_string()).chain(cells));
        }
        for (index, series) in self.properties.iter().enumerate() {
            if series.values.first().is_some_and(|point| point.value.is_number())
                && let Some(column) = table.column_mut(index + 1)
            {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        writeln!(out, "{table}")
    }

    /// One row for each time, in the order of the values. Where a property has several values of one time,
    /// as records of several dimensions have, that time has as many rows.
    fn rows(&self) -> Vec<(Timestamp, Vec<Option<&Value>>)> {
        let mut rows: BTreeMap<(Timestamp, usize), Vec<Option<&Value>>> = BTreeMap::new();
        let mut descends = false;
        for (index, series) in self.properties.iter().enumerate() {
            let (mut before, mut occurrence) = (None, 0);
            for point in &series.values {
                occurrence = if before == Some(point.time) { occurrence + 1 } else { 0 };
                before = Some(point.time);
                let row = rows.entry((point.time, occurrence));
                row.or_insert_with(|| vec![None; self.properties.len()])[index] = Some(&point.value);
            }
            descends |= series.values.windows(2).any(|pair| pair[0].time > pair[1].time);
        }
        let mut rows: Vec<_> = rows.into_iter().map(|((time, _), values)| (time, values)).collect();
        if descends {
            rows.reverse();
        }
        rows
    }

    fn charts(&self, out: &mut dyn fmt::Write, width: u16) -> fmt::Result {
        for series in &self.properties {
            let times = || series.values.iter().map(|point| point.time);
            let period = match (times().min(), times().max()) {
                (Some(first), Some(last)) => format!("{first:.0} to {last:.0} (UTC)"),
                _ => "no value".to_owned(),
            };
            writeln!(out, "{} {}", paint(STRONG, title(series)), paint(FAINT, period))?;
            match chart(series, width) {
                Some(chart) => writeln!(out, "{chart}\n")?,
                None if series.values.is_empty() => writeln!(out)?,
                None => writeln!(out, "its values cannot be drawn; without --plot they are in a table\n")?,
            }
        }
        Ok(())
    }
}

/// A property with its unit.
fn title(series: &Series) -> String {
    match &series.unit {
        Some(unit) => format!("{} ({unit})", series.property),
        None => series.property.clone(),
    }
}

fn cell(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests;
