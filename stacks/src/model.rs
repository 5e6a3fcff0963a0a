//! `telemetry.toml`: what devices send, as a person writes it, becomes the [`telemetry::Model`] that every part
//! of the pipeline is derived from.
//!
//! This is the only place that validates a model. It knows the limits of everything that a model
//! reaches: the topic rules, the store and the lake. Pure: it takes the text, not the file, and is handed the
//! texts of the files that the model names.

mod difference;
mod fields;
mod kind;
mod measure;
mod names;
mod reader;
mod shared;
mod time;
mod topic;
mod written;

use std::cell::RefCell;
use std::io;

use telemetry::{EventKind, Model};

use crate::config::{Document, Fault, Problem, Problems, Section};
pub use difference::{Change, Difference, LayoutDifference, Stored, difference, layout_difference, refused};
use kind::{KEYS, read_kind};
use shared::Shared;
pub use topic::overlap;
pub(crate) use topic::{TopicFault, check_filter, check_plain, check_segment, is_reserved};

/// `measure_name` of the records of the layout `multi`, unless the model names it or their kind has a name.
pub const DEFAULT_RECORD_NAME: &str = "telemetry";

/// Most kinds of a model. Each has a topic rule, a table of the lake, a component type and dashboards.
const MAX_KINDS: usize = 100;

/// Longest name of a kind, in characters.
const MAX_KIND_NAME: usize = 32;

/// Why the kinds of a model cannot be used, although each of their keys is well formed.
#[derive(Debug, thiserror::Error)]
enum KindFault {
    #[error("is empty: nothing is sent")]
    None,
    #[error("declares {count} kinds, but at most {MAX_KINDS} are allowed")]
    Many { count: usize },
    #[error("is {name:?}, which is no name of a kind")]
    Name { name: String },
    #[error("cannot be read: {cause}")]
    File { cause: io::Error },
}

impl Fault for KindFault {
    fn help(&self) -> String {
        match self {
            Self::None => "add a section [[kind]], or leave the key out and describe the only kind here".into(),
            Self::Many { .. } => "leave some out".into(),
            Self::Name { .. } => format!(
                "begin with a small letter, go on with small letters, digits, _ and -, {MAX_KIND_NAME} characters in all"
            ),
            Self::File { .. } => {
                "write the path of a file that describes one kind, from the folder of this file, such as \"models/shelly.toml\""
                    .into()
            }
        }
    }
}

/// Parses and validates a model that is one file. A kind in a file of its own is a problem of it.
///
/// `file_name` stands in the problems. Every problem is returned, not the first.
pub fn parse(file_name: &str, text: &str) -> Result<Model, Problems> {
    parse_with(file_name, text, &|_| Err(io::ErrorKind::NotFound.into()))
}

/// Parses and validates a model, of which `read_file` has the files that it names, by the path that is written
/// there: relative to the folder of `file_name`.
///
/// The place of a problem is in the file that has it.
pub fn parse_with(
    file_name: &str,
    text: &str,
    read_file: &dyn Fn(&str) -> io::Result<String>,
) -> Result<Model, Problems> {
    let document = Document::parse(file_name, text, &[])?;
    let shared = Shared::default();
    // Problems of the files that the model names.
    let elsewhere = RefCell::new(Vec::new());
    let kinds = Section::read_root(&document, |root| {
        if !root.has("kind") {
            return read_kind(root, None, None, &shared).map(|kind| vec![kind]);
        }
        for key in KEYS {
            root.refuse(key, "beside [[kind]], where each kind has its own");
        }
        let kinds = root.tables("kind", |section| read_listed(section, read_file, &shared, &elsewhere))?;
        match kinds.len() {
            0 => root.add("kind", KindFault::None),
            count if count > MAX_KINDS => root.add("kind", KindFault::Many { count }),
            _ => {}
        }
        Some(kinds)
    });
    let elsewhere = elsewhere.into_inner();
    match document.finish(kinds) {
        Ok(kinds) if elsewhere.is_empty() => Ok(Model { kinds }),
        Ok(_) => Err(Problems { file: file_name.to_owned(), problems: elsewhere }),
        Err(mut found) => {
            found.problems.extend(elsewhere);
            Err(found)
        }
    }
}

/// Reads a section `[[kind]]`: a name, and the kind itself or the file that describes it.
fn read_listed(
    section: &Section<'_>,
    read_file: &dyn Fn(&str) -> io::Result<String>,
    shared: &Shared,
    elsewhere: &RefCell<Vec<Problem>>,
) -> Option<EventKind> {
    let name = section.text_like("name", "a name for the kind, in double quotes");
    let name = name.check(|name| check_name(name)).required();
    if let Some(name) = &name {
        shared.kind(section, name);
    }
    if !section.has("file") {
        return read_kind(section, name.as_deref(), None, shared);
    }
    let topic =
        section.text_like("topic", kind::TOPIC).check(|filter| topic::check_filter(filter)).optional();
    for key in KEYS.iter().filter(|key| **key != "topic") {
        section.refuse(key, "beside `file`, which describes the kind");
    }
    let file = section.text_like("file", "the path of a file, in double quotes").required()?;
    let text = match read_file(&file) {
        Ok(text) => text,
        Err(cause) => {
            section.add("file", KindFault::File { cause });
            return None;
        }
    };
    let topic = topic?.map(|topic| (topic, section.spot("topic"), section));
    let read = || {
        let document = Document::parse(&file, &text, &[])?;
        let kind =
            Section::read_root(&document, |root| read_kind(root, name.as_deref(), topic.as_ref(), shared));
        document.finish(kind)
    };
    match read() {
        Ok(kind) => Some(kind),
        Err(found) => {
            elsewhere.borrow_mut().extend(found.problems);
            None
        }
    }
}

fn check_name(name: &str) -> Result<(), KindFault> {
    if is_kind_name(name) { Ok(()) } else { Err(KindFault::Name { name: name.to_owned() }) }
}

/// Whether a kind can have this name.
pub(crate) fn is_kind_name(name: &str) -> bool {
    let stays = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    name.len() <= MAX_KIND_NAME
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(stays)
}
