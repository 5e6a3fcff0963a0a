//! `simulate`.

use clap::Args;

use super::Outcome;
use crate::report::Report;

/// Send events of the model from this machine
#[derive(Debug, Args)]
pub struct Simulate {}

impl Simulate {
    pub async fn run(&self, _global: &crate::cli::Global, _report: &Report) -> Outcome {
        todo!()
    }
}
