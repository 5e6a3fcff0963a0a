//! Every query of every dashboard and alert, on a real endpoint with simulated data of both layouts.

use std::collections::BTreeSet;

use aws_sdk_timestreamquery::Client;
use aws_sdk_timestreamquery::error::ProvideErrorMetadata as _;
use aws_sdk_timestreamquery::types::{ColumnInfo, Row};
use device_simulator::Traits;
use serde_json::Value;
use stacks::grafana::{File, Place, files};
use telemetry::canary::CANARY;
use telemetry::{Model, RecordLayout};

use crate::endpoint::{DEVICES, Endpoint, SPAN};
use crate::fixture::{RULES, alarmed, dashboards, json, models, panels, rendered};
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
    let dev = alarmed("5m");
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
                                            .first()
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
        count += 1;
        let rows = alerts(&client, &files, &page).await;
        assert_eq!(rows.iter().filter(|row| row[2] == "silence").count(), 1, "{name}: {rows:?}");
        assert!(wrong.is_empty(), "{} of {count} queries are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
        assert!(count > 8, "{name} has {count} queries");
    }
}

/// What the one query of the alerts answers, each row with its labels and its number. Rows of a device and a
/// measure are different alerts, so that no two have the same labels.
async fn alerts(client: &Client, files: &[File], page: &Page<'_>) -> Vec<Vec<String>> {
    let rule = &json(files, RULES)["groups"][0]["rules"][0];
    let query = &rule["data"][0];
    let from = page.to - query["relativeTimeRange"]["from"].as_i64().expect("seconds") * 1_000;
    let page = Page { from, variables: Vec::new(), ..*page };
    let sql = page.expand(query["model"]["rawQuery"].as_str().expect("a query"));
    let answer = run(client, &sql).await.unwrap_or_else(|error| panic!("{error}"));
    // What an alert can compare without a reduction: one number, and texts that are its labels.
    let columns: Vec<(&str, &str)> =
        answer.columns.iter().map(|(name, kind)| (name.as_str(), kind.as_str())).collect();
    let expected =
        [("device", "VARCHAR"), ("measure", "VARCHAR"), ("about", "VARCHAR"), ("beyond", "DOUBLE")];
    assert_eq!(columns, expected);
    let rows: Vec<Vec<String>> = answer.rows.iter().map(texts).collect();
    let labels: BTreeSet<&[String]> = rows.iter().map(|row| &row[..3]).collect();
    assert_eq!(labels.len(), rows.len(), "{rows:?}");
    rows
}

fn texts(row: &Row) -> Vec<String> {
    row.data().iter().map(|datum| datum.scalar_value().unwrap_or_default().to_owned()).collect()
}

/// A device is alarmed about by how far its average is beyond what is normal, each measure by itself; and when
/// nothing comes any more, that is told.
#[tokio::test]
async fn the_alerts_tell_which_measure_of_which_device_and_when_nothing_arrives() {
    // An hour, so that a slow machine is still within it.
    let environment = alarmed("1h");
    let (database, table) = (environment.database(), environment.table());
    for (name, model) in of_everything() {
        let endpoint = Endpoint::start();
        endpoint.fill(&model, &database, table).await;
        let client = endpoint.queries();
        let files = files(&model, &environment, Place::CONTAINER);
        let page = whole(&endpoint, &database, table);
        let restless = || {
            let traits = Traits {
                devices: 1,
                anomaly_chance: 1.0,
                prefix: "restless-".to_owned(),
                ..Traits::default()
            };
            endpoint.send(&model, traits, 30_000, &database, table)
        };
        restless().await;
        let rows = alerts(&client, &files, &page).await;
        let of_device: Vec<&Vec<String>> =
            rows.iter().filter(|row| row[0].starts_with("restless-")).collect();
        let ranged = model.kinds[0].measures.iter().filter(|measure| measure.normal.is_some());
        for measure in ranged.clone() {
            let row = of_device.iter().find(|row| row[1] == measure.name && row[2] == "range");
            let beyond: f64 = row.unwrap_or_else(|| panic!("{name} {}: {rows:?}", measure.name))[3]
                .parse()
                .expect("a number");
            // Where its last value lies, seen from the nearer end of the range.
            let value = match model.kinds[0].record {
                RecordLayout::Multi { .. } => format!("\"{}\"", measure.name),
                RecordLayout::Single => format!("measure_value::{}", measure.kind.name()),
            };
            let sql = format!(
                "SELECT avg({value}) FROM {database}.{table} WHERE \"{}\" LIKE 'restless-%' AND time > ago(1h){}",
                model.kinds[0].device.dimension,
                if matches!(model.kinds[0].record, RecordLayout::Single) {
                    format!(" AND measure_name = '{}'", measure.name)
                } else {
                    String::new()
                },
            );
            let average: f64 =
                texts(&run(&client, &sql).await.expect("an average").rows[0])[0].parse().expect("a number");
            let range = measure.normal.expect("a range");
            let expected = if average < range.min { average - range.min } else { average - range.max };
            assert!(
                beyond != 0.0 && (beyond - expected).abs() < 1e-9,
                "{name} {}: {beyond} {expected}",
                measure.name
            );
        }
        assert_eq!(of_device.len(), ranged.count(), "{name}: {rows:?}");
        let silence =
            |rows: &[Vec<String>]| rows.iter().find(|row| row[2] == "silence").map(|row| row[3].clone());
        assert_eq!(silence(&rows).and_then(|number| number.parse::<f64>().ok()), Some(0.0), "{name}");

        // An hour before anything came, nothing had come.
        let before = Page { to: endpoint.now - 2 * SPAN, ..page_of(&page) };
        let rows = alerts(&client, &files, &before).await;
        assert_eq!(
            silence(&rows).and_then(|number| number.parse::<f64>().ok()),
            Some(1.0),
            "{name}: {rows:?}"
        );
        assert_eq!(rows.len(), 1, "{name}");
    }
}

