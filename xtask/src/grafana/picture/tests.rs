use serde_json::json;

use super::*;
use crate::commands::query::{Answer, Column};

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
