//! The store that is asked, by names that are the same for every store. Each has a folder beside this one, with its
//! client, its rows and its dialect; which of them it is, the function's environment says, and nothing outside of
//! this folder knows.

mod cells;
pub mod dialect;
mod latest;
pub mod queries;
mod settings;
mod table;

pub use cells::Cells;
pub use settings::{Settings, SettingsFault};
pub use table::Table;

/// Why the store gave no rows.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It refused, or could not be reached.
    #[error("the store cannot be queried: {0}")]
    Query(String),
    /// It answered something else than what was asked.
    #[error("the store answered a row that cannot be read: {expected} is missing in column {column}")]
    Row {
        /// The column, counted from 0.
        column: usize,
        /// What belongs there.
        expected: &'static str,
    },
}
