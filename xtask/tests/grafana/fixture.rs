//! Models of every shape, and what Grafana is given for them.

use serde_json::Value;
use stacks::environment::Environment;
use stacks::grafana::{File, Place, files};
use telemetry::{Model, RecordLayout};

use crate::store::Kind;

/// A house with everything: levels of batteries, truth values, text, integers, names that need care.
const SENSORS: &str = r#"
topic = "sensors/+/data"
[device]
field = "device_id"
topic_segment = 2
[record]
layout = "LAYOUT"
[[dimension]]
name = "location"
[[measure]]
name = "temperature"
type = "double"
unit = "°C"
normal = { min = -10.5, max = 40 }
[[measure]]
name = "battery_level"
type = "bigint"
unit = "percent"
normal = { min = 20, max = 100 }
[[measure]]
name = "steps"
type = "bigint"
unit = "steps \"$x\" {{y}} << z"
[[measure]]
name = "open"
type = "boolean"
[[measure]]
name = "mode"
type = "varchar"
"#;

/// Nothing to draw a line of.
const WORDS: &str = r#"
topic = "words"
[device]
field = "who"
[[measure]]
name = "word"
type = "varchar"
"#;

/// The file with what people are alarmed about.
pub const RULES: &str = "provisioning/alerting/rules.yaml";

/// The shipped `dev` with a store, and with this under `alerts`.
pub fn alarmed(kind: Kind, alerts: &str) -> Environment {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../environments/dev.toml");
    let text = std::fs::read_to_string(path).expect("a shipped environment");
    let chosen = [("store.kind", kind.name()), ("grafana.alerts", alerts)]
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
    stacks::environment::parse("dev", "dev", &text, &chosen).expect("a valid environment")
}

fn parse(text: &str) -> Model {
    stacks::model::parse("model", text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Models with a name each: the shipped one and one with everything in both layouts, and one of words.
pub fn models() -> Vec<(&'static str, Model)> {
    let shipped = include_str!("../../../telemetry.toml");
    let mut single = parse(shipped);
    single.kinds[0].record = RecordLayout::Single;
    vec![
        ("shipped", parse(shipped)),
        ("shipped-single", single),
        ("sensors", parse(&SENSORS.replace("LAYOUT", "multi"))),
        ("sensors-single", parse(&SENSORS.replace("LAYOUT", "single"))),
        ("words", parse(WORDS)),
    ]
}

/// What Grafana is given for a model.
pub fn rendered(kind: Kind, model: &Model) -> Vec<File> {
    files(model, &alarmed(kind, "5m"), Place::CONTAINER)
}

/// What it is given for each model and kind of store, with their names.
pub fn every_rendering() -> impl Iterator<Item = (String, Kind, Model, Vec<File>)> {
    Kind::ALL.into_iter().flat_map(|kind| {
        models().into_iter().map(move |(name, model)| {
            let files = rendered(kind, &model);
            (format!("{} {name}", kind.name()), kind, model, files)
        })
    })
}

/// One of the files, as JSON.
pub fn json(files: &[File], path: &str) -> Value {
    let file = files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("no {path}"));
    serde_json::from_str(&file.text).expect("JSON")
}

/// The dashboards, by path.
pub fn dashboards(files: &[File]) -> Vec<(String, Value)> {
    let dashboards = files.iter().filter(|file| file.path.starts_with("dashboards/"));
    dashboards.map(|file| (file.path.clone(), serde_json::from_str(&file.text).expect("JSON"))).collect()
}

/// Every panel of a dashboard, those inside of closed headings too.
pub fn panels(dashboard: &Value) -> Vec<&Value> {
    let outer = dashboard["panels"].as_array().expect("panels");
    outer
        .iter()
        .flat_map(|panel| std::iter::once(panel).chain(panel["panels"].as_array().into_iter().flatten()))
        .collect()
}
