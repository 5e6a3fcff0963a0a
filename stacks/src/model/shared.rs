//! What the kinds of a model share: the table of the store, and the topics of the account.
//!
//! A name is one column of the table, whichever kind has it, and columns ignore case. A message that two rules
//! take is in the pipeline twice.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use telemetry::{Measure, MeasureType, RecordLayout};
use timestream::limits;

use super::names::PIPELINE_MEASURES;
use super::topic;
use crate::config::{Fault, Section, Spot};

/// What a name stands for in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A dimension, or the device.
    Dimension,
    /// A measure of this type.
    Measure(MeasureType),
}

impl Role {
    fn words(self) -> String {
        match self {
            Self::Dimension => "a dimension".into(),
            Self::Measure(kind) => format!("a measure of type {}", kind.name()),
        }
    }
}

/// Why a kind does not fit beside those before it.
#[derive(Debug, thiserror::Error)]
enum SharedFault {
    #[error("is \"{name}\", as another kind is called")]
    Twice { name: String },
    #[error("is \"{name}\", which differs from the kind \"{other}\" by `-` and `_` alone")]
    Alike { name: String, other: String },
    #[error("is \"{filter}\", and so is the topic of the kind \"{other}\"")]
    SameTopic { filter: String, other: String },
    #[error("is \"{filter}\", which takes messages that the kind \"{other}\" takes with \"{theirs}\"")]
    Topic { filter: String, other: String, theirs: String },
    #[error("is \"{name}\", but the kind \"{other}\" calls the device \"{theirs}\"")]
    Device { name: String, other: String, theirs: String },
    #[error("is \"{name}\", {here} here and {there} in the kind \"{other}\"")]
    Role { name: String, here: String, there: String, other: String },
    #[error("is \"{name}\", which the kind \"{other}\" writes \"{theirs}\"")]
    Case { name: String, other: String, theirs: String },
    #[error("is \"{name}\", the name of the records of the kind \"{other}\" too")]
    Record { name: String, other: String },
    #[error("makes {count} {what} of all kinds, but a table has at most {max}")]
    Many { count: usize, what: &'static str, max: usize },
}

impl Fault for SharedFault {
    fn help(&self) -> String {
        match self {
            Self::Twice { .. } | Self::Alike { .. } => "choose another name".into(),
            Self::SameTopic { .. } | Self::Topic { .. } => {
                "let each message be of one kind: narrow one of the two topics, or describe both in one kind".into()
            }
            Self::Device { theirs, .. } => {
                format!("write `dimension = \"{theirs}\"`: the kinds share one table, and its partition key")
            }
            Self::Role { .. } => {
                "choose another `name`, which `field` need not follow: the kinds share the columns of one table"
                    .into()
            }
            Self::Case { theirs, .. } => {
                format!("write \"{theirs}\": the columns of a table ignore case")
            }
            Self::Record { .. } => "choose another `name`: by it the records of a kind are found".into(),
            Self::Many { .. } => "leave some out, or let kinds share names".into(),
        }
    }
}

/// A name of the table, as the first kind that has it writes it.
#[derive(Debug)]
struct Column {
    written: String,
    role: Role,
    /// The kind that has it. `None`: the only one.
    kind: Option<String>,
}

/// What the kinds that were read so far have.
#[derive(Debug, Default)]
pub(super) struct Shared {
    kinds: RefCell<Vec<String>>,
    topics: RefCell<Vec<(Option<String>, String)>>,
    device: RefCell<Option<(String, Option<String>)>>,
    /// By their lower case.
    columns: RefCell<BTreeMap<String, Column>>,
    /// Names of records, with their kinds.
    records: RefCell<Vec<(String, Option<String>)>>,
    /// Names of measures in records with several, by their lower case.
    together: RefCell<BTreeSet<String>>,
    /// Whether it was said that there are too many names.
    is_full: Cell<bool>,
}

fn said(kind: Option<&String>) -> String {
    kind.cloned().unwrap_or_default()
}

impl Shared {
    /// Notes the name of a kind.
    pub fn kind(&self, section: &Section<'_>, name: &str) {
        // In an id of CloudFormation, neither is there.
        let folded = |name: &str| name.replace(['-', '_'], "");
        let mut kinds = self.kinds.borrow_mut();
        match kinds.iter().find(|other| folded(other) == folded(name)) {
            Some(other) if other == name => section.add("name", SharedFault::Twice { name: name.to_owned() }),
            Some(other) => {
                section.add("name", SharedFault::Alike { name: name.to_owned(), other: other.clone() });
            }
            None => kinds.push(name.to_owned()),
        }
    }

