//! The JAR of the Flink job: built with the Maven wrapper, kept under the hash of its sources.
//!
//! Maven takes longer to find out that nothing changed than everything else of a deployment takes, so it
//! runs only when something did. Its bytes depend on nothing but the sources, which `reproducible.sh` in
//! the job's folder proves by building twice; the key is made from them.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use stacks::Artifact;

use super::Archive;
use super::digest::hex;
use crate::toolchain::jdk::{self, Jdk, NoJdk};
use crate::toolchain::{ToolError, maven};
use session::{Explain, Failure, Project, whole};
use session::{Observer, Step};

/// What the JAR is made from, from the job's folder.
const SOURCES: [&str; 5] =
    [".mvn", "mvnw", "pom.xml", "src/main", "../lambdas/postgres/certificates/global-bundle.pem"];

/// Why there is no JAR.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// There is nothing to build it with.
    #[error(transparent)]
    Jdk(#[from] NoJdk),
    /// Maven does not start, or the compiler said no.
    #[error(transparent)]
    Compile(#[from] ToolError),
    /// A file cannot be read or written.
    #[error("cannot pack the Flink job")]
    File(#[from] io::Error),
}

impl Explain for JobError {
    fn exit(&self) -> session::Exit {
        match self {
            Self::Jdk(error) => error.exit(),
            Self::Compile(_) | Self::File(_) => session::Exit::Unexpected,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Jdk(error) => error.hint(),
            Self::Compile(error) => error.hint(),
            Self::File(_) => None,
        }
    }
}

/// The job's folder in the checkout.
pub fn folder(project: &Project) -> PathBuf {
    project.root().join(Artifact::FlinkJob.name())
}

/// Flink itself, which the service brings and a run on this machine needs: laid there by the build.
pub fn libraries(project: &Project) -> PathBuf {
    libraries_of(&folder(project))
}

fn libraries_of(folder: &Path) -> PathBuf {
    folder.join("target").join("flink-local").join("lib")
}

/// Builds the JAR, or finds the one that was built from the same sources.
pub async fn make(project: &Project, observer: &dyn Observer) -> Result<Archive, Failure> {
    let jdk = tokio::task::spawn_blocking(jdk::find).await.map_err(anyhow::Error::from)?;
    Ok(made(project, &jdk.map_err(JobError::from)?, observer).await?)
}

async fn made(project: &Project, jdk: &Jdk, observer: &dyn Observer) -> Result<Archive, JobError> {
    let step = observer.step("Building the Flink job");
    // Maven works in one folder, whoever calls it.
    let _lock = lock(project).await?;
    let folder = folder(project);
    let hash = source_hash(&folder, &jdk.version)?;
    let kept = project.archives();
    let kept = kept.join(format!("{}-{hash}.jar", Artifact::FlinkJob.name()));
    if !(kept.exists() && has_libraries(&folder, &hash)) {
        remove_libraries(&folder)?;
        build(project, jdk, &step).await?;
        whole::write(&kept, &std::fs::read(folder.join("target").join("flink-job.jar"))?)?;
        whole::write(&marker(&folder), hash.as_bytes())?;
    }
    let bytes = std::fs::read(&kept)?;
    let key = format!("{}/{}.jar", Artifact::FlinkJob.name(), hex(&Sha256::digest(&bytes)));
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let size = bytes.len() as f64 / 1e6;
    step.done(format_args!("{size:.1} MB"));
    Ok(Archive { key, path: kept, bytes: bytes.len() as u64 })
}

async fn build(project: &Project, jdk: &Jdk, step: &Step<'_>) -> Result<(), ToolError> {
    let mut command = maven::command(&folder(project), jdk);
    command.args(["package", "-DskipTests"]);
    maven::build(command, step).await
}

/// Says which sources the libraries belong to. Written last, so that they are all there when it is.
fn marker(folder: &Path) -> PathBuf {
    libraries_of(folder).with_file_name("complete")
}

fn has_libraries(folder: &Path, hash: &str) -> bool {
    libraries_of(folder).is_dir() && std::fs::read_to_string(marker(folder)).is_ok_and(|built| built == hash)
}

/// Maven adds libraries and removes none: those of another version would stay on the class path.
fn remove_libraries(folder: &Path) -> io::Result<()> {
    // The marker goes first: whatever is interrupted, it stands for nothing that is half there.
    absent_is_fine(std::fs::remove_file(marker(folder)))?;
    absent_is_fine(std::fs::remove_dir_all(libraries_of(folder)))
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Waits until nobody else builds the job in this checkout.
pub async fn lock(project: &Project) -> io::Result<std::fs::File> {
    let folder = project.target().join("sluice");
    let locked = tokio::task::spawn_blocking(move || {
        std::fs::create_dir_all(&folder)?;
        let file = std::fs::File::create(folder.join("flink-job.lock"))?;
        file.lock()?;
        Ok(file)
    });
    locked.await.map_err(io::Error::other)?
}

/// The hash of everything that the JAR is made from, and of what makes it.
fn source_hash(folder: &Path, compiler: &str) -> io::Result<String> {
    let mut files = Vec::new();
    for source in SOURCES {
        list(&folder.join(source), &mut files)?;
    }
    files.sort();
    let mut digest = Sha256::new();
    digest.update(compiler);
    for file in files {
        let content = std::fs::read(&file)?;
        let name = file.strip_prefix(folder).unwrap_or(&file).to_string_lossy().into_owned();
        digest.update((name.len() as u64).to_be_bytes());
        digest.update(name);
        digest.update((content.len() as u64).to_be_bytes());
        digest.update(content);
    }
    Ok(hex(&digest.finalize()[..16]))
}

fn list(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            list(&entry?.path(), files)?;
        }
    } else if path.exists() {
        files.push(path.to_path_buf());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_any_source_or_compiler_is_another_job() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            std::fs::write(path, text).expect("a file");
        };
        write("pom.xml", "<project/>");
        write("src/main/java/Job.java", "class Job {}");
        write("src/test/java/JobTest.java", "class JobTest {}");
        write("target/flink-job.jar", "");
        let hash = |compiler: &str| source_hash(folder.path(), compiler).expect("a hash");
        let first = hash("17.0.15");
        assert_eq!(hash("17.0.15"), first);
        assert_ne!(hash("21.0.1"), first);
        write("src/test/java/JobTest.java", "class JobTest { int a; }");
        write("target/flink-job.jar", "built");
        assert_eq!(hash("17.0.15"), first, "neither tests nor what was built are in it");
        write("src/main/java/Job.java", "class Job { int a; }");
        let second = hash("17.0.15");
        assert_ne!(second, first);
        write("src/main/resources/Job.java", "class Job {}");
        assert_ne!(hash("17.0.15"), second);
    }

    #[test]
    fn libraries_count_when_a_build_of_the_same_sources_was_completed() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        remove_libraries(folder).expect("nothing to remove is no error");
        let old = libraries_of(folder).join("flink-1.0.jar");
        whole::write(&old, b"").expect("a library");
        assert!(!has_libraries(folder, "first"), "a build was interrupted");
        whole::write(&marker(folder), b"first").expect("a marker");
        assert!(has_libraries(folder, "first"));
        assert!(!has_libraries(folder, "second"), "they belong to other sources");
        remove_libraries(folder).expect("removed");
        assert!(!old.exists() && !has_libraries(folder, "first"));
        whole::write(&marker(folder), b"first").expect("a marker");
        assert!(!has_libraries(folder, "first"), "somebody removed them");
    }
}
