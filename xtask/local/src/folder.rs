//! The files of Grafana in a folder, for a Grafana on this machine and for people to look at.
//!
//! The folder may be anybody's: only files that a rendering can have are replaced or removed, and nothing
//! else in it is touched.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use stacks::grafana::{File, is_path};

/// What a folder lacks of a rendering, or has of an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes<'a> {
    /// The files that are missing, or differ.
    written: Vec<&'a File>,
    /// Paths of files that are there, and rendered no more.
    removed: Vec<String>,
}

impl<'a> Changes<'a> {
    /// Compares a folder with a rendering.
    pub fn of(folder: &Path, files: &'a [File]) -> io::Result<Self> {
        let mut changes = Self { written: Vec::new(), removed: Vec::new() };
        for file in files {
            match std::fs::read(folder.join(&file.path)) {
                Ok(text) if text == file.text.as_bytes() => {}
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => changes.written.push(file),
            }
        }
        let is_gone = |path: &String| is_path(path) && files.iter().all(|file| file.path != *path);
        changes.removed.extend(inside(folder, "")?.into_iter().filter(is_gone));
        Ok(changes)
    }

    /// The paths that differ.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.written.iter().map(|file| file.path.as_str()).chain(self.removed.iter().map(String::as_str))
    }

    /// Makes the folder like the rendering. A reader sees a file as it was or as it becomes.
    pub fn apply(&self, folder: &Path) -> io::Result<()> {
        for path in &self.removed {
            std::fs::remove_file(folder.join(path))?;
        }
        for file in &self.written {
            let path = folder.join(&file.path);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            // Its name ends otherwise, so that a Grafana that runs does not take it for a file of its own.
            let draft = draft(&path);
            std::fs::write(&draft, &file.text)?;
            std::fs::rename(draft, path)?;
        }
        Ok(())
    }
}

/// Makes a folder like a rendering.
pub fn write(folder: &Path, files: &[File]) -> io::Result<()> {
    Changes::of(folder, files)?.apply(folder)
}

/// The deepest folder of a rendering.
const DEPTH: usize = 2;

/// Paths of the files in a folder, as deep as a rendering has some, sorted.
fn inside(folder: &Path, below: &str) -> io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(folder.join(below)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry?;
        // A name that is no text is none of ours.
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if !entry.file_type()?.is_dir() {
            paths.push(path);
        } else if path.split('/').count() <= DEPTH {
            paths.extend(inside(folder, &path)?);
        }
    }
    paths.sort();
    Ok(paths)
}

fn draft(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".new");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLEET: &str = "dashboards/fleet.json";
    const RULES: &str = "provisioning/alerting/rules.yaml";

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    fn modified(path: &Path) -> std::time::SystemTime {
        std::fs::metadata(path).and_then(|metadata| metadata.modified()).expect("a time")
    }

    #[test]
    fn nothing_but_files_of_a_rendering_is_replaced_or_removed() {
        let temporary = tempfile::tempdir().expect("a folder");
        let folder = temporary.path();
        let foreign = [
            "notes.txt",
            "dashboards/mine.json",
            "dashboards/theirs/mine.json",
            "provisioning/alerting/mine.yaml",
        ];
        for path in foreign {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            std::fs::write(path, "mine").expect("write");
        }
        let of_kind = "dashboards/shelly/fleet.json";
        write(folder, &[file(FLEET, "1"), file(of_kind, "1"), file(RULES, "1")]).expect("write");
        write(folder, &[file(FLEET, "2")]).expect("write");
        assert!(!folder.join(of_kind).exists(), "a kind that is gone has no dashboard");
        assert_eq!(std::fs::read_to_string(folder.join(FLEET)).expect("read"), "2");
        assert!(!folder.join(RULES).exists(), "what is rendered no more is removed");
        write(folder, &[]).expect("write");
        assert!(!folder.join(FLEET).exists());
        for path in foreign {
            assert_eq!(std::fs::read_to_string(folder.join(path)).expect("read"), "mine", "{path}");
        }
        assert_eq!(
            std::fs::read_dir(folder.join("dashboards/shelly")).expect("list").count(),
            0,
            "no draft is left"
        );
    }

    #[test]
    fn equal_files_are_left_as_they_are() {
        let temporary = tempfile::tempdir().expect("a folder");
        let folder = temporary.path();
        write(folder, &[file(FLEET, "1"), file(RULES, "1")]).expect("write");
        let long_ago = std::time::SystemTime::UNIX_EPOCH;
        for path in [FLEET, RULES] {
            let opened = std::fs::File::options().append(true).open(folder.join(path)).expect("open");
            opened.set_modified(long_ago).expect("set the time");
        }
        let files = [file(FLEET, "1"), file(RULES, "2")];
        let changes = Changes::of(folder, &files).expect("compare");
        assert_eq!(changes.paths().collect::<Vec<_>>(), [RULES]);
        changes.apply(folder).expect("write");
        assert_eq!(modified(&folder.join(FLEET)), long_ago);
        assert!(modified(&folder.join(RULES)) > long_ago);
        assert_eq!(Changes::of(folder, &files).expect("compare").paths().count(), 0);
    }
}
