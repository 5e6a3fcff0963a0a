//! The store that is written to, whichever it is: the only place that knows that there are several.
//!
//! A store is a module that sends records in one attempt, and says what its answer means for them:
//! [`timestream`](crate::timestream), [`postgres`](crate::postgres). What is done about it is the same for all of
//! them, in [`writer`](crate::writer).

use std::fmt;

use telemetry::{Limits, Record};

use crate::effect::Effect;
use crate::{postgres, timestream};

/// A time of which no store takes a record, in nanoseconds: 2200-01-01T00:00:00Z. A record of it is refused alone, and
/// tells by that whether the store takes requests at all.
pub(crate) const PROBE_TIME: i64 = 7_258_118_400_000_000_000;

/// A table of one of the stores.
#[derive(Debug, Clone)]
pub enum Store {
    /// Timestream for `LiveAnalytics`.
    Timestream(timestream::Table),
    /// `PostgreSQL`.
    Postgres(postgres::Table),
}

impl Store {
    /// What it takes.
    pub fn limits(&self) -> Limits {
        match self {
            Self::Timestream(_) => ::timestream::LIMITS,
            Self::Postgres(_) => ::postgres::LIMITS,
        }
    }

    /// Records of one request.
    pub fn request_records(&self) -> usize {
        match self {
            Self::Timestream(_) => ::timestream::limits::REQUEST_RECORDS,
            Self::Postgres(_) => ::postgres::limits::REQUEST_ROWS,
        }
    }

    /// Writes at most [`request_records`](Self::request_records) records, no two of one place, in one attempt.
    pub async fn send(&self, records: &[&Record]) -> Effect {
        match self {
            Self::Timestream(table) => table.send(records).await,
            Self::Postgres(table) => table.send(records).await,
        }
    }

    /// Asks whether the store takes requests at all, without a trace in it: the record is valid in form and
    /// refused for its time, so that every answer but [`Effect::Refused`] and [`Effect::Stored`] is about
    /// something else than the record.
    pub async fn probe(&self) -> Effect {
        match self {
            Self::Timestream(table) => table.probe().await,
            Self::Postgres(table) => table.probe().await,
        }
    }
}

/// Where the table is, for people.
impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timestream(table) => write!(f, "Timestream {}.{}", table.database, table.table),
            Self::Postgres(table) => write!(f, "PostgreSQL {}.{}", table.database.name(), table.table),
        }
    }
}
