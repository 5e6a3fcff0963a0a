//! Makes a `PostgreSQL` database the store, and keeps it one.
//!
//! Behind the custom resource `Custom::SluiceSchema` it makes schema, roles, table and functions, and what a changed
//! model adds to them. On a schedule it makes the partitions of the days to come and drops those that are past. What
//! the database is to look like, `postgres` says; here is how it gets there, through the Data API, as the master role.
//!
//! `main.rs` wires this to Lambda. Everything here talks to AWS through clients that it is given, and reads no
//! environment.

pub mod event;
mod password;
mod patience;
mod properties;
pub mod setup;
