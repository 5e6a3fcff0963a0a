//! How Grafana's [data source for PostgreSQL](https://grafana.com/docs/grafana/latest/datasources/postgres/) is asked.
//! `$__` begins a macro of it.

use ::sql::columns::{Column, shared_name};
use ::sql::panels::DataSource;
use ::sql::{TableName, quoted};
use telemetry::MeasureType;

use crate::columns;
use crate::schema::SCHEMA;
use crate::sql::{Postgres, Sql};

impl DataSource for Postgres {
    fn records(table: &str) -> String {
        TableName::new(SCHEMA, table).to_string()
    }

    const CHOSEN_TIME: &'static str = "$__timeFilter(time)";
    const EVENT_TIME: &'static str = "time, nanosecond";
    const ALIAS: &'static str = " AS chosen";

    fn column(column: &Column) -> Sql {
        columns::sql(column)
    }

    fn shared_column(kind: MeasureType) -> String {
        quoted(shared_name(kind))
    }
}
