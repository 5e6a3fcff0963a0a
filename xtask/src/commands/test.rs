//! `test`: every test of the workspace and of the Flink job, with what they need.

use std::fmt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};

use anyhow::{Context as _, anyhow};
use clap::Args;
use serde::Serialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use super::Outcome;
use crate::artifacts::job;
use crate::cli::Format;
use crate::failure::{Exit, Failure};
use crate::github;
use crate::jdk::{self, Jdk};
use crate::local::venv::Venv;
use crate::project::Project;
use crate::report::{Document, Report, STRONG, paint};
use crate::toolchain::{self, maven};

/// Programs of this workspace that the tests of the Flink job drive: the store, and the decoder that theirs
/// has to equal.
const STORE: &str = "local-timestream";
const DECODER: &str = "decode";

/// Run every test of the workspace, and those of the Flink job where there is a JDK
#[derive(Debug, Args)]
pub struct Test {
    /// Further arguments for `cargo test`, for instance a test's name. The Flink job is then left out.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    arguments: Vec<String>,
}

/// How many tests passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
struct Tested {
    ok: bool,
    passed: u64,
    failed: u64,
}

impl Test {
    pub async fn run(&self, report: &Report) -> Outcome {
        let project = Project::locate();
        report.add_matcher(&toolchain::problem_matchers(&project));
        let jdk = if self.arguments.is_empty() { jdk_for_tests(report)? } else { None };
        let venv = Venv::ensure(&project, report).await?;
        let job = match jdk {
            Some(jdk) => of_job(&project, &jdk, &venv, report).await?,
            None => Tested { ok: true, ..Tested::default() },
        };
        let workspace = self.of_workspace(&project, &venv, report).await?;
        let all = Tested {
            ok: job.ok && workspace.ok,
            passed: job.passed + workspace.passed,
            failed: job.failed + workspace.failed,
        };
        report.print(&all);
        if all.ok {
            return Ok(Exit::Done);
        }
        Ok(Exit::Unexpected)
    }

    async fn of_workspace(&self, project: &Project, venv: &Venv, report: &Report) -> anyhow::Result<Tested> {
        // No examples in the documentation are run: there are none.
        let everything = vec!["--tests".to_owned()];
        let mut command = toolchain::cargo(project);
        command
            .args(["test", "--workspace"])
            .args(if self.arguments.is_empty() { &everything } else { &self.arguments })
            // Tests that drive a service with boto3, or start one, take it from here.
            .env("SLUICE_PYTHON", venv.python())
            // Commands that tests run are no steps of the run that this may be: it shows none of theirs.
            .env_remove(github::ACTIONS)
            .env_remove(github::SUMMARY);
        let (status, output) = shown(command, report).await.context("cargo does not start")?;
        let (passed, failed) = counts(&output);
        Ok(Tested { ok: status.success(), passed, failed })
    }
}

/// The JDK for the tests of the Flink job. Without one they are left out, but never where everything has
/// to be tested.
fn jdk_for_tests(report: &Report) -> Result<Option<Jdk>, Failure> {
    match jdk::find() {
        Ok(jdk) => Ok(Some(jdk)),
        Err(error) if is_ci() => Err(error.into()),
        Err(error) => {
            report.warn(format_args!("the tests of the Flink job are left out: {error}"));
            Ok(None)
        }
    }
}

/// Whether this is the run that decides, as every system of continuous integration says by this variable.
pub(super) fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

async fn of_job(project: &Project, jdk: &Jdk, venv: &Venv, report: &Report) -> anyhow::Result<Tested> {
    let (store, decoder) = programs(project, report).await?;
    let _lock = job::lock(project).await.context("cannot lock the Flink job's folder")?;
    report.note(paint(STRONG, "./mvnw -B verify"));
    let mut command = maven::command(project, jdk);
    command
        .args(["--no-transfer-progress", "verify"])
        .env("SLUICE_LOCAL_TIMESTREAM", store)
        .env("SLUICE_DECODE", decoder)
        .env("SLUICE_PYTHON", venv.python());
    let (status, output) = shown(command, report).await.context("the Maven wrapper does not start")?;
    let (passed, failed) = maven::counts(&output).unwrap_or_default();
    if !status.success() {
        return Ok(Tested { ok: false, passed, failed });
    }
    let ok = is_reproducible(project, jdk, report).await?;
    Ok(Tested { ok, passed: passed + u64::from(ok), failed: failed + u64::from(!ok) })
}

