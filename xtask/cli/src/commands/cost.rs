//! `cost`: what an environment costs a month, offline, from its templates and dated list prices.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Context as _;
use clap::Args;
use comfy_table::{CellAlignment, Table, TableStyle, presets};
use device_simulator::{Fleet, Traits};
use serde::Serialize;
use stacks::Inputs;
use stacks::config::grouped;
use stacks::cost::{ByUse, Estimate, Load, Prices, estimate};
use stacks::environment::{Environment, Target};
use telemetry::Model;

use super::Outcome;
use crate::Global;
use crate::report::{Document, FAINT, Report, STRONG, paint};
use session::{Exit, Failure, Project};

/// Events a second that are compared where none is asked for.
const RATES: [f64; 4] = [0.0, 100.0, 1_000.0, 10_000.0];
/// Seconds between two events of a device, where the number of devices is not given.
const EVERY_SECONDS: f64 = 10.0;

/// Estimate what the environment costs a month, offline
///
/// Without --rate: at rest and at 100, 1,000 and 10,000 events a second. The prices are list prices of one
/// Region on one day, without free tiers, lower prices of large volumes, discounts and tax.
#[derive(Debug, Args)]
pub struct Cost {
    /// Events a second, on average over the month.
    #[arg(long, value_name = "EVENTS", value_parser = rate)]
    rate: Option<f64>,
    /// Devices that are connected all the time [default: as many as send an event every ten seconds].
    #[arg(long, value_name = "COUNT")]
    devices: Option<u32>,
    /// Size of an event, in bytes [default: that of a simulated one].
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..=131_072))]
    event_bytes: Option<u32>,
}

/// What an environment costs a month, under one load or several.
#[derive(Debug, Serialize)]
struct Costs {
    environment: String,
    region: String,
    /// Day and Region of the prices.
    prices: Dated,
    estimates: Vec<Estimated>,
}

#[derive(Debug, Serialize)]
struct Dated {
    dated: String,
    region: String,
}

#[derive(Debug, Serialize)]
struct Estimated {
    total_usd: f64,
    #[serde(flatten)]
    estimate: Estimate,
}

impl Cost {
    pub(crate) fn run(&self, global: &Global, report: &Report) -> Outcome {
        let project = Project::locate();
        let (model, environment) = project.load_sample(&global.environment(), &global.set)?;
        if environment.target == Target::Local {
            let message = format!("{} is this machine, which costs nothing", environment.name);
            return Err(Failure::new(Exit::Configuration, message)
                .hint("name an environment on AWS, for instance `--env dev`"));
        }
        let costs = self.costs(&model, &environment)?;
        report.print(&costs);
        Ok(Exit::Done)
    }

    fn costs(&self, model: &Model, environment: &Environment) -> anyhow::Result<Costs> {
        let prices = Prices::shipped().context("stacks/prices.toml cannot be read")?;
        let event_bytes = self.event_bytes.map_or_else(|| simulated_bytes(model), f64::from);
        let rates = self.rate.map_or(RATES.to_vec(), |rate| vec![rate]);
        let load = |events_per_second| {
            let devices = self.devices.map_or(events_per_second * EVERY_SECONDS, f64::from);
            Load { events_per_second, devices, event_bytes }
        };
        let loads: Vec<Load> = rates.into_iter().map(load).collect();
        let estimates = estimate(&Inputs { model, environment }, &prices, &loads).into_iter();
        let estimates = estimates.map(|estimate| Estimated { total_usd: estimate.total_usd(), estimate });
        Ok(Costs {
            estimates: estimates.collect(),
            environment: environment.name.clone(),
            region: environment.region.clone(),
            prices: Dated { dated: prices.dated.clone(), region: prices.region.clone() },
        })
    }
}

/// Mean size of an event of the model's kinds, as the simulator sends it.
fn simulated_bytes(model: &Model) -> f64 {
    // A time of as many digits as those of today.
    const TIME: i64 = 1_800_000_000_000_000;
    let mut fleet = Fleet::new(model.clone(), Traits::default(), 0);
    let mut bytes = |kind| {
        let event = fleet.event_of(kind, "device-0000", 0, TIME);
        u32::try_from(event.payload.len()).map_or(f64::INFINITY, f64::from)
    };
    let kinds = u32::try_from(model.kinds.len()).unwrap_or(u32::MAX);
    (0..model.kinds.len()).map(&mut bytes).sum::<f64>() / f64::from(kinds)
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "expected a number of events a second".to_owned())?;
    if (0.0..=10_000_000.0).contains(&rate) {
        Ok(rate)
    } else {
        Err("a rate is from 0 to 10000000".to_owned())
    }
}

/// What the sums leave out, by what is counted.
fn left_out(by_use: &[ByUse]) -> String {
    let items: Vec<String> =
        by_use.iter().map(|ByUse { service, what }| format!("{service}: {what}")).collect();
    items.join("; ")
}

