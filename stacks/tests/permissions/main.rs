//! What the roles of a bootstrapped environment may do, and what not: the derived policies, judged by a
//! small evaluator of IAM's rules.

mod borders;
mod coverage;
mod decisions;
mod deployed;
mod devices;
mod evaluator;
mod fixture;
mod limits;
#[path = "../shipped/mod.rs"]
mod shipped;
mod snapshots;