/// Whether two builds of the Flink job are the same bytes, on which the names of what is deployed rely.
async fn is_reproducible(project: &Project, jdk: &Jdk, report: &Report) -> anyhow::Result<bool> {
    report.note(paint(STRONG, "./reproducible.sh"));
    let folder = job::folder(project);
    let mut command = Command::new(folder.join("reproducible.sh"));
    command.current_dir(folder).stdin(Stdio::null()).kill_on_drop(true).env(jdk::VARIABLE, &jdk.home);
    let (status, _) = shown(command, report).await.context("reproducible.sh does not start")?;
    if !status.success() {
        report.warn("two builds of the Flink job are not the same bytes, or do not succeed");
    }
    Ok(status.success())
}

/// Builds what the tests of the Flink job drive.
async fn programs(project: &Project, report: &Report) -> anyhow::Result<(PathBuf, PathBuf)> {
    let step = report.step("Building what the Flink job is tested against");
    let mut command = toolchain::cargo(project);
    command.args(["build", "--workspace", "--message-format", "json-render-diagnostics"]);
    command.args(["--bin", STORE, "--example", DECODER]);
    let messages = toolchain::build(command, &step).await?;
    let mut programs = toolchain::executables(&messages);
    let mut program =
        |name: &str| programs.remove(name).ok_or_else(|| anyhow!("the build made no executable `{name}`"));
    let programs = (program(STORE)?, program(DECODER)?);
    step.done("");
    Ok(programs)
}

/// Runs a program, shows what it writes as it comes, and returns it too.
async fn shown(mut command: Command, report: &Report) -> std::io::Result<(ExitStatus, String)> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut output = String::new();
    if let Some(stdout) = child.stdout.take() {
        let mut reader = BufReader::new(stdout);
        let mut bytes = Vec::new();
        // Tests may write what is not text.
        while reader.read_until(b'\n', &mut bytes).await? > 0 {
            let line = String::from_utf8_lossy(&bytes);
            match report.format() {
                Format::Text => report.raw(line.trim_end_matches('\n')),
                Format::Json | Format::Markdown => report.note(line.trim_end_matches('\n')),
            }
            output.push_str(&line);
            bytes.clear();
        }
    }
    Ok((child.wait().await?, output))
}

/// How many tests passed and failed, from the summaries of all test programs.
fn counts(output: &str) -> (u64, u64) {
    let number = |summary: &str, what: &str| -> u64 {
        let words: Vec<&str> = summary.split([' ', ';']).collect();
        let at = words.iter().position(|word| *word == what).and_then(|at| at.checked_sub(1));
        at.and_then(|at| words[at].parse().ok()).unwrap_or_default()
    };
    let summaries = output.lines().filter_map(|line| line.trim_start().strip_prefix("test result: "));
    summaries.fold((0, 0), |(passed, failed), summary| {
        (passed + number(summary, "passed"), failed + number(summary, "failed"))
    })
}

impl Document for Tested {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let Self { ok, passed, failed } = self;
        // A build that fails tests nothing.
        let untested = if !ok && *failed == 0 { ", and not everything was tested" } else { "" };
        writeln!(out, "{passed} passed, {failed} failed{untested}")
    }
}

#[cfg(test)]
mod tests {
    use super::counts;

    #[test]
    fn summaries_are_added_up() {
        let output = "running 2 tests\ntest a ... ok\n\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
            test result: FAILED. 10 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s\n";
        assert_eq!(counts(output), (12, 3));
        assert_eq!(counts("error: could not compile"), (0, 0));
    }
}
