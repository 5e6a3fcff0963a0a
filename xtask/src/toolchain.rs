//! Cargo, as this program runs it.

use std::ffi::OsString;
use std::process::Stdio;

use tokio::process::Command;

use crate::project::Project;

/// The Cargo that runs this program, in the workspace's folder. What it prints goes to standard error:
/// standard output is for results.
pub fn cargo(project: &Project) -> Command {
    let mut command = Command::new(program());
    command.current_dir(project.root()).stdout(Stdio::from(std::io::stderr())).kill_on_drop(true);
    command
}

/// Path of Cargo.
pub fn program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
