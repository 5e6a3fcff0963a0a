//! What becomes of a query on its way from a dashboard to a store: first Grafana puts its variables in,
//! then the data source its macros. Written after the pages of the plugins for
//! [Timestream](https://grafana.com/docs/plugins/grafana-timestream-datasource/latest/) and
//! [PostgreSQL](https://grafana.com/docs/grafana/latest/datasources/postgres/query-editor/#macros), and
//! [that of variables](https://grafana.com/docs/grafana/latest/dashboards/variables/variable-syntax/),
//! independently of the templates.

use crate::store::Kind;

/// What a person has chosen, and what the data source is set to.
#[derive(Clone)]
pub struct Page<'a> {
    pub kind: Kind,
    pub database: &'a str,
    pub table: &'a str,
    /// The time range, in milliseconds since 1970.
    pub from: i64,
    pub to: i64,
    /// The time that a point of a graph stands for, in milliseconds.
    pub interval: i64,
    /// Variables and their values.
    pub variables: Vec<(&'a str, &'a str)>,
}

impl Page<'_> {
    /// The query that the store gets.
    pub fn expand(&self, query: &str) -> String {
        let mut sql = query.to_owned();
        for (name, value) in &self.variables {
            let quoted = format!("'{}'", value.replace('\'', "''"));
            sql = sql.replace(&format!("${{{name}:sqlstring}}"), &quoted);
            sql = sql.replace(&format!("${{{name}:raw}}"), value);
            sql = sql.replace(&format!("${{{name}}}"), value);
        }
        let macros = match self.kind {
            Kind::Timestream => vec![
                ("$__database", self.database.to_owned()),
                ("$__table", self.table.to_owned()),
                (
                    "$__timeFilter",
                    format!(
                        "time BETWEEN from_milliseconds({}) AND from_milliseconds({})",
                        self.from, self.to
                    ),
                ),
                ("$__interval_ms", format!("{}ms", self.interval)),
            ],
            Kind::Postgres => vec![
                ("$__timeFilter(time)", format!("time BETWEEN '{}' AND '{}'", utc(self.from), utc(self.to))),
                ("$__interval_ms", self.interval.to_string()),
            ],
        };
        for (macro_name, text) in macros {
            sql = sql.replace(macro_name, &text);
        }
        // What is left would reach the store as it is.
        assert!(!sql.contains('$'), "a macro or a variable is left: {sql}");
        sql
    }
}

/// A time as RFC 3339 writes it.
fn utc(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds).expect("a time").to_string()
}

#[test]
fn macros_become_what_the_plugins_make_of_them() {
    for (kind, query, expected) in [
        (
            Kind::Timestream,
            "SELECT bin(time, $__interval_ms), \"${measure:raw}\" FROM $__database.$__table WHERE d = ${device:sqlstring} AND $__timeFilter",
            "SELECT bin(time, 60000ms), \"watt\" FROM d.t WHERE d = 'O''Hara' AND time BETWEEN from_milliseconds(1) AND from_milliseconds(2000)",
        ),
        (
            Kind::Postgres,
            "SELECT $__interval_ms * x, \"${measure:raw}\" FROM s.t WHERE d = ${device:sqlstring} AND $__timeFilter(time)",
            "SELECT 60000 * x, \"watt\" FROM s.t WHERE d = 'O''Hara' AND time BETWEEN '1970-01-01T00:00:00.001Z' AND '1970-01-01T00:00:02Z'",
        ),
    ] {
        let variables = vec![("device", "O'Hara"), ("measure", "watt")];
        let page = Page { kind, database: "d", table: "t", from: 1, to: 2_000, interval: 60_000, variables };
        assert_eq!(page.expand(query), expected);
    }
}
