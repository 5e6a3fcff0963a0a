//! `doctor`.

use clap::Args;

use super::Outcome;
use crate::report::Report;

/// Say what this machine lacks, and the command that mends it
#[derive(Debug, Args)]
pub struct Doctor {}

impl Doctor {
    pub async fn run(&self, _global: &crate::cli::Global, _report: &Report) -> Outcome {
        todo!()
    }
}
