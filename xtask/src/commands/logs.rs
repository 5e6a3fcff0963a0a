//! `logs`.

use clap::Args;

use super::Outcome;
use crate::report::Report;

/// Show what the functions say
#[derive(Debug, Args)]
pub struct Logs {}

impl Logs {
    pub async fn run(&self, _global: &crate::cli::Global, _report: &Report) -> Outcome {
        todo!()
    }
}
