//! Why a record is rejected while the others of its request are written.
//!
//! The sentences about time ranges and versions are the service's own, as its clients report them; it
//! publishes none of the others.

use std::fmt;

use jiff::Timestamp;

use crate::store::ValueType;

/// Why a record is rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Too old or too far in the future. Nanoseconds; `until` is outside.
    #[error("The record timestamp is outside the time range [{}, {}) of the {window}.", Instant(*from), Instant(*until))]
    OutsideWindow {
        /// The oldest time that is accepted.
        from: i64,
        /// The first time that is too far in the future.
        until: i64,
        /// Which window it is.
        window: Window,
    },
    /// The same key is stored with a higher version.
    #[error(
        "The record version {version} is lower than the existing version {existing}. A higher version is required to update the measure value."
    )]
    LowerVersion {
        /// Of the record.
        version: i64,
        /// Of the stored row.
        existing: i64,
    },
    /// The same key is stored with the same version and other values.
    #[error(
        "A record already exists with the same time, dimensions, measure name, and record version. A higher record version must be specified in order to update the measure value. Specifying record version is supported by the latest SDKs."
    )]
    SameVersion {
        /// Of both.
        existing: i64,
    },
    /// A name, value or count that is over a limit of the service.
    #[error("The {what} has {actual} {unit}, more than the limit of {limit}.")]
    OverLimit {
        /// What is too large, for instance `dimension name "…"`.
        what: String,
        /// How large it is.
        actual: usize,
        /// `bytes`, or what is counted.
        unit: &'static str,
        /// How large it may be.
        limit: usize,
    },
    /// A dimension and a measure of this name.
    #[error("The name \"{name}\" is used for a dimension and for a measure. Their names must be distinct.")]
    SharedName {
        /// The name.
        name: String,
    },
    /// A value of multi-measure records that is stored with another type.
    #[error("The measure \"{name}\" has the data type {given}, but it already exists with the data type {existing}.", given = given.name(), existing = existing.name())]
    OtherType {
        /// Name of the value.
        name: String,
        /// Type in the record.
        given: ValueType,
        /// Type in the table.
        existing: ValueType,
    },
    /// The dimension that the table is partitioned by, and requires, is missing.
    #[error("The record lacks the dimension \"{name}\", which is the required partition key of the table.")]
    PartitionKeyMissing {
        /// Name of the dimension.
        name: String,
    },
    /// Not a rule of the service: asked for through the fault route.
    #[error("{reason}")]
    Injected {
        /// As asked for.
        reason: String,
    },
}

impl Rejection {
    /// Version of the row that is in the way.
    pub fn existing_version(&self) -> Option<i64> {
        match self {
            Self::LowerVersion { existing, .. } | Self::SameVersion { existing } => Some(*existing),
            _ => None,
        }
    }
}

/// Which window a time is outside of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// Of a table that takes no older rows.
    MemoryStore,
    /// Of a table with magnetic store writes.
    Ingestion,
}

impl fmt::Display for Window {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::MemoryStore => "memory store",
            Self::Ingestion => "data ingestion window",
        })
    }
}

/// Nanoseconds since 1970, shown as `2023-02-13T19:22:45.051Z`.
struct Instant(i64);

impl fmt::Display for Instant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = Timestamp::from_nanosecond(i128::from(self.0)).map_err(|_| fmt::Error)?;
        write!(formatter, "{}", instant.strftime("%Y-%m-%dT%H:%M:%S.%3fZ"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences() {
        let window = |window| Rejection::OutsideWindow {
            from: 1_676_316_165_051_999_999,
            until: 1_676_319_765_000_000_000,
            window,
        };
        for (rejection, sentence, existing) in [
            (
                window(Window::MemoryStore),
                "The record timestamp is outside the time range [2023-02-13T19:22:45.051Z, 2023-02-13T20:22:45.000Z) of the memory store.",
                None,
            ),
            (
                window(Window::Ingestion),
                "The record timestamp is outside the time range [2023-02-13T19:22:45.051Z, 2023-02-13T20:22:45.000Z) of the data ingestion window.",
                None,
            ),
            (
                Rejection::LowerVersion { version: 2, existing: 200 },
                "The record version 2 is lower than the existing version 200. A higher version is required to update the measure value.",
                Some(200),
            ),
            (
                Rejection::OtherType {
                    name: "state".into(),
                    given: ValueType::Bigint,
                    existing: ValueType::Varchar,
                },
                "The measure \"state\" has the data type BIGINT, but it already exists with the data type VARCHAR.",
                None,
            ),
        ] {
            assert_eq!(rejection.to_string(), sentence);
            assert_eq!(rejection.existing_version(), existing, "{sentence}");
        }
    }
}
