//! `verify`.

use clap::Args;

use super::Outcome;
use crate::report::Report;

/// Send marked events through the front door and prove that each arrives at every end
#[derive(Debug, Args)]
pub struct Verify {}

impl Verify {
    pub async fn run(&self, _global: &crate::cli::Global, _report: &Report) -> Outcome {
        todo!()
    }
}
