//! `PostgreSQL` as a store of this pipeline, as it is known without asking it: the schema that the pipeline keeps
//! in it, the rows that are written to it, what it takes, which names it permits, and its SQL.
//!
//! Pure: no SDK, no network, no clock. What a row is, when one replaces another and which are refused is decided by
//! functions of the database, which [`schema`] makes, so that every consumer writes by one rule, whichever language
//! and way it takes.

pub mod certificates;
pub mod columns;
pub mod dashboard;
pub mod limits;
pub mod names;
pub mod rows;
pub mod schema;
pub mod sql;
pub mod state;
mod time;

pub use limits::LIMITS;
