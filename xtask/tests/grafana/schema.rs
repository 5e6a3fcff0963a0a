//! Grafana's own types say whether a dashboard is one.

use std::path::Path;
use std::process::Command;

use crate::fixture::{dashboards, every_rendering, json};

/// Runs `schema.py` on dashboards, and returns what it finds.
fn found(dashboards: &[(String, serde_json::Value)]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files: Vec<_> = dashboards
        .iter()
        .map(|(path, dashboard)| {
            let file = folder.path().join(path.replace('/', "-"));
            std::fs::write(&file, dashboard.to_string()).expect("a file");
            file
        })
        .collect();
    let python = std::env::var_os("SLUICE_PYTHON")
        .expect("SLUICE_PYTHON must name a Python that has jsonschema; `cargo xtask test` sets it");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/grafana/schema.py");
    let output = Command::new(python).arg(script).args(files).output().expect("Python starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.success(), said.trim().is_empty(), "{said}");
    said.trim().to_owned()
}

#[test]
fn dashboards_are_what_grafana_says_they_are() {
    let named = every_rendering().flat_map(|(name, _, _, files)| {
        dashboards(&files).into_iter().map(move |(path, dashboard)| (format!("{name} {path}"), dashboard))
    });
    assert_eq!(found(&named.collect::<Vec<_>>()), "");
}

/// The types are closed, so that a slip in a template is seen.
#[test]
fn a_wrong_key_value_panel_and_version_are_found() {
    let (_, _, _, files) = every_rendering().next().expect("a rendering");
    let fleet = json(&files, "dashboards/fleet.json");
    for (pointer, value, expected) in [
        ("/panels/0/options/colourMode", "\"value\"", "'colourMode' was unexpected"),
        ("/panels/0/options/graphMode", "\"bar\"", "'bar' is not one of"),
        ("/panels/0/gridPos/x", "\"left\"", "'left' is not of type 'number'"),
        ("/panels/0/type", "\"graph\"", "no type of panel is called graph"),
        ("/panels/0/fieldConfig/defaults/custom", "{\"lineWidth\": 1}", "have nothing of their own"),
        ("/schemaVersion", "41", "schemaVersion is 41"),
        ("/style", "\"dark\"", "'style' was unexpected"),
    ] {
        let mut broken = fleet.clone();
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        broken.pointer_mut(parent).expect("a parent")[key] = serde_json::from_str(value).expect("JSON");
        let said = found(&[("fleet.json".to_owned(), broken)]);
        assert!(said.contains(expected), "{pointer}: {said}");
    }
}
