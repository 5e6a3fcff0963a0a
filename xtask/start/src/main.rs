//! `cargo xtask`: says what the first run takes, compiles the command line, and becomes it.
//!
//! It has no dependencies, so that it speaks within the first second, before anything is downloaded or compiled.
//! Then cargo shows how many crates of how many are done.
#![allow(clippy::print_stderr, reason = "what prints elsewhere is not compiled yet")]

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus};

use xtask_start::is_told;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    start(&arguments).unwrap_or_else(|error| {
        eprintln!("error: cargo does not start: {error}");
        ExitCode::FAILURE
    })
}

fn start(arguments: &[OsString]) -> io::Result<ExitCode> {
    if !is_compiled()? {
        let first = First::of(arguments, std::env::var_os("SLUICE_ENV").as_deref());
        eprintln!("{}", first.announcement());
        // One build of everything keeps every core busy to its end.
        let built = cargo("build").args(first.programs()).status()?;
        if !built.success() {
            return Ok(code(built));
        }
    }
    become_it(cargo("run").args(["--quiet", "--bin", "xtask", "--"]).args(arguments))
}

/// Whether the command line was compiled before: it lies beside this program.
fn is_compiled() -> io::Result<bool> {
    let program = format!("xtask{}", std::env::consts::EXE_SUFFIX);
    Ok(std::env::current_exe()?.with_file_name(program).exists())
}

/// A command of cargo for this workspace, in whichever folder somebody works.
fn cargo(command: &str) -> Command {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_told) {
            cargo.env_remove(name);
        }
    }
    cargo.arg(command).arg("--manifest-path").arg(PathBuf::from(package).join("../../Cargo.toml"));
    cargo
}

/// Gives this process to a command, so that an interruption reaches it and nobody else.
#[cfg(unix)]
fn become_it(command: &mut Command) -> io::Result<ExitCode> {
    Err(std::os::unix::process::CommandExt::exec(command))
}

#[cfg(not(unix))]
fn become_it(command: &mut Command) -> io::Result<ExitCode> {
    command.status().map(code)
}

fn code(status: ExitStatus) -> ExitCode {
    status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// What a first run compiles. A guess, since the command line reads its arguments itself: a wrong one costs time
/// and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    CommandLine,
    /// A deployment to this machine needs the functions and the local services too.
    LocalTarget,
}

impl First {
    fn of(arguments: &[OsString], environment: Option<&OsStr>) -> Self {
        let deploys = arguments.iter().any(|argument| argument == "deploy");
        let elsewhere = |argument: &OsString| {
            ["--env", "--plan", "--help"].iter().any(|flag| argument.to_string_lossy().starts_with(flag))
        };
        let is_local = environment.is_none_or(|name| name == "local") && !arguments.iter().any(elsewhere);
        if deploys && is_local { Self::LocalTarget } else { Self::CommandLine }
    }

    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::CommandLine => &["--bin", "xtask"],
            Self::LocalTarget => &["--workspace", "--bins"],
        }
    }

    fn announcement(self) -> &'static str {
        match self {
            Self::CommandLine => {
                "The first run compiles the command line: about 290 crates, 7 minutes on two cores. Later runs \
                 begin at once."
            }
            Self::LocalTarget => {
                "The first run compiles the command line, the functions and the local services: about 440 crates, \
                 12 minutes on two cores. Then it sets up the emulator and deploys. Later runs begin at once."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_deployment_to_this_machine_compiles_what_it_runs() {
        let local =
            [&["deploy"][..], &["deploy", "--set", "consumer.kind=flink", "--yes"], &["--yes", "deploy"]];
        let others = [
            &["check"][..],
            &[],
            &["deploy", "--env", "dev"],
            &["deploy", "--env=dev"],
            &["deploy", "--plan", "p"],
        ];
        let first = |arguments: &[&str], environment: Option<&str>| {
            let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            First::of(&arguments, environment.map(OsStr::new))
        };
        for arguments in local {
            assert_eq!(first(arguments, None), First::LocalTarget, "{arguments:?}");
            assert_eq!(first(arguments, Some("local")), First::LocalTarget, "{arguments:?}");
            assert_eq!(first(arguments, Some("dev")), First::CommandLine, "{arguments:?}");
        }
        for arguments in others {
            assert_eq!(first(arguments, None), First::CommandLine, "{arguments:?}");
        }
    }

    #[test]
    fn what_cargo_tells_a_program_is_not_passed_on() {
        for told in ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "OUT_DIR"] {
            assert!(is_told(told), "{told}");
        }
        for other in ["CARGO", "CARGO_HOME", "CARGO_TARGET_DIR", "PATH"] {
            assert!(!is_told(other), "{other}");
        }
    }
}
