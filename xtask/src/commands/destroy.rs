//! `destroy`.

use clap::Args;

use super::Outcome;
use crate::report::Report;

/// Tear the environment down, with a receipt of what is gone and what was kept
#[derive(Debug, Args)]
pub struct Destroy {}

impl Destroy {
    pub async fn run(&self, _global: &crate::cli::Global, _report: &Report) -> Outcome {
        todo!()
    }
}
