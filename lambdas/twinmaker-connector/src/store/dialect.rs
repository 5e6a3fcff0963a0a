//! What statements are made of.

pub use ::timestream::columns::Column;
pub use ::timestream::sql::{Finite, Identifier, Literal};
pub use ::timestream::time;
