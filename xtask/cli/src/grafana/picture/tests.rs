//! Pictures of panels, as they are reviewed.

use serde_json::json;

use super::*;
use crate::store::{Answer, Column};

fn answer(columns: &[(&str, &str)], rows: Vec<Vec<serde_json::Value>>) -> Answer {
    let columns =
        columns.iter().map(|(name, kind)| Column { name: (*name).into(), kind: (*kind).into() }).collect();
    Answer { columns, rows, truncated: false }
}

#[test]
fn a_dashboard_becomes_a_picture_of_what_was_answered() {
    let panel = |kind: &str, x: u32| {
        json!({
            "type": kind, "title": "Heat & <light> of ${device}", "gridPos": {"x": x, "y": 0, "w": 6, "h": 6},
            "fieldConfig": {"defaults": {"unit": "celsius", "thresholds": {"steps": [
                {"color": "red", "value": null}, {"color": "green", "value": 10.0},
            ]}, "custom": {"thresholdsStyle": {"mode": "dashed+area"}}}, "overrides": []},
            "options": {"legend": {"showLegend": true}, "yAxis": {"unit": "celsius"}},
        })
    };
    let series = || {
        answer(
            &[("time", "TIMESTAMP"), ("temperature", "DOUBLE")],
            vec![
                vec![json!("2026-03-01 12:00:00.000000000"), json!(11.0)],
                vec![json!("2026-03-01 12:05:00.000000000"), json!(12.5)],
            ],
        )
    };
    let panels = ["stat", "timeseries", "heatmap", "table"].map(|kind| panel(kind, 0));
    let filled: Vec<Filled<'_>> =
        panels.iter().map(|panel| Filled { panel, answers: vec![series()] }).collect();
    let from = 1_772_366_400_000;
    let variables = [("device".to_owned(), "attic".to_owned())];
    let svg = draw(&json!({"title": "One"}), &filled, &variables, from, from + 600_000);
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert_eq!(svg.matches("Heat &amp; &lt;light&gt; of attic").count(), 4);
    // The number in its unit, the line, the row, the span.
    for part in ["12.5 °C", "<polyline", "2026-03-01 12:05:00", "last 10 minutes", "device: attic"] {
        assert!(svg.contains(part), "no {part} in\n{svg}");
    }
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
}

#[test]
fn nothing_is_drawn_as_nothing() {
    let panel = json!({"type": "timeseries", "title": "Empty", "gridPos": {"x": 0, "y": 0, "w": 6, "h": 6}});
    let svg = draw(&json!({}), &[Filled { panel: &panel, answers: Vec::new() }], &[], 0, 60_000);
    assert!(svg.contains("No data"), "{svg}");
}

/// A panel of a type, as the dashboards have it, in the first row.
fn panel(kind: &str, title: &str, x: u32) -> Value {
    json!({
        "type": kind, "title": title, "gridPos": {"x": x, "y": 0, "w": 6, "h": 5},
        "fieldConfig": {"defaults": {"unit": "celsius", "custom": {"fillOpacity": 12}}, "overrides": []},
        "options": {"legend": {"showLegend": true}, "graphMode": "area"},
    })
}

/// The drawing of some panels with their answers.
fn drawn(panels: Vec<(Value, Vec<Answer>)>) -> String {
    let (panels, answers): (Vec<Value>, Vec<Vec<Answer>>) = panels.into_iter().unzip();
    let filled: Vec<Filled<'_>> =
        panels.iter().zip(answers).map(|(panel, answers)| Filled { panel, answers }).collect();
    let from = 1_772_366_400_000;
    draw(&json!({"title": "One"}), &filled, &[], from, from + 600_000)
}

#[test]
fn a_single_point_is_drawn() {
    let one = || {
        answer(
            &[("time", "TIMESTAMP"), ("temperature", "DOUBLE")],
            vec![vec![json!("2026-03-01 12:05:00.000000000"), json!(11.0)]],
        )
    };
    let kinds = ["timeseries", "stat", "heatmap"];
    let panels = kinds.into_iter().zip([0, 6, 12]).map(|(kind, x)| (panel(kind, kind, x), vec![one()]));
    let svg = drawn(panels.collect());
    // The line's and the small line's below the number.
    assert_eq!(svg.matches("<circle").count(), 2, "{svg}");
    insta::assert_snapshot!("single-point", svg);
}

#[test]
fn a_long_name_ends_before_its_neighbour_begins() {
    let long = "greenhouse-north-row-17-bench-4-sensor-of-the-second-generation";
    let rows = || {
        vec![
            vec![json!(long), json!("2026-03-01 12:05:00.000000000"), json!(11.0), json!(long)],
            vec![json!("attic"), json!("2026-03-01 12:05:00.000000000"), json!(12.0), json!("short")],
        ]
    };
    let table = || {
        let columns = [
            ("DeviceID", "VARCHAR"),
            ("newest", "TIMESTAMP"),
            ("temperature", "DOUBLE"),
            ("site", "VARCHAR"),
        ];
        answer(&columns, rows())
    };
    let line = |name: &str| {
        answer(
            &[("time", "TIMESTAMP"), (name, "DOUBLE")],
            vec![
                vec![json!("2026-03-01 12:00:00.000000000"), json!(11.0)],
                vec![json!("2026-03-01 12:05:00.000000000"), json!(12.5)],
            ],
        )
    };
    let both = || vec![line(long), line("attic")];
    let svg = drawn(vec![
        (panel("table", long, 0), vec![table()]),
        (panel("timeseries", "lines", 6), both()),
        (panel("stat", "numbers", 12), both()),
    ]);
    assert!(!svg.contains(long), "{svg}");
    // No text of a row reaches into the next: each ends, by its widest letters, before the other begins.
    let texts: Vec<(f64, f64, f64)> = svg.lines().filter_map(text).collect();
    for (x, y, end) in &texts {
        let next = texts.iter().filter(|(other, row, _)| (row - y).abs() < 0.1 && other > x);
        for (other, ..) in next {
            assert!(end <= other, "the text at {x} {y} ends at {end}, after {other}:\n{svg}");
        }
    }
    insta::assert_snapshot!("long-names", svg);
}

/// Where a text begins, its height on the page, and where it ends.
fn text(line: &str) -> Option<(f64, f64, f64)> {
    let line = line.strip_prefix("<text ")?;
    let attribute = |name: &str| line.split_once(&format!("{name}=\""))?.1.split('"').next();
    let number = |name: &str| attribute(name)?.parse::<f64>().ok();
    let words = line.split_once('>')?.1.strip_suffix("</text>")?;
    let (x, width) = (number("x")?, canvas::width(words, number("font-size")?));
    let begin = match attribute("text-anchor")? {
        "end" => x - width,
        "middle" => x - width / 2.0,
        _ => x,
    };
    Some((begin, number("y")?, begin + width))
}
