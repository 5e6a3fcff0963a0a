//! `test`: every test of the workspace, with what they need.

use std::fmt;
use std::process::Stdio;

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;

use super::Outcome;
use crate::cli::Format;
use crate::failure::Exit;
use crate::local::venv::Venv;
use crate::project::Project;
use crate::report::{Document, Report};
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
            .stdout(match report.format() {
                Format::Text => Stdio::inherit(),
                Format::Json => std::io::stderr().into(),
            })
            .env("SLUICE_PYTHON", venv.python())
            .status()
            .await
            .context("cargo does not start")?;
        if report.format() == Format::Json {
            report.print(&Tested { ok: status.success() });
        }
        Ok(if status.success() { Exit::Done } else { Exit::Unexpected })
    }
}

/// The result for a program. A person reads the runner's own summary.
#[derive(Debug, Serialize)]
struct Tested {
    ok: bool,
}

impl Document for Tested {
    fn text(&self, _: &mut dyn fmt::Write) -> fmt::Result {
        Ok(())
    }
}
