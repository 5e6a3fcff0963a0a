//! Databases, tables and their rows: in memory for reading, on disk for surviving.

mod record;

use std::{ops::RangeInclusive, path::Path};

pub use record::{
    Column, ColumnKind, Measures, Row, Series, Snapshot, TableSchema, Value, ValueType,
};

/// Why the store cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such database.
    #[error("The database {database} does not exist.")]
    DatabaseNotFound {
        /// Its name.
        database: String,
    },
    /// No such table in the database, which may itself not exist.
    #[error("The table {table} does not exist.")]
    TableNotFound {
        /// The database's name.
        database: String,
        /// The table's name.
        table: String,
    },
}

/// The databases of this endpoint.
pub struct Store {}

impl Store {
    /// Opens, or creates, the store in the folder `state`.
    pub fn open(_state: &Path) -> Result<Self, Error> {
        Ok(Self {})
    }

    /// Names of the databases, sorted.
    pub fn databases(&self) -> Vec<String> {
        Vec::new()
    }

    /// Names of the tables of a database, sorted.
    pub fn tables(&self, database: &str) -> Result<Vec<String>, Error> {
        Err(Error::DatabaseNotFound {
            database: database.to_owned(),
        })
    }

    /// Rows that are still retained, restricted to `time` (nanoseconds) in `range` when the query bounds it.
    pub fn snapshot(
        &self,
        database: &str,
        _table: &str,
        _range: RangeInclusive<i64>,
    ) -> Result<Snapshot, Error> {
        Err(Error::DatabaseNotFound {
            database: database.to_owned(),
        })
    }
}
