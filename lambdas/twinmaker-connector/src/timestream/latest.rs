//! What the table says of a device in its latest record.

use timestream::sql::{Literal, Sql};

use super::{Error, Table};
use crate::catalog::{Catalog, DimensionProperty};
use crate::instant::Instant;

/// How far back a device's latest record is looked for: no query is without a bound on time, and what a
/// device was a year ago says little of what it is.
const LOOK_BACK_DAYS: i64 = 365;

/// The first look back is at so many days: a device that sends is found at once, and cheaply.
const FIRST_LOOK_BACK_DAYS: i64 = 1;

const DAY: i64 = 86_400_000_000_000;

impl Table {
    /// The values of dimensions, all of which are columns of the table, in the latest record that the device
    /// called `name` has of the kind; of none where there is no such record.
    pub async fn latest(
        &self,
        catalog: &Catalog,
        name: &str,
        dimensions: &[&DimensionProperty],
        now: Instant,
    ) -> Result<Vec<Option<String>>, Error> {
        let mut found = Vec::new();
        for days in [FIRST_LOOK_BACK_DAYS, LOOK_BACK_DAYS] {
            let mut sql = Sql::new("SELECT time");
            for dimension in dimensions {
                sql.text(", ").identifier(&dimension.sql);
            }
            let from = Literal::Timestamp(now.nanos().saturating_sub(days * DAY));
            sql.text(" FROM ").table(self.name()).text(" WHERE time >= ").literal(&from);
            if !catalog.records.is_empty() {
                let records = catalog.records.iter().map(|name| {
                    let mut sql = Sql::default();
                    sql.literal(&Literal::Text(name.clone()));
                    sql
                });
                let records: Vec<Sql> = records.collect();
                sql.text(" AND measure_name IN (").joined(&records, ", ").text(")");
            }
            sql.text(" AND ").identifier(&catalog.device.sql).text(" = ");
            sql.literal(&Literal::Text(name.to_owned())).text(" ORDER BY time DESC LIMIT 1");
            self.rows(&sql, |mut cells| {
                found = (1..=dimensions.len()).map(|column| cells.take(column)).collect();
                Ok::<_, Error>(())
            })
            .await?;
            if !found.is_empty() {
                break;
            }
        }
        Ok(found)
    }
}
