//! The room as a whole, against a service.

mod bound;
pub mod engine;
mod grafana;
mod once;
