//! Where panels lie, and what Grafana demands of the files around them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::fixture::{dashboards, json, models, panels, rendered};

/// Left, top, right and bottom of a panel, in cells of the grid.
fn place(panel: &Value) -> [u64; 4] {
    let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().expect("a number"));
    [x, y, x + w, y + h]
}

fn overlaps(one: &Value, other: &Value) -> bool {
    let ([left, top, right, bottom], [x, y, end, low]) = (place(one), place(other));
    left < end && x < right && top < low && y < bottom
}

#[test]
fn no_two_panels_overlap_and_none_leaves_the_page() {
    for (name, model) in models() {
        for (path, dashboard) in dashboards(&rendered(&model)) {
            let panels = panels(&dashboard);
            for (index, panel) in panels.iter().enumerate() {
                assert!(place(panel)[2] <= 24, "{name} {path}: {} is too wide", panel["title"]);
                for other in &panels[..index] {
                    assert!(
                        !overlaps(panel, other),
                        "{name} {path}: {} lies over {}",
                        panel["title"],
                        other["title"]
                    );
                }
            }
        }
    }
}

#[test]
fn every_panel_says_what_it_is_and_has_an_id_of_its_own() {
    for (name, model) in models() {
        for (path, dashboard) in dashboards(&rendered(&model)) {
            let mut ids = BTreeSet::new();
            for panel in panels(&dashboard) {
                let id = panel["id"].as_u64().expect("an id");
                assert!(ids.insert(id), "{name} {path}: {id} is there twice");
                let words = |key: &str| panel[key].as_str().is_some_and(|text| !text.is_empty());
                assert!(words("title"), "{name} {path} {id}");
                assert!(panel["type"] == "row" || words("description"), "{name} {path} {id}");
                let mut letters = BTreeSet::new();
                for target in panel["targets"].as_array().into_iter().flatten() {
                    assert!(
                        letters.insert(target["refId"].as_str().expect("a letter")),
                        "{name} {path} {id}"
                    );
                }
            }
        }
    }
}

/// What Grafana refuses when it starts: of [dashboards](https://grafana.com/docs/grafana/latest/administration/provisioning/),
/// data sources and alert rules.
#[test]
fn the_files_follow_the_rules_of_provisioning() {
    for (name, model) in models() {
        let files = rendered(&model);
        let sources = json(&files, "provisioning/datasources/timestream.yaml");
        let source = &sources["datasources"][0];
        assert_eq!((&sources["apiVersion"], &source["uid"]), (&1.into(), &"timestream".into()), "{name}");
        assert_eq!(source["type"], "grafana-timestream-datasource");
        assert_eq!(source["jsonData"]["authType"], "default");

        let provider = &json(&files, "provisioning/dashboards/sluice.yaml")["providers"][0];
        assert_eq!(provider["options"]["path"], "/tmp/sluice/dashboards");
        let mut uids = BTreeSet::new();
        for (path, dashboard) in dashboards(&files) {
            let uid = dashboard["uid"].as_str().expect("a uid").to_owned();
            assert!(uid.len() <= 40 && uids.insert(uid), "{name} {path}");
            // A number of a database that is not this one.
            assert!(dashboard.get("id").is_none(), "{name} {path}");
            for panel in panels(&dashboard) {
                for target in panel["targets"].as_array().into_iter().flatten() {
                    assert_eq!(target["datasource"]["uid"], source["uid"], "{name} {path}");
                }
            }
        }

        let mut uids = BTreeSet::new();
        let mut titles = BTreeSet::new();
        let group = &json(&files, "provisioning/alerting/rules.yaml")["groups"][0];
        for rule in group["rules"].as_array().expect("rules") {
            let uid = rule["uid"].as_str().expect("a uid");
            assert!((1..=40).contains(&uid.len()) && uids.insert(uid.to_owned()), "{name} {uid}");
            let title = rule["title"].as_str().expect("a title");
            assert!(titles.insert(title.to_owned()), "{name} {title}");
            let data = rule["data"].as_array().expect("queries");
            let letters: Vec<&str> = data.iter().filter_map(|query| query["refId"].as_str()).collect();
            assert_eq!(letters, ["A", "B"]);
            assert_eq!(rule["condition"], "B");
            assert_eq!(data[1]["model"]["expression"], "A");
            for query in data {
                assert_eq!(query["refId"], query["model"]["refId"], "{name} {uid}");
                assert!(query["relativeTimeRange"]["from"].is_u64(), "{name} {uid}");
            }
            // Grafana would take `$x` in them for a variable of its environment.
            for text in rule["annotations"].as_object().expect("annotations").values() {
                assert!(!text.as_str().expect("text").contains('$'), "{name} {text}");
            }
        }
    }
}

