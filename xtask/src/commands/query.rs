//! `query`.

use clap::Args;

use super::Outcome;
use crate::report::Report;

/// Run a query on the store
#[derive(Debug, Args)]
pub struct Query {}

impl Query {
    pub async fn run(&self, _global: &crate::cli::Global, _report: &Report) -> Outcome {
        todo!()
    }
}
