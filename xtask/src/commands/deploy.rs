//! `deploy`.

use clap::Args;

use super::Outcome;
use crate::report::Report;

/// Build, upload and deploy the environment, and say what came of it
#[derive(Debug, Args)]
pub struct Deploy {}

impl Deploy {
    pub async fn run(&self, _global: &crate::cli::Global, _report: &Report) -> Outcome {
        todo!()
    }
}
