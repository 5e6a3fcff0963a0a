//! How the [queries](crate::store::queries) are written for PostgreSQL.
//!
//! A row has its time in two columns. What a query selects as `time` is the number of nanoseconds since 1970 that both
//! make.

use postgres::columns;
use postgres::sql::{self as parts, Postgres};
use sql::Sql;
use sql::columns::Column;
use telemetry::MeasureType;

use crate::instant::Instant;
use crate::store::dialect::Dialect;

impl Dialect for Postgres {
    const TIME: &'static str = "sluice.nanoseconds(time, nanosecond) AS time";
    const NEWEST: &'static str = "time DESC, nanosecond DESC";
    const TEXT_ORDER: &'static str = " COLLATE \"C\"";

    fn column(column: &Column) -> Sql<Self> {
        columns::sql(column)
    }

    fn between(from: Instant, to: Instant) -> Sql<Self> {
        parts::between(from.nanos(), to.nanos())
    }

    fn since(from: Instant) -> Sql<Self> {
        parts::since(from.nanos())
    }

    fn nanoseconds(time: &'static str) -> Sql<Self> {
        Sql::new(time)
    }

    fn first(value: &Sql<Self>) -> Sql<Self> {
        let mut sql = Sql::new("(array_agg(");
        sql.part(value).text(" ORDER BY time))[1]");
        sql
    }

    fn last(value: &Sql<Self>) -> Sql<Self> {
        let mut sql = Sql::new("(array_agg(");
        sql.part(value).text(" ORDER BY time DESC))[1]");
        sql
    }

    fn type_name(kind: MeasureType) -> &'static str {
        match kind {
            MeasureType::Double => "DOUBLE PRECISION",
            MeasureType::Bigint | MeasureType::Timestamp => "BIGINT",
            MeasureType::Boolean => "BOOLEAN",
            MeasureType::Varchar => "TEXT",
        }
    }
}
