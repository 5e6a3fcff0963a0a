//! Every query of every dashboard and alert, on a real endpoint with simulated data of both layouts.

use aws_sdk_timestreamquery::Client;
use aws_sdk_timestreamquery::error::ProvideErrorMetadata as _;
use aws_sdk_timestreamquery::types::{ColumnInfo, Row};
use serde_json::Value;

use crate::endpoint::{DEVICES, Endpoint, SPAN};
use crate::fixture::{dashboards, environment, json, models, panels, rendered};
use crate::plugin::Page;

/// Columns and rows of an answer, all pages.
struct Answer {
    /// Name and type of each column.
    columns: Vec<(String, String)>,
    rows: Vec<Row>,
}

async fn run(client: &Client, sql: &str) -> Result<Answer, String> {
    let mut answer = Answer { columns: Vec::new(), rows: Vec::new() };
    let mut token = None;
    loop {
        let page = client
            .query()
            .query_string(sql)
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| format!("{}\n{sql}", error.message().unwrap_or("no message")))?;
        answer.columns = page
            .column_info()
            .iter()
            .map(|info| (info.name().unwrap_or("").to_owned(), kind(info)))
            .collect();
        answer.rows.extend_from_slice(page.rows());
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            return Ok(answer);
        }
    }
}

fn kind(info: &ColumnInfo) -> String {
    let Some(kind) = info.r#type() else { return String::new() };
    kind.scalar_type().map_or_else(|| "OTHER".to_owned(), |scalar| scalar.as_str().to_owned())
}

impl Answer {
    fn count(&self, kinds: &[&str]) -> usize {
        self.columns.iter().filter(|(_, kind)| kinds.contains(&kind.as_str())).count()
    }

    fn numbers(&self) -> usize {
        self.count(&["DOUBLE", "BIGINT", "INTEGER"])
    }

    /// Whether the first column is the time, and goes up.
    fn is_series(&self) -> bool {
        let named = self.columns.first() == Some(&("time".to_owned(), "TIMESTAMP".to_owned()));
        let times = self.rows.iter().filter_map(|row| row.data().first()?.scalar_value());
        named && times.is_sorted()
    }
}

/// Why a type of panel cannot show an answer.
fn unfit(panel: &Value, answer: &Answer) -> Option<&'static str> {
    // With it, Grafana makes a line for each text of a column.
    let texts = usize::from(panel["transformations"][0]["id"] == "prepareTimeSeries");
    let fits = match panel["type"].as_str().unwrap_or_default() {
        "timeseries" => {
            answer.is_series()
                && answer.numbers() > 0
                && answer.count(&["VARCHAR"]) == texts
                && answer.numbers() + 1 + texts == answer.columns.len()
        }
        "heatmap" => answer.is_series() && answer.numbers() == 1 && answer.columns.len() == 2,
        "stat" if answer.columns.len() == 1 => answer.numbers() == 1 && answer.rows.len() == 1,
        "stat" => answer.is_series() && answer.numbers() == 1,
        "state-timeline" => answer.is_series() && answer.count(&["BOOLEAN", "VARCHAR"]) == 1,
        "table" => answer.count(&["OTHER"]) == 0,
        _ => return Some("nobody has said what this panel needs"),
    };
    match (fits, answer.rows.is_empty()) {
        (true, false) => None,
        (true, true) => Some("there are no rows"),
        (false, _) => Some("the columns are not what the panel needs"),
    }
}

#[tokio::test]
async fn every_query_answers_with_what_its_panel_needs() {
    let dev = environment("dev");
    for (name, model) in models() {
        let endpoint = Endpoint::start();
        endpoint.fill(&model, &dev.database(), dev.table()).await;
        let client = endpoint.queries();
        let files = rendered(&model);
        let page = Page {
            database: &dev.database(),
            table: dev.table(),
            from: endpoint.now - SPAN,
            to: endpoint.now + 60_000,
            interval: 60_000,
            variables: vec![("device", "device-0003")],
        };
        let (mut count, mut wrong) = (0, Vec::new());
        for (path, dashboard) in dashboards(&files) {
            let variables = dashboard["templating"]["list"].as_array().expect("variables");
            let choices = variables.iter().find(|variable| variable["name"] == "measure").map(options);
            let choices = choices.unwrap_or_else(|| vec![String::new()]);
            for variable in variables.iter().filter(|variable| variable["type"] == "query") {
                let sql = page.expand(variable["query"].as_str().expect("a query"));
                let answer =
                    run(&client, &sql).await.unwrap_or_else(|error| panic!("{name} {path}: {error}"));
                assert_eq!((answer.columns.len(), answer.count(&["VARCHAR"])), (1, 1), "{name} {path}");
                assert_eq!(answer.rows.len(), DEVICES as usize, "{name} {path}: every device is offered");
            }
            for panel in panels(&dashboard) {
                for target in panel["targets"].as_array().into_iter().flatten() {
                    let raw = target["rawQuery"].as_str().expect("a query");
                    let chosen: &[String] = if raw.contains("${measure") { &choices } else { &choices[..1] };
                    for measure in chosen {
                        let variables = vec![("device", "device-0003"), ("measure", measure.as_str())];
                        let sql = Page { variables, ..page_of(&page) }.expand(raw);
                        let what = format!("{name} {path}: {} {measure}", panel["title"]);
                        count += 1;
                        match run(&client, &sql).await {
                            Err(error) => wrong.push(format!("{what}: {error}")),
                            Ok(answer) => {
                                // The simulator has no anomalies where nothing is normal.
                                let calm =
                                    panel["title"].as_str().is_some_and(|title| title.contains("deviations"))
                                        && model
                                            .measures
                                            .iter()
                                            .any(|one| one.name == *measure && one.normal.is_none());
                                let why = unfit(panel, &answer).filter(|_| !(calm && answer.rows.is_empty()));
                                wrong.extend(
                                    why.map(|why| format!("{what}: {why}: {:?}\n{sql}", answer.columns)),
                                );
                            }
                        }
                    }
                }
            }
        }
        let rules = json(&files, "provisioning/alerting/rules.yaml");
        for rule in rules["groups"][0]["rules"].as_array().expect("rules") {
            let query = &rule["data"][0];
            let from = query["relativeTimeRange"]["from"].as_i64().expect("seconds") * 1_000;
            let page = Page { from: endpoint.now - from, variables: Vec::new(), ..page_of(&page) };
            let answer =
                run(&client, &page.expand(query["model"]["rawQuery"].as_str().expect("a query"))).await;
            let answer = answer.unwrap_or_else(|error| panic!("{name} {}: {error}", rule["title"]));
            // One number and its labels: what an alert can compare without a reduction.
            let labels = answer.count(&["VARCHAR"]);
            assert_eq!((answer.numbers(), labels + 1), (1, answer.columns.len()), "{name} {}", rule["title"]);
            assert!(!answer.rows.is_empty(), "{name} {}", rule["title"]);
            count += 1;
        }
        assert!(wrong.is_empty(), "{} of {count} queries are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
        assert!(count > 8, "{name} has {count} queries");
    }
}

fn page_of<'a>(page: &Page<'a>) -> Page<'a> {
    Page { variables: page.variables.clone(), ..*page }
}

fn options(variable: &Value) -> Vec<String> {
    let options = variable["options"].as_array().expect("options");
    options.iter().map(|option| option["value"].as_str().expect("a value").to_owned()).collect()
}
