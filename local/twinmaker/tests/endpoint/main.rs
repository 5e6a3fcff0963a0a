//! The process as its clients see it: the Rust SDK, boto3 and raw HTTP, with a Lambda endpoint behind it
//! that records what it is asked.

mod client;
mod connectors;
mod control;
mod durability;
mod errors;
mod history;
mod lambda;
#[path = "../process/mod.rs"]
mod process;
mod schema;
mod tokens;
mod values;
