//! Which database and table a name in a query means.
//!
//! Names are compared exactly first and then without regard to case, as identifiers are case-insensitive.

use super::failure::{Failure, Position};
use crate::store::Store;

/// A table by its real name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The database.
    pub database: String,
    /// The table.
    pub table: String,
}

/// The database that a name means.
pub fn database(store: &Store, name: &str, identifier: &str, at: Position) -> Result<String, Failure> {
    pick(store.databases(), name).ok_or_else(|| Failure::DatabaseNotFound {
        database: name.to_owned(),
        identifier: identifier.to_owned(),
        at,
    })
}

/// The table that a name means.
pub fn table(
    store: &Store,
    database_name: &str,
    table_name: &str,
    identifier: &str,
    at: Position,
) -> Result<Found, Failure> {
    let database = database(store, database_name, identifier, at)?;
    let table = pick(store.tables(&database)?, table_name).ok_or_else(|| Failure::TableNotFound {
        table: table_name.to_owned(),
        identifier: identifier.to_owned(),
        at,
    })?;
    Ok(Found { database, table })
}

fn pick(candidates: Vec<String>, name: &str) -> Option<String> {
    if candidates.iter().any(|candidate| candidate == name) {
        return Some(name.to_owned());
    }
    let folded = name.to_lowercase();
    candidates.into_iter().find(|candidate| candidate.to_lowercase() == folded)
}
