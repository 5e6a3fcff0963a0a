//! Workflows of GitHub: whether they mean something, and what an attacker could do with them.
//!
//! [actionlint](https://github.com/rhysd/actionlint) knows their syntax and types, and hands the steps'
//! shell to [ShellCheck](https://www.shellcheck.net); [zizmor](https://docs.zizmor.sh) knows how they are
//! attacked. Neither reaches a network.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use artifacts::toolchain::venv::Venv;
use session::annotation::Annotation;

/// Where GitHub reads workflows, below the root of a checkout.
const FOLDER: &str = ".github/workflows";
/// Where it reads these and composite actions.
const GITHUB: &str = ".github";

/// Something that is wrong with a workflow. It is shown as compilers do, so that an editor finds it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// The file, below the root of the checkout.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// The linter's name for the rule.
    pub rule: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, rule, message } = self;
        write!(f, "{file}:{line}:{column}: {message} [{rule}]")
    }
}

impl Remark {
    /// The same at its line, as GitHub shows it.
    pub fn annotation(&self) -> Annotation {
        let Self { file, line, column, rule, message } = self;
        let annotation = Annotation::error(rule.as_str(), message.as_str()).in_file(file.as_str());
        Annotation { position: Some((*line, *column)), ..annotation }
    }
}

/// The files of the checkout's workflows, sorted; none where there is no such folder.
pub fn files(root: &Path) -> Vec<PathBuf> {
    let is_yaml = |path: &PathBuf| matches!(path.extension().and_then(OsStr::to_str), Some("yml" | "yaml"));
    let entries = std::fs::read_dir(root.join(FOLDER)).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_yaml).collect();
    files.sort();
    files
}

/// What actionlint prints.
#[derive(Deserialize)]
struct Problem {
    message: String,
    filepath: String,
    line: usize,
    column: usize,
    kind: String,
}

/// Whether the workflows are valid, in GitHub's words and the shell's.
pub async fn actionlint(venv: &Venv, root: &Path, files: &[PathBuf]) -> anyhow::Result<Vec<Remark>> {
    let shellcheck = venv.program("shellcheck");
    let files = files.iter().map(|file| file.strip_prefix(root).unwrap_or(file).as_os_str());
    let arguments = ["-no-color", "-format", "{{json .}}", "-pyflakes", "", "-shellcheck"].map(OsStr::new);
    let arguments = arguments.into_iter().chain([shellcheck.as_os_str()]).chain(files);
    // 1 says that there is something to say.
    let problems: Vec<Problem> = said(venv, "actionlint", root, arguments, &[0, 1]).await?;
    let remark = |Problem { message, filepath: file, line, column, kind: rule }| Remark {
        file,
        line,
        column,
        rule,
        message,
    };
    Ok(problems.into_iter().map(remark).collect())
}

/// What zizmor prints, in the first version of its form.
#[derive(Deserialize)]
struct Audit {
    ident: String,
    desc: String,
    url: String,
    ignored: bool,
    locations: Vec<Location>,
}

#[derive(Deserialize)]
struct Location {
    symbolic: Symbolic,
    concrete: Concrete,
}

#[derive(Deserialize)]
struct Symbolic {
    key: Key,
    annotation: String,
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Key {
    local: Option<Local>,
}

#[derive(Deserialize)]
struct Local {
    verbatim_path: String,
}

#[derive(Deserialize)]
struct Concrete {
    location: Span,
}

#[derive(Deserialize)]
struct Span {
    start_point: Point,
}

/// From 0.
#[derive(Deserialize)]
struct Point {
    row: usize,
    column: usize,
}

/// Whether the workflows can be abused. A finding is ignored by a comment beside its line,
/// `# zizmor: ignore[<rule>] <reason>`.
pub async fn zizmor(venv: &Venv, root: &Path) -> anyhow::Result<Vec<Remark>> {
    let arguments = [
        "--offline",
        "--no-progress",
        "--no-exit-codes",
        "--strict-collection",
        "--format",
        "json-v1",
        "--",
        GITHUB,
    ];
    let audits: Vec<Audit> = said(venv, "zizmor", root, arguments.into_iter().map(OsStr::new), &[0]).await?;
    Ok(audits.into_iter().filter(|audit| !audit.ignored).filter_map(remark).collect())
}

/// The remark stands where the audit's own location is; others only lead there.
fn remark(audit: Audit) -> Option<Remark> {
    let primary = audit.locations.iter().position(|location| location.symbolic.kind == "Primary");
    let Location { symbolic, concrete } = audit.locations.into_iter().nth(primary.unwrap_or(0))?;
    let Point { row, column } = concrete.location.start_point;
    Some(Remark {
        file: symbolic.key.local.map(|local| local.verbatim_path).unwrap_or_default(),
        line: row + 1,
        column: column + 1,
        rule: audit.ident,
        message: format!("{}: {}; see {}", audit.desc, symbolic.annotation, audit.url),
    })
}

/// Runs a linter at the root of the checkout, and reads the JSON that it prints.
async fn said<'a, Said: DeserializeOwned>(
    venv: &Venv,
    program: &str,
    root: &Path,
    arguments: impl Iterator<Item = &'a OsStr>,
    fine: &[i32],
) -> anyhow::Result<Said> {
    let Output { status, stdout, stderr } = tokio::process::Command::new(venv.program(program))
        .args(arguments)
        .current_dir(root)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .with_context(|| format!("{program} does not start"))?;
    if !status.code().is_some_and(|code| fine.contains(&code)) {
        bail!("{program} failed ({status}): {}", String::from_utf8_lossy(&stderr).trim());
    }
    serde_json::from_slice(&stdout).with_context(|| format!("what {program} prints is not understood"))
}
