//! Timestream as the store: its requests, its answers, and what they mean for records.
//!
//! What Timestream takes, the crate of that name says; here is what needs its client.

mod client;
mod refusal;
mod request;
mod table;

pub use client::client;
pub use table::Table;
