//! [cloudformation-validate](https://github.com/aws-cloudformation/cloudformation-validate): AWS's own
//! schemas and rules.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

use super::{Finding, Severity, Verdict, run, stack_of};
use artifacts::toolchain::requirements::TOOLS;
use artifacts::toolchain::venv::Venv;

const NAME: &str = "cloudformation-validate";

/// The package has no command line; this is one.
const PROGRAM: &str = include_str!("diagnose.py");

/// What the program prints.
#[derive(Deserialize)]
struct Diagnostic {
    template: String,
    entity: Option<String>,
    path: Option<String>,
    severity: String,
    rule: String,
    message: String,
}

/// Reads every template in one process.
pub async fn validate(
    venv: &Venv,
    folder: &Path,
    templates: &[PathBuf],
    region: &str,
) -> anyhow::Result<Verdict> {
    let output = run(venv, "python", folder, &["-I", "-c", PROGRAM, region], templates).await?;
    let diagnostics: Vec<Diagnostic> = serde_json::from_slice(&output.stdout)
        .context("what cloudformation-validate prints is not understood")?;
    let version = TOOLS.pinned(NAME).to_owned();
    let findings = diagnostics.into_iter().map(finding).collect();
    Ok(Verdict { validator: NAME, version, templates: templates.len(), findings })
}

fn finding(found: Diagnostic) -> Finding {
    Finding {
        stack: stack_of(&found.template),
        entity: found.entity,
        path: found.path,
        severity: if found.severity == "WARN" { Severity::Warning } else { Severity::Error },
        validator: NAME,
        rule: found.rule,
        message: found.message,
    }
}
