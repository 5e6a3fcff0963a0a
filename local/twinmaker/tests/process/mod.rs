//! The process under test.

use std::{path::Path, process::Command};

use local_harness::process::{self, Process};

/// The command that starts it on a free port and the state in `state`, with Lambda at `lambda`.
pub fn command(state: &Path, lambda: &str) -> Command {
    let mut command = process::command(env!("CARGO_BIN_EXE_local-twinmaker"), state);
    command.args(["--lambda-endpoint", lambda]);
    command
}

/// Starts it, and waits until it listens.
pub fn start(state: &Path, lambda: &str) -> Process {
    Process::start(command(state, lambda))
}
