//! Who answers: the client, its tables and its errors.

pub use crate::timestream::{Cells, Error, Table, client};
