//! How the [queries](crate::store::queries) are written for Timestream.

use sql::columns::Column;
use sql::{Literal, Sql};
use telemetry::MeasureType;
use timestream::columns;
use timestream::sql::Timestream;

use crate::instant::Instant;
use crate::store::dialect::Dialect;

impl Dialect for Timestream {
    const TIME: &'static str = "time";
    const NEWEST: &'static str = "time DESC";
    const TEXT_ORDER: &'static str = "";

    fn column(column: &Column) -> Sql<Self> {
        columns::sql(column)
    }

    fn between(from: Instant, to: Instant) -> Sql<Self> {
        let mut sql = Sql::new("time BETWEEN ");
        sql.literal(&Literal::RowTime(from.nanos())).text(" AND ").literal(&Literal::RowTime(to.nanos()));
        sql
    }

    fn since(from: Instant) -> Sql<Self> {
        let mut sql = Sql::new("time >= ");
        sql.literal(&Literal::RowTime(from.nanos()));
        sql
    }

    fn nanoseconds(time: &'static str) -> Sql<Self> {
        let mut sql = Sql::new("to_nanoseconds(");
        sql.text(time).text(")");
        sql
    }

    fn first(value: &Sql<Self>) -> Sql<Self> {
        let mut sql = Sql::new("min_by(");
        sql.part(value).text(", time)");
        sql
    }

    fn last(value: &Sql<Self>) -> Sql<Self> {
        let mut sql = Sql::new("max_by(");
        sql.part(value).text(", time)");
        sql
    }

    fn type_name(kind: MeasureType) -> &'static str {
        match kind {
            MeasureType::Double => "DOUBLE",
            MeasureType::Bigint => "BIGINT",
            MeasureType::Boolean => "BOOLEAN",
            MeasureType::Varchar => "VARCHAR",
            MeasureType::Timestamp => "TIMESTAMP",
        }
    }
}
