//! `quarantine list`: how much was set aside, why, of whom and when.

use clap::Args;

use super::super::Outcome;
use super::Read;
use super::filter::Filter;
use crate::Global;
use crate::pages::quarantine::{By, Listed};
use crate::report::Report;
use session::Exit;

/// Show how much was set aside, and why
///
/// An event that lies at several places counts once, and has all of its reasons.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    filter: Filter,
    /// What a line is: a reason, a device, or an hour of arrivals. JSON has all of them.
    #[arg(long, default_value = "reason", value_name = "WHAT")]
    by: By,
}

impl List {
    pub(super) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let read = Read::looked(global, report).await?;
        let meant = read.meant(&self.filter);
        let name = &read.session.environment.name;
        report.print(&Listed::of(name, &read.contents, &meant, &read.today, self.by));
        Ok(Exit::Done)
    }
}
