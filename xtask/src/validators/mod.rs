//! Proof that templates are right, offline: what others' schemas and rules find in them, and what
//! Sluice's own invariants find.
//!
//! Each validator turns its own words into [`Finding`]s; nothing here prints.

mod cfn_lint;
mod cloudformation_validate;

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use anyhow::{Context as _, bail};
use serde::Serialize;
use serde_json::Value;
use stacks::bootstrap::{self, Provider};
use stacks::environment::Environment;
use stacks::{Inputs, Stack};
use telemetry::Model;

use crate::local::venv::Venv;
use crate::project::Project;

/// Something that is wrong with a template, or may be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The stack.
    pub stack: String,
    /// Logical id of the resource, parameter or output.
    pub entity: Option<String>,
    /// The property.
    pub path: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// Who found it.
    pub validator: &'static str,
    /// The validator's name for the rule.
    pub rule: String,
    /// What is wrong.
    pub message: String,
}

/// How bad a finding is. Remarks below a warning are not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The service would refuse it, or it breaks a promise.
    Error,
    /// It deserves a change or a suppression with its reason.
    Warning,
}

/// What one validator found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Its name.
    pub validator: &'static str,
    /// Its version.
    pub version: String,
    /// How many templates it read.
    pub templates: usize,
    /// What is wrong with them.
    pub findings: Vec<Finding>,
}

/// Synthesizes an environment and has every validator read its templates, each in one process.
pub async fn prove(
    project: &Project,
    venv: &Venv,
    model: &Model,
    environment: &Environment,
) -> anyhow::Result<Vec<Verdict>> {
    let inputs = Inputs { model, environment };
    let mut stacks = stacks::synthesize(&inputs);
    if environment.bootstrap {
        stacks.extend(prepared(&inputs)?);
    }
    let base = project.target().join("sluice");
    let folder = std::fs::create_dir_all(&base)
        .and_then(|()| tempfile::Builder::new().prefix("check-").tempdir_in(&base))
        .with_context(|| format!("cannot make a folder in {}", base.display()))?;
    let templates = write(folder.path(), &stacks)?;
    let (lint, validate) = futures::try_join!(
        cfn_lint::validate(venv, folder.path(), &templates, &environment.region),
        cloudformation_validate::validate(venv, folder.path(), &templates, &environment.region),
    )?;
    let mut verdicts = vec![lint, validate, invariants(&stacks)];
    for verdict in &mut verdicts {
        verdict.findings.sort();
    }
    Ok(verdicts)
}

/// The stacks of the bootstrap, as for a repository whose numbers are not known: it has the most to say.
fn prepared(inputs: &Inputs<'_>) -> anyhow::Result<[Stack; 2]> {
    let repository = "octo-org/octo-repo".parse()?;
    let account = bootstrap::account(inputs.environment, Provider::Made);
    let roles = bootstrap::environment(inputs, Some(&repository));
    Ok([account, roles.context("no permissions can be derived from the stacks")?])
}

/// One file a stack, named for it, so that a finding names its stack by its file.
fn write(folder: &Path, stacks: &[Stack]) -> anyhow::Result<Vec<PathBuf>> {
    let write = |stack: &Stack| {
        let path = folder.join(stack.name).with_extension("json");
        std::fs::write(&path, stack.template.to_json())
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    };
    stacks.iter().map(write).collect()
}

fn invariants(stacks: &[Stack]) -> Verdict {
    let finding = |violation: stacks::invariants::Violation| Finding {
        rule: rule(&violation.breach),
        message: violation.breach.to_string(),
        stack: violation.stack.to_owned(),
        entity: violation.resource,
        path: None,
        severity: Severity::Error,
        validator: "sluice",
    };
    Verdict {
        validator: "sluice",
        version: env!("CARGO_PKG_VERSION").to_owned(),
        templates: stacks.len(),
        findings: stacks::invariants::check(stacks).into_iter().map(finding).collect(),
    }
}

/// The name of an invariant: that of the variant, as it is serialized.
fn rule(breach: &stacks::invariants::Breach) -> String {
    match serde_json::to_value(breach) {
        Ok(Value::String(name)) => name,
        Ok(Value::Object(fields)) => fields.keys().next().cloned().unwrap_or_default(),
        _ => String::new(),
    }
}

/// The stack that a template's file is named for.
fn stack_of(template: &str) -> String {
    Path::new(template).file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Runs a program of the virtual environment on templates. Its home is the templates' folder, so that
/// no configuration of the person's changes what it finds.
async fn run(
    venv: &Venv,
    program: &str,
    folder: &Path,
    arguments: &[&str],
    templates: &[PathBuf],
) -> anyhow::Result<Output> {
    let output = tokio::process::Command::new(venv.program(program))
        .args(arguments)
        .args(templates)
        .current_dir(folder)
        .env("HOME", folder)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .with_context(|| format!("{program} does not start"))?;
    if !output.status.success() {
        bail!("{program} failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wrong property, a warning that is suppressed on one resource and not on the other.
    const TEMPLATE: &str = r#"{
        "Resources": {
            "Wrong": {"Type": "AWS::SQS::Queue", "Properties": {"QueueNam": "x"}},
            "Known": {
                "Type": "AWS::Timestream::Database",
                "Metadata": {"cfn-lint": {"config": {"ignore_checks": ["W3697"]}}}
            },
            "Unknown": {"Type": "AWS::Timestream::Database"}
        }
    }"#;

    #[tokio::test]
    async fn validators_find_what_is_wrong_and_heed_suppressions() {
        let report = crate::report::Report::new(crate::cli::Format::Text);
        let venv = Venv::ensure(&Project::locate(), &report).await.expect("the virtual environment");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let template = folder.path().join("ingest.json");
        std::fs::write(&template, TEMPLATE).expect("write");
        let templates = [template];
        let lint = cfn_lint::validate(&venv, folder.path(), &templates, "eu-west-1").await.expect("cfn-lint");
        let validate = cloudformation_validate::validate(&venv, folder.path(), &templates, "eu-west-1")
            .await
            .expect("validate");
        for (verdict, wrong) in [(lint, "E3002"), (validate, "F3002")] {
            let mut seen: Vec<_> = verdict
                .findings
                .iter()
                .map(|one| {
                    (one.stack.as_str(), one.entity.as_deref().unwrap_or(""), one.severity, one.rule.as_str())
                })
                .collect();
            seen.sort_unstable();
            let expected = [
                ("ingest", "Unknown", Severity::Warning, "W3697"),
                ("ingest", "Wrong", Severity::Error, wrong),
            ];
            assert_eq!(seen, expected, "{}", verdict.validator);
            assert!(verdict.version.starts_with("1."), "{}", verdict.version);
        }
    }
}
