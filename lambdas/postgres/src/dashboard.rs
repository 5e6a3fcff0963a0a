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
    // A bin of any length, which counts from 1970 as Grafana does.
    const INTERVALS: [&'static str; 2] = [
        "date_bin($__interval_ms * interval '1 millisecond', time, TIMESTAMPTZ 'epoch')",
        "date_bin($__interval_ms * interval '1 millisecond', minute, TIMESTAMPTZ 'epoch')",
    ];
    const MINUTE: &'static str = "date_trunc('minute', time)";
    const AGE: &'static str = "floor(extract(epoch FROM now() - max(time)))::bigint";
    const DOUBLE: &'static str = "DOUBLE PRECISION";

    fn ago(seconds: u32) -> String {
        format!("now() - interval '{seconds} seconds'")
    }

    fn earliest(value: &str) -> String {
        format!("(array_agg({value} ORDER BY time, nanosecond))[1]")
    }

    fn latest(value: &str) -> String {
        format!("(array_agg({value} ORDER BY time DESC, nanosecond DESC))[1]")
    }

    fn percentile(value: &str, share: &str) -> String {
        format!("percentile_cont({share}) WITHIN GROUP (ORDER BY {value})")
    }

    fn column(column: &Column) -> Sql {
        columns::sql(column)
    }

    fn shared_column(kind: MeasureType) -> String {
        quoted(shared_name(kind))
    }
}
