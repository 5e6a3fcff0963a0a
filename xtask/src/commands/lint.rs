//! `lint`: everything that can be said about the code and the templates without running them.

use std::fmt;
use std::path::Path;
use std::process::Stdio;

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;
use tokio::process::Command;

use artifacts::job;
use artifacts::toolchain::jdk;
use artifacts::toolchain::venv::Venv;
use artifacts::toolchain::{self, maven};
use cli::Outcome;
use cli::commands::check::Proof;
use cli::report::{BAD, CAUTION, Document, GOOD, Report, STRONG, paint};
use cli::validators::{self, Programs, workflows};
use session::{Exit, Failure, Project};

/// What cargo-deny says when it cannot reach the database of known vulnerabilities.
const NO_DATABASE: &str = "failed to fetch advisory database";

/// Check the code, the dependencies and the templates of every environment
///
/// Without a JDK the Flink job is not checked, and the exit code is 2.
#[derive(Debug, Args)]
pub struct Lint {}

#[derive(Debug, Serialize)]
struct Linted {
    ok: bool,
    checks: Vec<Linting>,
}

#[derive(Debug, Serialize)]
struct Linting {
    name: String,
    verdict: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Clean,
    Failed,
    /// What it needs cannot be reached from here.
    Unreachable,
    /// This machine lacks what the README asks for.
    Skipped,
}

impl Lint {
    pub async fn run(&self, report: &Report) -> Outcome {
        let project = Project::locate();
        report.add_matcher(&toolchain::problem_matchers(&project));
        let mut checks = Vec::new();
        let mut conclude = |name: &str, verdict| checks.push(Linting { name: name.to_owned(), verdict });

        conclude("format", cargo(&project, report, &["fmt", "--all", "--check"]).await?);
        let clippy = ["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"];
        conclude("clippy", cargo(&project, report, &clippy).await?);

        conclude("format of the Flink job", java(&project, report).await?);
        let venv = Venv::ensure(&project, report).await?;
        let rules = ["bans", "licenses", "sources"];
        conclude("dependencies", deny(&project, &venv, report, &rules).await?);
        conclude("advisories", deny(&project, &venv, report, &["advisories"]).await?);
        for (linter, verdict) in workflows(project.root(), &venv, report).await? {
            conclude(&format!("workflows: {linter}"), verdict);
        }
        let programs = Programs::ensure(&project, report).await?;
        for environment in project.environments() {
            let verdict = templates(&project, &programs, report, &environment).await;
            conclude(&format!("templates of {environment}"), verdict?);
        }

        let any = |verdict| checks.iter().any(|check| check.verdict == verdict);
        let exit = match (any(Verdict::Failed), any(Verdict::Skipped)) {
            (true, _) => Exit::Unexpected,
            (false, true) => Exit::Configuration,
            (false, false) => Exit::Done,
        };
        report.print(&Linted { ok: exit == Exit::Done, checks });
        Ok(exit)
    }
}

async fn cargo(project: &Project, report: &Report, arguments: &[&str]) -> anyhow::Result<Verdict> {
    report.note(paint(STRONG, format_args!("cargo {}", arguments.join(" "))));
    let status = toolchain::cargo(project)
        .args(arguments)
        .stdout(std::io::stderr())
        .status()
        .await
        .context("cargo does not start")?;
    Ok(if status.success() { Verdict::Clean } else { Verdict::Failed })
}

/// Checks how the Flink job is written. The compiler's own complaints end its build.
async fn java(project: &Project, report: &Report) -> anyhow::Result<Verdict> {
    let jdk = match jdk::find() {
        Ok(jdk) => jdk,
        Err(error) => {
            report.warn(format_args!("the Flink job is not looked at: {error}"));
            return Ok(Verdict::Skipped);
        }
    };
    report.note(paint(STRONG, "./mvnw -B spotless:check"));
    let _lock = job::lock(project).await.context("cannot lock the Flink job's folder")?;
    let output = maven::command(&job::folder(project), &jdk)
        .args(["--quiet", "spotless:check"])
        .output()
        .await
        .context("the Maven wrapper does not start")?;
    if output.status.success() {
        return Ok(Verdict::Clean);
    }
    report.note(String::from_utf8_lossy(&output.stdout).trim_end());
    Ok(Verdict::Failed)
}

/// Runs cargo-deny. What it writes is shown when it fails: a crate in two versions is not worth a page.
async fn deny(project: &Project, venv: &Venv, report: &Report, which: &[&str]) -> anyhow::Result<Verdict> {
    report.note(paint(STRONG, format_args!("cargo deny check {}", which.join(" "))));
    let output = Command::new(venv.program("cargo-deny"))
        .args(["--workspace", "--locked", "check"])
        .args(which)
        .current_dir(project.root())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .context("cargo-deny does not start")?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        return Ok(Verdict::Clean);
    }
    if said.contains(NO_DATABASE) {
        report.warn("the database of known vulnerabilities cannot be reached: nothing was compared with it");
        return Ok(Verdict::Unreachable);
    }
    report.note(said.trim_end());
    Ok(Verdict::Failed)
}

/// Looks at the workflows of a checkout, and shows what is wrong with them. Without any there is nothing
/// to conclude.
async fn workflows(
    root: &Path,
    venv: &Venv,
    report: &Report,
) -> anyhow::Result<Vec<(&'static str, Verdict)>> {
    let files = workflows::files(root);
    if files.is_empty() {
        report.note("no workflow to look at: there is no .github/workflows");
        return Ok(Vec::new());
    }
    report.note(paint(STRONG, "actionlint, zizmor"));
    let (valid, safe) =
        futures::try_join!(workflows::actionlint(venv, root, &files), workflows::zizmor(venv, root))?;
    let mut verdicts = Vec::new();
    for (linter, mut remarks) in [("actionlint", valid), ("zizmor", safe)] {
        remarks.sort();
        for remark in &remarks {
            report.note(remark);
        }
        report.annotate(remarks.iter().map(workflows::Remark::annotation));
        verdicts.push((linter, if remarks.is_empty() { Verdict::Clean } else { Verdict::Failed }));
    }
    Ok(verdicts)
}

async fn templates(
    project: &Project,
    programs: &Programs,
    report: &Report,
    name: &str,
) -> Result<Verdict, Failure> {
    let (model, environment) = project.load_sample(name, &[])?;
    let proof = Proof::new(name, validators::prove(project, programs, &model, &environment).await?);
    let mut text = String::new();
    if proof.text(&mut text).is_ok() {
        report.note(text.trim_end());
    }
    report.annotate(proof.annotations());
    Ok(if proof.ok() { Verdict::Clean } else { Verdict::Failed })
}

impl Document for Linted {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        for Linting { name, verdict } in &self.checks {
            let mark = match verdict {
                Verdict::Clean => paint(GOOD, "✓"),
                Verdict::Failed => paint(BAD, "✗"),
                Verdict::Unreachable | Verdict::Skipped => paint(CAUTION, "– not checked:"),
            };
            writeln!(out, "{mark} {name}")?;
        }
        Ok(())
    }
}
