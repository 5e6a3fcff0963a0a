//! The process under test.

use std::{path::Path, process::Command};

use local_harness::process::{self, Process};
use serde_json::Value;

/// The command that starts it on a free port and the data in `state`.
pub fn command(state: &Path) -> Command {
    process::command(env!("CARGO_BIN_EXE_local-timestream"), state)
}

/// Starts it on the data in `state`, and waits until it listens.
pub fn start(state: &Path) -> Process {
    Process::start(command(state))
}

/// Calls an operation with a raw body.
pub fn call(process: &Process, target: &str, body: &str) -> (u16, Value) {
    let headers = [("X-Amz-Target", target), ("Content-Type", "application/x-amz-json-1.0")];
    process.request("POST", "/", &headers, body)
}
