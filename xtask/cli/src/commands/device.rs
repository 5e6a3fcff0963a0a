//! `device`: identities of devices, made, listed and withdrawn.

mod add;
mod list;
mod revoke;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Outcome;
use crate::Global;
use crate::report::Report;
use session::Project;

/// Give devices identities of their own, and withdraw them
#[derive(Debug, Args)]
pub struct Device {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(add::Add),
    List(list::List),
    Revoke(revoke::Revoke),
}

impl Device {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        match &self.command {
            Command::Add(command) => command.run(global, report).await,
            Command::List(command) => command.run(global, report).await,
            Command::Revoke(command) => command.run(global, report).await,
        }
    }
}

/// Where the files of a device are, unless somebody says otherwise.
fn folder_of(environment: &str, name: &str) -> PathBuf {
    Project::locate().root().join("devices").join(environment).join(name)
}
