//! The function against a real `PostgreSQL` behind the Data API's stand-in, over the SDK's real clients.
#![allow(missing_docs, reason = "tests are named, not documented")]

mod bench;
mod process;
mod schema;
mod waiting;
