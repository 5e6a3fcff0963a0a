//! `test`: every test of the workspace and of the Flink job, with what they need.
//!
//! A test that needs what not every machine has carries the need in its name ([`Need`]) and fails without it.
//! Where this machine lacks it, such tests are left out, and the summary counts them as skipped. The README
//! asks for a JDK, so that a run without one is no complete run: its exit code is that of a machine that lacks
//! something.
//!
//! The Flink job is tested beside the workspace, whose tests leave it room: both wait for processes.

mod programs;

use std::ffi::OsString;
use std::fmt;
use std::ops::AddAssign;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use anyhow::{Context as _, anyhow};
use clap::Args;
use serde::Serialize;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
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
            let tested = self.chosen(&project, installed, report).await?;
            report.print(&tested);
            return Ok(tested.exit());
        }
        let (jdk, emulator) = (jdk::find(), emulator());
        let needs = [
            Need { name: "needs_jdk", lack: jdk.as_ref().err().map(NoJdk::to_string) },
            Need { name: "needs_qemu", lack: emulator.err() },
        ];
        // Before the tests of the workspace are built: cargo builds one thing after the other.
        let driven = if jdk.is_ok() { programs(&project, report).await? } else { Vec::new() };
        let job = async {
            match &jdk {
                Ok(jdk) => of_job(&project, jdk, installed, driven, report).await,
                // Nothing counts them but the run that there is not.
                Err(_) => Ok(Tested { ok: true, passed: 0, failed: 0, skipped: 1 }),
            }
        };
        let workspace = of_workspace(&project, installed, &needs, report);
        let (job, workspace) = futures::try_join!(job, workspace)?;
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

    /// The tests that the arguments choose, as cargo runs them.
    async fn chosen(
        &self,
        project: &Project,
        installed: Installed<'_>,
        report: &Report,
    ) -> anyhow::Result<Tested> {
        let mut command = toolchain::cargo(project);
        command.args(["test", "--workspace"]).args(&self.arguments).envs(variables(installed));
        for name in REMOVED {
            command.env_remove(name);
        }
        let (status, output) = shown(command, report).await.context("cargo does not start")?;
        // What the arguments leave out, they were meant to.
        let Counts { passed, failed, ignored, .. } = Counts::of(&output);
        Ok(Tested { ok: status.success(), passed, failed, skipped: ignored })
    }
}

/// The tests of the workspace, all but those whose need this machine lacks. No examples in the documentation are run:
/// there are none.
async fn of_workspace(
    project: &Project,
    installed: Installed<'_>,
    needs: &[Need],
    report: &Report,
) -> anyhow::Result<Tested> {
    let build = ["test", "--workspace", "--tests", "--no-run", "--message-format", "json-render-diagnostics"];
    report.note(paint(STRONG, "cargo test --workspace --tests --no-run"));
    let mut command = toolchain::cargo(project);
    let mut cargo = command.args(build).stdout(Stdio::piped()).spawn().context("cargo does not start")?;
    let mut messages = String::new();
    if let Some(mut stdout) = cargo.stdout.take() {
        stdout.read_to_string(&mut messages).await.context("cargo does not say what it built")?;
    }
    if !cargo.wait().await?.success() {
        return Ok(Tested { ok: false, passed: 0, failed: 0, skipped: 0 });
    }
    let lacking = needs.iter().filter(|need| need.lack.is_some());
    let setting = programs::Setting {
        project,
        arguments: lacking.flat_map(|need| ["--skip".into(), need.name.into()]).collect(),
        variables: variables(installed),
        removed: &REMOVED,
    };
    let programs = programs::of_build(&messages, project.root());
    let (ok, counts) = programs::run(programs, &setting, report).await.context("the tests do not start")?;
    let Counts { passed, failed, ignored, filtered } = counts;
    Ok(Tested { ok, passed, failed, skipped: ignored + filtered })
}

