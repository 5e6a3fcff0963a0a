//! What becomes of a query on its way from a dashboard to Timestream: first Grafana puts its variables in,
//! then the data source its macros. Written after
//! [the plugin's page](https://grafana.com/docs/plugins/grafana-timestream-datasource/latest/) and
//! [that of variables](https://grafana.com/docs/grafana/latest/dashboards/variables/variable-syntax/),
//! independently of the templates.

/// What a person has chosen, and what the data source is set to.
pub struct Page<'a> {
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
    /// The query that Timestream gets.
    pub fn expand(&self, query: &str) -> String {
        let mut sql = query.to_owned();
        for (name, value) in &self.variables {
            let quoted = format!("'{}'", value.replace('\'', "''"));
            sql = sql.replace(&format!("${{{name}:sqlstring}}"), &quoted);
            sql = sql.replace(&format!("${{{name}:raw}}"), value);
            sql = sql.replace(&format!("${{{name}}}"), value);
        }
        let time =
            format!("time BETWEEN from_milliseconds({}) AND from_milliseconds({})", self.from, self.to);
        for (macro_name, text) in [
            ("$__database", self.database.to_owned()),
            ("$__table", self.table.to_owned()),
            ("$__timeFilter", time),
            ("$__interval_ms", format!("{}ms", self.interval)),
        ] {
            sql = sql.replace(macro_name, &text);
        }
        // What is left would reach Timestream as it is.
        assert!(!sql.contains('$'), "a macro or a variable is left: {sql}");
        sql
    }
}

#[test]
fn macros_become_what_the_plugin_makes_of_them() {
    let page = Page {
        database: "d",
        table: "t",
        from: 1,
        to: 2,
        interval: 60_000,
        variables: vec![("device", "O'Hara"), ("measure", "watt")],
    };
    let sql = page.expand(
        "SELECT bin(time, $__interval_ms), \"${measure:raw}\" FROM $__database.$__table WHERE d = ${device:sqlstring} AND $__timeFilter",
    );
    assert_eq!(
        sql,
        "SELECT bin(time, 60000ms), \"watt\" FROM d.t WHERE d = 'O''Hara' AND time BETWEEN from_milliseconds(1) AND from_milliseconds(2)"
    );
}
