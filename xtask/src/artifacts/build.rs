//! One build of the workspace for all functions: with cargo for this machine, with cargo-lambda for AWS.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use stacks::Function;
use stacks::environment::{Architecture, Environment, Target};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{ChildStderr, ChildStdout, Command};

use crate::failure::{Explain, Failure};
use crate::local::venv::Venv;
use crate::project::Project;
use crate::report::{Report, Step};

/// Lines of a failed build that are shown.
const TAIL: usize = 60;

/// Why there are no executables.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A program cannot be started.
    #[error("cannot run `{program}`")]
    Start {
        /// The program.
        program: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The build failed.
    #[error("the functions do not build:\n{output}")]
    Failed {
        /// What the compiler said.
        output: String,
    },
    /// The processor's standard library is not installed and cannot be.
    #[error("Rust cannot compile for {triple} yet: {output}")]
    NoTarget {
        /// The processor, as Rust names it.
        triple: &'static str,
        /// What rustup said.
        output: String,
    },
    /// The build made no executable of this name.
    #[error("the build made no executable for the function `{0}`")]
    Missing(&'static str),
}

impl Explain for BuildError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Start { .. } => Some("`cargo xtask doctor` shows what this machine lacks".to_owned()),
            Self::NoTarget { triple, .. } => Some(format!("install it with `rustup target add {triple}`")),
            Self::Failed { .. } | Self::Missing(_) => None,
        }
    }
}

/// The executable of each function.
pub async fn build(
    project: &Project,
    environment: &Environment,
    functions: &[Function],
    report: &Report,
) -> Result<Vec<(Function, PathBuf)>, Failure> {
    if functions.is_empty() {
        return Ok(Vec::new());
    }
    let step = report.step("Building the functions");
    let executables = match (environment.target, environment.architecture) {
        (Target::Local, None) => for_this_machine(project, functions, &step).await?,
        (_, architecture) => {
            let venv = Venv::ensure(project, report).await?;
            for_lambda(project, &venv, architecture.unwrap_or(Architecture::Arm64), functions, &step).await?
        }
    };
    step.done(format_args!("{} functions", functions.len()));
    Ok(executables)
}

async fn for_this_machine(
    project: &Project,
    functions: &[Function],
    step: &Step<'_>,
) -> Result<Vec<(Function, PathBuf)>, BuildError> {
    let mut command = cargo(project);
    command.args(["build", "--release", "--message-format", "json-render-diagnostics"]);
    packages(&mut command, functions);
    let stdout = run(command, step).await?;
    let made = executables(&stdout);
    let find = |function: &Function| {
        made.get(function.name).cloned().map(|path| (*function, path)).ok_or(BuildError::Missing(function.name))
    };
    functions.iter().map(find).collect()
}

async fn for_lambda(
    project: &Project,
    venv: &Venv,
    architecture: Architecture,
    functions: &[Function],
    step: &Step<'_>,
) -> Result<Vec<(Function, PathBuf)>, BuildError> {
    let (flag, triple) = match architecture {
        Architecture::Arm64 => ("--arm64", "aarch64-unknown-linux-gnu"),
        Architecture::X86_64 => ("--x86-64", "x86_64-unknown-linux-gnu"),
    };
    add_target(project, triple).await?;
    let folder = project.target().join("sluice").join("lambda").join(architecture.as_str());
    let mut command = scrubbed(project, &venv.program("cargo-lambda"));
    command.args(["lambda", "build", "--release", flag, "--output-format", "binary", "--lambda-dir"]).arg(&folder);
    packages(&mut command, functions);
    // cargo-lambda finds Zig beside the environment's own Python.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(venv.bin()).chain(std::env::split_paths(&path));
    if let Ok(path) = std::env::join_paths(path) {
        command.env("PATH", path);
    }
    // Where a panic happened is told by paths: those of this machine would change the archive.
    command.env("CARGO_ENCODED_RUSTFLAGS", remapped(project));
    run(command, step).await?;
    let find = |function: &Function| {
        let path = folder.join(function.name).join("bootstrap");
        path.exists().then_some((*function, path)).ok_or(BuildError::Missing(function.name))
    };
    functions.iter().map(find).collect()
}

/// Flags, separated as `CARGO_ENCODED_RUSTFLAGS` wants them.
fn remapped(project: &Project) -> String {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    let mut flags = vec![remap(project.root(), "sluice")];
    flags.extend(home.map(|home| remap(&home, "cargo")));
    flags.join("\u{1f}")
}

async fn add_target(project: &Project, triple: &'static str) -> Result<(), BuildError> {
    let no_target = |output: String| BuildError::NoTarget { triple, output };
    let run = async |arguments: &[&str]| {
        let output = scrubbed(project, Path::new("rustup")).args(arguments).output().await;
        output.map_err(|error| no_target(error.to_string()))
    };
    let installed = run(&["target", "list", "--installed"]).await?;
    if String::from_utf8_lossy(&installed.stdout).lines().any(|line| line.trim() == triple) {
        return Ok(());
    }
    let added = run(&["target", "add", triple]).await?;
    if added.status.success() {
        return Ok(());
    }
    Err(no_target(String::from_utf8_lossy(&added.stderr).trim().to_owned()))
}

