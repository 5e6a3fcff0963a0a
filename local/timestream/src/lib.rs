//! A Timestream (for `LiveAnalytics`) endpoint on this machine: the Write and the Query API over one port.
//!
//! It answers as the service answers, for any SDK with an endpoint URL. What it does not support it
//! refuses by name; it may never answer wrongly. It is a process beside the product, linked into nothing.

pub mod arn;
pub mod clock;
pub mod control;
pub mod endpoint;
pub mod faults;
pub mod names;
pub mod operations;
pub mod query;
pub mod server;
pub mod store;
pub mod wire;
pub mod write;