/// The models that have everything, in both layouts.
fn of_everything() -> impl Iterator<Item = (&'static str, Model)> {
    models().into_iter().filter(|(name, _)| name.starts_with("sensors"))
}

/// The whole time of the data.
fn whole<'a>(endpoint: &Endpoint, database: &'a str, table: &'a str) -> Page<'a> {
    Page {
        database,
        table,
        from: endpoint.now - SPAN,
        to: endpoint.now + 60_000,
        interval: 60_000,
        variables: vec![("device", "device-0003")],
    }
}

/// What every query of the dashboards answers, variables and panels, without what the clock makes of it.
async fn everything(client: &Client, files: &[File], page: &Page<'_>) -> Vec<(String, Vec<Vec<String>>)> {
    let mut answers = Vec::new();
    for (path, dashboard) in dashboards(files) {
        let variables = dashboard["templating"]["list"].as_array().expect("variables");
        let choices = variables.iter().find(|variable| variable["name"] == "measure").map(options);
        let asked = variables
            .iter()
            .filter(|variable| variable["type"] == "query")
            .map(|variable| &variable["query"]);
        let targets = panels(&dashboard);
        let targets = targets.iter().flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
        let queries: Vec<&str> =
            asked.chain(targets.map(|target| &target["rawQuery"])).filter_map(Value::as_str).collect();
        for raw in queries {
            let measure = choices.iter().flatten().next().cloned().unwrap_or_default();
            let variables = vec![("device", "device-0003"), ("measure", measure.as_str())];
            let sql = Page { variables, ..page_of(page) }.expand(raw);
            // Both times the same moment, however long it takes from one to the other.
            let sql = sql.replace("ago(5m)", &format!("from_milliseconds({})", page.to - 360_000));
            let answer = run(client, &sql).await.unwrap_or_else(|error| panic!("{path}: {error}"));
            let steady: Vec<usize> =
                (0..answer.columns.len()).filter(|index| answer.columns[*index].0 != "delay").collect();
            let mut rows: Vec<Vec<String>> = answer
                .rows
                .iter()
                .map(|row| {
                    let texts = texts(row);
                    // The order of a sum changes its last digits.
                    let rounded = |text: &String| {
                        text.parse::<f64>().map_or_else(|_| text.clone(), |number| format!("{number:.6e}"))
                    };
                    steady.iter().map(|index| rounded(&texts[*index])).collect()
                })
                .collect();
            rows.sort();
            answers.push((sql, rows));
        }
    }
    answers
}

/// `verify` leaves nothing that a dashboard, a variable or an alert tells of, however odd its values.
#[tokio::test]
async fn canaries_are_no_devices() {
    let environment = alarmed("5m");
    let (database, table) = (environment.database(), environment.table());
    for (name, model) in of_everything() {
        let endpoint = Endpoint::start();
        endpoint.fill(&model, &database, table).await;
        let client = endpoint.queries();
        let files = rendered(&model);
        let page = whole(&endpoint, &database, table);
        let before = everything(&client, &files, &page).await;
        for (prefix, devices) in [(format!("{CANARY}-18c2f-3a-"), 30), (CANARY.to_owned(), 1)] {
            // As `verify` names them, with values that nobody would overlook and clocks that are ahead.
            let traits =
                Traits { devices, prefix, anomaly_chance: 1.0, future_chance: 0.2, ..Traits::default() };
            endpoint.send(&model, traits, 600_000, &database, table).await;
        }
        let stored = format!(
            "SELECT count(DISTINCT \"{0}\") FROM {database}.{table} WHERE \"{0}\" LIKE '{CANARY}%'",
            model.kinds[0].device.dimension
        );
        assert_eq!(texts(&run(&client, &stored).await.expect("a count").rows[0]), ["31"], "{name}");
        for ((sql, before), (_, after)) in before.iter().zip(everything(&client, &files, &page).await) {
            assert_eq!(*before, after, "{name}: {sql}");
        }
        let rows = alerts(&client, &files, &page).await;
        assert!(rows.iter().all(|row| !row[0].starts_with(CANARY)), "{name}: {rows:?}");

        // Canaries alone are silence.
        let endpoint = Endpoint::start();
        endpoint.create(&database, table).await;
        let traits = Traits { devices: 3, prefix: format!("{CANARY}-1-"), ..Traits::default() };
        endpoint.send(&model, traits, 60_000, &database, table).await;
        let rows = alerts(&endpoint.queries(), &files, &whole(&endpoint, &database, table)).await;
        assert_eq!(
            rows.iter().map(|row| (row[2].as_str(), row[3].as_str())).collect::<Vec<_>>(),
            [("silence", "1.0")],
            "{name}"
        );
    }
}

fn page_of<'a>(page: &Page<'a>) -> Page<'a> {
    Page { variables: page.variables.clone(), ..*page }
}

fn options(variable: &Value) -> Vec<String> {
    let options = variable["options"].as_array().expect("options");
    options.iter().map(|option| option["value"].as_str().expect("a value").to_owned()).collect()
}
