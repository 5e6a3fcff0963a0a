//! `test`: every test of the workspace, with what they need.

use anyhow::Context as _;
use clap::Args;

use super::Outcome;
use crate::failure::Exit;
use crate::local::venv::Venv;
use crate::project::Project;
use crate::report::Report;
use crate::toolchain;

/// Run every test of the workspace
#[derive(Debug, Args)]
pub struct Test {
    /// Further arguments for `cargo test`, for instance a test's name.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    arguments: Vec<String>,
}

impl Test {
    pub async fn run(&self, report: &Report) -> Outcome {
        let project = Project::locate();
        let venv = Venv::ensure(&project, report).await?;
        // No examples in the documentation are run: there are none, and their empty summary would be the
        // last line.
        let everything = vec!["--tests".to_owned()];
        let status = toolchain::cargo(&project)
            .args(["test", "--workspace"])
            .args(if self.arguments.is_empty() { &everything } else { &self.arguments })
            // Tests that drive a service with boto3, or start one, take it from here.
            .env("SLUICE_PYTHON", venv.python())
            .status()
            .await
            .context("cargo does not start")?;
        Ok(if status.success() { Exit::Done } else { Exit::Unexpected })
    }
}
