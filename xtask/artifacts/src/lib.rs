//! The code that the functions and the Flink job run: built, packed, and uploaded under a key made from
//! its content.
//!
//! The same source gives the same key, so what is unchanged is neither uploaded nor updated.

pub mod archive;
mod build;
pub mod digest;
pub mod folder;
pub mod job;
pub mod platform;
pub mod toolchain;
pub mod upload;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use stacks::environment::Environment;
use stacks::{Artifact, Function};
use telemetry::Model;

use self::archive::Entry;
use self::platform::Platform;
use session::Observer;
use session::{Failure, Project};

/// An archive that is ready to be uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    /// Key: `<name>/<SHA-256>.zip`, or `.jar`. In the bucket, the environment's name comes before it.
    pub key: String,
    /// The file on this machine.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
}

/// Archives, by the name of their code.
pub type Archives = BTreeMap<&'static str, Archive>;

/// What one environment deploys.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The environment.
    pub environment: &'a Environment,
    /// The model as that environment reads it.
    pub model: &'a Model,
    /// The code whose archives its stacks name.
    pub artifacts: Vec<Artifact>,
}

/// The archives of this code: those of a folder that `build` wrote, or made now.
pub async fn provide(
    project: &Project,
    environment: &Environment,
    model: &Model,
    artifacts: &[Artifact],
    built: Option<&Path>,
    observer: &dyn Observer,
) -> Result<Archives, Failure> {
    let wanted = Wanted { environment, model, artifacts: artifacts.to_vec() };
    let Some(built) = built else {
        return Ok(make_all(project, &[wanted], observer).await?.pop().unwrap_or_default());
    };
    let step = observer.step(format_args!("Checking the archives in {}", built.display()));
    let archives = folder::find(built, &wanted)?;
    step.done(format_args!("{} archives", archives.len()));
    Ok(archives)
}

/// Where the archives of a saved plan of this environment may lie: in a folder that `build` wrote, or where
/// this checkout keeps what it built.
pub fn places(
    project: &Project,
    built: Option<&Path>,
    environment: &str,
) -> Result<Vec<PathBuf>, folder::FolderError> {
    match built {
        Some(built) => folder::places(built, environment),
        None => Ok(vec![project.archives()]),
    }
}

/// Builds and packs the code of several environments, in their order. Each platform is compiled for once,
/// whoever asks, and neither compiler waits for the other.
pub async fn make_all(
    project: &Project,
    wanted: &[Wanted<'_>],
    observer: &dyn Observer,
) -> Result<Vec<Archives>, Failure> {
    let job = async {
        if wanted.iter().any(|wanted| wanted.artifacts.contains(&Artifact::FlinkJob)) {
            job::make(project, observer).await.map(Some)
        } else {
            Ok(None)
        }
    };
    let (executables, job) = futures::try_join!(compile_all(project, wanted, observer), job)?;
    let mut all = Vec::new();
    for wanted in wanted {
        let platform = Platform::of(wanted.environment);
        let made = executables.get(&platform).map(Vec::as_slice).unwrap_or_default();
        let mut archives = pack(project, wanted, made).await?;
        if let Some(job) = job.clone().filter(|_| wanted.artifacts.contains(&Artifact::FlinkJob)) {
            archives.insert(Artifact::FlinkJob.name(), job);
        }
        all.push(archives);
    }
    Ok(all)
}

/// Executables, by what they run on.
type Executables = BTreeMap<Platform, Vec<(Function, PathBuf)>>;

async fn compile_all(
    project: &Project,
    wanted: &[Wanted<'_>],
    observer: &dyn Observer,
) -> Result<Executables, Failure> {
    let mut functions: BTreeMap<Platform, BTreeSet<Function>> = BTreeMap::new();
    for wanted in wanted {
        functions.entry(Platform::of(wanted.environment)).or_default().extend(wanted.functions());
    }
    let mut executables = BTreeMap::new();
    for (platform, functions) in functions {
        let functions: Vec<Function> = functions.into_iter().collect();
        executables.insert(platform, build::build(project, platform, &functions, observer).await?);
    }
    Ok(executables)
}

/// Packs the functions that the environment wants, each with the environment's model if it carries one.
async fn pack(
    project: &Project,
    wanted: &Wanted<'_>,
    executables: &[(Function, PathBuf)],
) -> Result<Archives, Failure> {
    let model = folder::model_json(wanted.model)?;
    let folder = project.archives();
    let packed = wanted.functions().map(|function| {
        let (folder, model) = (folder.clone(), function.carries_model.then(|| model.clone()));
        let executable = executables.iter().find(|(made, _)| *made == function).map(|(_, path)| path.clone());
        tokio::task::spawn_blocking(move || {
            let executable = executable.ok_or(std::io::ErrorKind::NotFound)?;
            let mut entries = vec![Entry::program("bootstrap", std::fs::read(&executable)?)];
            entries.extend(model.map(|model| Entry::file("model.json", model)));
            archive::pack(&folder, function.name, entries).map(|archive| (function.name, archive))
        })
    });
    let mut archives = BTreeMap::new();
    for packed in futures::future::try_join_all(packed).await.map_err(anyhow::Error::from)? {
        let (name, archive) = packed.map_err(|error| anyhow::anyhow!("cannot pack a function: {error}"))?;
        archives.insert(name, archive);
    }
    Ok(archives)
}

impl Wanted<'_> {
    fn functions(&self) -> impl Iterator<Item = Function> {
        self.artifacts.iter().filter_map(|artifact| match artifact {
            Artifact::Function(function) => Some(*function),
            Artifact::FlinkJob => None,
        })
    }
}
