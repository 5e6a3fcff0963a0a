//! The commands that only this repository needs.

pub mod completions;
pub mod lint;
pub mod new;
pub mod test;
