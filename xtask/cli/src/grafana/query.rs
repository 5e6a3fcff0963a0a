//! The queries of a dashboard, as the plugin of its data source sends them.
//!
//! Grafana puts variables in, and the plugin macros. This does both for a person who is not there: the
//! first choice of every variable.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use stacks::environment::{Environment, StoreKind};

use ::postgres::sql::Postgres;
use ::timestream::sql::Timestream;

use crate::store::{Answer, Store};
use session::Failure;

/// The lengths that Grafana gives a point of a graph, in milliseconds.
const INTERVALS: [i64; 14] = [
    1_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000,
    10_800_000, 43_200_000, 86_400_000,
];

/// What is asked for: a time, and what variables stand for.
#[derive(Debug, Clone)]
pub struct Page<'a> {
    /// The environment, whose table is meant.
    pub environment: &'a Environment,
    /// The time, in milliseconds since 1970.
    pub from: i64,
    /// Its end.
    pub to: i64,
    /// Variables by name.
    pub variables: Vec<(String, String)>,
}

impl<'a> Page<'a> {
    /// The last `last` before now, in milliseconds since 1970.
    pub fn ending(environment: &'a Environment, now: i64, last: Duration) -> Self {
        let length = i64::try_from(last.as_millis()).unwrap_or(i64::MAX);
        Self { environment, from: now.saturating_sub(length), to: now, variables: Vec::new() }
    }

    /// The time that a point of a panel stands for: `points` of them fill the time, none is shorter than
    /// the panel's least.
    pub fn interval(&self, panel: &Value, points: i64) -> i64 {
        let points = panel["maxDataPoints"].as_i64().unwrap_or(points).max(1);
        let least =
            panel["interval"].as_str().map_or(1_000, |text| if text == "1m" { 60_000 } else { 10_000 });
        let wanted = ((self.to - self.from) / points).max(least);
        INTERVALS.into_iter().find(|interval| *interval >= wanted).unwrap_or(wanted)
    }

    /// The query that the store gets.
    pub fn expand(&self, query: &str, interval: i64) -> String {
        let text = match self.environment.store.kind {
            StoreKind::Timestream => sql::text::<Timestream>,
            StoreKind::Postgres(_) => sql::text::<Postgres>,
        };
        let mut sql = query.to_owned();
        for (name, value) in &self.variables {
            sql = sql.replace(&format!("${{{name}:sqlstring}}"), &text(value));
            sql = sql.replace(&format!("${{{name}:raw}}"), value).replace(&format!("${{{name}}}"), value);
        }
        match self.environment.store.kind {
            StoreKind::Timestream => {
                let time = format!(
                    "time BETWEEN from_milliseconds({}) AND from_milliseconds({})",
                    self.from, self.to
                );
                sql.replace("$__database", &self.environment.database())
                    .replace("$__table", self.environment.table())
                    .replace("$__timeFilter", &time)
                    .replace("$__interval_ms", &format!("{interval}ms"))
            }
            StoreKind::Postgres(_) => {
                let [from, to] = [self.from, self.to].map(|time| {
                    sql::literal::<Postgres>(&sql::Literal::RowTime(time.saturating_mul(1_000_000)))
                });
                sql.replace("$__timeFilter(time)", &format!("time BETWEEN {from} AND {to}"))
                    .replace("$__interval_ms", &interval.to_string())
            }
        }
    }

    /// Takes the first choice of each variable of a dashboard.
    pub async fn choose(&mut self, store: &Store, dashboard: &Value) -> Result<(), Failure> {
        for variable in dashboard["templating"]["list"].as_array().into_iter().flatten() {
            let name = variable["name"].as_str().context("a variable has no name")?.to_owned();
            let value = match variable["query"].as_str() {
                Some(sql) if variable["type"] == "query" => {
                    let answer = store.query(&self.expand(sql, 1_000), Some(1)).await?;
                    answer.rows.first().and_then(|row| row.first()?.as_str()).unwrap_or_default().to_owned()
                }
                _ => variable["current"]["value"].as_str().unwrap_or_default().to_owned(),
            };
            self.variables.push((name, value));
        }
        Ok(())
    }

    /// Runs every query of a panel. One that the store refuses, because no device has sent the measure
    /// yet, gives nothing: on its page, too, the panel is empty then.
    pub async fn run(&self, store: &Store, panel: &Value, points: i64) -> Result<Vec<Answer>, Failure> {
        let interval = self.interval(panel, points);
        let mut answers = Vec::new();
        for target in panel["targets"].as_array().into_iter().flatten() {
            let sql = self.expand(text_of(target), interval);
            match store.query(&sql, None).await {
                Ok(answer) => answers.push(answer),
                Err(failure) if failure.error.to_string().contains("does not exist") => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(answers)
    }
}

/// The query of a target: each data source has a field of its own for it.
fn text_of(target: &Value) -> &str {
    ["rawSql", "rawQuery"].iter().find_map(|name| target[*name].as_str()).unwrap_or_default()
}
