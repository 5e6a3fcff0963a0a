//! The Python of this machine that the virtual environment is made from.
//!
//! Asks each candidate what it is; installs nothing.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Serialize;

/// The oldest Python that every pinned package supports.
pub const OLDEST: (u32, u32) = (3, 10);

/// Variable that names the Python to use, instead of a search along `PATH`.
pub const VARIABLE: &str = "SLUICE_PYTHON_BASE";

/// Newest first, after whatever the machine calls `python3`.
const NAMES: &[&str] = &["python3", "python3.13", "python3.12", "python3.11", "python3.10"];

/// Prints the version, and fails when virtual environments cannot be made (Debian splits the module off).
const QUESTION: &str =
    "import sys; print(sys.version_info[0], sys.version_info[1], sys.executable); import ensurepip, venv";

/// A Python that can make virtual environments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Python {
    /// The interpreter.
    pub path: PathBuf,
    /// Major and minor version.
    pub version: (u32, u32),
}

/// What a candidate turned out to be, when it cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// It does not start, or is not a Python.
    Silent,
    /// It is older than [`OLDEST`].
    Old((u32, u32)),
    /// It has no `venv` module, or cannot put pip into what it makes.
    NoVenv((u32, u32)),
}

/// No Python of this machine can be used: each candidate, and why not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no Python {}.{} or newer with its venv module{}", OLDEST.0, OLDEST.1, listing(.0))]
pub struct NoPython(pub Vec<(OsString, Unfit)>);

impl NoPython {
    /// The command that mends it.
    pub fn remedy(&self) -> String {
        let lacks_venv = self.0.iter().any(|(_, unfit)| matches!(unfit, Unfit::NoVenv(_)));
        let install = match (cfg!(target_os = "macos"), lacks_venv) {
            (true, _) => "brew install python3",
            (false, true) => "apt install python3-venv",
            (false, false) => "apt install python3 python3-venv",
        };
        format!("`{install}` (or the like of this system), or name one with {VARIABLE}=/path/to/python3")
    }
}

/// The first usable Python: the one that [`VARIABLE`] names and no other, or the first along `PATH`.
pub fn find() -> Result<Python, NoPython> {
    match std::env::var_os(VARIABLE) {
        Some(named) => first(&[named]),
        None => first(&NAMES.iter().map(OsString::from).collect::<Vec<_>>()),
    }
}

fn first(candidates: &[OsString]) -> Result<Python, NoPython> {
    let mut unfit = Vec::new();
    for candidate in candidates {
        match examine(Path::new(candidate)) {
            Ok(python) => return Ok(python),
            Err(reason) => unfit.push((candidate.clone(), reason)),
        }
    }
    Err(NoPython(unfit))
}

fn examine(candidate: &Path) -> Result<Python, Unfit> {
    let output = Command::new(candidate)
        .args(["-I", "-c", QUESTION])
        .stdin(Stdio::null())
        .output()
        .map_err(|_| Unfit::Silent)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut words = text.trim_end().splitn(3, ' ');
    let mut number = || words.next()?.parse::<u32>().ok();
    let version = number().zip(number()).ok_or(Unfit::Silent)?;
    let path = words.next().ok_or(Unfit::Silent)?.into();
    if version < OLDEST {
        return Err(Unfit::Old(version));
    }
    if !output.status.success() {
        return Err(Unfit::NoVenv(version));
    }
    Ok(Python { path, version })
}

fn listing(candidates: &[(OsString, Unfit)]) -> String {
    let seen: Vec<String> = candidates
        .iter()
        .filter_map(|(name, unfit)| {
            let name = name.to_string_lossy();
            match unfit {
                Unfit::Silent if candidates.len() > 1 => None,
                Unfit::Silent => Some(format!("{name} does not start")),
                Unfit::Old((major, minor)) => Some(format!("{name} is {major}.{minor}")),
                Unfit::NoVenv((major, minor)) => {
                    Some(format!("{name} ({major}.{minor}) lacks its venv module"))
                }
            }
        })
        .collect();
    if seen.is_empty() { " was found".to_owned() } else { format!(" was found: {}", seen.join(", ")) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn each_unfit_python_is_named_with_its_reason() {
        let cases = [
            ("absent", None, "no Python 3.10 or newer with its venv module was found: absent does not start"),
            (
                "old",
                Some("echo 3 8 /usr/bin/python3.8"),
                "no Python 3.10 or newer with its venv module was found: old is 3.8",
            ),
            (
                "split",
                Some("echo 3 12 /usr/bin/python3; exit 1"),
                "no Python 3.10 or newer with its venv module was found: split (3.12) lacks its venv module",
            ),
            (
                "other",
                Some("echo hello"),
                "no Python 3.10 or newer with its venv module was found: other does not start",
            ),
        ];
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, script, expected) in cases {
            let path = folder.path().join(name);
            if let Some(script) = script {
                std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("write");
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("chmod");
            }
            let error = first(&[path.clone().into_os_string()]).expect_err(name).to_string();
            assert_eq!(error.replace(&path.display().to_string(), name), expected);
        }
    }

    #[test]
    fn the_first_fit_python_is_taken() {
        let python =
            first(&["/nonexistent/python3".into(), "python3".into()]).expect("this machine has Python");
        assert!(python.version >= OLDEST);
        assert!(python.path.is_absolute());
    }
}
