//! Which names the store permits for columns, beside what [the store of the model's dialect](timestream::names)
//! permits.

use crate::limits::NAME_BYTES;

/// Columns that every table has: [those of the system](https://www.postgresql.org/docs/current/ddl-system-columns.html)
/// and those of a row that are neither a dimension nor a measure.
const TAKEN: [&str; 9] =
    ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", "nanosecond", "version", "measure_name"];

/// Why a name cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NameFault {
    /// It is too long.
    #[error("is {0} bytes long, but PostgreSQL allows at most {NAME_BYTES}")]
    Long(usize),
    /// Every table has a column of this name.
    #[error("is \"{0}\", a column that every table of PostgreSQL has here")]
    Taken(String),
}

/// Checks the name of a dimension or measure, which becomes a column.
pub fn check(name: &str) -> Result<(), NameFault> {
    if name.len() > NAME_BYTES {
        Err(NameFault::Long(name.len()))
    } else if TAKEN.contains(&name) {
        Err(NameFault::Taken(name.to_owned()))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_columns_of_their_own() {
        let long = "v".repeat(64);
        for (name, expected) in [
            ("v", Ok(())),
            ("Version", Ok(())),
            ("version", Err(NameFault::Taken("version".into()))),
            (&long, Err(NameFault::Long(64))),
            (&long[1..], Ok(())),
        ] {
            assert_eq!(check(name), expected, "{name}");
        }
    }
}
