//! Which names the store, the lake and the pipeline itself leave to a model.

use telemetry::{ORIGINAL_TIME, TIME_CORRECTED};
use timestream::names;

use crate::config::Fault;

/// Longest name of a field, in bytes: it is a column of the lake, and
/// [Glue](https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html) takes no longer one.
const FIELD_BYTES: usize = 255;

/// Measures that the consumer itself adds to a record whose time it corrected.
pub(super) const PIPELINE_MEASURES: [&str; 2] = [TIME_CORRECTED, ORIGINAL_TIME];

/// The column by which the lake is partitioned.
const PARTITION_COLUMN: &str = "datehour";

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
                "write the member of the event as it is in the JSON, without quotes, commas, backslashes and control characters"
                    .into()
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

/// Checks the name of a member of an event, which is also a column of the lake.
pub(super) fn check_field(field: &str) -> Result<(), NameFault> {
    if field.is_empty() {
        return Err(NameFault::Empty);
    }
    if field.len() > FIELD_BYTES {
        return Err(NameFault::Long { bytes: field.len(), max: FIELD_BYTES });
    }
    let refused = |c: &char| c.is_control() || matches!(c, '"' | '\'' | '`' | '\\' | ',' | '{' | '}');
    if let Some(character) = field.chars().find(refused) {
        return Err(NameFault::FieldCharacter { field: field.to_owned(), character });
    }
    if field.eq_ignore_ascii_case(PARTITION_COLUMN) {
        return Err(NameFault::Partition { field: field.to_owned() });
    }
    Ok(())
}
