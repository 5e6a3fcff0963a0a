//! Which names the service accepts, from its
//! [naming constraints](https://docs.aws.amazon.com/timestream/latest/developerguide/ts-limits.html#limits.naming).
//!
//! Lengths of dimension and measure names are limits of a record, judged by `write`.

/// Shortest and longest name of a database or table, in bytes.
const RESOURCE_NAME_BYTES: std::ops::RangeInclusive<usize> = 3..=256;
/// Names that columns of the service's own have.
const RESERVED: [&str; 4] = ["time", "measure_name", "measure_value", "ts_non_existent_col"];
/// What names of the service's own begin with.
const RESERVED_PREFIXES: [&str; 3] = ["ts_", "measure_name", "measure_value"];

/// Why a name is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A database or table name of the wrong length or with other characters.
    #[error(
        "The {what} name \"{name}\" is invalid: it must have 3 to 256 characters of a-z, A-Z, 0-9, underscore, hyphen and dot."
    )]
    Resource {
        /// `database` or `table`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// An empty dimension or measure name.
    #[error("The {what} name must not be empty.")]
    Empty {
        /// `dimension` or `measure`.
        what: &'static str,
    },
    /// A dimension or measure name that the service keeps for itself.
    #[error("The {what} name \"{name}\" is reserved.")]
    Reserved {
        /// `dimension` or `measure`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A colon, which stands between a column and its type.
    #[error("The {what} name \"{name}\" must not contain a colon.")]
    Colon {
        /// `dimension` or `measure`.
        what: &'static str,
        /// The name.
        name: String,
    },
}

/// Checks the name of a `database` or `table` that is to be created.
pub fn check_resource(what: &'static str, name: &str) -> Result<(), Error> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if RESOURCE_NAME_BYTES.contains(&name.len()) && name.bytes().all(allowed) {
        Ok(())
    } else {
        Err(Error::Resource { what, name: name.to_owned() })
    }
}

/// Checks the name of a `dimension`, or of a `measure` that becomes a column.
pub fn check_column(what: &'static str, name: &str) -> Result<(), Error> {
    if name.contains(':') {
        return Err(Error::Colon { what, name: name.to_owned() });
    }
    check_unreserved(what, name)
}

/// Checks the `measure_name` of a record, which is a value of a column and may contain a colon.
pub fn check_measure_name(name: &str) -> Result<(), Error> {
    check_unreserved("measure", name)
}

fn check_unreserved(what: &'static str, name: &str) -> Result<(), Error> {
    if name.is_empty() {
        return Err(Error::Empty { what });
    }
    let lower = name.to_ascii_lowercase();
    if RESERVED.contains(&lower.as_str()) || RESERVED_PREFIXES.iter().any(|prefix| lower.starts_with(prefix))
    {
        return Err(Error::Reserved { what, name: name.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_names() {
        let longest = "x".repeat(256);
        let too_long = "x".repeat(257);
        for (name, accepted) in [
            ("abc", true),
            ("Smart-home_1.v2", true),
            (longest.as_str(), true),
            ("ab", false),
            ("", false),
            (too_long.as_str(), false),
            ("with space", false),
            ("slash/es", false),
            ("größe", false),
        ] {
            assert_eq!(check_resource("table", name).is_ok(), accepted, "{name}");
        }
    }

    #[test]
    fn column_names() {
        for (name, refusal) in [
            ("temperature", None),
            ("Time_of_day", None),
            ("times", None),
            ("", Some("must not be empty")),
            ("a:b", Some("colon")),
            ("time", Some("reserved")),
            ("TIME", Some("reserved")),
            ("measure_value", Some("reserved")),
            ("measure_values", Some("reserved")),
            ("measure_name_2", Some("reserved")),
            ("ts_arrival", Some("reserved")),
            ("ts_non_existent_col", Some("reserved")),
        ] {
            match (check_column("measure", name), refusal) {
                (Ok(()), None) => {}
                (Err(error), Some(part)) => assert!(error.to_string().contains(part), "{name}: {error}"),
                (outcome, _) => panic!("{name}: {outcome:?}"),
            }
        }
    }
}
