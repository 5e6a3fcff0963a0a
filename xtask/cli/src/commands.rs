//! One file per command: its flags, and a `run` that wires the modules that do the work.

mod bootstrap;
mod build;
pub mod check;
mod cleanup;
mod comment;
mod cost;
mod dashboards;
mod deploy;
mod destroy;
mod device;
mod doctor;
mod invoke;
mod logs;
mod model;
mod open;
mod outputs;
mod plan;
mod quarantine;
mod query;
mod rollback;
mod simulate;
mod status;
mod store;
mod synth;
mod twin;
mod verify;

use clap::Subcommand;
use session::{Exit, Failure};

use crate::global::Global;
use crate::report::Report;

/// What a command ends with.
pub type Outcome = Result<Exit, Failure>;

/// One command, one file in `commands/`.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "each says in its own file what it does, and clap shows that")]
pub enum Command {
    Model(model::Model),
    Synth(synth::Synth),
    Check(check::Check),
    Cost(cost::Cost),
    Bootstrap(bootstrap::Bootstrap),
    Build(build::Build),
    Plan(plan::Plan),
    Deploy(deploy::Deploy),
    Rollback(rollback::Rollback),
    Destroy(destroy::Destroy),
    Cleanup(cleanup::Cleanup),
    Status(status::Status),
    Outputs(outputs::Outputs),
    Invoke(invoke::Invoke),
    Logs(logs::Logs),
    Open(open::Open),
    Dashboards(dashboards::Dashboards),
    Simulate(simulate::Simulate),
    Verify(verify::Verify),
    Query(query::Query),
    Store(store::Store),
    Quarantine(quarantine::Quarantine),
    Device(device::Device),
    Twin(twin::Twin),
    Comment(comment::Comment),
    Doctor(doctor::Doctor),
}

impl Command {
    /// Runs it.
    pub async fn run(&self, global: &Global, report: &Report) -> Outcome {
        match self {
            Self::Synth(command) => command.run(global, report),
            Self::Check(command) => command.run(global, report).await,
            Self::Cost(command) => command.run(global, report),
            Self::Bootstrap(command) => Box::pin(command.run(global, report)).await,
            Self::Build(command) => Box::pin(command.run(global, report)).await,
            Self::Plan(command) => Box::pin(command.run(global, report)).await,
            Self::Deploy(command) => Box::pin(command.run(global, report)).await,
            Self::Rollback(command) => Box::pin(command.run(global, report)).await,
            Self::Destroy(command) => Box::pin(command.run(global, report)).await,
            Self::Cleanup(command) => Box::pin(command.run(global, report)).await,
            Self::Status(command) => Box::pin(command.run(global, report)).await,
            Self::Outputs(command) => command.run(global, report).await,
            Self::Invoke(command) => Box::pin(command.run(global, report)).await,
            Self::Logs(command) => command.run(global, report).await,
            Self::Open(command) => command.run(global, report).await,
            Self::Dashboards(command) => command.run(global, report).await,
            Self::Simulate(command) => Box::pin(command.run(global, report)).await,
            Self::Verify(command) => Box::pin(command.run(global, report)).await,
            Self::Query(command) => command.run(global, report).await,
            Self::Store(command) => Box::pin(command.run(global, report)).await,
            Self::Quarantine(command) => Box::pin(command.run(global, report)).await,
            Self::Device(command) => Box::pin(command.run(global, report)).await,
            Self::Twin(command) => command.run(global, report).await,
            Self::Comment(command) => command.run(report).await,
            Self::Model(command) => command.run(report),
            Self::Doctor(command) => command.run(global, report).await,
        }
    }
}

/// Reads a duration such as `90s`, `10m` or `1h 30m`.
fn duration(text: &str) -> Result<std::time::Duration, String> {
    let span: jiff::SignedDuration =
        text.parse().map_err(|_| "expected a duration such as 90s, 10m or 1h".to_owned())?;
    std::time::Duration::try_from(span).map_err(|_| "a duration cannot be negative".to_owned())
}
