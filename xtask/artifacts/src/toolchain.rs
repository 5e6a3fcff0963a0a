//! Cargo and its companions, as this program runs them.

pub mod jdk;
pub mod maven;
pub mod postgres;
pub mod python;
pub mod requirements;
pub mod venv;

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{ChildStderr, ChildStdout, Command};
use xtask_start::is_told;

use session::Step;
use session::{Explain, Project};

/// Lines of a failed build that are shown.
const TAIL: usize = 60;

/// Why there is nothing built.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// A program cannot be started.
    #[error("cannot run `{program}`")]
    Start {
        /// The program.
        program: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The build failed.
    #[error("the build failed:\n{output}")]
    Failed {
        /// What the compiler said.
        output: String,
    },
}

impl Explain for ToolError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Start { .. } => Some("`cargo xtask doctor` shows what this machine lacks".to_owned()),
            Self::Failed { .. } => None,
        }
    }
}

/// The Cargo that runs this program, in the workspace's folder.
pub fn cargo(project: &Project) -> Command {
    let cargo = std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    scrubbed(project, &cargo)
}

/// A program that runs in the checkout, so that what it builds depends on the sources and the compiler alone:
/// without what the caller's environment says of builds ([`decides`]), and without what `cargo run` tells the
/// program that it starts, for which build scripts would build everything again.
///
/// Nothing is compiled incrementally, as the profile in `Cargo.toml` says, whatever cargo's configuration says.
pub fn scrubbed(project: &Project, program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(project.root()).stdin(Stdio::null()).kill_on_drop(true);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| is_told(name) || decides(name)) {
            command.env_remove(name);
        }
    }
    command.env("CARGO_TARGET_DIR", project.target()).env("CARGO_INCREMENTAL", "0");
    command
}

/// Whether a variable changes the bytes that a build makes, by [cargo's list][cargo], that of the crate
/// [cc](https://docs.rs/cc) and what archivers read. Which programs compile and link, and how many at once, is
/// the machine's to say, by variables as by `PATH`.
///
/// [cargo]: https://doc.rust-lang.org/cargo/reference/environment-variables.html
fn decides(name: &str) -> bool {
    let of_compilers = |flags: &str| {
        name.strip_prefix(flags).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
            || name.strip_suffix(flags).is_some_and(|rest| rest.ends_with('_'))
    };
    let of_cargo = ["CARGO_PROFILE_", "CARGO_UNSTABLE_", "CARGO_BUILD_"];
    let harmless = ["CARGO_BUILD_JOBS", "CARGO_BUILD_RUSTC", "CARGO_BUILD_RUSTC_WRAPPER"];
    of_cargo.iter().any(|prefix| name.starts_with(prefix)) && !harmless.contains(&name)
        || ["RUSTFLAGS", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS"].into_iter().any(of_compilers)
        || matches!(name, "RUSTC_BOOTSTRAP" | "SOURCE_DATE_EPOCH" | "ZERO_AR_DATE")
}

/// How errors look that compilers and panics write, for GitHub Actions to show at their lines.
pub fn problem_matchers(project: &Project) -> PathBuf {
    project.root().join(".github").join("problem-matchers.json")
}

/// Runs a build, shows how far it is, and returns its standard output.
pub async fn build(mut command: Command, step: &Step<'_>) -> Result<String, ToolError> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let failed = |source| ToolError::Start { program: program.clone(), source };
    command.env("CARGO_TERM_PROGRESS_WHEN", "always").env("CARGO_TERM_PROGRESS_WIDTH", "100");
    command.env("CARGO_TERM_COLOR", "never");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (stdout, output) = tokio::join!(read(stdout), follow(stderr, step));
    let status = child.wait().await.map_err(failed)?;
    if status.success() {
        return Ok(stdout);
    }
    Err(ToolError::Failed { output: Vec::from(output).join("\n") })
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
                Line::Progress(done, total) => {
                    step.update(format_args!("{}: {done}/{total} crates", step.text()));
                }
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
    let chatter =
        ["Compiling ", "Finished ", "Downloading ", "Downloaded ", "Blocking ", "Updating ", "Locking "];
    if trimmed.is_empty() || chatter.iter().any(|word| trimmed.starts_with(word)) {
        return Line::Chatter;
    }
    Line::Message(line.trim_end())
}

/// The executables of a build, by name, from cargo's
/// [messages](https://doc.rust-lang.org/cargo/reference/external-tools.html#json-messages).
pub fn executables(messages: &str) -> BTreeMap<String, PathBuf> {
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
    fn what_decides_the_bytes_of_a_build_is_not_the_callers() {
        let decisive = [
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_BUILD_RUSTFLAGS",
            "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "CARGO_BUILD_INCREMENTAL",
            "CARGO_PROFILE_DEV_CODEGEN_UNITS",
            "CARGO_PROFILE_RELEASE_LTO",
            "RUSTC_BOOTSTRAP",
            "CFLAGS",
            "CFLAGS_x86_64_unknown_linux_gnu",
            "HOST_CFLAGS",
            "TARGET_CXXFLAGS",
            "LDFLAGS",
            "SOURCE_DATE_EPOCH",
        ];
        let others = [
            "PATH",
            "HOME",
            "CARGO",
            "CARGO_HOME",
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_JOBS",
            "CARGO_BUILD_RUSTC_WRAPPER",
            "CARGO_NET_OFFLINE",
            "CARGO_REGISTRIES_MIRROR_INDEX",
            "RUSTUP_TOOLCHAIN",
            "RUSTC_WRAPPER",
            "CC",
            "HTTPS_PROXY",
            "NOTCFLAGS",
        ];
        for name in decisive {
            assert!(decides(name), "{name}");
        }
        for name in others {
            assert!(!decides(name), "{name}");
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
        let expected =
            BTreeMap::from([("device-simulator".to_owned(), PathBuf::from("/t/release/device-simulator"))]);
        assert_eq!(executables(messages), expected);
    }
}
