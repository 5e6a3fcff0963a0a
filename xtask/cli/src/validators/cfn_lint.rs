//! [cfn-lint](https://github.com/aws-cloudformation/cfn-lint): the schemas of every resource type, and
//! rules that people learned.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

use super::{Finding, Severity, Verdict, run, stack_of};
use artifacts::toolchain::requirements::TOOLS;
use artifacts::toolchain::venv::Venv;

const NAME: &str = "cfn-lint";

/// What cfn-lint prints with `--format json`, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Match {
    filename: String,
    level: String,
    location: Location,
    message: String,
    rule: Rule,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Location {
    path: Option<Vec<serde_json::Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Rule {
    id: String,
}

/// Reads every template in one process.
pub async fn validate(
    venv: &Venv,
    folder: &Path,
    templates: &[PathBuf],
    region: &str,
) -> anyhow::Result<Verdict> {
    let arguments = ["--format", "json", "--regions", region, "--non-zero-exit-code", "none", "--"];
    let output = run(venv, NAME, folder, &arguments, templates).await?;
    let matches: Vec<Match> =
        serde_json::from_slice(&output.stdout).context("what cfn-lint prints is not understood")?;
    let version = TOOLS.pinned(NAME).to_owned();
    let findings = matches.into_iter().filter_map(finding).collect();
    Ok(Verdict { validator: NAME, version, templates: templates.len(), findings })
}

fn finding(found: Match) -> Option<Finding> {
    let severity = match found.level.as_str() {
        "Informational" => return None,
        "Warning" => Severity::Warning,
        _ => Severity::Error,
    };
    // Resources / <logical id> / Properties / …
    let steps: Vec<String> = found.location.path.unwrap_or_default().iter().map(step).collect();
    let entity = steps.get(1).cloned();
    let path = steps.get(2..).filter(|rest| !rest.is_empty()).map(|rest| rest.join("/"));
    let stack = stack_of(&found.filename);
    Some(Finding {
        stack,
        entity,
        path,
        severity,
        validator: NAME,
        rule: found.rule.id,
        message: found.message,
    })
}

fn step(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
