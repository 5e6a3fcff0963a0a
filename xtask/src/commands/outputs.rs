//! `outputs`.

use clap::Args;

use super::Outcome;
use crate::report::Report;

/// Show the outputs of every stack
#[derive(Debug, Args)]
pub struct Outputs {}

impl Outputs {
    pub async fn run(&self, _global: &crate::cli::Global, _report: &Report) -> Outcome {
        todo!()
    }
}
