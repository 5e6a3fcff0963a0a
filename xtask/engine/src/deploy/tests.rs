//! The room as a whole, against a service.

mod bound;
pub mod engine;
pub mod fake;
mod faults;
mod grafana;
mod once;
