//! [checkov](https://github.com/bridgecrewio/checkov): what an auditor would ask about. It reads from a
//! resource's metadata why the answer is no.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

use super::{Finding, Severity, Verdict, run, stack_of};
use artifacts::toolchain::requirements::AUDIT;
use artifacts::toolchain::venv::Venv;

const NAME: &str = "checkov";

const PROGRAM: &str = include_str!("checkov.py");

/// What the program prints.
#[derive(Deserialize)]
struct Failure {
    template: String,
    entity: Option<String>,
    path: Option<String>,
    rule: String,
    message: String,
}

/// Reads every template in one process.
pub async fn validate(venv: &Venv, folder: &Path, templates: &[PathBuf]) -> anyhow::Result<Verdict> {
    let output = run(venv, "python", folder, &["-I", "-c", PROGRAM], templates).await?;
    let failures: Vec<Failure> =
        serde_json::from_slice(&output.stdout).context("what checkov prints is not understood")?;
    let findings = failures.into_iter().map(finding).collect();
    let version = AUDIT.pinned(NAME).to_owned();
    Ok(Verdict { validator: NAME, version, templates: templates.len(), findings })
}

fn finding(failure: Failure) -> Finding {
    Finding {
        stack: stack_of(&failure.template),
        entity: failure.entity,
        path: failure.path,
        severity: Severity::Warning,
        validator: NAME,
        rule: failure.rule,
        message: failure.message,
    }
}
