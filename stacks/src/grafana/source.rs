//! The data source of the dashboards, by the store of an environment.

use serde::Serialize;
use sql::panels::DataSource;

use crate::environment::StoreKind;

/// What the templates say of a data source, and the words of its dialect.
#[derive(Debug, Serialize)]
pub(super) struct Source {
    /// Its plugin.
    #[serde(rename = "type")]
    plugin: &'static str,
    /// Its id.
    uid: &'static str,
    /// What follows `FROM` for every record.
    records: String,
    /// The condition for the time that a person has chosen.
    time: &'static str,
    /// What follows a query in parentheses that others select from.
    alias: &'static str,
    /// The beginning of the interval of the page in which a record is.
    interval: &'static str,
    /// The beginning of that in which a `minute` is.
    interval_of_minute: &'static str,
    /// The beginning of the minute in which a record is.
    minute: &'static str,
    /// The whole seconds since the newest of a group of records.
    age: &'static str,
    /// The type of numbers with a fraction.
    double: &'static str,
    /// The instant five minutes ago.
    silent: String,
}

/// Id of Timestream's plugin.
pub(super) const TIMESTREAM: &str = "grafana-timestream-datasource";

/// Id of the plugin for `PostgreSQL`, which is a part of Grafana.
const POSTGRES: &str = "grafana-postgresql-datasource";

/// Without an event for so long, a device is silent. In seconds.
const SILENT: u32 = 300;

impl Source {
    /// The data source for a store, whose table is called `table`.
    pub fn of<D: DataSource>(store: &StoreKind, table: &str) -> Self {
        let (plugin, uid) = match store {
            StoreKind::Timestream => (TIMESTREAM, "timestream"),
            StoreKind::Postgres(_) => (POSTGRES, "postgres"),
        };
        let [interval, interval_of_minute] = D::INTERVALS;
        Self {
            plugin,
            uid,
            records: D::records(table),
            time: D::CHOSEN_TIME,
            alias: D::ALIAS,
            interval,
            interval_of_minute,
            minute: D::MINUTE,
            age: D::AGE,
            double: D::DOUBLE,
            silent: D::ago(SILENT),
        }
    }
}
