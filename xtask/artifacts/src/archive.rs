//! Archives with the same bytes for the same content: entries in order, one time, two modes.
//!
//! Packing takes longer than everything else of a deployment that changes nothing, so an archive is
//! kept under the hash of what goes into it.

use std::io::{self, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::Archive;
use super::digest::hex;
use session::whole;

/// Counts up when the way of packing changes, so that no archive of an older way is taken.
const FORMAT: u8 = 1;

/// A file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    name: &'static str,
    mode: u32,
    content: Vec<u8>,
}

impl Entry {
    /// A file that Lambda runs.
    pub fn program(name: &'static str, content: Vec<u8>) -> Self {
        Self { name, mode: 0o755, content }
    }

    /// A file that the function reads.
    pub fn file(name: &'static str, content: Vec<u8>) -> Self {
        Self { name, mode: 0o644, content }
    }
}

/// Packs the entries into `folder`, or finds the archive that was packed from the same ones.
pub fn pack(folder: &Path, function: &str, mut entries: Vec<Entry>) -> io::Result<Archive> {
    entries.sort_by_key(|entry| entry.name);
    let path = folder.join(format!("{function}-{}.zip", content_hash(&entries)));
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let bytes = zip(&entries)?;
            whole::write(&path, &bytes)?;
            bytes
        }
        Err(error) => return Err(error),
    };
    Ok(Archive {
        key: format!("{function}/{}.zip", hex(&Sha256::digest(&bytes))),
        path,
        bytes: bytes.len() as u64,
    })
}

fn zip(entries: &[Entry]) -> io::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(io::Cursor::new(Vec::new()));
    for entry in entries {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(6))
            // 1980-01-01, where the format's calendar begins.
            .last_modified_time(DateTime::default())
            .unix_permissions(entry.mode);
        archive.start_file(entry.name, options)?;
        archive.write_all(&entry.content)?;
    }
    Ok(archive.finish()?.into_inner())
}

fn content_hash(entries: &[Entry]) -> String {
    let mut digest = Sha256::new();
    digest.update([FORMAT]);
    for entry in entries {
        digest.update(entry.name);
        digest.update(entry.mode.to_be_bytes());
        digest.update((entry.content.len() as u64).to_be_bytes());
        digest.update(&entry.content);
    }
    hex(&digest.finalize()[..16])
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn entries() -> Vec<Entry> {
        vec![Entry::file("model.json", b"{}".to_vec()), Entry::program("bootstrap", vec![7; 4096])]
    }

    #[test]
    fn the_same_content_gives_the_same_bytes_in_any_folder_and_order() {
        let (here, there) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let first = pack(here.path(), "f", entries()).expect("packed");
        let second = pack(there.path(), "f", entries().into_iter().rev().collect()).expect("packed");
        assert_eq!(first.key, second.key);
        let read = |archive: &Archive| std::fs::read(&archive.path).expect("readable");
        assert_eq!(read(&first), read(&second));
        assert_eq!(pack(here.path(), "f", entries()).expect("found"), first);
    }

    #[test]
    fn other_content_gives_another_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = pack(folder.path(), "f", entries()).expect("packed");
        let other =
            vec![Entry::file("model.json", b"[]".to_vec()), Entry::program("bootstrap", vec![7; 4096])];
        assert_ne!(pack(folder.path(), "f", other).expect("packed").key, first.key);
    }

    #[test]
    fn entries_are_sorted_with_a_fixed_time_and_their_modes() {
        let folder = tempfile::tempdir().expect("a folder");
        let packed = pack(folder.path(), "f", entries()).expect("packed");
        let file = std::fs::File::open(&packed.path).expect("readable");
        let mut archive = zip::ZipArchive::new(file).expect("an archive");
        let found: Vec<_> = (0..archive.len())
            .map(|index| {
                let mut entry = archive.by_index(index).expect("an entry");
                let mut content = Vec::new();
                entry.read_to_end(&mut content).expect("content");
                let time = entry.last_modified().expect("a time");
                (
                    entry.name().expect("a name").into_owned(),
                    entry.unix_mode().map(|mode| mode & 0o777),
                    time.year(),
                    content.len(),
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("bootstrap".to_owned(), Some(0o755), 1980, 4096),
                ("model.json".to_owned(), Some(0o644), 1980, 2),
            ]
        );
    }
}
