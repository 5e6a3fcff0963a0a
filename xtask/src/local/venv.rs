//! The virtual environment with the pinned emulator, validators and build tools.
//!
//! One for each version of `requirements.txt`, under the target folder. It is complete once its marker
//! is there, so that one whose making was interrupted is made again, and a lock keeps two processes
//! from making it at the same time. What is complete is found without starting Python.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Command;

use super::python::{self, NoPython};
use crate::failure::{Exit, Explain};
use crate::project::Project;
use crate::report::Report;

/// Pinned with hashes; made from `requirements.in` as its head says.
const REQUIREMENTS: &str = include_str!("../../requirements.txt");

const MARKER: &str = "complete";

/// Lines of a failed command's output that are worth showing.
const TAIL: usize = 15;

/// A complete virtual environment.
#[derive(Debug, Clone)]
pub struct Venv {
    root: PathBuf,
}

/// Why there is no virtual environment.
#[derive(Debug, thiserror::Error)]
pub enum VenvError {
    /// The machine has no Python to make it from.
    #[error(transparent)]
    NoPython(#[from] NoPython),
    /// A folder or file of it cannot be written.
    #[error("cannot make the Python environment in {path}")]
    Io {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A command that makes it failed.
    #[error("making the Python environment failed: `{command}` said:\n{output}")]
    Command {
        /// The command.
        command: String,
        /// The end of its output.
        output: String,
    },
}

impl Explain for VenvError {
    fn exit(&self) -> Exit {
        match self {
            Self::NoPython(_) => Exit::Configuration,
            Self::Io { .. } | Self::Command { .. } => Exit::Unexpected,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoPython(error) => Some(error.remedy()),
            Self::Io { .. } => {
                Some("it needs about 850 MB; `cargo xtask doctor` shows what is free".to_owned())
            }
            Self::Command { .. } => Some(
                "packages come from PyPI, or from the index that pip is configured with (PIP_INDEX_URL); \
                 once made, the environment works offline"
                    .to_owned(),
            ),
        }
    }
}

impl Venv {
    /// The environment for the pinned requirements, when it is complete.
    pub fn find(project: &Project) -> Option<Self> {
        Self { root: location(project) }.when_complete()
    }

    /// The environment for the pinned requirements, made first when it is not there.
    pub async fn ensure(project: &Project, report: &Report) -> Result<Self, VenvError> {
        if let Some(ready) = Self::find(project) {
            return Ok(ready);
        }
        let root = location(project);
        let failed = |source| VenvError::Io { path: root.clone(), source };
        std::fs::create_dir_all(root.parent().unwrap_or(&root)).map_err(failed)?;
        let lock = File::create(root.with_extension("lock")).map_err(failed)?;
        lock.lock().map_err(failed)?;
        // Another process may have made it while this one waited.
        if let Some(ready) = (Self { root: root.clone() }).when_complete() {
            return Ok(ready);
        }
        Self { root }.make(report).await
    }

    /// The interpreter.
    pub fn python(&self) -> PathBuf {
        self.program("python")
    }

    /// A program that one of the packages installed, for instance `cargo-lambda`.
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin().join(name)
    }

    /// The folder of all programs, to put on a `PATH`.
    pub fn bin(&self) -> PathBuf {
        self.root.join("bin")
    }

    async fn make(self, report: &Report) -> Result<Self, VenvError> {
        let base = python::find()?;
        let failed = |source| VenvError::Io { path: self.root.clone(), source };
        if self.root.exists() {
            std::fs::remove_dir_all(&self.root).map_err(failed)?;
        }
        let step = report.step("Setting up Python packages");
        step.update("Setting up Python packages: the environment");
        run(Command::new(&base.path).args(["-I", "-m", "venv"]).arg(&self.root), |_| {}).await?;

        let requirements = self.root.join("requirements.txt");
        std::fs::write(&requirements, REQUIREMENTS).map_err(failed)?;
        let total = packages();
        let mut seen = 0_usize;
        run(
            Command::new(self.python())
                .args(["-I", "-m", "pip", "install", "--no-input", "--disable-pip-version-check"])
                .args(["--progress-bar", "off", "--require-hashes", "--requirement"])
                .arg(&requirements),
            |line| {
                if let Some(package) = line.strip_prefix("Collecting ") {
                    seen += 1;
                    let name = package.split("==").next().unwrap_or(package);
                    step.update(format_args!("Setting up Python packages: {seen}/{total} {name}"));
                } else if line.starts_with("Installing collected packages") {
                    step.update("Setting up Python packages: installing");
                }
            },
        )
        .await?;
        std::fs::write(self.root.join(MARKER), "").map_err(failed)?;
        step.done(format_args!("{seen} packages, Python {}.{}", base.version.0, base.version.1));
        Ok(self)
    }

    /// The marker is written last, and the interpreter is a link to a Python that may have been removed since.
    fn when_complete(self) -> Option<Self> {
        (self.root.join(MARKER).exists() && self.python().exists()).then_some(self)
    }
}

/// Where the environment for the pinned requirements belongs.
pub fn location(project: &Project) -> PathBuf {
    place(project.target())
}

fn place(target: &Path) -> PathBuf {
    let digest = Sha256::digest(REQUIREMENTS);
    let short = digest.iter().take(6).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    target.join("sluice").join(format!("venv-{short:012x}"))
}

/// The pinned version of a package, empty when it is not one of the requirements.
pub fn pinned(package: &str) -> &'static str {
    let version = |line: &'static str| line.strip_prefix(package)?.strip_prefix("==")?.split(' ').next();
    REQUIREMENTS.lines().find_map(version).unwrap_or_default()
}

