//! Archives that were built once, to be deployed from anywhere: a folder with an index.
//!
//! The index says what each environment deploys and what it was built for, so that a folder which does not
//! fit is refused with the reason, and a file that changed on the way is found by its hash. Nothing in it
//! tells when or where it was made: the same code gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use stacks::Artifact;
use telemetry::Model;

use super::digest::hex;
use super::platform::Platform;
use super::{Archive, Archives, Wanted};
use session::{Exit, Explain, whole};

/// Name of the index.
pub const INDEX: &str = "artifacts.json";

/// Counts up when the index changes its form.
const FORMAT: u32 = 1;

/// Where archives are found that run everywhere.
const ANYWHERE: &str = "any";

/// What is in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// The form of this document.
    format: u32,
    /// Each archive once, by its key: the file is there under that name.
    pub archives: BTreeMap<String, Packed>,
    /// What each environment deploys.
    pub environments: BTreeMap<String, Fitted>,
}

/// An archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packed {
    /// Name of the code.
    pub name: String,
    /// Hash of the file, in base 16.
    pub sha256: String,
    /// The processor that it runs on, as [`Platform`] names it; `any` for a JAR.
    pub architecture: String,
    /// Size of the file.
    pub bytes: u64,
}

/// What fits one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fitted {
    /// What its functions were compiled for.
    pub architecture: String,
    /// Hash of the model that its functions carry.
    pub model: String,
    /// Keys of its archives, by the name of the code.
    pub archives: BTreeMap<String, String>,
}

/// Why a folder cannot be used, or not be written.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It has no index that can be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The folder.
        folder: PathBuf,
        /// The file.
        path: PathBuf,
        /// The environment that should be deployed from it.
        environment: String,
        /// The cause.
        source: io::Error,
    },
    /// The index is something else.
    #[error("{} is not an index of archives: {cause}", path.display())]
    Index {
        /// The folder.
        folder: PathBuf,
        /// The file.
        path: PathBuf,
        /// The environment.
        environment: String,
        /// What does not fit.
        cause: String,
    },
    /// It was not built for this environment.
    #[error("{} has nothing for environment `{environment}`: it was built for {}", folder.display(), built.join(", "))]
    Environment {
        /// The folder.
        folder: PathBuf,
        /// The environment.
        environment: String,
        /// What it was built for.
        built: Vec<String>,
    },
    /// It was built for another processor.
    #[error("the functions in {} are for {built}, but environment `{environment}` runs them on {wanted}", folder.display())]
    Architecture {
        /// The folder.
        folder: PathBuf,
        /// The environment.
        environment: String,
        /// The processor of the folder.
        built: String,
        /// The processor of the environment.
        wanted: String,
    },
    /// It was built with another model.
    #[error("the functions in {} carry another model than environment `{environment}` has now", folder.display())]
    Model {
        /// The folder.
        folder: PathBuf,
        /// The environment.
        environment: String,
    },
    /// The environment deploys something that was not built.
    #[error("{} lacks {}, which environment `{environment}` deploys", folder.display(), names.join(", "))]
    Lacking {
        /// The folder.
        folder: PathBuf,
        /// The environment.
        environment: String,
        /// The code.
        names: Vec<String>,
    },
    /// A file is not what the index says.
    #[error("{} is damaged: its SHA-256 is {found}, and {INDEX} says {expected}", path.display())]
    Damaged {
        /// The folder.
        folder: PathBuf,
        /// The file.
        path: PathBuf,
        /// The environment.
        environment: String,
        /// The hash by the index.
        expected: String,
        /// The hash of the file.
        found: String,
    },
    /// The folder cannot be written.
    #[error("cannot write to {}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl Explain for FolderError {
    fn exit(&self) -> Exit {
        match self {
            Self::Write { .. } => Exit::Unexpected,
            _ => Exit::Configuration,
        }
    }

    fn hint(&self) -> Option<String> {
        let (folder, environment) = match self {
            Self::Read { folder, environment, .. }
            | Self::Index { folder, environment, .. }
            | Self::Damaged { folder, environment, .. }
            | Self::Environment { folder, environment, .. }
            | Self::Architecture { folder, environment, .. }
            | Self::Model { folder, environment }
            | Self::Lacking { folder, environment, .. } => (folder, environment),
            Self::Write { .. } => return None,
        };
        Some(format!(
            "`cargo xtask build --env {environment} --out {}` builds what fits, from this checkout",
            folder.display()
        ))
    }
}