fn cargo(project: &Project) -> Command {
    let cargo = std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    scrubbed(project, &cargo)
}

/// A program that runs in the checkout, without what `cargo run` tells the program that it starts:
/// build scripts that watch those variables would make everything be built again.
fn scrubbed(project: &Project, program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(project.root()).stdin(Stdio::null()).kill_on_drop(true);
    for (name, _) in std::env::vars_os() {
        let told = name.to_str().is_some_and(|name| {
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"].iter().any(|prefix| name.starts_with(prefix))
                || matches!(name, "CARGO_PRIMARY_PACKAGE" | "CARGO_CFG_TARGET_OS" | "OUT_DIR")
        });
        if told {
            command.env_remove(name);
        }
    }
    command.env("CARGO_TARGET_DIR", project.target());
    command
}

fn packages(command: &mut Command, functions: &[Function]) {
    for function in functions {
        command.args(["--package", function.name]);
    }
}

/// Runs a build, shows how far it is, and returns its standard output.
async fn run(mut command: Command, step: &Step<'_>) -> Result<String, BuildError> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let failed = |source| BuildError::Start { program: program.clone(), source };
    command.env("CARGO_TERM_PROGRESS_WHEN", "always").env("CARGO_TERM_PROGRESS_WIDTH", "100");
    command.env("CARGO_TERM_COLOR", "never");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (stdout, output) = tokio::join!(read(stdout), follow(stderr, step));
    let status = child.wait().await.map_err(failed)?;
    if status.success() {
        return Ok(stdout);
    }
    Err(BuildError::Failed { output: Vec::from(output).join("\n") })
}

async fn read(stdout: Option<ChildStdout>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut stdout) = stdout {
        // What cannot be read is missing from the executables, and named there.
        let _ = stdout.read_to_end(&mut bytes).await;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Shows progress, and keeps the last lines that say something else.
async fn follow(stderr: Option<ChildStderr>, step: &Step<'_>) -> VecDeque<String> {
    let mut tail = VecDeque::new();
    let Some(stderr) = stderr else { return tail };
    let mut reader = BufReader::new(stderr);
    let mut bytes = Vec::new();
    // Cargo draws its progress over itself, so lines end with a carriage return too.
    while let Ok(1..) = reader.read_until(b'\n', &mut bytes).await {
        for line in String::from_utf8_lossy(&bytes).split(['\r', '\n']) {
            match spoken(line) {
                Line::Progress(done, total) => step.update(format_args!("Building the functions: {done}/{total} crates")),
                Line::Message(line) => {
                    if tail.len() == TAIL {
                        tail.pop_front();
                    }
                    tail.push_back(line.to_owned());
                }
                Line::Chatter => {}
            }
        }
        bytes.clear();
    }
    tail
}

#[derive(Debug, PartialEq, Eq)]
enum Line<'a> {
    Progress(u32, u32),
    Message(&'a str),
    Chatter,
}

/// What a line of cargo says.
fn spoken(line: &str) -> Line<'_> {
    let trimmed = line.trim();
    if let Some(bar) = trimmed.strip_prefix("Building [") {
        let count = bar.split_once("] ").and_then(|(_, rest)| rest.split([':', ' ']).next()?.split_once('/'));
        return match count.map(|(done, total)| (done.parse(), total.parse())) {
            Some((Ok(done), Ok(total))) => Line::Progress(done, total),
            _ => Line::Chatter,
        };
    }
    let chatter = ["Compiling ", "Finished ", "Downloading ", "Downloaded ", "Blocking ", "Updating ", "Locking "];
    if trimmed.is_empty() || chatter.iter().any(|word| trimmed.starts_with(word)) {
        return Line::Chatter;
    }
    Line::Message(line.trim_end())
}

/// The executables of a build, by name, from cargo's
/// [messages](https://doc.rust-lang.org/cargo/reference/external-tools.html#json-messages).
fn executables(messages: &str) -> BTreeMap<String, PathBuf> {
    #[derive(Deserialize)]
    struct Message {
        target: Option<Named>,
        executable: Option<PathBuf>,
    }
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok())
        .filter_map(|message| Some((message.target?.name, message.executable?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let table = [
            ("    Building [=========>        ] 12/345: aws-sdk-s3, tokio", Line::Progress(12, 345)),
            ("    Building [=========>        ] soon", Line::Chatter),
            ("   Compiling telemetry v0.1.0 (/work)", Line::Chatter),
            ("", Line::Chatter),
            ("error[E0425]: cannot find value `x`", Line::Message("error[E0425]: cannot find value `x`")),
            ("  --> src/main.rs:1:1", Line::Message("  --> src/main.rs:1:1")),
        ];
        for (line, expected) in table {
            assert_eq!(spoken(line), expected, "{line}");
        }
    }

    #[test]
    fn only_executables_count() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"telemetry","kind":["lib"]},"executable":null,"fresh":true}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"device-simulator","kind":["bin"]},"executable":"/t/release/device-simulator"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
            "\nnot JSON\n",
        );
        let expected = BTreeMap::from([("device-simulator".to_owned(), PathBuf::from("/t/release/device-simulator"))]);
        assert_eq!(executables(messages), expected);
    }
}
