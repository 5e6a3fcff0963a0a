//! From the stream to the store.
//!
//! `main.rs` wires this to Lambda; [`handler`] decides. Everything here talks to AWS through clients
//! that it is given, and reads no environment.

pub mod batch;
pub mod effect;
pub mod events;
pub mod handler;
pub mod metrics;
pub mod outgoing;
pub mod postgres;
pub mod quarantine;
pub mod store;
pub mod time_left;
pub mod timestream;
pub mod writer;
pub mod written;
