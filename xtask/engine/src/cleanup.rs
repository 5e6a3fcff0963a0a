//! What no stack of an environment owns any more: archives, log groups, change sets, and environments that
//! have expired.
//!
//! `artifacts`, `expired` and `scope` decide and are pure; `find` reads, `sweep` removes. Whose something is
//! is decided by exact names and exact tags, never by how a name begins: `test` is not `test2`.

pub mod artifacts;
pub mod expired;
pub mod find;
pub mod findings;
pub mod live;
pub mod scope;
pub mod sweep;

#[cfg(test)]
mod tests;
