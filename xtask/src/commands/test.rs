//! `test`: every test of the workspace and of the Flink job, with what they need.
//!
//! A test that needs what not every machine has carries the need in its name ([`Need`]) and fails without it.
//! Where this machine lacks it, such tests are left out, and the summary counts them as skipped. The README
//! asks for a JDK, so that a run without one is no complete run: its exit code is that of a machine that lacks
//! something.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use anyhow::{Context as _, anyhow};
use clap::Args;
use serde::Serialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use artifacts::job;
use artifacts::toolchain::jdk::{self, Jdk, NoJdk};
use artifacts::toolchain::venv::Venv;
use artifacts::toolchain::{self, maven, postgres};
use cli::Format;
use cli::Outcome;
use cli::github;
use cli::report::{Document, Report, STRONG, paint};
use session::{Exit, Explain as _, Project};

/// Programs of this workspace that the tests of the Flink job drive, each with how cargo calls it and the variable that
/// names it to them: the stores, the schema of one of them, and the decoder that theirs has to equal.
const PROGRAMS: [(&str, &str, &str); 4] = [
    ("--bin", "local-timestream", "SLUICE_LOCAL_TIMESTREAM"),
    ("--bin", "local-rds-data", "SLUICE_LOCAL_RDS_DATA"),
    ("--example", "schema", "SLUICE_SCHEMA"),
    ("--example", "decode", "SLUICE_DECODE"),
];

/// Folder of the C library that an emulated program for arm64 loads, where Debian's `libc6-arm64-cross` puts it.
const EMULATED_ROOT: &str = "/usr/aarch64-linux-gnu";

/// Run every test of the workspace and of the Flink job
///
/// What this machine lacks the means for is skipped and counted. Without a JDK the exit code is 2.
#[derive(Debug, Args)]
pub struct Test {
    /// Further arguments for `cargo test`, for instance a test's name. The Flink job is then left out.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    arguments: Vec<String>,
}

/// How many tests passed, failed and were left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Tested {
    ok: bool,
    passed: u64,
    failed: u64,
    skipped: u64,
}

/// What some tests need and not every machine has.
#[derive(Debug)]
struct Need {
    /// A part of the names of the tests that need it.
    name: &'static str,
    /// Why there is none here, if there is none.
    lack: Option<String>,
}

/// What tests find by variables: what they drive services with, and what they start as one.
#[derive(Debug, Clone, Copy)]
struct Installed<'a> {
    venv: &'a Venv,
    postgres: &'a Path,
}

impl Installed<'_> {
    fn variables(self) -> [(&'static str, PathBuf); 2] {
        [("SLUICE_PYTHON", self.venv.python()), ("SLUICE_POSTGRES", self.postgres.to_owned())]
    }
}

impl Test {
    pub async fn run(&self, report: &Report) -> Outcome {
        let project = Project::locate();
        report.add_matcher(&toolchain::problem_matchers(&project));
        let venv = Venv::ensure(&project, report).await?;
        let postgres = postgres::ensure(&project, report).await?;
        let installed = Installed { venv: &venv, postgres: &postgres };
        if !self.arguments.is_empty() {
            let tested = self.of_workspace(&project, installed, &[], report).await?;
            report.print(&tested);
            return Ok(tested.exit());
        }
        let (jdk, emulator) = (jdk::find(), emulator());
        let job = match &jdk {
            Ok(jdk) => of_job(&project, jdk, installed, report).await?,
            // Nothing counts them but the run that there is not.
            Err(_) => Tested { ok: true, passed: 0, failed: 0, skipped: 1 },
        };
        let needs = [
            Need { name: "needs_jdk", lack: jdk.as_ref().err().map(NoJdk::to_string) },
            Need { name: "needs_qemu", lack: emulator.err() },
        ];
        let workspace = self.of_workspace(&project, installed, &needs, report).await?;
        for Need { name, lack } in &needs {
            if let Some(lack) = lack {
                report.warn(format_args!("tests with `{name}` in their names are skipped: {lack}"));
            }
        }
        if let Err(error) = &jdk {
            let hint = error.hint().unwrap_or_default();
            report.warn(format_args!("the tests of the Flink job are skipped: {hint}"));
        }
        let all = Tested {
            ok: job.ok && workspace.ok,
            passed: job.passed + workspace.passed,
            failed: job.failed + workspace.failed,
            skipped: job.skipped + workspace.skipped,
        };
        report.print(&all);
        Ok(match (all.exit(), jdk) {
            (Exit::Done, Err(error)) => error.exit(),
            (exit, _) => exit,
        })
    }

    /// The tests of the workspace. Without arguments, all but those whose need this machine lacks.
    async fn of_workspace(
        &self,
        project: &Project,
        installed: Installed<'_>,
        needs: &[Need],
        report: &Report,
    ) -> anyhow::Result<Tested> {
        let mut command = toolchain::cargo(project);
        command.args(["test", "--workspace"]);
        if self.arguments.is_empty() {
            // No examples in the documentation are run: there are none.
            command.args(["--tests", "--"]);
            for need in needs.iter().filter(|need| need.lack.is_some()) {
                command.args(["--skip", need.name]);
            }
        } else {
            command.args(&self.arguments);
        }
        command
            .envs(installed.variables())
            // Commands that tests run are no steps of the run that this may be: it shows none of theirs.
            .env_remove(github::ACTIONS)
            .env_remove(github::SUMMARY);
        if let Ok(Some(emulator)) = emulator() {
            command.env("SLUICE_QEMU", emulator).env("QEMU_LD_PREFIX", EMULATED_ROOT);
            // Older than Lambda's Graviton2, so that no instruction passes that Lambda lacks.
            command.env("QEMU_CPU", "cortex-a72");
        }
        let (status, output) = shown(command, report).await.context("cargo does not start")?;
        let Counts { passed, failed, ignored, filtered } = Counts::of(&output);
        // What arguments leave out, they were meant to.
        let skipped = if self.arguments.is_empty() { ignored + filtered } else { ignored };
        Ok(Tested { ok: status.success(), passed, failed, skipped })
    }
}