    /// Notes the topic of a kind, which is written at `spot`.
    pub fn topic(&self, section: &Section<'_>, spot: &Spot, kind: Option<&str>, filter: &str) {
        let mut topics = self.topics.borrow_mut();
        if let Some((other, theirs)) = topics.iter().find(|(_, theirs)| topic::overlap(filter, theirs)) {
            let (filter, other, theirs) = (filter.to_owned(), said(other.as_ref()), theirs.clone());
            if filter == theirs {
                section.add_at(spot, SharedFault::SameTopic { filter, other });
            } else {
                section.add_at(spot, SharedFault::Topic { filter, other, theirs });
            }
        }
        topics.push((kind.map(str::to_owned), filter.to_owned()));
    }

    /// Notes the dimension of the device.
    pub fn device(&self, section: &Section<'_>, kind: Option<&str>, name: &str) {
        let mut device = self.device.borrow_mut();
        match &*device {
            Some((theirs, _)) if theirs == name => {}
            Some((theirs, other)) => {
                let (name, theirs) = (name.to_owned(), theirs.clone());
                section.add("dimension", SharedFault::Device { name, theirs, other: said(other.as_ref()) });
                return;
            }
            None => *device = Some((name.to_owned(), kind.map(str::to_owned))),
        }
        self.column(section, &section.spot("dimension"), kind, name, Role::Dimension);
    }

    /// Notes a name of the table, which is written at `spot`.
    pub fn column(&self, section: &Section<'_>, spot: &Spot, kind: Option<&str>, name: &str, role: Role) {
        let mut columns = self.columns.borrow_mut();
        if let Some(column) = columns.get(&name.to_lowercase()) {
            // Twice in one kind is said there.
            if column.kind.as_deref() == kind {
                return;
            }
            let (name, other) = (name.to_owned(), said(column.kind.as_ref()));
            if column.role != role {
                let (here, there) = (role.words(), column.role.words());
                section.add_at(spot, SharedFault::Role { name, here, there, other });
            } else if column.written != name {
                section.add_at(spot, SharedFault::Case { name, other, theirs: column.written.clone() });
            }
            return;
        }
        let column = Column { written: name.to_owned(), role, kind: kind.map(str::to_owned) };
        columns.insert(name.to_lowercase(), column);
    }

    /// Notes the name of the records of a kind.
    pub fn record(&self, section: &Section<'_>, spot: &Spot, kind: Option<&str>, name: &str) {
        let mut records = self.records.borrow_mut();
        if let Some((_, other)) = records.iter().find(|(theirs, _)| theirs == name) {
            section.add_at(spot, SharedFault::Record { name: name.to_owned(), other: said(other.as_ref()) });
        }
        records.push((name.to_owned(), kind.map(str::to_owned)));
    }

    /// Notes what a kind stores, and says once when the kinds together have more names than a table. A kind
    /// alone says more about itself.
    pub fn check_size(&self, section: &Section<'_>, record: &RecordLayout, measures: &[Measure]) {
        let mut together = self.together.borrow_mut();
        if matches!(record, RecordLayout::Multi { .. }) {
            together.extend(measures.iter().map(|measure| measure.name.to_lowercase()));
        }
        if self.kinds.borrow().len() < 2 || self.is_full.get() {
            return;
        }
        let columns = self.columns.borrow();
        let dimensions = columns.values().filter(|column| column.role == Role::Dimension).count();
        let (measures, own) = (columns.len() - dimensions, PIPELINE_MEASURES.len());
        for (key, count, what, max) in [
            ("dimension", dimensions, "dimensions", limits::TABLE_DIMENSIONS),
            ("measure", measures, "measures", limits::TABLE_MEASURES - own),
            (
                "measure",
                together.len(),
                "measures in records with several",
                limits::TABLE_MULTI_MEASURES - own,
            ),
        ] {
            if count > max {
                self.is_full.set(true);
                section.add(key, SharedFault::Many { count, what, max });
            }
        }
    }
}
