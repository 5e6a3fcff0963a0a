//! What the sections of a kind have in common: names of the store, fields of the event, levels of the topic. Each
//! is noted where it is read, so that a second use of it is told.

use std::cell::RefCell;
use std::collections::BTreeMap;

use telemetry::path::Path;

use super::fields::{Fields, Sharing};
use super::names::{check_column, check_field, check_member};
use super::shared::{Role, Shared};
use super::topic;
use crate::config::{Fault, Section, Spot, Value};

/// What a name looks like.
pub(super) const NAME: &str = "a name of letters, digits and _, in double quotes";

/// What a field looks like.
pub(super) const FIELD: &str =
    "the path of a value in the event, in double quotes, such as \"temperature\" or \"object.temperature\"";

/// What levels of a topic look like.
const SEGMENTS: &str = "levels of the topic, counted from 1, such as [2, 3]";

/// Why a section cannot have its name, its field or its levels.
#[derive(Debug, thiserror::Error)]
enum ReadFault {
    #[error("is there beside `topic_segment`")]
    BothSegments,
    #[error("is no list of levels")]
    Segments,
    #[error("is {field:?}, a path, but the topic has the value")]
    PathOfTopic { field: String },
    #[error("is {field:?}, but an event is a value here, which has no members")]
    NoMembers { field: String },
    #[error("is \"{name}\", which {by} is called already{case}")]
    Taken { name: String, by: String, case: &'static str },
}

impl Fault for ReadFault {
    fn help(&self) -> String {
        match self {
            Self::BothSegments => "keep one of the two".into(),
            Self::Segments => format!("write {SEGMENTS}"),
            Self::PathOfTopic { .. } => {
                "write a plain name: by it the lake knows the value, and nothing is read from the event"
                    .into()
            }
            Self::NoMembers { .. } => {
                "write `topic_segment`, the level of the topic that holds it, in place of `field`".into()
            }
            Self::Taken { .. } => "choose another name: the columns of a table ignore case".into(),
        }
    }
}

/// How the measures of a kind are found in an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Each at its path.
    Path,
    /// By the name that the event says itself.
    Name,
    /// By the name of a record of `SenML`.
    Senml,
}

/// What the sections of a kind have in common.
pub(super) struct Reader<'s> {
    /// Its name, where it is not the only one.
    pub kind: Option<&'s str>,
    pub shared: &'s Shared,
    /// Its topic, where that is sound.
    pub topic: Option<&'s str>,
    pub found: Found,
    /// Whether an event is a value without members.
    pub is_value: bool,
    pub fields: Fields,
    /// Names of the store, by their lower case: as it is written, and of what.
    pub names: RefCell<BTreeMap<String, (String, String)>>,
}

impl Reader<'_> {
    /// Notes that the name of a section is that of `by` in the store. Answers whether it was free.
    pub fn name(&self, section: &Section<'_>, name: &str, by: &str, role: Role) -> bool {
        let spot = section.spot("name");
        if !self.take_name(section, &spot, name, by) {
            return false;
        }
        self.shared.column(section, &spot, self.kind, name, role);
        true
    }

    pub fn take_name(&self, section: &Section<'_>, spot: &Spot, name: &str, by: &str) -> bool {
        let mut names = self.names.borrow_mut();
        if let Some((written, by)) = names.get(&name.to_lowercase()) {
            let case = if written == name { "" } else { " but for the case of letters" };
            section.add_at(spot, ReadFault::Taken { name: name.to_owned(), by: by.clone(), case });
            return false;
        }
        names.insert(name.to_lowercase(), (name.to_owned(), by.to_owned()));
        true
    }

    /// Notes that the field of a section is read by `by`, if it can be.
    pub fn field(&self, section: &Section<'_>, field: &str, by: &str, sharing: Sharing) -> Option<()> {
        self.field_at(section, "field", field, by, sharing)
    }

    /// The same of another key than `field`.
    pub fn field_at(
        &self,
        section: &Section<'_>,
        key: &'static str,
        field: &str,
        by: &str,
        sharing: Sharing,
    ) -> Option<()> {
        let path = match check_field(field) {
            Ok(path) => path,
            Err(fault) => {
                section.add(key, fault);
                return None;
            }
        };
        if self.is_value && !path.from_message {
            section.add(key, ReadFault::NoMembers { field: field.to_owned() });
            return None;
        }
        self.fields.take(section, &section.spot(key), &path, field, by, sharing)
    }

    /// Notes that the value of a section has the name of a measure in the event.
    pub fn measure_name(&self, section: &Section<'_>, name: &str, by: &str) -> Option<()> {
        if let Err(fault) = check_member(name) {
            section.add("field", fault);
            return None;
        }
        self.fields.name(section, &section.spot("field"), name, by);
        Some(())
    }

    /// Notes that a line of the lake has this member, which the topic or the pipeline fills.
    pub fn member(&self, section: &Section<'_>, name: &str, by: &str) -> Option<()> {
        if let Err(fault) = check_field(name) {
            section.add("field", fault);
            return None;
        }
        if Path::of(name).member() != Some(name) {
            section.add("field", ReadFault::PathOfTopic { field: name.to_owned() });
            return None;
        }
        self.fields.line(section, &section.spot("field"), name, by)
    }

    /// The levels of the topic of a section, if it names any.
    pub fn segments(&self, section: &Section<'_>) -> Option<Vec<u32>> {
        let check = |segment: u32| self.topic.map_or(Ok(()), |filter| topic::check_segment(filter, segment));
        let one = section.integer("topic_segment", 1..=u32::MAX).check(|&segment| check(segment)).optional();
        if section.has("topic_segments") && section.has("topic_segment") {
            section.add("topic_segments", ReadFault::BothSegments);
            return None;
        }
        let several = section.array("topic_segments", SEGMENTS)?;
        if several.is_empty() && section.has("topic_segments") {
            section.add("topic_segments", ReadFault::Segments);
            return None;
        }
        let mut segments: Vec<u32> = one?.into_iter().collect();
        for (spot, value) in several {
            let Value::Integer(_, Some(segment)) = value else {
                section.add_at(&spot, ReadFault::Segments);
                return None;
            };
            let segment = u32::try_from(*segment).unwrap_or_default();
            if let Err(fault) = check(segment) {
                section.add_at(&spot, fault);
                return None;
            }
            segments.push(segment);
        }
        Some(segments)
    }
}

/// Whether the topic has the value of a section.
pub(super) fn names_levels(section: &Section<'_>) -> bool {
    section.has("topic_segment") | section.has("topic_segments")
}

/// The name and the field of a dimension or a measure. The field is called like the name unless it
/// is given.
pub(super) fn read_name(
    section: &Section<'_>,
    max_bytes: usize,
    what: &str,
    reader: &Reader<'_>,
    role: impl FnOnce(&Section<'_>) -> Option<Role>,
) -> Option<(String, String)> {
    let name = section.text_like("name", NAME).check(|name| check_column(name, max_bytes)).required();
    let field = section.text_like("field", FIELD).optional();
    let role = role(section);
    let (name, field) = (name?, field?);
    let by = format!("the {what} \"{name}\"");
    let free = match role {
        Some(role) => reader.name(section, &name, &by, role),
        None => reader.take_name(section, &section.spot("name"), &name, &by),
    };
    // The name of another would be the field of another: one problem, not two.
    let field = field.or_else(|| free.then(|| name.clone()))?;
    role.is_some().then_some((name, field))
}