/// How many packages the requirements name, some of them for other versions of Python only.
fn packages() -> usize {
    REQUIREMENTS.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_alphanumeric())).count()
}

/// Runs a command and hands over each line of its output. An error says what it complained about, or
/// else what it said last.
async fn run(command: &mut Command, line_seen: impl FnMut(&str)) -> Result<(), VenvError> {
    let shown = command.as_std().get_program().to_string_lossy().into_owned();
    let failed = |output: String| VenvError::Command { command: shown.clone(), output };
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (said, complained) = futures::join!(tail(stdout, line_seen), tail(stderr, |_| {}));
    let status = child.wait().await.map_err(|error| failed(error.to_string()))?;
    if status.success() {
        return Ok(());
    }
    Err(failed(if complained.is_empty() { said } else { complained }))
}

/// Reads to the end; returns the last lines.
async fn tail(pipe: Option<impl AsyncRead + Unpin>, mut line_seen: impl FnMut(&str)) -> String {
    let mut last = VecDeque::new();
    let Some(pipe) = pipe else { return String::new() };
    let mut lines = BufReader::new(pipe).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        line_seen(&line);
        if last.len() == TAIL {
            last.pop_front();
        }
        last.push_back(line);
    }
    Vec::from(last).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_is_pinned_and_hashed() {
        let mut lines =
            REQUIREMENTS.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).peekable();
        assert_eq!(lines.next(), Some("--only-binary :all:"));
        while let Some(line) = lines.next() {
            if line.starts_with(' ') {
                assert!(line.trim_start().starts_with("--hash=sha256:"), "{line}");
            } else {
                assert!(line.contains("==") && line.ends_with('\\'), "{line}");
                assert!(
                    lines.peek().is_some_and(|next| next.contains("--hash=sha256:")),
                    "{line} has no hash"
                );
            }
        }
    }

    #[test]
    fn every_direct_requirement_is_in_the_pinned_ones() {
        let direct = include_str!("../../requirements.in");
        for line in direct.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let pinned = line.replace("[server]", "");
            assert!(
                REQUIREMENTS.contains(&format!("\n{pinned} \\\n")),
                "{pinned} is not in requirements.txt"
            );
        }
    }

    #[test]
    fn what_is_half_made_is_not_complete() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let venv = Venv { root: place(folder.path()) };
        assert!(venv.clone().when_complete().is_none());
        std::fs::create_dir_all(venv.bin()).expect("create");
        std::fs::write(venv.python(), "").expect("write");
        assert!(venv.clone().when_complete().is_none());
        std::fs::write(venv.root.join(MARKER), "").expect("write");
        assert!(venv.clone().when_complete().is_some());
        std::fs::remove_file(venv.python()).expect("remove");
        assert!(venv.when_complete().is_none(), "its Python was removed");
    }

    #[tokio::test]
    async fn a_failed_command_tells_what_it_complained_about_or_said_last() {
        let cases = [
            ("for i in $(seq 1 30); do echo out $i; done; echo wrong >&2; exit 3", "said:\nwrong"),
            ("for i in $(seq 1 30); do echo out $i; done; exit 3", "\nout 29\nout 30"),
        ];
        for (script, expected) in cases {
            let mut lines = 0;
            let error = run(Command::new("sh").args(["-c", script]), |_| lines += 1).await;
            let text = error.expect_err("exit 3").to_string();
            assert_eq!(lines, 30);
            assert!(text.ends_with(expected), "{text}");
            assert!(!text.contains("out 15\n"), "{text}");
        }
    }
}
