//! Aurora PostgreSQL clusters on this machine, and the RDS Data API in front of them.
//!
//! A cluster is a real PostgreSQL server of its own, which this process starts and stops. It answers as the service
//! answers, for any SDK with an endpoint URL. What it does not support it refuses by name; it may never answer
//! wrongly. It is a process beside the product, linked into nothing.

pub mod cell;
pub mod clusters;
pub mod endpoint;
pub mod faults;
pub mod front;
mod metadata;
mod numeric;
pub mod operations;
pub mod parameter;
pub mod pool;
pub mod postgres;
pub mod secrets;
pub mod server;
pub mod sql;
pub mod statement;
pub mod testing;
pub mod transactions;
pub mod wire;
