//! PostgreSQL as the store, behind the Data API: its rows and its dialect.
//!
//! Its SQL is made of the parts of the crate of that name.

mod dialect;
mod rows;

pub use rows::{Cells, Source};
