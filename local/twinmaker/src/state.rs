//! What there is: one JSON document that is replaced as a whole, so that it is never half a change.
//!
//! Knows the form of what it keeps, and none of the rules.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{Generate, Key};
use serde::{Deserialize, Serialize};

use crate::{
    moment::Moment,
    twin::{Tags, component::Component, component_type::ComponentTypes},
};

const DOCUMENT: &str = "twinmaker.json";
const NEW_DOCUMENT: &str = "twinmaker.json.new";

/// Everything.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// What tokens are encrypted with.
    pub token_key: [u8; 32],
    /// Workspaces by their ids.
    #[serde(default)]
    pub workspaces: BTreeMap<String, Workspace>,
}

/// A workspace with what is in it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Workspace {
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The ARN of the bucket for scenes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_location: Option<String>,
    /// What the service acts as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
    /// When it was created.
    pub created: Moment,
    /// When it was changed.
    pub updated: Moment,
    /// Component types that are not the service's own, by their ids.
    #[serde(default)]
    pub component_types: ComponentTypes,
    /// Entities by their ids.
    #[serde(default)]
    pub entities: BTreeMap<String, Entity>,
}

/// An entity.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entity {
    /// For people.
    pub name: String,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The entity above it; none at the root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Its components by their names.
    #[serde(default)]
    pub components: BTreeMap<String, Component>,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
    /// When it was created.
    pub created: Moment,
    /// When it was changed.
    pub updated: Moment,
}

/// Why the state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder refuses.
    #[error("{path}: {cause}")]
    Disk {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The document is not what this program writes.
    #[error("{path} is not understood: {cause}; remove the folder to begin again")]
    Document {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: serde_json::Error,
    },
    /// The machine gives no random numbers.
    #[error("no random numbers for a key: {0}")]
    Random(String),
}

/// The document on disk and in memory.
pub struct State {
    folder: PathBuf,
    document: Mutex<Arc<Document>>,
    /// One change at a time.
    writing: Mutex<()>,
}

impl State {
    /// Opens the state in `folder`, or begins one.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let disk = |path: &Path| {
            let path = path.to_owned();
            move |cause| Error::Disk { path, cause }
        };
        fs::create_dir_all(folder).map_err(disk(folder))?;
        let path = folder.join(DOCUMENT);
        let document = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|cause| Error::Document { path, cause })?,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                let key = Key::<XChaCha20Poly1305>::try_generate()
                    .map_err(|cause| Error::Random(cause.to_string()))?;
                let document = Document { token_key: key.into(), workspaces: BTreeMap::new() };
                write(folder, &document)?;
                document
            }
            Err(cause) => return Err(Error::Disk { path, cause }),
        };
        Ok(Self {
            folder: folder.to_owned(),
            document: Mutex::new(Arc::new(document)),
            writing: Mutex::default(),
        })
    }

    /// What there is at this moment.
    pub fn read(&self) -> Arc<Document> {
        Arc::clone(&self.document.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the document. When `change` or the disk refuses, nothing is changed.
    pub fn change<T, E: From<Error>>(
        &self,
        change: impl FnOnce(&mut Document) -> Result<T, E>,
    ) -> Result<T, E> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut document = Document::clone(&self.read());
        let answer = change(&mut document)?;
        write(&self.folder, &document)?;
        *self.document.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(document);
        Ok(answer)
    }
}

/// Replaces the file, so that a reader after a crash finds the old document or the new one.
fn write(folder: &Path, document: &Document) -> Result<(), Error> {
    let path = folder.join(NEW_DOCUMENT);
    let bytes =
        serde_json::to_vec(document).map_err(|cause| Error::Document { path: path.clone(), cause })?;
    let replace = || {
        let mut file = File::create(&path)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&path, folder.join(DOCUMENT))?;
        File::open(folder)?.sync_all()
    };
    replace().map_err(|cause| Error::Disk { path: folder.to_owned(), cause })
}

impl From<Error> for crate::wire::Error {
    fn from(error: Error) -> Self {
        Self::internal(error.to_string())
    }
}
