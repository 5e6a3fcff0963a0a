//! The Timestream endpoint of the local target: a program of this workspace, built and run as a process.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::ports::Ports;
use super::state::Folder;
use crate::failure::Explain;
use crate::project::Project;
use crate::report::Report;
use crate::toolchain::{self, ToolError};

/// Name in messages.
pub const TITLE: &str = "the Timestream endpoint";
/// Name of its log and folder.
pub const NAME: &str = "timestream";
/// Answers 200 when it is up.
pub const HEALTH: &str = "/health";

/// The package and its binary.
const PACKAGE: &str = "local-timestream";

/// The endpoint cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Cargo does not start, or the compiler said no.
    #[error(transparent)]
    Compile(#[from] ToolError),
    /// The build made no program.
    #[error("the build made no executable `{PACKAGE}`")]
    Missing,
}

impl Explain for BuildError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Compile(error) => error.hint(),
            Self::Missing => None,
        }
    }
}

/// Builds the endpoint; returns its path.
pub async fn build(project: &Project, report: &Report) -> Result<PathBuf, BuildError> {
    let step = report.step("Building the Timestream endpoint");
    let mut command = toolchain::cargo(project);
    command.args(["build", "--workspace", "--bin", PACKAGE, "--message-format", "json-render-diagnostics"]);
    let messages = toolchain::build(command, &step).await?;
    let program = toolchain::executables(&messages).remove(PACKAGE).ok_or(BuildError::Missing)?;
    step.done("");
    Ok(program)
}

/// The command that runs it in the foreground. The folder is prepared.
pub fn command(program: &Path, folder: &Folder, ports: Ports) -> Command {
    let mut command = Command::new(program);
    command.arg("--port").arg(ports.timestream.to_string()).arg("--state").arg(folder.data(NAME));
    command
}
