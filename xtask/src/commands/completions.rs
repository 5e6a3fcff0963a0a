//! `completions`.

use clap::Args;

use super::Outcome;
use crate::report::Report;

/// Print a completion script for a shell
#[derive(Debug, Args)]
pub struct Completions {}

impl Completions {
    pub fn run(&self, _report: &Report) -> Outcome {
        todo!()
    }
}
