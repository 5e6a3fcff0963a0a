//! Where the archives of a saved plan are: in their bucket already, or in the folders that builds put them in.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::plan::Action;
use super::saved::{SavedArchive, SavedPlan};
use artifacts::digest::hex;
use artifacts::upload::{self, UploadError};
use session::{Exit, Explain};

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

/// The file whose content is the archive. Its name says nothing: a build in the checkout and one for a folder
/// give other names.
fn on_this_machine(archive: &SavedArchive, folders: &[PathBuf]) -> Result<Option<PathBuf>, DeliveryError> {
    for folder in folders {
        let failed = |path: &Path, source| DeliveryError::Read { path: path.display().to_string(), source };
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(source) => return Err(failed(folder, source)),
        };
        for entry in entries {
            let path = entry.map_err(|source| failed(folder, source))?.path();
            // Most files are another size, and need not be read.
            if !std::fs::metadata(&path).is_ok_and(|file| file.is_file() && file.len() == archive.bytes) {
                continue;
            }
            let bytes = std::fs::read(&path).map_err(|source| failed(&path, source))?;
            if hex(&Sha256::digest(&bytes)) == archive.sha256 {
                return Ok(Some(path));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_known_by_its_content() {
        let root = tempfile::tempdir().expect("a folder");
        // As a build in the checkout names it, and as one for a folder does.
        let (checkout, built) = (root.path().join("archives"), root.path().join("built").join("f"));
        let sha256 = hex(&Sha256::digest("content"));
        let (here, there) = (checkout.join("f-0123.zip"), built.join(format!("{sha256}.zip")));
        for path in [&here, &there] {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, "content").expect("written");
            std::fs::write(path.with_extension("other"), "another").expect("of the same size");
        }
        std::fs::create_dir(checkout.join("folder")).expect("a folder");
        let nowhere = root.path().join("nowhere");
        let table: [(&[&PathBuf], &str, u64, Option<&PathBuf>); 6] = [
            (&[&checkout], &sha256, 7, Some(&here)),
            (&[&built], &sha256, 7, Some(&there)),
            (&[&nowhere, &built], &sha256, 7, Some(&there)),
            (&[&checkout, &built], "0000", 7, None),
            (&[&checkout, &built], &sha256, 8, None),
            (&[&nowhere], &sha256, 7, None),
        ];
        for (folders, sha256, bytes, expected) in table {
            let archive = SavedArchive { key: format!("f/{sha256}.zip"), sha256: sha256.to_owned(), bytes };
            let folders: Vec<PathBuf> = folders.iter().map(|folder| (*folder).clone()).collect();
            let found = on_this_machine(&archive, &folders).expect("readable");
            assert_eq!(found.as_ref(), expected, "{folders:?} {sha256} {bytes}");
        }
    }
}
