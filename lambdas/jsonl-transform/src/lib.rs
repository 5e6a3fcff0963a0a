//! Firehose's transform: every record becomes one line of JSON.
//!
//! The lake's objects are concatenated records, and Athena reads one row a line, so a record must be
//! exactly one line. [`handler`] is pure and holds all decisions; the binary only carries bytes
//! between it and the Lambda Runtime API.

pub mod handler;
mod kinds;
mod line;
mod topic;

pub use kinds::Kinds;
