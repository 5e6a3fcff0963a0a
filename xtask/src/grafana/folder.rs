//! The files of Grafana in a folder, for a Grafana on this machine and for people to look at.

use std::io;
use std::path::Path;

use stacks::grafana::File;

/// Writes the files below `folder`, and removes what lay there of an earlier rendering.
pub fn write(folder: &Path, files: &[File]) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    for file in files {
        let path = folder.join(file.path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, &file.text)?;
    }
    Ok(())
}
