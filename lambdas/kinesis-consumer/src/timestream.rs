//! Timestream as the store: its requests, its answers, and what they mean for records.
//!
//! What Timestream takes, the crate of that name says; here is what needs its client. Another store is another
//! module beside this one, which writes [`Outgoing`](crate::outgoing::Outgoing) and gives
//! [`Written`](crate::written::Written).

mod client;
mod refusal;
mod request;
mod table;
mod writer;

pub use client::client;
pub use refusal::Refusal;
pub use table::{Busy, Effect, Table};
