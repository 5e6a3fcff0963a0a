//! Which names the store, the lake and the pipeline itself leave to a model.

use crate::config::Fault;

/// Longest name of a dimension, in bytes, by the
/// [quotas of Timestream](https://docs.aws.amazon.com/timestream/latest/developerguide/ts-limits.html).
pub(super) const DIMENSION_NAME_BYTES: usize = 60;

/// Longest name of a measure or of a multi-measure record, in bytes, by the same quotas.
pub(super) const MEASURE_NAME_BYTES: usize = 256;

/// Longest name of a field, in bytes: it is a column of the lake, and
/// [Glue](https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html) takes no longer one.
const FIELD_BYTES: usize = 255;

/// Measures that the consumer itself adds to a record whose time it corrected.
pub(super) const PIPELINE_MEASURES: [&str; 2] = ["time_corrected", "original_time"];

/// The column by which the lake is partitioned.
const PARTITION_COLUMN: &str = "datehour";

/// [System identifiers](https://docs.aws.amazon.com/timestream/latest/developerguide/ts-limits.html#limits.naming)
/// of Timestream.
const SYSTEM_NAMES: [&str; 3] = ["time", "measure_value", "ts_non_existent_col"];

/// Prefixes that Timestream keeps for columns of its own.
const SYSTEM_PREFIXES: [&str; 2] = ["ts_", "measure_name"];

/// Words that are
/// [reserved in queries](https://docs.aws.amazon.com/timestream/latest/developerguide/ts-limits.html#limits.naming),
/// in the order of the alphabet.
const KEYWORDS: &[&str] = &[
    "alter",
    "and",
    "as",
    "between",
    "by",
    "case",
    "cast",
    "constraint",
    "create",
    "cross",
    "cube",
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "deallocate",
    "delete",
    "describe",
    "distinct",
    "drop",
    "else",
    "end",
    "escape",
    "except",
    "execute",
    "exists",
    "extract",
    "false",
    "for",
    "from",
    "full",
    "group",
    "grouping",
    "having",
    "in",
    "inner",
    "insert",
    "intersect",
    "into",
    "is",
    "join",
    "left",
    "like",
    "localtime",
    "localtimestamp",
    "natural",
    "normalize",
    "not",
    "null",
    "on",
    "or",
    "order",
    "outer",
    "prepare",
    "recursive",
    "right",
    "rollup",
    "select",
    "table",
    "then",
    "true",
    "uescape",
    "union",
    "unnest",
    "using",
    "values",
    "when",
    "where",
    "with",
];

/// Why a name cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum NameFault {
    #[error("is empty")]
    Empty,
    #[error("is {bytes} bytes long, but at most {max} are allowed")]
    Long { bytes: usize, max: usize },
    #[error("is {name:?}, which a query could not name without quotes")]
    Characters { name: String },
    #[error("is \"{name}\", which Timestream keeps for itself")]
    System { name: String },
    #[error("begins with \"{prefix}\", which Timestream keeps for itself")]
    SystemPrefix { prefix: &'static str },
    #[error("is \"{name}\", a word of the query language")]
    Keyword { name: String },
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
            Self::Empty => "write a name".into(),
            Self::Long { .. } => "shorten it".into(),
            Self::Characters { .. } => {
                "begin with a letter, go on with letters, digits and _".into()
            }
            Self::System { .. } | Self::SystemPrefix { .. } | Self::Keyword { .. } | Self::Pipeline { .. } => {
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
    check_identifier(name, max_bytes)?;
    let folded = name.to_ascii_lowercase();
    let name = name.to_owned();
    if SYSTEM_NAMES.contains(&folded.as_str()) {
        return Err(NameFault::System { name });
    }
    if let Some(prefix) = SYSTEM_PREFIXES.into_iter().find(|prefix| folded.starts_with(prefix)) {
        return Err(NameFault::SystemPrefix { prefix });
    }
    if PIPELINE_MEASURES.contains(&folded.as_str()) {
        return Err(NameFault::Pipeline { name });
    }
    Ok(())
}

/// Checks a name that stands in SQL without quotes.
fn check_identifier(name: &str, max_bytes: usize) -> Result<(), NameFault> {
    if name.is_empty() {
        return Err(NameFault::Empty);
    }
    if name.len() > max_bytes {
        return Err(NameFault::Long { bytes: name.len(), max: max_bytes });
    }
    let letters = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !letters || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Err(NameFault::Characters { name: name.to_owned() });
    }
    if KEYWORDS.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(NameFault::Keyword { name: name.to_owned() });
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
