//! `check`.

use clap::Args;

use super::Outcome;
use crate::report::Report;

/// Prove the templates offline: official schemas and rules, and Sluice's own invariants
#[derive(Debug, Args)]
pub struct Check {}

impl Check {
    pub fn run(&self, _global: &crate::cli::Global, _report: &Report) -> Outcome {
        todo!()
    }
}
