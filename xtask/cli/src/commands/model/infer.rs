//! `model infer`: a `telemetry.toml` from payloads.

use std::fmt;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;
use session::{Exit, Failure};

use super::read_samples;
use crate::commands::Outcome;
use crate::report::{Document, Report};

/// Propose a telemetry.toml for payloads that devices sent
///
/// Kinds are told apart by their topics, and by what their messages have in common. The device is a level of the topic
/// that varies, or a field whose name says so; the time a field that can be one. Every single value is a measure: leave
/// out what nobody needs. What is unsure is a comment.
#[derive(Debug, Args)]
pub struct Infer {
    /// Files with payloads, or `-` for standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write the proposal to this file, which must not be there yet.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Proposal {
    /// How many payloads it was made of.
    samples: usize,
    /// The file.
    model: String,
}

impl Infer {
    pub(super) fn run(&self, report: &Report) -> Outcome {
        let samples = read_samples(&self.files)?;
        let proposal = Proposal { samples: samples.len(), model: samples::propose(&samples) };
        match &self.out {
            Some(file) => {
                let mut new = std::fs::File::create_new(file).map_err(|error| {
                    Failure::new(Exit::Configuration, format_args!("cannot make {}: {error}", file.display()))
                })?;
                std::io::Write::write_all(&mut new, proposal.model.as_bytes())
                    .with_context(|| format!("cannot write {}", file.display()))?;
                let samples: Vec<_> = self.files.iter().map(|file| file.to_string_lossy()).collect();
                report.note(format_args!(
                    "wrote {file}: try it with `cargo xtask model try {} --model {file}`",
                    samples.join(" "),
                    file = file.display()
                ));
            }
            None => report.print(&proposal),
        }
        Ok(Exit::Done)
    }
}

impl Document for Proposal {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        out.write_str(&self.model)
    }
}
