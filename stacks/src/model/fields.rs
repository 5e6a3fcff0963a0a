//! Which fields of an event are in use. Each is read once, and is one column of the lake, which ignores case; a
//! value has no members, so that no path goes on behind another.

use std::cell::RefCell;
use std::collections::BTreeMap;

use telemetry::path::{Path, Step};

use crate::config::{Fault, Section, Spot};

/// Why a field cannot be used.
#[derive(Debug, thiserror::Error)]
enum FieldFault {
    #[error("is \"{field}\", which {by} is read from already{case}")]
    Taken { field: String, by: String, case: &'static str },
    #[error("is \"{field}\", which goes through \"{through}\", from which {by} is read")]
    Through { field: String, through: String, by: String },
    #[error("is \"{field}\", but {by} is read from \"{inside}\" in it")]
    Around { field: String, by: String, inside: String },
    #[error(
        "is \"{field}\", but {by} is read from \"{other}\": what one takes for an object, the other takes for an array"
    )]
    Mixed { field: String, by: String, other: String },
    #[error("is \"{field}\", which begins at the message, but the message is the event")]
    NoMessage { field: String },
    #[error("is \"{field}\", but a message that is an array has no other member")]
    NoMember { field: String },
    #[error("is \"$\", the event itself")]
    Whole,
}

impl Fault for FieldFault {
    fn help(&self) -> String {
        match self {
            Self::Taken { .. } => {
                "a field is read once: choose another `field`, or remove one of the two".into()
            }
            Self::Through { .. } | Self::Around { .. } => {
                "what is read is a value without members: correct one of the two paths; a member whose name has a dot in it stands in double quotes"
                    .into()
            }
            Self::Mixed { .. } => "correct one of the two paths".into(),
            Self::NoMessage { field } => {
                format!("write \"{}\"; `$.` is for kinds with `each`", field.trim_start_matches("$."))
            }
            Self::NoMember { field } => {
                format!("write \"{}\", a member of each event", field.trim_start_matches("$."))
            }
            Self::Whole => "write the path of a member".into(),
        }
    }
}

/// Where the events of a message are, as far as fields care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Events {
    /// The message is the event.
    Message,
    /// They are elements of an array in the message.
    Inside,
    /// They are elements of the message.
    Elements,
}

/// Whether others may read the same field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sharing {
    /// It is one value.
    Alone,
    /// It is bytes, of which others may read other parts.
    Bytes,
}

/// The fields that are in use.
#[derive(Debug)]
pub(super) struct Fields {
    events: Events,
    message: RefCell<Node>,
    event: RefCell<Node>,
    /// Names that the event says itself, where it names its measure.
    named: RefCell<BTreeMap<String, String>>,
}

/// A step of the paths in use.
#[derive(Debug, Default)]
struct Node {
    /// By the step, members by their lower case.
    next: BTreeMap<Key, Node>,
    used: Option<Use>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Member(String),
    Element(u32),
}

#[derive(Debug, Clone)]
struct Use {
    written: String,
    by: String,
    sharing: Sharing,
}

impl Node {
    /// Who reads something below.
    fn below(&self) -> Option<&Use> {
        self.used.as_ref().or_else(|| self.next.values().find_map(Self::below))
    }

    fn take(&mut self, steps: &[Step], this: Use) -> Result<(), FieldFault> {
        let Some((step, rest)) = steps.split_first() else {
            if let Some(other) = &self.used {
                if this.sharing == Sharing::Bytes && other.sharing == Sharing::Bytes {
                    return Ok(());
                }
                let case = if other.written == this.written { "" } else { " but for the case of letters" };
                return Err(FieldFault::Taken { field: this.written, by: other.by.clone(), case });
            }
            if let Some(inside) = self.below() {
                let Use { written, by, .. } = inside.clone();
                return Err(FieldFault::Around { field: this.written, by, inside: written });
            }
            self.used = Some(this);
            return Ok(());
        };
        if let Some(other) = &self.used {
            let Use { written, by, .. } = other.clone();
            return Err(FieldFault::Through { field: this.written, through: written, by });
        }
        let key = match step {
            Step::Member(name) => Key::Member(name.to_lowercase()),
            Step::Element(element) => Key::Element(*element),
        };
        let is_array = |key: &Key| matches!(key, Key::Element(_));
        let mixed = self.next.iter().find(|(other, _)| is_array(other) != is_array(&key));
        if let Some(Use { written, by, .. }) = mixed.and_then(|(_, node)| node.below()).cloned() {
            return Err(FieldFault::Mixed { field: this.written, by, other: written });
        }
        self.next.entry(key).or_default().take(rest, this)
    }
}

impl Fields {
    /// Nothing is in use.
    pub fn new(events: Events) -> Self {
        Self { events, message: RefCell::default(), event: RefCell::default(), named: RefCell::default() }
    }

    /// Notes that the field at `spot` is read by `by`, if it can be.
    pub fn take(
        &self,
        section: &Section<'_>,
        spot: &Spot,
        path: &Path,
        written: &str,
        by: &str,
        sharing: Sharing,
    ) -> Option<()> {
        let field = || written.to_owned();
        let fault = match (path.steps.is_empty(), path.from_message, self.events) {
            (true, ..) => Some(FieldFault::Whole),
            (_, true, Events::Message) => Some(FieldFault::NoMessage { field: field() }),
            (_, true, Events::Elements) => Some(FieldFault::NoMember { field: field() }),
            _ => None,
        };
        let this = Use { written: written.to_owned(), by: by.to_owned(), sharing };
        let root = if path.from_message { &self.message } else { &self.event };
        let taken = fault.map_or_else(|| root.borrow_mut().take(&path.steps, this), Err);
        taken.map_err(|fault| section.add_at(spot, fault)).ok()
    }

    /// Notes the array at `spot`, whose elements are the events.
    pub fn events(&self, section: &Section<'_>, spot: &Spot, path: &Path, written: &str) {
        let this = Use { written: written.to_owned(), by: "the events".to_owned(), sharing: Sharing::Alone };
        if let Err(fault) = self.message.borrow_mut().take(&path.steps, this) {
            section.add_at(spot, fault);
        }
    }

    /// Notes that a line of the lake has a member of this name, which is not read from the message.
    pub fn line(&self, section: &Section<'_>, spot: &Spot, name: &str, by: &str) -> Option<()> {
        let this = Use { written: name.to_owned(), by: by.to_owned(), sharing: Sharing::Alone };
        let line = if self.events == Events::Message { &self.event } else { &self.message };
        let taken = line.borrow_mut().take(&[Step::Member(name.into())], this);
        taken.map_err(|fault| section.add_at(spot, fault)).ok()
    }

    /// Whether a message has several events.
    pub fn events_are_inside(&self) -> bool {
        self.events != Events::Message
    }

    /// Notes that the value at `spot` is that of `by`, which the event names.
    pub fn name(&self, section: &Section<'_>, spot: &Spot, name: &str, by: &str) {
        if let Some(other) = self.named.borrow_mut().insert(name.to_owned(), by.to_owned()) {
            section.add_at(spot, FieldFault::Taken { field: name.to_owned(), by: other, case: "" });
        }
    }
}
