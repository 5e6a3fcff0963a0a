//! `store`: what is done to the store of an environment.

mod copy;

use clap::{Args, Subcommand};

use super::Outcome;
use crate::Global;
use crate::report::Report;

/// Fill the store of an environment
#[derive(Debug, Args)]
pub struct Store {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Copy(copy::Copy),
}

impl Store {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        match &self.command {
            Command::Copy(command) => Box::pin(command.run(global, report)).await,
        }
    }
}