/// `1,234`, and below ten dollars `1.23`.
fn dollars(usd: f64) -> String {
    if usd < 9.995 {
        return format!("{usd:.2}");
    }
    grouped(format_args!("{usd:.0}"))
}

impl Costs {
    /// The heads of the columns: a load each.
    fn loads(&self) -> impl Iterator<Item = String> {
        self.estimates.iter().map(|Estimated { estimate, .. }| match estimate.load.events_per_second {
            0.0 => "at rest".to_owned(),
            rate => format!("{rate} events/s"),
        })
    }

    /// What is counted, with what it costs under each load, the most expensive first.
    fn rows(&self) -> Vec<(String, Vec<f64>)> {
        let mut rows: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for (column, Estimated { estimate, .. }) in self.estimates.iter().enumerate() {
            for item in &estimate.items {
                let name = format!("{}: {}", item.service, item.price.what);
                rows.entry(name).or_insert_with(|| vec![0.0; self.estimates.len()])[column] += item.total_usd;
            }
        }
        let mut rows: Vec<_> =
            rows.into_iter().filter(|(_, usd)| usd.iter().any(|usd| *usd >= 0.005)).collect();
        rows.sort_by(|(_, one), (_, another)| {
            another.last().partial_cmp(&one.last()).unwrap_or(std::cmp::Ordering::Equal)
        });
        rows
    }

    fn totals(&self) -> Vec<f64> {
        self.estimates.iter().map(|estimated| estimated.total_usd).collect()
    }

    fn table(&self, style: TableStyle) -> Table {
        let mut table = Table::new();
        table.load_style(style);
        table.set_header(std::iter::once("USD a month".to_owned()).chain(self.loads()));
        for (name, usd) in self.rows() {
            table.add_row(std::iter::once(name).chain(usd.into_iter().map(dollars)));
        }
        table.add_row(std::iter::once("together".to_owned()).chain(self.totals().into_iter().map(dollars)));
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }

    fn remarks(&self) -> Vec<String> {
        let Self { region, prices, .. } = self;
        let Some(Estimated { estimate, .. }) = self.estimates.last() else { return Vec::new() };
        let Load { devices, event_bytes, events_per_second } = estimate.load;
        let mut remarks = vec![format!(
            "{event_bytes} bytes an event, {devices} devices at {events_per_second} events a second"
        )];
        for Estimated { estimate, .. } in &self.estimates {
            if let Some(shards) = estimate.needed_shards {
                remarks.push(format!(
                    "{} events/s, with those of the simulator, need {shards} shards: raise `stream.shards`, or \
                     the stream throttles",
                    estimate.load.events_per_second
                ));
            }
        }
        let elsewhere = if *region == prices.region { String::new() } else { format!("; {region} differs") };
        remarks.push(format!(
            "list prices of {} in {}{elsewhere}, without free tiers, lower prices of large volumes, discounts and tax",
            prices.dated, prices.region
        ));
        remarks.push(format!("not in it, by use: {}", left_out(&estimate.by_use)));
        if !estimate.unknown.is_empty() {
            remarks.push(format!("nobody has put a price to {}", estimate.unknown.join(", ")));
        }
        remarks
    }
}

impl Document for Costs {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "{}", paint(STRONG, format_args!("{} a month", self.environment)))?;
        writeln!(out, "{}", self.table(presets::UTF8_FULL_CONDENSED))?;
        for remark in self.remarks() {
            writeln!(out, "{}", paint(FAINT, remark))?;
        }
        Ok(())
    }

    fn markdown(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "### {} a month\n", self.environment)?;
        writeln!(out, "{}\n", self.table(presets::ASCII_MARKDOWN))?;
        for remark in self.remarks() {
            writeln!(out, "- {remark}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Cost, dollars};
    use session::Project;

    /// Its table of costs is what the command says.
    #[test]
    fn the_readme_says_what_the_environments_cost() {
        let project = Project::locate();
        let readme = std::fs::read_to_string(project.root().join("README.md")).expect("the README");
        for name in ["dev", "preview", "prod"] {
            let (model, environment) = project.load_sample(name, &[]).unwrap_or_else(|failure| {
                panic!("{name}: {:#}", failure.error);
            });
            let all = Cost { rate: None, devices: None, event_bytes: None };
            let costs = all.costs(&model, &environment).expect("prices");
            let totals: Vec<String> = costs.totals().into_iter().map(dollars).collect();
            let row = format!("| `{name}` | {} |", totals.join(" | "));
            assert!(readme.contains(&row), "write into the README: {row}");
        }
    }

    #[test]
    fn dollars_are_written_as_people_do() {
        for (usd, expected) in [
            (0.0, "0.00"),
            (0.404, "0.40"),
            (9.99, "9.99"),
            (9.996, "10"),
            (1_234.5, "1,234"),
            (1e6, "1,000,000"),
        ] {
            assert_eq!(dollars(usd), expected);
        }
    }
}
