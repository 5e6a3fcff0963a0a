//! `status`.

use clap::Args;

use super::Outcome;
use crate::report::Report;

/// Show what is there and how it is
#[derive(Debug, Args)]
pub struct Status {}

impl Status {
    pub async fn run(&self, _global: &crate::cli::Global, _report: &Report) -> Outcome {
        todo!()
    }
}