/// Commands that tests run are no steps of the run that this may be: it shows none of theirs.
const REMOVED: [&str; 2] = [github::ACTIONS, github::SUMMARY];

/// What the tests of the workspace find by variables.
fn variables(installed: Installed<'_>) -> Vec<(&'static str, OsString)> {
    let mut variables: Vec<(&str, OsString)> =
        installed.variables().map(|(name, path)| (name, path.into())).into();
    if let Ok(Some(emulator)) = emulator() {
        variables.extend([
            ("SLUICE_QEMU", emulator.into()),
            ("QEMU_LD_PREFIX", EMULATED_ROOT.into()),
            // Older than Lambda's Graviton2, so that no instruction passes that Lambda lacks.
            ("QEMU_CPU", "cortex-a72".into()),
        ]);
    }
    variables
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
    programs: Vec<(&'static str, PathBuf)>,
    report: &Report,
) -> anyhow::Result<Tested> {
    let lock = job::lock(project).await.context("cannot lock the Flink job's folder")?;
    let step = report.step("./mvnw -B verify");
    let mut command = maven::command(&job::folder(project), jdk);
    command.args(["--no-transfer-progress", "verify"]).envs(programs).envs(installed.variables());
    let (status, output) = collected(command, report).await.context("the Maven wrapper does not start")?;
    let (passed, failed, skipped) = maven::counts(&output).unwrap_or_default();
    if !status.success() {
        return Ok(Tested { ok: false, passed, failed, skipped });
    }
    step.done(format_args!("{passed} passed"));
    // It builds elsewhere, and tests of the workspace deploy the job.
    drop(lock);
    let ok = is_reproducible(project, jdk, report).await?;
    Ok(Tested { ok, passed: passed + u64::from(ok), failed: failed + u64::from(!ok), skipped })
}

/// Whether two builds of the Flink job are the same bytes, on which the names of what is deployed rely.
async fn is_reproducible(project: &Project, jdk: &Jdk, report: &Report) -> anyhow::Result<bool> {
    let step = report.step("./reproducible.sh");
    let folder = job::folder(project);
    let mut command = Command::new(folder.join("reproducible.sh"));
    command.current_dir(folder).stdin(Stdio::null()).kill_on_drop(true).env(jdk::VARIABLE, &jdk.home);
    let (status, _) = collected(command, report).await.context("reproducible.sh does not start")?;
    if status.success() {
        step.done("");
    } else {
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

/// Runs a program, and returns what it wrote. That is shown when it has ended: others write meanwhile.
async fn collected(mut command: Command, report: &Report) -> std::io::Result<(ExitStatus, String)> {
    let output = command.stderr(Stdio::inherit()).stdout(Stdio::piped()).spawn()?.wait_with_output().await?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    show(&text, report);
    Ok((output.status, text))
}

/// Shows what a program wrote.
fn show(text: &str, report: &Report) {
    let text = text.trim_end_matches('\n');
    match report.format() {
        Format::Text => report.raw(text),
        Format::Json | Format::Markdown => report.note(text),
    }
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
            show(&line, report);
            output.push_str(&line);
            bytes.clear();
        }
    }
    Ok((child.wait().await?, output))
}

/// How the summary of a test program begins.
const RESULT: &str = "test result: ";

/// What the summaries of all test programs count.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    ignored: u64,
    filtered: u64,
}

impl Counts {
    fn of(output: &str) -> Self {
        let mut counts = Self::default();
        let summaries = output.lines().filter_map(|line| line.trim_start().strip_prefix(RESULT));
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

    /// What the summary of one program counts: the last, whatever its tests have written before.
    fn of_one(output: &str) -> Self {
        Self::of(output.lines().rfind(|line| line.trim_start().starts_with(RESULT)).unwrap_or_default())
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.filtered += other.filtered;
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
        assert_eq!(Counts::of_one(output), Counts { passed: 10, failed: 3, ignored: 0, filtered: 1 });
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