/// The program that runs programs for arm64 here, none where the machine itself does, or why they do not run.
fn emulator() -> Result<Option<PathBuf>, String> {
    if cfg!(all(target_os = "linux", target_arch = "aarch64")) {
        return Ok(None);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut programs = std::env::split_paths(&path)
        .flat_map(|folder| ["qemu-aarch64-static", "qemu-aarch64"].map(|name| folder.join(name)));
    match programs.find(|file| file.is_file()) {
        Some(_) if !Path::new(EMULATED_ROOT).is_dir() => {
            Err(format!("this machine has no {EMULATED_ROOT} (libc6-arm64-cross)"))
        }
        Some(program) => Ok(Some(program)),
        None => Err("this machine has no qemu-aarch64 (qemu-user-static)".to_owned()),
    }
}

async fn of_job(
    project: &Project,
    jdk: &Jdk,
    installed: Installed<'_>,
    report: &Report,
) -> anyhow::Result<Tested> {
    let programs = programs(project, report).await?;
    let _lock = job::lock(project).await.context("cannot lock the Flink job's folder")?;
    report.note(paint(STRONG, "./mvnw -B verify"));
    let mut command = maven::command(&job::folder(project), jdk);
    command.args(["--no-transfer-progress", "verify"]).envs(programs).envs(installed.variables());
    let (status, output) = shown(command, report).await.context("the Maven wrapper does not start")?;
    let (passed, failed, skipped) = maven::counts(&output).unwrap_or_default();
    if !status.success() {
        return Ok(Tested { ok: false, passed, failed, skipped });
    }
    let ok = is_reproducible(project, jdk, report).await?;
    Ok(Tested { ok, passed: passed + u64::from(ok), failed: failed + u64::from(!ok), skipped })
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

/// Builds what the tests of the Flink job drive: each variable with its program.
async fn programs(project: &Project, report: &Report) -> anyhow::Result<Vec<(&'static str, PathBuf)>> {
    let step = report.step("Building what the Flink job is tested against");
    let mut command = toolchain::cargo(project);
    command.args(["build", "--workspace", "--message-format", "json-render-diagnostics"]);
    command.args(PROGRAMS.iter().flat_map(|(target, name, _)| [*target, *name]));
    let messages = toolchain::build(command, &step).await?;
    let mut built = toolchain::executables(&messages);
    let programs = PROGRAMS.iter().map(|(_, name, variable)| {
        let program = built.remove(*name);
        program
            .map(|program| (*variable, program))
            .ok_or_else(|| anyhow!("the build made no executable `{name}`"))
    });
    let programs = programs.collect::<anyhow::Result<_>>()?;
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

/// What the summaries of all test programs count.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    ignored: u64,
    filtered: u64,
}

impl Counts {
    fn of(output: &str) -> Self {
        let mut counts = Self::default();
        let summaries = output.lines().filter_map(|line| line.trim_start().strip_prefix("test result: "));
        for part in summaries.flat_map(|summary| summary.split(['.', ';'])) {
            let Some((number, what)) = part.trim().split_once(' ') else { continue };
            let count = match what {
                "passed" => &mut counts.passed,
                "failed" => &mut counts.failed,
                "ignored" => &mut counts.ignored,
                "filtered out" => &mut counts.filtered,
                _ => continue,
            };
            *count += number.parse::<u64>().unwrap_or_default();
        }
        counts
    }
}

impl Tested {
    fn exit(self) -> Exit {
        if self.ok { Exit::Done } else { Exit::Unexpected }
    }
}

impl Document for Tested {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let Self { ok, passed, failed, skipped } = self;
        // A build that fails tests nothing.
        if !ok && *failed == 0 {
            writeln!(out, "the build failed, so that not everything was tested")?;
        }
        // Alone on its line: programs read it.
        writeln!(out, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_added_up() {
        let output = "running 2 tests\ntest a ... ok\n\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 5 filtered out; finished in 0.01s\n\
            test result: FAILED. 10 passed; 3 failed; 0 ignored; 0 measured; 1 filtered out; finished in 1s\n";
        assert_eq!(Counts::of(output), Counts { passed: 12, failed: 3, ignored: 1, filtered: 6 });
        assert_eq!(Counts::of("error: could not compile"), Counts::default());
    }

    #[test]
    fn the_last_line_is_nothing_but_the_counts() {
        for (ok, failed) in [(true, 0), (false, 2), (false, 0)] {
            let mut text = String::new();
            Tested { ok, passed: 7, failed, skipped: 1 }.text(&mut text).expect("text");
            assert_eq!(text.lines().last(), Some(format!("7 passed, {failed} failed, 1 skipped").as_str()));
        }
    }
}
