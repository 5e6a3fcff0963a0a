//! What is asked.

pub use crate::timestream::query::{Grid, Layout, Scope, Slice};
