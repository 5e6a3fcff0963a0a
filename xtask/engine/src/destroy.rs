//! Destruction: what is found, the plan to remove it, its execution, and the receipt.
//!
//! `plan`, `why` and `obstacle` are pure. Nothing is touched that does not carry the environment's tag.

mod ask;
pub mod buckets;
pub mod contents;
pub mod find;
mod obstacle;
pub mod plan;
pub mod proof;
pub mod receipt;
pub mod remove;
pub mod teardown;
mod why;
pub mod workspace;

#[cfg(test)]
mod tests;
