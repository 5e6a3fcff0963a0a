//! `synth`.

use clap::Args;

use super::Outcome;
use crate::report::Report;

/// Write the templates, offline and without building code
#[derive(Debug, Args)]
pub struct Synth {}

impl Synth {
    pub fn run(&self, _global: &crate::cli::Global, _report: &Report) -> Outcome {
        todo!()
    }
}
