//! Which names the store, the lake and the pipeline itself leave to a model.

use telemetry::path::{Path, Step};
use telemetry::{MAX_DEPTH, ORIGINAL_TIME, TIME_CORRECTED};
use timestream::names;

use crate::config::Fault;
use crate::environment::PARTITION;

/// Longest name of a field, in bytes: it is a column of the lake, and
/// [Glue](https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html) takes no longer one.
const FIELD_BYTES: usize = 255;

/// Most steps of a path: what is nested deeper, no event has.
const MAX_STEPS: usize = MAX_DEPTH - 1;

/// The last element of an array that a path may ask for.
const MAX_ELEMENT: u32 = 255;

/// Measures that the consumer itself adds to a record whose time it corrected.
pub(super) const PIPELINE_MEASURES: [&str; 2] = [TIME_CORRECTED, ORIGINAL_TIME];

/// Why a name cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum NameFault {
    #[error(transparent)]
    Store(#[from] names::NameFault),
    #[error("is empty")]
    Empty,
    #[error("is {bytes} bytes long, but at most {max} are allowed")]
    Long { bytes: usize, max: usize },
    #[error("is \"{name}\", which the pipeline writes itself where it corrects a time")]
    Pipeline { name: String },
    #[error("is {field:?}, in which {character:?} cannot stand")]
    FieldCharacter { field: String, character: char },
    #[error("is \"{field}\", the column by which the lake is partitioned")]
    Partition { field: String },
    #[error("has {steps} steps, but at most {MAX_STEPS} are allowed")]
    Deep { steps: usize },
    #[error("asks for element {element} of an array, but at most {MAX_ELEMENT} is allowed")]
    Element { element: u32 },
}

impl Fault for NameFault {
    fn help(&self) -> String {
        match self {
            Self::Empty | Self::Store(names::NameFault::Empty) => "write a name".into(),
            Self::Long { .. } | Self::Store(names::NameFault::Long { .. }) => "shorten it".into(),
            Self::Store(names::NameFault::Characters { .. }) => {
                "begin with a letter, go on with letters, digits and _".into()
            }
            Self::Store(
                names::NameFault::System { .. }
                | names::NameFault::SystemPrefix { .. }
                | names::NameFault::Keyword { .. },
            )
            | Self::Pipeline { .. } => {
                "choose another name; the `field` of a dimension or a measure may keep this one".into()
            }
            Self::FieldCharacter { .. } => {
                "write the member of the event as it is in the JSON, without quotes, commas, backslashes and control characters; \
                 steps are separated by dots, and a name that has one stands in double quotes: \"a.b\".c"
                    .into()
            }
            Self::Deep { .. } => "let the device send the value less deep".into(),
            Self::Element { .. } => {
                "elements count from 0; `each` takes all elements of an array as events".into()
            }
            Self::Partition { .. } => "choose another field: the column has its name".into(),
        }
    }
}

/// Checks a name that becomes a column of the store.
pub(super) fn check_column(name: &str, max_bytes: usize) -> Result<(), NameFault> {
    names::check(name, max_bytes)?;
    if PIPELINE_MEASURES.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(NameFault::Pipeline { name: name.to_owned() });
    }
    Ok(())
}

/// Checks the path of a value in an event, whose members are also columns of the lake.
///
/// What is no path is the name of a member, as it stands.
pub(super) fn check_field(field: &str) -> Result<Path, NameFault> {
    if field.is_empty() {
        return Err(NameFault::Empty);
    }
    if field.len() > FIELD_BYTES {
        return Err(NameFault::Long { bytes: field.len(), max: FIELD_BYTES });
    }
    let path = Path::of(field);
    if path.steps.len() > MAX_STEPS {
        return Err(NameFault::Deep { steps: path.steps.len() });
    }
    for step in &path.steps {
        match step {
            Step::Member(name) => check_member(name)?,
            Step::Element(element) if *element > MAX_ELEMENT => {
                return Err(NameFault::Element { element: *element });
            }
            Step::Element(_) => {}
        }
    }
    match path.steps.first() {
        Some(Step::Member(name)) if name.eq_ignore_ascii_case(PARTITION) => {
            Err(NameFault::Partition { field: field.to_owned() })
        }
        _ => Ok(path),
    }
}

/// Checks a name by which an event has a value, where it is no path: that of a member, or one that the event
/// says itself.
pub(super) fn check_member(name: &str) -> Result<(), NameFault> {
    if name.is_empty() {
        return Err(NameFault::Empty);
    }
    if name.len() > FIELD_BYTES {
        return Err(NameFault::Long { bytes: name.len(), max: FIELD_BYTES });
    }
    let refused = |c: &char| c.is_control() || matches!(c, '"' | '\'' | '`' | '\\' | ',' | '{' | '}');
    match name.chars().find(refused) {
        Some(character) => Err(NameFault::FieldCharacter { field: name.to_owned(), character }),
        None => Ok(()),
    }
}
