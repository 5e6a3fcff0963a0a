//! The store that is asked, by names that are the same for every store. The only place that says which it is.

pub use ::timestream::columns::Column;
pub use ::timestream::sql::{Finite, Identifier, Literal};
pub use ::timestream::time;

pub use crate::timestream::query::{Grid, Layout, Scope, Slice};
pub use crate::timestream::{Cells, Error, Table, client};
