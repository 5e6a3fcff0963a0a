//! `lint`.

use clap::Args;

use super::Outcome;
use crate::report::Report;

/// Run every linter that CI runs
#[derive(Debug, Args)]
pub struct Lint {}

impl Lint {
    pub fn run(&self, _report: &Report) -> Outcome {
        todo!()
    }
}
