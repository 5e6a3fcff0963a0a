//! The configuration as a person meets it: the shipped files, and what is said about broken ones.
//!
//! Every file under `models/` and `environments/` is broken in the way that its name says. Its
//! snapshot holds everything that a person reads about it.

mod environments;
mod models;
mod twin;

use std::path::{Path, PathBuf};

/// Compares what `render` says about each file of a folder with the snapshot of the file's name.
fn snapshot_each(folder: &str, render: impl Fn(&str, &str) -> String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/configuration").join(folder);
    let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    files.sort();
    assert!(!files.is_empty());
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path(folder.join("snapshots"));
    settings.bind(|| {
        for file in files {
            let stem = file.file_stem().unwrap().to_str().unwrap();
            let text = std::fs::read_to_string(&file).unwrap();
            insta::assert_snapshot!(stem, render(&format!("{stem}.toml"), &text));
        }
    });
}

/// Reads a file of the repository.
fn shipped(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}
