//! How a query names a column of a measure.

use ::sql::columns::Column;

use crate::sql::Sql;

/// The column in a query.
pub fn sql(column: &Column) -> Sql {
    let mut sql = Sql::default();
    sql.identifier(&column.identifier);
    sql
}
