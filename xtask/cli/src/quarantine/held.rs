//! Which messages a program holds: a file for each queue, with the receipt of a message on each line. Whatever ends the
//! program, the next one knows what it is to give back.
//!
//! One program of a checkout reads a queue at a time: the file is locked as long as it runs.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use artifacts::digest::hex;
use sha2::{Digest as _, Sha256};

use session::{Exit, Explain};

/// The file of what is held.
#[derive(Debug)]
pub struct Held {
    file: File,
}

/// Why it is not known what is held.
#[derive(Debug, thiserror::Error)]
pub enum HeldError {
    /// Another program of this checkout is at work.
    #[error("another `quarantine` command of this checkout reads this quarantine at the moment")]
    Busy,
    /// The file.
    #[error("the file of the messages that are held cannot be read or written")]
    File(#[from] io::Error),
}

impl Explain for HeldError {
    fn exit(&self) -> Exit {
        match self {
            Self::Busy => Exit::Declined,
            Self::File(_) => Exit::Unexpected,
        }
    }

    fn hint(&self) -> Option<String> {
        matches!(self, Self::Busy).then(|| "wait until it has ended".to_owned())
    }
}

impl Held {
    /// The file of a queue, in a folder for all of them.
    pub fn path(folder: &Path, environment: &str, queue: &str) -> PathBuf {
        let digest = hex(&Sha256::digest(queue)[..4]);
        folder.join(format!("{environment}-{digest}.held.jsonl"))
    }

    /// The file at `path`, which no other program has now.
    pub fn open(path: &Path) -> Result<Self, HeldError> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(HeldError::Busy),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// The receipts of what is held.
    pub fn receipts(&self) -> Result<Vec<String>, HeldError> {
        let (mut text, mut file) = (String::new(), &self.file);
        file.rewind()?;
        file.read_to_string(&mut text)?;
        // A line that is cut off says nothing.
        Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }

    /// Messages are held from now on.
    pub fn add(&self, receipts: &[String]) -> Result<(), HeldError> {
        let mut text = String::new();
        for receipt in receipts {
            text.push_str(&serde_json::to_string(receipt).map_err(io::Error::from)?);
            text.push('\n');
        }
        (&self.file).write_all(text.as_bytes())?;
        Ok(())
    }

    /// None is held any more.
    pub fn clear(&self) -> Result<(), HeldError> {
        self.file.set_len(0)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_known_whatever_ended_the_program() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("quarantine/dev.held.jsonl");
        let receipts = ["a".to_owned(), "b\"\n".to_owned()];
        {
            let held = Held::open(&path).expect("nobody has it");
            assert!(matches!(Held::open(&path), Err(HeldError::Busy)));
            held.add(&receipts).expect("written");
            held.add(&receipts[..1]).expect("written");
        }
        let whole = std::fs::read(&path).expect("a file");
        for length in [whole.len(), whole.len() - 1, whole.len() - 2] {
            std::fs::write(&path, &whole[..length]).expect("written");
            let known = Held::open(&path).expect("nobody has it").receipts().expect("read");
            let last = if length >= whole.len() - 1 { 3 } else { 2 };
            assert_eq!((&known[..2], known.len()), (&receipts[..], last), "{length}");
        }
        let held = Held::open(&path).expect("nobody has it");
        held.clear().expect("cleared");
        held.add(&receipts[1..]).expect("written");
        assert_eq!(held.receipts().expect("read"), receipts[1..]);
    }

    #[test]
    fn each_queue_has_a_file_of_its_own() {
        let path = |environment, queue| Held::path(Path::new("f"), environment, queue);
        assert_eq!(path("dev", "q"), path("dev", "q"));
        assert_ne!(path("dev", "q"), path("dev", "p"));
        assert_ne!(path("dev", "q"), path("prod", "q"));
    }
}
