//! The Timestream endpoint of the local target: a program of this workspace, built and run as a process.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

use super::ports::Ports;
use super::state::Folder;
use crate::failure::Explain;
use crate::project::Project;
use crate::report::Report;

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
    /// Cargo does not start.
    #[error("cargo does not start")]
    Cargo(#[from] std::io::Error),
    /// The compiler said no.
    #[error("{PACKAGE} does not compile:\n{0}")]
    Compile(String),
}

impl Explain for BuildError {}

/// What this module reads of Cargo's messages.
#[derive(Deserialize)]
struct Message {
    reason: String,
    executable: Option<PathBuf>,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

/// Builds the endpoint; returns its path.
pub async fn build(project: &Project, report: &Report) -> Result<PathBuf, BuildError> {
    let step = report.step("Building the Timestream endpoint");
    let mut child = tokio::process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--package", PACKAGE, "--message-format", "json-render-diagnostics"])
        .current_dir(project.root())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let said = async {
        let mut text = String::new();
        if let Some(mut pipe) = stderr {
            pipe.read_to_string(&mut text).await?;
        }
        Ok::<_, std::io::Error>(text)
    };
    let built = async {
        let (mut packages, mut executable) = (0_usize, None);
        if let Some(pipe) = stdout {
            let mut lines = BufReader::new(pipe).lines();
            while let Some(line) = lines.next_line().await? {
                let Ok(message) = serde_json::from_str::<Message>(&line) else { continue };
                let Some(target) = message.target.filter(|_| message.reason == "compiler-artifact") else {
                    continue;
                };
                packages += 1;
                step.update(format_args!("Building the Timestream endpoint: {packages} {}", target.name));
                executable = message.executable.or(executable);
            }
        }
        Ok::<_, std::io::Error>(executable)
    };
    let (said, executable) = futures::try_join!(said, built)?;
    match executable {
        Some(executable) if child.wait().await?.success() => {
            step.done("");
            Ok(executable)
        }
        _ => Err(BuildError::Compile(said)),
    }
}

/// The command that runs it in the foreground. The folder is prepared.
pub fn command(program: &Path, folder: &Folder, ports: Ports) -> Command {
    let mut command = Command::new(program);
    command.arg("--port").arg(ports.timestream.to_string()).arg("--state").arg(folder.data(NAME));
    command
}
