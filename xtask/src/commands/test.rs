//! `test`.

use clap::Args;

use super::Outcome;
use crate::report::Report;

/// Run every test that CI runs
#[derive(Debug, Args)]
pub struct Test {}

impl Test {
    pub fn run(&self, _report: &Report) -> Outcome {
        todo!()
    }
}
