//! Payloads that devices really send: how they are read from files, what becomes of them under a model, and which
//! model suits them.
//!
//! Pure: bytes in, values out. It knows no file, no clock, no terminal and no AWS.

pub mod attempt;
pub mod propose;
pub mod read;

pub use attempt::{Attempt, Trial};
pub use propose::propose;
pub use read::{Sample, read};
