//! The alarms: each is turned by its fault and turned back by its end, and each has its section in the runbook.

#[path = "../shipped/mod.rs"]
mod shipped;

mod evaluator;
mod faults;
mod fixture;
mod recordings;
mod runbook;
mod template;
