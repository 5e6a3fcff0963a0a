//! Sluice's command line: parse, dispatch, print, exit.
//!
//! Decisions live elsewhere: `commands/` has one file per command, `report` writes every line that a
//! person reads, and `target` is the only place that builds an SDK configuration.

mod artifacts;
mod cleanup;
mod cli;
mod commands;
mod deploy;
mod destroy;
mod failure;
mod github;
mod grafana;
mod hops;
mod inventory;
mod jdk;
mod lifetime;
mod local;
mod project;
mod report;
mod sdk_error;
mod send;
mod target;
mod toolchain;
mod twin;
mod validators;
mod whole;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = cli::Cli::read();
    let report = report::Report::new(cli.global.format);
    match Box::pin(commands::run(&cli, &report)).await {
        Ok(exit) => exit.into(),
        Err(failure) => {
            report.failure(&failure);
            failure.exit.into()
        }
    }
}
