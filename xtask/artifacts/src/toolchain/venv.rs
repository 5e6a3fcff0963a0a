//! Virtual environments with pinned packages: the emulator, the validators, the build tools.
//!
//! One for each version of a set of [`Requirements`], under the target folder. It is complete once its
//! marker is there, so that one whose making was interrupted is made again, and a lock keeps two
//! processes from making it at the same time. What is complete is found without starting Python.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Command;

use super::python::{self, NoPython};
use super::requirements::{Requirements, TOOLS};
use session::Observer;
use session::{Exit, Explain, Project};

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
        /// Room that the environment needs, in megabytes.
        megabytes: u32,
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
            Self::Io { megabytes, .. } => {
                Some(format!("it needs about {megabytes} MB; `cargo xtask doctor` shows what is free"))
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
    /// The environment of the tools, made first when it is not there.
    pub async fn ensure(project: &Project, observer: &dyn Observer) -> Result<Self, VenvError> {
        Self::ensure_with(&TOOLS, project, observer).await
    }

    /// The environment for a set of requirements, when it is complete.
    pub fn find(requirements: &Requirements, project: &Project) -> Option<Self> {
        Self { root: location(requirements, project) }.when_complete()
    }

    /// The environment for a set of requirements, made first when it is not there.
    pub async fn ensure_with(
        requirements: &Requirements,
        project: &Project,
        observer: &dyn Observer,
    ) -> Result<Self, VenvError> {
        if let Some(ready) = Self::find(requirements, project) {
            return Ok(ready);
        }
        let root = location(requirements, project);
        let megabytes = requirements.megabytes;
        let failed = |source| VenvError::Io { path: root.clone(), megabytes, source };
        let folder = root.parent().unwrap_or(&root);
        // What is installed names its folder, so by a name that stays when a link to it goes.
        let real = std::fs::create_dir_all(folder).and_then(|()| folder.canonicalize()).map_err(failed)?;
        let root = real.join(root.file_name().unwrap_or_default());
        let lock = File::create(root.with_extension("lock")).map_err(failed)?;
        lock.lock().map_err(failed)?;
        // Another process may have made it while this one waited.
        if let Some(ready) = (Self { root: root.clone() }).when_complete() {
            return Ok(ready);
        }
        Self { root }.make(requirements, observer).await
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

    async fn make(self, requirements: &Requirements, observer: &dyn Observer) -> Result<Self, VenvError> {
        let base = python::find()?;
        let Requirements { title, text, megabytes, .. } = *requirements;
        let failed = |source| VenvError::Io { path: self.root.clone(), megabytes, source };
        if self.root.exists() {
            std::fs::remove_dir_all(&self.root).map_err(failed)?;
        }
        let step = observer.step(format_args!("Setting up {title}"));
        step.update(format_args!("Setting up {title}: the environment"));
        run(Command::new(&base.path).args(["-I", "-m", "venv"]).arg(&self.root), |_| {}).await?;

        let listed = self.root.join("requirements.txt");
        std::fs::write(&listed, text).map_err(failed)?;
        let total = requirements.packages();
        let mut seen = 0_usize;
        run(
            Command::new(self.python())
                .args(["-I", "-m", "pip", "install", "--no-input", "--disable-pip-version-check"])
                .args(["--progress-bar", "off", "--require-hashes", "--requirement"])
                .arg(&listed),
            |line| {
                if let Some(package) = line.strip_prefix("Collecting ") {
                    seen += 1;
                    let name = package.split("==").next().unwrap_or(package);
                    step.update(format_args!("Setting up {title}: {seen}/{total} {name}"));
                } else if line.starts_with("Installing collected packages") {
                    step.update(format_args!("Setting up {title}: installing"));
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

/// Where the environment for a set of requirements belongs.
pub fn location(requirements: &Requirements, project: &Project) -> PathBuf {
    place(requirements, project.target())
}

fn place(requirements: &Requirements, target: &Path) -> PathBuf {
    let digest = Sha256::digest(requirements.text);
    let short = digest.iter().take(6).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    target.join("sluice").join(format!("{}-{short:012x}", requirements.folder))
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
    fn what_is_half_made_is_not_complete() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let venv = Venv { root: place(&TOOLS, folder.path()) };
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
