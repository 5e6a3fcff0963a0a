//! How far an unfinished copy has come: a file for each source and store, of which the first line says what is
//! copied, and each other one which window is done.
//!
//! A line is written after the store has what it says. Whatever ends the program, the last window is at most done
//! once more, which changes nothing.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::tally::Tally;
use super::windows::{Span, Window};

/// What is copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    /// Where from.
    pub source: String,
    /// The stack that has the store. One that is made anew is another store, and has none of what was copied.
    pub stack: String,
    /// `--since` and `--until` as they were said.
    pub said: [Option<String>; 2],
    /// What they meant when the copy began.
    pub span: Span,
}

#[derive(Debug, Serialize, Deserialize)]
struct Done {
    window: Window,
    copied: Tally,
}

/// An unfinished copy.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    listed: PathBuf,
    /// What is copied.
    pub heading: Heading,
    /// What is done.
    pub done: Vec<Window>,
    /// What came of it.
    pub copied: Tally,
}

impl Journal {
    /// A copy that nothing is done of, to be kept at `path` once it [begins](Self::begin).
    pub fn new(path: &Path, heading: Heading) -> Self {
        let listed = path.with_extension("left.jsonl");
        Self { path: path.to_owned(), listed, heading, done: Vec::new(), copied: Tally::default() }
    }

    /// The unfinished copy that is kept at `path`.
    ///
    /// # Errors
    /// The file is there and cannot be read. One without a heading is none.
    pub fn read(path: &Path) -> io::Result<Option<Self>> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut lines = text.lines();
        let Some(heading) = lines.next().and_then(|line| serde_json::from_str(line).ok()) else {
            return Ok(None);
        };
        let mut journal = Self::new(path, heading);
        // A line that is cut off says nothing.
        for Done { window, copied } in lines.filter_map(|line| serde_json::from_str(line).ok()) {
            journal.done.push(window);
            journal.copied.add(&copied);
        }
        Ok(Some(journal))
    }

    /// Writes the heading, unless something is done already.
    pub fn begin(&self) -> io::Result<()> {
        if !self.done.is_empty() {
            // What was cut off ends here.
            return OpenOptions::new().append(true).open(&self.path)?.write_all(b"\n");
        }
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        forget(&self.listed)?;
        let mut file = File::create(&self.path)?;
        write(&mut file, &self.heading)
    }

    /// A window is done.
    pub fn add(&mut self, window: Window, copied: &Tally) -> io::Result<()> {
        if !copied.listed.is_empty() {
            let mut file = OpenOptions::new().create(true).append(true).open(&self.listed)?;
            copied.listed.iter().try_for_each(|one| write(&mut file, one))?;
        }
        let mut file = OpenOptions::new().append(true).open(&self.path)?;
        write(&mut file, &Done { window, copied: copied.clone() })?;
        self.done.push(window);
        self.copied.add(copied);
        Ok(())
    }

    /// Nothing is left to do: the next copy is another one. What stays behind stays listed.
    pub fn finish(&self) -> io::Result<()> {
        forget(&self.path)
    }

    /// The file that lists what stays behind, if anything does.
    pub fn listed(&self) -> Option<&Path> {
        Some(self.listed.as_path()).filter(|path| path.exists())
    }
}

/// Removes a file that may not be there.
pub fn forget(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn write(file: &mut File, line: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_string(line)?;
    text.push('\n');
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::copy::tally::Left;

    #[test]
    fn what_is_done_is_known_whatever_ended_the_program() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("copies/a.jsonl");
        let heading = Heading {
            source: "the lake".to_owned(),
            stack: "s".to_owned(),
            said: [Some("1d".to_owned()), None],
            span: Span { from: 5, until: 9 },
        };
        assert!(Journal::read(&path).expect("no file").is_none());
        let mut journal = Journal::new(&path, heading.clone());
        journal.begin().expect("begun");
        let mut copied = Tally { read: 3, stored: 2, ..Tally::default() };
        copied.leave(Left { reason: "old".to_owned(), what: 1.into() });
        let window = |from| Window { from, until: from + 1, items: 3 };
        journal.add(window(1), &copied).expect("kept");
        journal.add(window(2), &Tally { read: 1, ..Tally::default() }).expect("kept");

        // Cut off at each byte of the last line, the first is known.
        let whole = std::fs::read(&path).expect("a file");
        let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').expect("lines") + 1;
        for length in last..=whole.len() {
            std::fs::write(&path, &whole[..length]).expect("written");
            let mut again = Journal::read(&path).expect("a file").expect("a copy");
            let known = if length >= whole.len() - 1 { 2 } else { 1 };
            assert_eq!((again.done.len(), &again.heading), (known, &heading), "{length}");
            again.begin().expect("goes on");
            again.add(window(3), &Tally { read: 4, ..Tally::default() }).expect("kept");
            let read = Journal::read(&path).expect("a file").expect("a copy");
            assert_eq!(read.done.last(), Some(&window(3)), "{length}");
            assert_eq!(
                (read.copied.read, read.copied.left["old"].count),
                (if known == 2 { 8 } else { 7 }, 1)
            );
        }

        assert_eq!(
            std::fs::read_to_string(journal.listed().expect("a list")).expect("text").lines().count(),
            1
        );
        journal.finish().expect("done");
        assert!(Journal::read(&path).expect("no file").is_none());
        assert!(journal.listed().is_some());
        Journal::new(&path, heading).begin().expect("another one");
        assert!(journal.listed().is_none());
    }
}
