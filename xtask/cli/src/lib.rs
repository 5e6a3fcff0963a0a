//! The command line: what is typed, the pages that are printed, and the only printing.
//!
//! A command has one file in `commands/`: its flags, and a `run` that calls what does the work. `pages/` writes
//! what the engine found and did as text and Markdown, `report` prints it.

mod bucket;
pub mod commands;
pub mod github;
mod global;
mod grafana;
mod lake;
mod lifetime;
mod pages;
mod probes;
mod quarantine;
mod question;
pub mod report;
mod send;
mod store;
pub mod validators;

pub use self::commands::{Command, Outcome};
pub use self::global::{Format, Global, Progress};
