//! The store that is written to, by names that are the same for every store. The only place that says which it is.

pub use ::timestream::LIMITS;
pub use ::timestream::limits::retention;

pub use crate::timestream::{Table, client};
