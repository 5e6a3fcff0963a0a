//! The JDK of this machine, which the Flink job is built with and runs on.
//!
//! Asks each candidate what it is; installs nothing. Only the Flink consumer needs one.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use session::{Exit, Explain};

/// The oldest Java that the job's Flink runs on.
pub const OLDEST: u32 = 17;

/// Variable that names the JDK to use, instead of a search along `PATH`.
pub const VARIABLE: &str = "JAVA_HOME";

/// A JDK that can build the job and run it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jdk {
    /// Its folder.
    pub home: PathBuf,
    /// Its version in full, for instance `17.0.15`.
    pub version: String,
}

impl Jdk {
    /// The program that runs Java code.
    pub fn java(&self) -> PathBuf {
        self.home.join("bin").join("java")
    }
}

/// Why there is no JDK that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoJdk {
    /// No Java starts.
    #[error("no JDK {OLDEST} or newer was found: {} does not start", .0.display())]
    Silent(PathBuf),
    /// It is older than [`OLDEST`].
    #[error("the JDK in {} is version {version}, but the Flink job needs {OLDEST} or newer", home.display())]
    Old {
        /// Its folder.
        home: PathBuf,
        /// Its version.
        version: String,
    },
    /// It runs Java, and compiles none.
    #[error("the Java in {} has no compiler, so it is no JDK", .0.display())]
    NoCompiler(PathBuf),
}

impl Explain for NoJdk {
    fn exit(&self) -> Exit {
        Exit::Configuration
    }

    fn hint(&self) -> Option<String> {
        Some(format!("{}; the consumer of kind `lambda` needs none", remedy()))
    }
}

/// The command that mends the lack of one.
pub fn remedy() -> String {
    let install = if cfg!(target_os = "macos") {
        "brew install openjdk@17"
    } else {
        "apt install openjdk-17-jdk-headless"
    };
    format!("`{install}` (or the like of this system), or name one with {VARIABLE}=/path/to/jdk")
}

/// The JDK that [`VARIABLE`] names and no other, or the first along `PATH`.
pub fn find() -> Result<Jdk, NoJdk> {
    match std::env::var_os(VARIABLE).filter(|home| !home.is_empty()) {
        Some(home) => examine(&Path::new(&home).join("bin").join("java")),
        None => examine(Path::new("java")),
    }
}

/// A Java says itself where it lives: what stands along `PATH` is a link, or starts another.
fn examine(java: &Path) -> Result<Jdk, NoJdk> {
    let silent = || NoJdk::Silent(java.to_path_buf());
    let output = Command::new(java)
        .args(["-XshowSettings:properties", "-version"])
        .stdin(Stdio::null())
        .output()
        .map_err(|_| silent())?;
    let text = String::from_utf8_lossy(&output.stderr);
    let home: PathBuf = setting(&text, "java.home").ok_or_else(silent)?.into();
    let version = setting(&text, "java.version").ok_or_else(silent)?.to_owned();
    if major(&version).is_none_or(|major| major < OLDEST) {
        return Err(NoJdk::Old { home, version });
    }
    if !home.join("bin").join("javac").exists() {
        return Err(NoJdk::NoCompiler(home));
    }
    Ok(Jdk { home, version })
}

fn setting<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.trim().strip_prefix(name)?.trim_start().strip_prefix("= "))
}

/// The number by which people know a version: 17 of `17.0.15`, 8 of `1.8.0_392`.
fn major(version: &str) -> Option<u32> {
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().ok());
    match numbers.next()?? {
        1 => numbers.next()?,
        major => Some(major),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (version, expected) in [
            ("17.0.15", Some(17)),
            ("21", Some(21)),
            ("25-ea", Some(25)),
            ("1.8.0_392", Some(8)),
            ("x", None),
        ] {
            assert_eq!(major(version), expected, "{version}");
        }
    }

    /// Programs that answer as a Java does.
    #[test]
    fn candidates_are_asked_what_they_are() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().expect("a folder");
        let home = folder.path().join("jdk");
        std::fs::create_dir_all(home.join("bin")).expect("a folder");
        let java = folder.path().join("java");
        let says = |version: &str| {
            let home = home.display();
            let script = format!(
                "#!/bin/sh\nprintf 'Property settings:\\n    java.home = {home}\\n    java.version = {version}\\n' >&2\n"
            );
            std::fs::write(&java, script).expect("a script");
            std::fs::set_permissions(&java, std::fs::Permissions::from_mode(0o755)).expect("executable");
            examine(&java)
        };
        assert_eq!(says("17.0.15"), Err(NoJdk::NoCompiler(home.clone())));
        std::fs::write(home.join("bin/javac"), "").expect("a compiler");
        assert_eq!(says("17.0.15"), Ok(Jdk { home: home.clone(), version: "17.0.15".to_owned() }));
        assert_eq!(says("11.0.2"), Err(NoJdk::Old { home: home.clone(), version: "11.0.2".to_owned() }));
        let nowhere = folder.path().join("nowhere");
        let silent = examine(&nowhere).expect_err("nothing is there");
        assert_eq!(silent, NoJdk::Silent(nowhere));
        assert!(silent.hint().is_some_and(|hint| hint.contains("JAVA_HOME")));
    }
}
