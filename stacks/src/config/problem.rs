//! What is wrong with a configuration, where, and what to do about it.
//!
//! A problem holds facts; [`Display`](std::fmt::Display) makes the sentence. Nothing is printed here.

use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

/// What is wrong with a value. Its `Display` continues a sentence that begins with the key, for
/// instance "is missing".
pub trait Fault: std::error::Error + Send + Sync {
    /// What the person can do about it: one sentence without a full stop.
    fn help(&self) -> String;
}

/// Where a problem was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A file as a whole: something that it should have is not there.
    File {
        /// Name of the file.
        file: String,
    },
    /// A position in a file.
    Line {
        /// Name of the file.
        file: String,
        /// Line, counted from 1.
        line: usize,
        /// Column, in characters, counted from 1.
        column: usize,
    },
    /// An argument of the command line, as it was typed.
    Override {
        /// What follows `--set`.
        set: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file } => f.write_str(file),
            Self::Line { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Self::Override { set } => {
                f.write_str("--set ")?;
                // One problem, one line: a line break that was typed is shown as one.
                set.chars().try_for_each(|c| {
                    if c.is_control() { write!(f, "{}", c.escape_debug()) } else { write!(f, "{c}") }
                })
            }
        }
    }
}

/// One thing that is wrong.
///
/// Serialized, it is `{"file", "line", "column", "set", "key", "message", "help"}`; what does not
/// apply is null.
#[derive(Debug)]
pub struct Problem {
    /// Where it was written.
    pub place: Place,
    /// Path of the key, for instance `consumer.batch_size` or `measure[2].type`; members of an
    /// array are counted from 0. Empty where no key can be named.
    pub key: String,
    /// What is wrong.
    pub fault: Box<dyn Fault>,
}

impl Problem {
    /// The sentence: what is wrong with which key.
    pub fn message(&self) -> String {
        if self.key.is_empty() { self.fault.to_string() } else { format!("`{}` {}", self.key, self.fault) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n  help: {}", self.place, self.message(), self.fault.help())
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (file, line, column, set) = match &self.place {
            Place::File { file } => (Some(file), None, None, None),
            Place::Line { file, line, column } => (Some(file), Some(line), Some(column), None),
            Place::Override { set } => (None, None, None, Some(set)),
        };
        let mut out = serializer.serialize_struct("Problem", 7)?;
        out.serialize_field("file", &file)?;
        out.serialize_field("line", &line)?;
        out.serialize_field("column", &column)?;
        out.serialize_field("set", &set)?;
        out.serialize_field("key", &self.key)?;
        out.serialize_field("message", &self.message())?;
        out.serialize_field("help", &self.fault.help())?;
        out.end()
    }
}

/// Everything that is wrong with a configuration, in the order of the file, arguments last. Never
/// empty.
#[derive(Debug, serde::Serialize)]
pub struct Problems {
    /// The file that was read.
    pub file: String,
    /// At least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => write!(f, "{} has a problem", self.file)?,
            many => write!(f, "{} has {many} problems", self.file)?,
        }
        self.problems.iter().try_for_each(|problem| write!(f, "\n{problem}"))
    }
}

impl std::error::Error for Problems {}
