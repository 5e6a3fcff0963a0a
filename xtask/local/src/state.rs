//! What of the local target runs, as written down in its folder.
//!
//! The record is replaced as a whole, so a reader sees one state or the next, and whoever changes what
//! runs holds the lock.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ports::Ports;
use super::process::Process;
use super::services::{Needed, Service};
use session::Project;

/// Which local target: several may run, each in its folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    folder: PathBuf,
    /// Port of its AWS endpoint, for when it starts; 0 takes free ports for all of its services.
    pub port: u16,
}

impl Location {
    /// In this folder, or in the usual one of the checkout.
    pub fn new(project: &Project, folder: Option<&Path>, port: u16) -> Self {
        let folder = folder.map_or_else(|| project.target().join("local"), Path::to_path_buf);
        // The services run in folders of their own, where a relative path would mean something else.
        Self { folder: std::path::absolute(&folder).unwrap_or(folder), port }
    }
}

/// The folder of one local target: its record, its logs and what its services keep.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

/// The processes of a local target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Where the services listen.
    pub ports: Ports,
    /// Every process that was started, by name: the services, each from when it runs, and whatever else runs
    /// for a while.
    pub processes: BTreeMap<String, Process>,
}

impl Record {
    /// Whether a service belongs to this target: everybody needs it, or somebody has needed it.
    pub fn has(&self, service: &Service) -> bool {
        service.needed == Needed::Always || self.processes.contains_key(service.name)
    }

    /// Whether a process of this name was started and still runs.
    pub fn runs(&self, name: &str) -> bool {
        self.processes.get(name).is_some_and(|process| process.is_alive())
    }
}

/// Held by whoever starts or stops; released when it is dropped, and by the system when it is killed.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Folder {
    /// That of a local target.
    pub fn of(location: &Location) -> Self {
        Self { root: location.folder.clone() }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The log of a service.
    pub fn log(&self, service: &str) -> PathBuf {
        self.root.join("logs").join(format!("{service}.log"))
    }

    /// What a service keeps.
    pub fn data(&self, service: &str) -> PathBuf {
        self.root.join(service)
    }

    /// Makes the folders that a service needs.
    pub fn prepare(&self, service: &str) -> io::Result<()> {
        std::fs::create_dir_all(self.root.join("logs"))?;
        std::fs::create_dir_all(self.data(service))
    }

    /// Removes what a service keeps.
    pub fn clear(&self, service: &str) -> io::Result<()> {
        absent_is_fine(std::fs::remove_dir_all(self.data(service)))
    }

    /// Waits until nobody else starts or stops this target.
    pub fn lock(&self) -> io::Result<Lock> {
        std::fs::create_dir_all(&self.root)?;
        let file = self.root.join("lock");
        // What services keep here is removed when they stop: nobody else's files may be among it.
        if !file.exists() && std::fs::read_dir(&self.root)?.next().is_some() {
            return Err(io::Error::other("it holds files that are not a local target's"));
        }
        let file = File::create(file)?;
        file.lock()?;
        Ok(Lock { _file: file })
    }

    /// The record. One that cannot be read is as good as none: what it named is found by its mark.
    pub fn record(&self) -> Option<Record> {
        serde_json::from_slice(&std::fs::read(self.record_file()).ok()?).ok()
    }

    /// Replaces the record.
    pub fn write(&self, record: &Record, _lock: &Lock) -> io::Result<()> {
        let draft = self.root.join("state.json.new");
        std::fs::write(&draft, serde_json::to_vec_pretty(record)?)?;
        std::fs::rename(draft, self.record_file())
    }

    /// Removes the record.
    pub fn forget(&self, _lock: &Lock) -> io::Result<()> {
        absent_is_fine(std::fs::remove_file(self.record_file()))
    }

    fn record_file(&self) -> PathBuf {
        self.root.join("state.json")
    }
}

pub(super) fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written_and_a_broken_one_is_none() {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let folder = Folder { root: temporary.path().join("local") };
        assert_eq!(folder.record(), None);
        let lock = folder.lock().expect("lock");
        let record = Record {
            ports: Ports { aws: 1, timestream: 2, twinmaker: 3, mqtt: 4, rds_data: 5 },
            processes: BTreeMap::from([("emulator".to_owned(), Process { pid: 4, started: 5 })]),
        };
        folder.write(&record, &lock).expect("write");
        assert_eq!(folder.record(), Some(record));
        std::fs::write(folder.record_file(), "{\"ports\":").expect("write");
        assert_eq!(folder.record(), None);
        folder.forget(&lock).expect("forget");
        folder.forget(&lock).expect("forget what is forgotten");
    }
}
