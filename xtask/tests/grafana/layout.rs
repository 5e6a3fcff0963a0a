//! Where panels lie, and what Grafana demands of the files around them.

use std::collections::BTreeSet;

use serde_json::Value;

use stacks::grafana::{Place, files};

use crate::fixture::{RULES, alarmed, dashboards, every_rendering, json, models, panels};
use crate::store::Kind;

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
    for (name, _, _, files) in every_rendering() {
        for (path, dashboard) in dashboards(&files) {
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
    for (name, _, _, files) in every_rendering() {
        for (path, dashboard) in dashboards(&files) {
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
    for (name, kind, _, files) in every_rendering() {
        let sources = json(&files, &format!("provisioning/datasources/{}.yaml", kind.name()));
        let source = &sources["datasources"][0];
        assert_eq!((&sources["apiVersion"], &source["uid"]), (&1.into(), &kind.name().into()), "{name}");
        assert_eq!(source["type"], kind.plugin());
        match kind {
            Kind::Timestream => assert_eq!(source["jsonData"]["authType"], "default"),
            Kind::Postgres => {
                assert_eq!(source["user"], "sluice_grafana");
                assert_eq!(source["jsonData"]["database"], "sluice_dev");
                assert_eq!(source["jsonData"]["sslmode"], "require");
                // What Grafana finds in its variables.
                assert_eq!(source["url"], "$STORE_HOST:$STORE_PORT");
                assert_eq!(source["secureJsonData"], serde_json::json!({"password": "$STORE_PASSWORD"}));
            }
        }

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
                    let asked = serde_json::json!({"type": kind.plugin(), "uid": kind.name()});
                    assert_eq!(target["datasource"], asked, "{name} {path}");
                }
            }
        }

        let rule = &json(&files, RULES)["groups"][0]["rules"][0];
        let uid = rule["uid"].as_str().expect("a uid");
        assert!((1..=40).contains(&uid.len()), "{name} {uid}");
        let data = rule["data"].as_array().expect("queries");
        let letters: Vec<&str> = data.iter().filter_map(|query| query["refId"].as_str()).collect();
        assert_eq!(letters, ["A", "B"]);
        assert_eq!(rule["condition"], "B");
        assert_eq!(data[1]["model"]["expression"], "A");
        for query in data {
            assert_eq!(query["refId"], query["model"]["refId"], "{name}");
            assert!(query["relativeTimeRange"]["from"].is_u64(), "{name}");
        }
        // Grafana would take `$x` in them for a variable of its environment.
        for text in rule["annotations"].as_object().expect("annotations").values() {
            assert!(!text.as_str().expect("text").contains('$'), "{name} {text}");
        }
    }
}

fn minutes(text: &Value) -> u64 {
    let number = text.as_str().and_then(|text| text.strip_suffix('m'));
    number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{text} is not in minutes"))
}

/// Every query that the store gets for alerts: Timestream has each paid for at least half a minute, and PostgreSQL
/// does not pause between them.
#[test]
fn alerts_take_one_query_each_time_and_none_where_they_are_off() {
    let often = [("off", 0, 0), ("1m", 1, 900), ("5m", 1, 900), ("1h", 1, 3_600)];
    for (kind, (alerts, times, silence)) in
        Kind::ALL.into_iter().flat_map(|kind| often.map(|one| (kind, one)))
    {
        for (name, model) in models() {
            let environment = alarmed(kind, alerts);
            let files = files(&model, &environment, Place::CONTAINER);
            let rules = json(&files, RULES);
            let groups = rules["groups"].as_array().map_or(&[][..], Vec::as_slice);
            let rules_of = |group: &Value| group["rules"].as_array().expect("rules").clone();
            let data = groups
                .iter()
                .flat_map(rules_of)
                .flat_map(|rule| rule["data"].as_array().expect("data").clone());
            let queries: Vec<Value> = data.filter(|one| one["datasourceUid"] == kind.name()).collect();
            assert_eq!(queries.len(), times, "{name} {alerts}");
            let Some(group) = groups.first() else {
                // One that was there goes with its queries.
                assert_eq!(rules["deleteRules"], serde_json::json!([{"orgId": 1, "uid": "sluice"}]));
                continue;
            };
            let interval = minutes(&group["interval"]) * 60;
            let rule = &group["rules"][0];
            // Grafana wants a multiple.
            assert!((minutes(&rule["for"]) * 60).is_multiple_of(interval), "{name} {alerts}");
            // What asks seldom still looks at everything.
            assert_eq!(queries[0]["relativeTimeRange"]["from"], silence, "{name} {alerts}");
            let sql = kind.query(&queries[0]["model"]);
            let ranged = model.kinds[0].measures.iter().filter(|measure| measure.normal.is_some()).count();
            assert_eq!(sql.matches(&kind.ago(interval)).count(), ranged, "{name} {alerts} {sql}");
            assert_eq!(rules["deleteRules"], Value::Null);
        }
    }
}

/// A page asks the store seldom enough that it is not paid for without a pause.
#[test]
fn pages_leave_the_store_alone_for_minutes() {
    for (name, _, _, files) in every_rendering() {
        for (path, dashboard) in dashboards(&files) {
            assert!(minutes(&dashboard["refresh"]) >= 5, "{name} {path}");
        }
    }
}

#[test]
fn the_normal_range_of_a_measure_is_drawn_and_watched() {
    for (_, kind, model, files) in every_rendering().filter(|(name, ..)| name.ends_with(" shipped")) {
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

        let rule = &json(&files, RULES)["groups"][0]["rules"][0];
        let sql = kind.query(&rule["data"][0]["model"]);
        for measure in &model.kinds[0].measures {
            assert!(sql.contains(&format!("'{}' AS measure", measure.name)), "{sql}");
        }
        assert!(sql.contains("WHERE average < 50.0 OR average > 100.0"), "{sql}");
        let evaluator = &rule["data"][1]["model"]["conditions"][0]["evaluator"];
        assert_eq!(evaluator, &serde_json::json!({"type": "outside_range", "params": [0, 0]}));
    }
}
