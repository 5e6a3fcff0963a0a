//! `model`: what devices send, proposed from their payloads, tried on them, and compared with what it was.

mod diff;
mod infer;
mod trial;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::{Args, Subcommand};
use samples::Sample;
use session::{Exit, Failure, Project};
use telemetry::Model as Telemetry;

use super::Outcome;
use crate::report::Report;

pub(super) use trial::record;

/// Propose a model from payloads, try it on them, and see what a change of it does
///
/// None of this needs an environment. Payloads come from files: what `mosquitto_sub -v` prints, JSON lines, one JSON
/// document, objects of the lake as they are, or lines of `{"topic": …, "payload": …}`.
#[derive(Debug, Args)]
pub struct Model {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Infer(infer::Infer),
    Try(trial::Try),
    Diff(diff::Diff),
}

impl Model {
    pub(crate) fn run(&self, report: &Report) -> Outcome {
        match &self.command {
            Command::Infer(command) => command.run(report),
            Command::Try(command) => command.run(report),
            Command::Diff(command) => command.run(report),
        }
    }
}

/// Reads the samples of files; `-` is standard input.
fn read_samples(files: &[PathBuf]) -> Result<Vec<Sample>, Failure> {
    let mut samples = Vec::new();
    for file in files {
        let name = file.display();
        let bytes = if file == Path::new("-") {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).context("cannot read standard input")?;
            bytes
        } else {
            std::fs::read(file).map_err(|source| unreadable(file, source))?
        };
        let found = samples::read(&bytes).map_err(|fault| Failure {
            exit: Exit::Configuration,
            ..Failure::from(anyhow!("{name} {fault}"))
        })?;
        samples.extend(found);
    }
    Ok(samples)
}

/// Reads a model, whose kinds may be in files beside it.
fn read_model(file: &Path) -> Result<Telemetry, Failure> {
    let text = std::fs::read_to_string(file).map_err(|source| unreadable(file, source))?;
    let folder = file.parent().unwrap_or(Path::new("")).to_owned();
    parse(&file.display().to_string(), &text, &|name| std::fs::read_to_string(folder.join(name)))
}

/// A file of the command line that cannot be read.
fn unreadable(file: &Path, source: std::io::Error) -> Failure {
    session::ConfigurationError::Read { path: file.display().to_string(), source }.into()
}

/// Parses a model; its problems are a failure of the configuration.
fn parse(
    name: &str,
    text: &str,
    read: &dyn Fn(&str) -> std::io::Result<String>,
) -> Result<Telemetry, Failure> {
    stacks::model::parse_with(name, text, read)
        .map_err(|problems| session::ConfigurationError::Problems(vec![problems]).into())
}

/// The model of the checkout.
fn of_project() -> PathBuf {
    Project::locate().configuration().join("telemetry.toml")
}
