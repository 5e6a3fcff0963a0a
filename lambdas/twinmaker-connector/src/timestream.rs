//! Timestream as the store: its client, its rows and its dialect.
//!
//! Its SQL is made of the parts of the crate of that name.

mod client;
mod dialect;
mod rows;

pub use client::client;
pub use rows::{Cells, Source};
