//! The Data API as clients see it: the Rust SDK and boto3 against the real process and a real PostgreSQL.

mod client;
mod clusters;
mod durability;
mod errors;
mod faults;
mod front;
mod limits;
mod statements;
mod transactions;
