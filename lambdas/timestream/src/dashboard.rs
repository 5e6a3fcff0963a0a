//! How Grafana's [data source for Timestream](https://grafana.com/grafana/plugins/grafana-timestream-datasource/) is
//! asked. `$__` begins a macro of it.

use ::sql::columns::Column;
use ::sql::panels::DataSource;
use telemetry::MeasureType;

use crate::columns;
use crate::sql::{Sql, Timestream};

impl DataSource for Timestream {
    fn records(_: &str) -> String {
        "$__database.$__table".to_owned()
    }

    const CHOSEN_TIME: &'static str = "$__timeFilter";
    const EVENT_TIME: &'static str = "time";
    const ALIAS: &'static str = "";
    const INTERVALS: [&'static str; 2] = ["bin(time, $__interval_ms)", "bin(minute, $__interval_ms)"];
    const MINUTE: &'static str = "bin(time, 1m)";
    const AGE: &'static str = "date_diff('second', max(time), now())";
    const DOUBLE: &'static str = "DOUBLE";

    fn ago(seconds: u32) -> String {
        format!("ago({seconds}s)")
    }

    fn earliest(value: &str) -> String {
        format!("min_by({value}, time)")
    }

    fn latest(value: &str) -> String {
        format!("max_by({value}, time)")
    }

    fn percentile(value: &str, share: &str) -> String {
        format!("approx_percentile({value}, {share})")
    }

    fn column(column: &Column) -> Sql {
        columns::sql(column)
    }

    fn shared_column(kind: MeasureType) -> String {
        format!("measure_value::{}", kind.name())
    }
}
