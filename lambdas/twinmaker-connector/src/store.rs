//! The store that is asked, by names that are the same for every store. Nothing outside of this folder says which
//! it is.

pub mod client;
pub mod dialect;
pub mod queries;
