//! Timestream as the store: its client, its queries and its rows.
//!
//! Its SQL is made of the parts of the crate of that name. Another store is another module beside this one.

mod client;
mod latest;
pub mod query;
mod table;

pub use client::client;
pub use table::{Cells, Error, Table};
