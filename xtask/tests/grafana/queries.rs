//! Every query of every dashboard and alert, on a real store of each kind with simulated data of both layouts.

use std::collections::BTreeSet;

use device_simulator::Traits;
use serde_json::Value;
use stacks::grafana::{File, Place, files};
use telemetry::canary::CANARY;
use telemetry::{Measured, Model, Record};

use crate::fixture::{RULES, alarmed, dashboards, every_rendering, json, panels};
use crate::plugin::Page;
use crate::store::{Answer, DEVICES, Kind, SPAN, Table, Type};

/// Why a type of panel cannot show an answer.
fn unfit(panel: &Value, answer: &Answer) -> Option<&'static str> {
    // With it, Grafana makes a line for each text of a column.
    let texts = usize::from(panel["transformations"][0]["id"] == "prepareTimeSeries");
    let fits = match panel["type"].as_str().unwrap_or_default() {
        "timeseries" => {
            answer.is_series()
                && answer.count(Type::Number) > 0
                && answer.count(Type::Text) == texts
                && answer.count(Type::Number) + 1 + texts == answer.columns.len()
        }
        "heatmap" => answer.is_series() && answer.count(Type::Number) == 1 && answer.columns.len() == 2,
        "stat" if answer.columns.len() == 1 => answer.count(Type::Number) == 1 && answer.rows.len() == 1,
        "stat" => answer.is_series() && answer.count(Type::Number) == 1,
        "state-timeline" => answer.is_series() && answer.count(Type::Truth) + answer.count(Type::Text) == 1,
        "table" => answer.count(Type::Other) == 0,
        _ => return Some("nobody has said what this panel needs"),
    };
    match (fits, answer.rows.is_empty()) {
        (true, false) => None,
        (true, true) => Some("there are no rows"),
        (false, _) => Some("the columns are not what the panel needs"),
    }
}

/// Pages with the values that a person may choose for a measure, or one where there is nothing to choose.
fn choices<'a>(page: &Page<'a>, dashboard: &'a Value) -> Vec<Page<'a>> {
    let variables = dashboard["templating"]["list"].as_array().expect("variables");
    let measure = variables.iter().find(|variable| variable["name"] == "measure");
    let options = measure.and_then(|variable| variable["options"].as_array());
    let Some(options) = options else { return vec![page.clone()] };
    let values = options.iter().map(|option| option["value"].as_str().expect("a value"));
    let with = |value| {
        let variables = page.variables.iter().copied().chain([("measure", value)]).collect();
        Page { variables, ..page.clone() }
    };
    values.map(with).collect()
}

/// The queries that a dashboard offers values of a variable by.
fn offers(dashboard: &Value) -> impl Iterator<Item = &str> {
    let variables = dashboard["templating"]["list"].as_array().expect("variables").iter();
    let asked = variables.filter(|variable| variable["type"] == "query");
    asked.map(|variable| variable["query"].as_str().expect("a query"))
}

fn targets(panel: &Value) -> &[Value] {
    panel["targets"].as_array().map_or(&[], Vec::as_slice)
}