fn minutes(text: &Value) -> u64 {
    let number = text.as_str().and_then(|text| text.strip_suffix('m'));
    number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{text} is not in minutes"))
}

/// Nothing asks Timestream so often that it is paid for without a pause; and what asks seldom still looks
/// at everything.
#[test]
fn pages_and_alerts_leave_the_store_alone_for_minutes() {
    for (name, model) in models() {
        let files = rendered(&model);
        for (path, dashboard) in dashboards(&files) {
            assert!(minutes(&dashboard["refresh"]) >= 5, "{name} {path}");
        }
        let group = &json(&files, "provisioning/alerting/rules.yaml")["groups"][0];
        let interval = minutes(&group["interval"]);
        assert!(interval >= 5, "{name}");
        for rule in group["rules"].as_array().expect("rules") {
            // Grafana wants a multiple.
            assert!(minutes(&rule["for"]).is_multiple_of(interval), "{name} {}", rule["title"]);
            let range = rule["data"][0]["relativeTimeRange"]["from"].as_u64().expect("seconds");
            assert!(range >= interval * 60, "{name} {}", rule["title"]);
        }
    }
}

/// An environment that nobody has sent anything to has no columns of measures: only the rule that tells of
/// silence may take errors for an alert, and its query needs none of them.
#[test]
fn a_fresh_environment_raises_no_error_of_a_measure() {
    for (name, model) in models() {
        let group = &json(&rendered(&model), "provisioning/alerting/rules.yaml")["groups"][0];
        for rule in group["rules"].as_array().expect("rules") {
            let sql = rule["data"][0]["model"]["rawQuery"].as_str().expect("a query");
            let expected = if rule["uid"] == "sluice-silence" { "Error" } else { "OK" };
            assert_eq!(rule["execErrState"], expected, "{name} {sql}");
            assert!(expected == "OK" || !(sql.contains('"') || sql.contains("measure_")), "{name} {sql}");
        }
    }
}

#[test]
fn the_normal_range_of_a_measure_is_drawn_and_watched() {
    let (_, model) = models().remove(0);
    let files = rendered(&model);
    let device = json(&files, "dashboards/device.json");
    let humidity = panels(&device)
        .into_iter()
        .find(|panel| panel["title"] == "Humidity")
        .expect("a panel of the humidity");
    let defaults = &humidity["fieldConfig"]["defaults"];
    assert_eq!(defaults["unit"], "percent");
    let steps: Vec<_> = defaults["thresholds"]["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .map(|step| (step["color"].as_str().expect("a colour"), step["value"].as_f64()))
        .collect();
    assert_eq!(steps, [("red", None), ("green", Some(50.0)), ("red", Some(100.0))]);

    let rules = json(&files, "provisioning/alerting/rules.yaml");
    let rules = rules["groups"][0]["rules"].as_array().expect("rules").clone();
    assert_eq!(rules.len(), model.measures.len() + 1);
    let rule = rules.iter().find(|rule| rule["labels"]["measure"] == "humidity").expect("a rule");
    let evaluator = &rule["data"][1]["model"]["conditions"][0]["evaluator"];
    assert_eq!(evaluator["type"], "outside_range");
    assert_eq!(evaluator["params"], serde_json::json!([50.0, 100.0]));
}
