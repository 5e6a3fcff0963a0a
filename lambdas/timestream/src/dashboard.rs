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

    fn column(column: &Column) -> Sql {
        columns::sql(column)
    }

    fn shared_column(kind: MeasureType) -> String {
        format!("measure_value::{}", kind.name())
    }
}
