//! The code that the functions and the Flink job run: built, packed, and uploaded under a key made from
//! its content.
//!
//! The same source gives the same key, so what is unchanged is neither uploaded nor updated.

pub mod archive;
mod build;
pub mod digest;
pub mod job;
pub mod upload;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use stacks::environment::Environment;
use stacks::{Artifact, Function};
use telemetry::Model;

use self::archive::Entry;
use crate::failure::Failure;
use crate::project::Project;
use crate::report::Report;

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

/// Builds this code and packs it, by name. Neither compiler waits for the other.
pub async fn make(
    project: &Project,
    environment: &Environment,
    model: &Model,
    artifacts: &[Artifact],
    report: &Report,
) -> Result<BTreeMap<&'static str, Archive>, Failure> {
    let functions = artifacts.iter().filter_map(|artifact| match artifact {
        Artifact::Function(function) => Some(*function),
        Artifact::FlinkJob => None,
    });
    let functions: Vec<Function> = functions.collect();
    let job = async {
        if artifacts.contains(&Artifact::FlinkJob) {
            job::make(project, report).await.map(Some)
        } else {
            Ok(None)
        }
    };
    let functions = make_functions(project, environment, model, &functions, report);
    let (mut archives, job) = futures::try_join!(functions, job)?;
    archives.extend(job.map(|job| (Artifact::FlinkJob.name(), job)));
    Ok(archives)
}

/// Builds these functions for the environment's processor and packs each of them, by name.
async fn make_functions(
    project: &Project,
    environment: &Environment,
    model: &Model,
    functions: &[Function],
    report: &Report,
) -> Result<BTreeMap<&'static str, Archive>, Failure> {
    let executables = build::build(project, environment, functions, report).await?;
    let model = serde_json::to_vec_pretty(model).map_err(anyhow::Error::from)?;
    let folder = project.target().join("sluice").join("archives");
    let packed = executables.into_iter().map(|(function, executable)| {
        let (folder, model) = (folder.clone(), function.carries_model.then(|| model.clone()));
        tokio::task::spawn_blocking(move || {
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