#[tokio::test]
async fn every_query_answers_with_what_its_panel_needs() {
    for (name, kind, model, files) in every_rendering() {
        let table = Table::filled(kind, &model).await;
        let page = table.page();
        let (mut count, mut wrong) = (0, Vec::new());
        for (path, dashboard) in dashboards(&files) {
            for query in offers(&dashboard) {
                let answer = table.run(&page.expand(query)).await;
                let answer = answer.unwrap_or_else(|error| panic!("{name} {path}: {error}"));
                assert_eq!((answer.columns.len(), answer.count(Type::Text)), (1, 1), "{name} {path}");
                assert_eq!(answer.rows.len(), DEVICES as usize, "{name} {path}: every device is offered");
            }
            let pages = choices(&page, &dashboard);
            for panel in panels(&dashboard) {
                for target in targets(panel) {
                    let raw = kind.query(target);
                    let chosen = if raw.contains("${measure") { &pages[..] } else { &pages[..1] };
                    for page in chosen {
                        let sql = page.expand(raw);
                        let measure = page.variables.iter().find(|(name, _)| *name == "measure");
                        let what = format!("{name} {path}: {} {measure:?}", panel["title"]);
                        count += 1;
                        match table.run(&sql).await {
                            Err(error) => wrong.push(format!("{what}: {error}")),
                            Ok(answer) => {
                                // The simulator has no anomalies where nothing is normal.
                                let is_of = |one: &telemetry::Measure| {
                                    one.normal.is_none() && measure.is_some_and(|(_, name)| *name == one.name)
                                };
                                let calm =
                                    panel["title"].as_str().is_some_and(|title| title.contains("deviations"))
                                        && model.first().measures.iter().any(is_of);
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
        let rows = alerts(&table, &files, &page).await;
        assert_eq!(rows.iter().filter(|row| row[2] == "silence").count(), 1, "{name}: {rows:?}");
        assert!(wrong.is_empty(), "{} of {count} queries are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
        assert!(count > 8, "{name} has {count} queries");
    }
}

/// What the one query of the alerts answers, each row with its labels and its number. Rows of a device and a
/// measure are different alerts, so that no two have the same labels.
async fn alerts(table: &Table, files: &[File], page: &Page<'_>) -> Vec<Vec<String>> {
    let rule = &json(files, RULES)["groups"][0]["rules"][0];
    let query = &rule["data"][0];
    let from = page.to - query["relativeTimeRange"]["from"].as_i64().expect("seconds") * 1_000;
    let page = Page { from, variables: Vec::new(), ..page.clone() };
    let sql = page.expand(page.kind.query(&query["model"]));
    let answer = table.run(&sql).await.unwrap_or_else(|error| panic!("{error}"));
    // What an alert can compare without a reduction: one number, and texts that are its labels.
    let columns: Vec<(&str, Type)> =
        answer.columns.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
    let expected =
        [("device", Type::Text), ("measure", Type::Text), ("about", Type::Text), ("beyond", Type::Number)];
    assert_eq!(columns, expected);
    let labels: BTreeSet<&[String]> = answer.rows.iter().map(|row| &row[..3]).collect();
    assert_eq!(labels.len(), answer.rows.len(), "{:?}", answer.rows);
    answer.rows
}

/// The number of the row that tells of silence.
fn silence(rows: &[Vec<String>]) -> Option<f64> {
    rows.iter().find(|row| row[2] == "silence").map(|row| row[3].parse().expect("a number"))
}

/// A device is alarmed about by how far its average is beyond what is normal, each measure by itself; and when
/// nothing comes any more, that is told.
#[tokio::test]
async fn the_alerts_tell_which_measure_of_which_device_and_when_nothing_arrives() {
    for (name, kind, model, _) in of_everything() {
        let table = Table::filled(kind, &model).await;
        // An hour, so that a slow machine is still within it.
        let files = files(&model, &alarmed(kind, "1h"), Place::CONTAINER);
        let page = table.page();
        let traits =
            Traits { devices: 1, anomaly_chance: 1.0, prefix: "restless-".to_owned(), ..Traits::default() };
        let sent = table.send(traits, 30_000).await;
        let rows = alerts(&table, &files, &page).await;
        let of_device: Vec<&Vec<String>> =
            rows.iter().filter(|row| row[0].starts_with("restless-")).collect();
        let ranged = model.kinds[0].measures.iter().filter(|measure| measure.normal.is_some());
        for measure in ranged.clone() {
            let row = of_device.iter().find(|row| row[1] == measure.name && row[2] == "range");
            let beyond: f64 = row.unwrap_or_else(|| panic!("{name} {}: {rows:?}", measure.name))[3]
                .parse()
                .expect("a number");
            // Where its average lies, seen from the nearer end of the range.
            let average = average(&sent, &measure.name);
            let range = measure.normal.expect("a range");
            let expected = if average < range.min { average - range.min } else { average - range.max };
            assert!(
                beyond != 0.0 && (beyond - expected).abs() < 1e-9,
                "{name} {}: {beyond} {expected}",
                measure.name
            );
        }
        assert_eq!(of_device.len(), ranged.count(), "{name}: {rows:?}");
        assert_eq!(silence(&rows), Some(0.0), "{name}");

        // An hour before anything came, nothing had come.
        let before = Page { to: table.now - 2 * SPAN, ..page.clone() };
        let rows = alerts(&table, &files, &before).await;
        assert_eq!((silence(&rows), rows.len()), (Some(1.0), 1), "{name}: {rows:?}");
    }
}

/// The average of a measure in some records.
fn average(records: &[Record], measure: &str) -> f64 {
    let mut values = Vec::new();
    for record in records {
        match &record.measured {
            Measured::Single(value) if &*record.measure_name == measure => values.push(value),
            Measured::Single(_) => {}
            Measured::Multi(all) => {
                values.extend(all.iter().filter(|one| &*one.name == measure).map(|one| &one.value));
            }
        }
    }
    let numbers = values.iter().map(|value| value.text().parse::<f64>().expect("a number"));
    let (sum, count) = numbers.fold((0.0, 0.0), |(sum, count), number| (sum + number, count + 1.0));
    sum / count
}

/// What is given for the models that have everything, in both layouts.
fn of_everything() -> impl Iterator<Item = (String, Kind, Model, Vec<File>)> {
    every_rendering().filter(|(name, ..)| name.contains("sensors"))
}

/// What every query of the dashboards answers, variables and panels, at the end of the page's time.
async fn everything(table: &Table, files: &[File], page: &Page<'_>) -> Vec<(String, Vec<Vec<String>>)> {
    let mut answers = Vec::new();
    for (path, dashboard) in dashboards(files) {
        let chosen = &choices(page, &dashboard)[0];
        let panels = panels(&dashboard);
        let asked = panels.iter().flat_map(|panel| targets(panel)).map(|target| page.kind.query(target));
        for raw in offers(&dashboard).chain(asked) {
            // Both times the same moment, however long it takes from one to the other.
            let sql = page.kind.at(page.to, &chosen.expand(raw));
            let answer = table.run(&sql).await.unwrap_or_else(|error| panic!("{path}: {error}"));
            // The order of a sum changes its last digits.
            let rounded = |text: &String| {
                text.parse::<f64>().map_or_else(|_| text.clone(), |number| format!("{number:.6e}"))
            };
            let mut rows: Vec<Vec<String>> =
                answer.rows.iter().map(|row| row.iter().map(rounded).collect()).collect();
            rows.sort();
            answers.push((sql, rows));
        }
    }
    answers
}

/// `verify` leaves nothing that a dashboard, a variable or an alert tells of, however odd its values.
#[tokio::test]
async fn canaries_are_no_devices() {
    for (name, kind, model, files) in of_everything() {
        let table = Table::filled(kind, &model).await;
        let page = table.page();
        let before = everything(&table, &files, &page).await;
        for (prefix, devices) in [(format!("{CANARY}-18c2f-3a-"), 30), (CANARY.to_owned(), 1)] {
            // As `verify` names them, with values that nobody would overlook and clocks that are ahead.
            let traits =
                Traits { devices, prefix, anomaly_chance: 1.0, future_chance: 0.2, ..Traits::default() };
            table.send(traits, 600_000).await;
        }
        let stored = page.expand(&format!(
            "SELECT count(DISTINCT \"{0}\") FROM {1} WHERE \"{0}\" LIKE '{CANARY}%'",
            model.kinds[0].device.dimension,
            kind.records()
        ));
        assert_eq!(table.run(&stored).await.expect("a count").rows, [["31"]], "{name}");
        for ((sql, before), (_, after)) in before.iter().zip(everything(&table, &files, &page).await) {
            assert_eq!(*before, after, "{name}: {sql}");
        }
        let rows = alerts(&table, &files, &page).await;
        assert!(rows.iter().all(|row| !row[0].starts_with(CANARY)), "{name}: {rows:?}");

        // Canaries alone are silence.
        let table = Table::new(kind, &model).await;
        let traits = Traits { devices: 3, prefix: format!("{CANARY}-1-"), ..Traits::default() };
        table.send(traits, 60_000).await;
        let rows = alerts(&table, &files, &table.page()).await;
        assert_eq!((silence(&rows), rows.len()), (Some(1.0), 1), "{name}: {rows:?}");
    }
}
