//! Destruction: what is found, the plan to remove it, its execution, and the receipt.
//!
//! `plan` is pure. Nothing is touched that does not carry the environment's tag.

mod buckets;
pub mod find;
pub mod plan;
pub mod receipt;
pub mod remove;
pub mod workspace;

#[cfg(test)]
mod buckets_tests;
