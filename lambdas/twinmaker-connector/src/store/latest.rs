//! What the table says of a device in its latest record.

use sql::{Sql, TableName};

use super::dialect::{Dialect, Literal};
use crate::catalog::{Catalog, DimensionProperty};
use crate::instant::Instant;

/// How far back a device's latest record is looked for: no query is without a bound on time, and what a
/// device was a year ago says little of what it is.
const LOOK_BACK_DAYS: i64 = 365;

/// The first look back is at so many days: a device that sends is found at once, and cheaply.
const FIRST_LOOK_BACK_DAYS: i64 = 1;

const DAY: i64 = 86_400_000_000_000;

/// From when on it is looked for, one after the other.
pub fn looks_back(now: Instant) -> [Instant; 2] {
    [FIRST_LOOK_BACK_DAYS, LOOK_BACK_DAYS]
        .map(|days| Instant::from_nanos(now.nanos().saturating_sub(days * DAY)))
}

/// Selects the time and `dimensions` of the latest record that the device called `name` has of the kind.
pub fn query<D: Dialect>(
    table: &TableName,
    catalog: &Catalog,
    name: &str,
    dimensions: &[&DimensionProperty],
    from: Instant,
) -> Sql<D> {
    let mut sql = Sql::new("SELECT time");
    for dimension in dimensions {
        sql.text(", ").identifier(&dimension.sql);
    }
    sql.text(" FROM ").table(table).text(" WHERE ").part(&D::since(from));
    if !catalog.records.is_empty() {
        let records = catalog.records.iter().map(|name| {
            let mut sql = Sql::default();
            sql.literal(&Literal::Text(name.clone()));
            sql
        });
        let records: Vec<Sql<D>> = records.collect();
        sql.text(" AND measure_name IN (").joined(&records, ", ").text(")");
    }
    sql.text(" AND ").identifier(&catalog.device.sql).text(" = ");
    sql.literal(&Literal::Text(name.to_owned()));
    sql.text(" ORDER BY ").text(D::NEWEST).text(" LIMIT 1");
    sql
}