/// The model as a function reads it.
pub fn model_json(model: &Model) -> anyhow::Result<Vec<u8>> {
    Ok(serde_json::to_vec_pretty(model)?)
}

fn model_hash(model: &Model) -> String {
    // A model is plain data, which JSON can always hold.
    hex(&Sha256::digest(model_json(model).unwrap_or_default()))
}

impl Index {
    /// The index of these archives, which were made for these environments, in the same order.
    pub fn of(wanted: &[Wanted<'_>], made: &[Archives]) -> Self {
        let mut index = Self { format: FORMAT, archives: BTreeMap::new(), environments: BTreeMap::new() };
        for (wanted, made) in wanted.iter().zip(made) {
            let platform = Platform::of(wanted.environment).to_string();
            for (name, archive) in made {
                let is_job = *name == Artifact::FlinkJob.name();
                let packed = Packed {
                    name: (*name).to_owned(),
                    sha256: hash_in(&archive.key).to_owned(),
                    architecture: if is_job { ANYWHERE.to_owned() } else { platform.clone() },
                    bytes: archive.bytes,
                };
                index.archives.insert(archive.key.clone(), packed);
            }
            let archives = made.iter().map(|(name, archive)| ((*name).to_owned(), archive.key.clone()));
            let fitted = Fitted {
                architecture: platform,
                model: model_hash(wanted.model),
                archives: archives.collect(),
            };
            index.environments.insert(wanted.environment.name.clone(), fitted);
        }
        index
    }

    fn read(folder: &Path, environment: &str) -> Result<Self, FolderError> {
        let path = folder.join(INDEX);
        let text = std::fs::read_to_string(&path).map_err(|source| FolderError::Read {
            folder: folder.to_path_buf(),
            path: path.clone(),
            environment: environment.to_owned(),
            source,
        })?;
        let wrong = |cause: String| FolderError::Index {
            folder: folder.to_path_buf(),
            path: path.clone(),
            environment: environment.to_owned(),
            cause,
        };
        let index: Self = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        if index.format != FORMAT {
            return Err(wrong(format!("it is of format {}, and this program reads {FORMAT}", index.format)));
        }
        let named = index.environments.values().flat_map(|fitted| fitted.archives.values());
        match index.archives.keys().chain(named).find(|key| !is_key(key)) {
            Some(key) => Err(wrong(format!("`{key}` is not of the form <name>/<SHA-256>.zip or .jar"))),
            None => Ok(index),
        }
    }
}

/// Whether this is `<name>/<SHA-256>.zip`, or `.jar`: a path that leads to nothing but an archive, and out of
/// no folder.
fn is_key(key: &str) -> bool {
    let is_name = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    let is_hash =
        |text: &str| text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    key.split_once('/').is_some_and(|(name, file)| {
        let hash = file.strip_suffix(".zip").or_else(|| file.strip_suffix(".jar"));
        is_name(name) && hash.is_some_and(is_hash)
    })
}

/// The hash that a key is made from.
fn hash_in(key: &str) -> &str {
    let file = key.rsplit('/').next().unwrap_or_default();
    file.split('.').next().unwrap_or_default()
}

/// Writes the archives and their index. What the folder's index names of an earlier build is removed, where it
/// is a file of this folder. An index that cannot be read names nothing.
pub fn write(folder: &Path, index: &Index, made: &[Archives]) -> Result<(), FolderError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| FolderError::Write { path, source }
    };
    let before = Index::read(folder, "").map(|index| index.archives).unwrap_or_default();
    for archive in made.iter().flat_map(BTreeMap::values) {
        let path = folder.join(&archive.key);
        let bytes = std::fs::read(&archive.path).map_err(failed(&archive.path))?;
        if std::fs::read(&path).is_ok_and(|there| there == bytes) {
            continue;
        }
        whole::write(&path, &bytes).map_err(failed(&path))?;
    }
    let kept: BTreeSet<&String> = index.archives.keys().collect();
    for gone in before.keys().filter(|key| !kept.contains(key)) {
        let path = folder.join(gone);
        if is_within(&path) {
            std::fs::remove_file(&path).map_err(failed(&path))?;
        }
    }
    let path = folder.join(INDEX);
    let json = serde_json::to_string_pretty(index).map_err(|error| failed(&path)(error.into()))?;
    whole::write(&path, format!("{json}\n").as_bytes()).map_err(failed(&path))
}

