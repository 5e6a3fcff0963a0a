//! `twin`: the digital twin, asked and kept in line with the devices.

mod entities;
mod history;
mod sync;

use clap::{Args, Subcommand};

use super::Outcome;
use crate::Global;
use crate::report::Report;

pub(super) use history::instant;

/// Ask the digital twin, and keep it in line with the devices
#[derive(Debug, Args)]
pub struct Twin {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    History(history::History),
    Entities(entities::Entities),
    Sync(sync::Sync),
}

impl Twin {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        match &self.command {
            Command::History(command) => command.run(global, report).await,
            Command::Entities(command) => command.run(global, report).await,
            Command::Sync(command) => command.run(global, report).await,
        }
    }
}
