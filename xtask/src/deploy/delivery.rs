//! Where the archives of a saved plan are: in their bucket already, or in the folders that builds put them in.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::plan::Action;
use super::saved::{SavedArchive, SavedPlan};
use crate::artifacts::digest::hex;
use crate::artifacts::upload::{self, UploadError};
use crate::failure::{Exit, Explain};

/// Why the archives of a plan cannot be deployed.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// They are nowhere.
    #[error("this machine lacks archives that the plan names, and so does their bucket:\n{}", listed(.missing))]
    Missing {
        /// The archives.
        missing: Vec<SavedArchive>,
        /// The folders that were searched.
        folders: Vec<PathBuf>,
    },
    /// The bucket does not say what it has.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: String,
        /// The cause.
        source: io::Error,
    },
}

fn listed(missing: &[SavedArchive]) -> String {
    missing.iter().map(|archive| format!("  {}", archive.key)).collect::<Vec<_>>().join("\n")
}

impl Explain for DeliveryError {
    fn exit(&self) -> Exit {
        match self {
            Self::Missing { .. } => Exit::Configuration,
            Self::Upload(_) | Self::Read { .. } => Exit::Unexpected,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { folders, .. } => Some(format!(
                "a saved plan builds nothing: bring the archives of the machine that made it into {}, or make a \
                 new plan here",
                folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(" or ")
            )),
            Self::Upload(_) | Self::Read { .. } => None,
        }
    }
}

/// The file of each archive that the bucket does not have, by key. Fails when one is in neither.
pub async fn find(
    saved: &SavedPlan,
    client: &aws_sdk_s3::Client,
    bucket: Option<&str>,
    folders: &[PathBuf],
) -> Result<BTreeMap<String, PathBuf>, DeliveryError> {
    let changing = saved.stacks.iter().filter(|stack| stack.plan.action != Action::None);
    let (mut seen, mut files, mut missing) = (BTreeSet::new(), BTreeMap::new(), Vec::new());
    for archive in changing.flat_map(|stack| &stack.archives) {
        if !seen.insert(&archive.key) {
            continue;
        }
        if let Some(bucket) = bucket
            && upload::has(client, bucket, &archive.key).await?
        {
            continue;
        }
        match on_this_machine(archive, folders)? {
            Some(path) => _ = files.insert(archive.key.clone(), path),
            None => missing.push(archive.clone()),
        }
    }
    if missing.is_empty() {
        return Ok(files);
    }
    Err(DeliveryError::Missing { missing, folders: folders.to_vec() })
}

/// The file of this name whose content is the archive.
fn on_this_machine(archive: &SavedArchive, folders: &[PathBuf]) -> Result<Option<PathBuf>, DeliveryError> {
    for folder in folders {
        // A name alone: a plan must not reach into other folders.
        let Some(name) = Path::new(&archive.file).file_name() else { continue };
        let path = folder.join(name);
        match std::fs::read(&path) {
            Ok(bytes) if hex(&Sha256::digest(&bytes)) == archive.sha256 => return Ok(Some(path)),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(DeliveryError::Read { path: path.display().to_string(), source }),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_known_by_its_content() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("inner")).expect("a folder");
        std::fs::write(folder.path().join("f-1.zip"), "content").expect("written");
        let folders = [folder.path().join("inner"), folder.path().to_path_buf()];
        let sha256 = hex(&Sha256::digest("content"));
        let table = [
            ("f-1.zip", sha256.as_str(), true),
            ("../f-1.zip", &sha256, true),
            ("f-1.zip", "0000", false),
            ("f-2.zip", &sha256, false),
            ("", &sha256, false),
        ];
        for (file, sha256, found) in table {
            let archive = SavedArchive {
                key: format!("f/{sha256}.zip"),
                file: file.to_owned(),
                sha256: sha256.to_owned(),
                bytes: 7,
            };
            let path = on_this_machine(&archive, &folders).expect("readable");
            assert_eq!(path, found.then(|| folder.path().join("f-1.zip")), "{file} {sha256}");
        }
    }
}
