//! `plan`.

use clap::Args;

use super::Outcome;
use crate::report::Report;

/// Show what deploy would do, per stack and resource
#[derive(Debug, Args)]
pub struct Plan {}

impl Plan {
    pub async fn run(&self, _global: &crate::cli::Global, _report: &Report) -> Outcome {
        todo!()
    }
}