/// Whether an archive and its folder are there, and neither is a link to elsewhere.
fn is_within(archive: &Path) -> bool {
    let is = |path: &Path, kind: fn(&std::fs::FileType) -> bool| {
        std::fs::symlink_metadata(path).is_ok_and(|found| kind(&found.file_type()))
    };
    is(archive, std::fs::FileType::is_file)
        && archive.parent().is_some_and(|folder| is(folder, std::fs::FileType::is_dir))
}

/// The folders in a folder, in which its archives lie.
pub fn places(folder: &Path, environment: &str) -> Result<Vec<PathBuf>, FolderError> {
    let index = Index::read(folder, environment)?;
    let places = index.archives.keys().filter_map(|key| Some(folder.join(key).parent()?.to_path_buf()));
    Ok(places.collect::<BTreeSet<_>>().into_iter().collect())
}

/// The archives in a folder that fit what is wanted, each with the hash that the index says.
pub fn find(folder: &Path, wanted: &Wanted<'_>) -> Result<Archives, FolderError> {
    let environment = wanted.environment.name.clone();
    let index = Index::read(folder, &environment)?;
    let folder = folder.to_path_buf();
    let Some(fitted) = index.environments.get(&environment) else {
        let built = index.environments.into_keys().collect();
        return Err(FolderError::Environment { folder, environment, built });
    };
    let platform = Platform::of(wanted.environment).to_string();
    if fitted.architecture != platform {
        let built = fitted.architecture.clone();
        return Err(FolderError::Architecture { folder, environment, built, wanted: platform });
    }
    if fitted.model != model_hash(wanted.model) {
        return Err(FolderError::Model { folder, environment });
    }
    let key = |artifact: &Artifact| fitted.archives.get(artifact.name());
    let lacking: Vec<String> = wanted
        .artifacts
        .iter()
        .filter(|artifact| key(artifact).is_none())
        .map(|artifact| artifact.name().to_owned())
        .collect();
    if !lacking.is_empty() {
        return Err(FolderError::Lacking { folder, environment, names: lacking });
    }
    let keys = wanted.artifacts.iter().filter_map(|artifact| Some((artifact.name(), key(artifact)?)));
    keys.map(|(name, key)| Ok((name, checked(&folder, key, &environment)?))).collect()
}

fn checked(folder: &Path, key: &str, environment: &str) -> Result<Archive, FolderError> {
    let path = folder.join(key);
    let bytes = std::fs::read(&path).map_err(|source| FolderError::Read {
        folder: folder.to_path_buf(),
        path: path.clone(),
        environment: environment.to_owned(),
        source,
    })?;
    let (expected, found) = (hash_in(key).to_owned(), hex(&Sha256::digest(&bytes)));
    if expected != found {
        let (folder, environment) = (folder.to_path_buf(), environment.to_owned());
        return Err(FolderError::Damaged { folder, path, environment, expected, found });
    }
    Ok(Archive { key: key.to_owned(), path, bytes: bytes.len() as u64 })
}

#[cfg(test)]
mod tests;
