//! One build of the workspace for all functions: with cargo for this machine, with cargo-lambda for AWS.
//!
//! The same sources and the same compiler give the same bytes: [`scrubbed`] keeps the caller's environment away,
//! and no path of this machine is in what is for AWS. What is for this machine shares its dependencies with this
//! program, whose panics name files in cargo's folder; the workspace's own debug information, which names the
//! checkout, is stripped by the profile in `Cargo.toml`.

use std::path::{Path, PathBuf};

use stacks::Function;
use stacks::environment::Architecture;
use tokio::process::Command;

use super::platform::Platform;
use crate::toolchain::venv::Venv;
use crate::toolchain::{ToolError, build as compile, cargo, executables, scrubbed};
use session::{Explain, Failure, Project};
use session::{Observer, Step};

/// Why there are no executables.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Cargo does not start, or the compiler said no.
    #[error(transparent)]
    Compile(#[from] ToolError),
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
            Self::Compile(error) => error.hint(),
            Self::NoTarget { triple, .. } => Some(format!("install it with `rustup target add {triple}`")),
            Self::Missing(_) => None,
        }
    }
}

/// The executable of each function.
pub async fn build(
    project: &Project,
    platform: Platform,
    functions: &[Function],
    observer: &dyn Observer,
) -> Result<Vec<(Function, PathBuf)>, Failure> {
    if functions.is_empty() {
        return Ok(Vec::new());
    }
    let step = observer.step("Building the functions");
    let executables = match platform {
        Platform::ThisMachine => for_this_machine(project, functions, &step).await?,
        Platform::Lambda(architecture) => {
            let venv = Venv::ensure(project, observer).await?;
            for_lambda(project, &venv, architecture, functions, &step).await?
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
    anywhere(&mut command);
    // One set of features for the whole workspace, and unoptimized: most of it is compiled already.
    command.args(["build", "--workspace", "--message-format", "json-render-diagnostics"]);
    for function in functions {
        command.args(["--bin", function.name]);
    }
    let stdout = compile(command, step).await?;
    let made = executables(&stdout);
    let find = |function: &Function| {
        made.get(function.name)
            .cloned()
            .map(|path| (*function, path))
            .ok_or(BuildError::Missing(function.name))
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
    command
        .args(["lambda", "build", "--release", flag, "--output-format", "binary", "--lambda-dir"])
        .arg(&folder);
    for function in functions {
        command.args(["--package", function.name]);
    }
    // cargo-lambda finds Zig beside the environment's own Python.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(venv.bin()).chain(std::env::split_paths(&path));
    if let Ok(path) = std::env::join_paths(path) {
        command.env("PATH", path);
    }
    command.env("CARGO_ENCODED_RUSTFLAGS", remapped(project).await?);
    anywhere(&mut command);
    compile(command, step).await?;
    let find = |function: &Function| {
        let path = folder.join(function.name).join("bootstrap");
        path.exists().then_some((*function, path)).ok_or(BuildError::Missing(function.name))
    };
    functions.iter().map(find).collect()
}

/// Lets the tools that a build script starts sort and tell the time as everywhere.
fn anywhere(command: &mut Command) {
    command.env("LC_ALL", "C").env("TZ", "UTC");
}

/// Flags that replace the paths by which panics tell where they happened, separated as
/// `CARGO_ENCODED_RUSTFLAGS` wants them. Of two that fit, the compiler takes the later one. The workspace's own
/// files are named from its root, whatever that is.
async fn remapped(project: &Project) -> Result<String, BuildError> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo"))).unwrap_or_default();
    let mut replaced = vec![(home.clone(), "cargo".to_owned())];
    // A mirror of the registry has a folder of another name.
    let registries = std::fs::read_dir(home.join("registry").join("src")).into_iter().flatten().flatten();
    replaced.extend(registries.map(|registry| (registry.path(), "crates".to_owned())));
    replaced.push((project.target().to_path_buf(), "target".to_owned()));
    replaced.push(standard_library(project).await?);
    let flag = |(from, to): &(PathBuf, String)| format!("--remap-path-prefix={}={to}", from.display());
    Ok(replaced.iter().map(flag).collect::<Vec<_>>().join("\u{1f}"))
}

/// Where the source of the standard library is, if it is installed, and how panics name it where it is not.
async fn standard_library(project: &Project) -> Result<(PathBuf, String), ToolError> {
    let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let ask = async |question: &[&str]| {
        let output = scrubbed(project, Path::new(&compiler)).args(question).output().await;
        let output = output.map_err(|source| ToolError::Start { program: compiler.clone(), source })?;
        Ok::<_, ToolError>(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (sysroot, version) = futures::try_join!(ask(&["--print", "sysroot"]), ask(&["-vV"]))?;
    let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or_default();
    let source = Path::new(sysroot.trim()).join("lib/rustlib/src/rust");
    Ok((source, format!("/rustc/{commit}")))
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
