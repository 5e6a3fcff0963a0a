//! One file per command: its flags, and a `run` that wires the modules that do the work.

pub mod bootstrap;
pub mod build;
pub mod check;
pub mod cleanup;
pub mod comment;
pub mod completions;
pub mod cost;
pub mod dashboards;
pub mod deploy;
pub mod destroy;
pub mod doctor;
pub mod lint;
pub mod logs;
pub mod open;
pub mod outputs;
pub mod plan;
pub mod query;
pub mod simulate;
pub mod status;
pub mod synth;
pub mod test;
pub mod twin;
pub mod verify;

use crate::cli::{Cli, Command};
use crate::failure::{Exit, Failure};
use crate::report::Report;

/// What a command ends with.
pub type Outcome = Result<Exit, Failure>;

/// Runs the command that was asked for.
pub async fn run(cli: &Cli, report: &Report) -> Outcome {
    let global = &cli.global;
    match &cli.command {
        Command::Synth(command) => command.run(global, report),
        Command::Check(command) => command.run(global, report).await,
        Command::Cost(command) => command.run(global, report),
        Command::Bootstrap(command) => Box::pin(command.run(global, report)).await,
        Command::Build(command) => Box::pin(command.run(global, report)).await,
        Command::Plan(command) => Box::pin(command.run(global, report)).await,
        Command::Deploy(command) => Box::pin(command.run(global, report)).await,
        Command::Destroy(command) => command.run(global, report).await,
        Command::Cleanup(command) => Box::pin(command.run(global, report)).await,
        Command::Status(command) => Box::pin(command.run(global, report)).await,
        Command::Outputs(command) => command.run(global, report).await,
        Command::Logs(command) => command.run(global, report).await,
        Command::Open(command) => command.run(global, report).await,
        Command::Dashboards(command) => command.run(global, report).await,
        Command::Simulate(command) => Box::pin(command.run(global, report)).await,
        Command::Verify(command) => Box::pin(command.run(global, report)).await,
        Command::Query(command) => command.run(global, report).await,
        Command::Twin(command) => command.run(global, report).await,
        Command::Comment(command) => command.run(report).await,
        Command::Doctor(command) => command.run(global, report).await,
        Command::Test(command) => command.run(report).await,
        Command::Lint(command) => command.run(report).await,
        Command::Completions(command) => command.run(report),
    }
}

/// Reads a duration such as `90s`, `10m` or `1h 30m`.
fn duration(text: &str) -> Result<std::time::Duration, String> {
    let span: jiff::SignedDuration =
        text.parse().map_err(|_| "expected a duration such as 90s, 10m or 1h".to_owned())?;
    std::time::Duration::try_from(span).map_err(|_| "a duration cannot be negative".to_owned())
}
