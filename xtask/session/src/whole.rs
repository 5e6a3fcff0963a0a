//! Files that are whole, whenever the program that writes them ends.

use std::io::{self, Write as _};
use std::path::Path;

/// Writes a file beside its place and renames it into it, so that a file of this name always has all of its
/// bytes. Makes the folder.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
