//! Which names Timestream permits, by its
//! [rules](https://docs.aws.amazon.com/timestream/latest/developerguide/ts-limits.html#limits.naming).

/// Longest name of a dimension, in bytes.
pub const DIMENSION_BYTES: usize = 60;

/// Longest name of a measure or of a multi-measure record, in bytes.
pub const MEASURE_BYTES: usize = 256;

/// System identifiers.
const SYSTEM_NAMES: [&str; 3] = ["time", "measure_value", "ts_non_existent_col"];

/// Prefixes of columns of its own.
const SYSTEM_PREFIXES: [&str; 2] = ["ts_", "measure_name"];

/// Words that are reserved in queries, in the order of the alphabet.
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
pub enum NameFault {
    /// There is none.
    #[error("is empty")]
    Empty,
    /// It is too long.
    #[error("is {bytes} bytes long, but at most {max} are allowed")]
    Long {
        /// Its length.
        bytes: usize,
        /// What is allowed.
        max: usize,
    },
    /// SQL has no such name without quotes.
    #[error("is {name:?}, which a query could not name without quotes")]
    Characters {
        /// The name.
        name: String,
    },
    /// It is a system identifier.
    #[error("is \"{name}\", which Timestream keeps for itself")]
    System {
        /// The name.
        name: String,
    },
    /// It begins like a column of Timestream.
    #[error("begins with \"{prefix}\", which Timestream keeps for itself")]
    SystemPrefix {
        /// How it begins.
        prefix: &'static str,
    },
    /// It is a word of SQL.
    #[error("is \"{name}\", a word of the query language")]
    Keyword {
        /// The name.
        name: String,
    },
}

/// Checks a name of at most `max` bytes, which becomes a column and may stand in SQL without quotes.
pub fn check(name: &str, max: usize) -> Result<(), NameFault> {
    if name.is_empty() {
        return Err(NameFault::Empty);
    }
    if name.len() > max {
        return Err(NameFault::Long { bytes: name.len(), max });
    }
    let letters = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let folded = name.to_ascii_lowercase();
    let name = name.to_owned();
    if !letters || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Err(NameFault::Characters { name });
    }
    if KEYWORDS.contains(&folded.as_str()) {
        return Err(NameFault::Keyword { name });
    }
    if SYSTEM_NAMES.contains(&folded.as_str()) {
        return Err(NameFault::System { name });
    }
    match SYSTEM_PREFIXES.into_iter().find(|prefix| folded.starts_with(prefix)) {
        Some(prefix) => Err(NameFault::SystemPrefix { prefix }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_columns_that_need_no_quotes() {
        let fault = |name: &str| check(name, 8).err();
        let named = |name: &str| name.to_owned();
        for (name, expected) in [
            ("v", None),
            ("V_9", None),
            ("", Some(NameFault::Empty)),
            ("too_long_", Some(NameFault::Long { bytes: 9, max: 8 })),
            ("9v", Some(NameFault::Characters { name: named("9v") })),
            ("a b", Some(NameFault::Characters { name: named("a b") })),
            ("Order", Some(NameFault::Keyword { name: named("Order") })),
            ("TIME", Some(NameFault::System { name: named("TIME") })),
            ("ts_v", Some(NameFault::SystemPrefix { prefix: "ts_" })),
        ] {
            assert_eq!(fault(name), expected, "{name}");
        }
    }
}
