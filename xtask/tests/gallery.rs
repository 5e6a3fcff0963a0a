//! All models of the gallery as kinds of one pipeline on this machine: what each of their devices sends is in the store,
//! in the lake and in the twin, and every query of their dashboards is answered.

mod installation;

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use serde_json::Value;

use installation::{DATABASE, Pipeline, publish};

/// The instant that the samples speak of, in seconds since 1970: 2026-11-21T08:00:00Z.
const THEN: i64 = 1_795_248_000;

fn gallery() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models")
}

fn names() -> Vec<String> {
    let entries = std::fs::read_dir(gallery()).expect("the gallery").map(|entry| entry.expect("an entry"));
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> =
        folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A pipeline whose model has the gallery's kinds in files of their own.
fn pipeline() -> Pipeline {
    let pipeline = Pipeline::new();
    let models = pipeline.model().with_file_name("models");
    let mut text = String::new();
    for name in names() {
        std::fs::create_dir_all(models.join(&name)).expect("a folder");
        let file = format!("{name}/model.toml");
        std::fs::copy(gallery().join(&file), models.join(&file)).expect("a copy");
        text.extend(["[[kind]]\nname = \"", &name, "\"\nfile = \"models/", &file, "\"\n\n"]);
    }
    std::fs::write(pipeline.model(), text).expect("written");
    pipeline
}

/// A payload of then as it is sent at `now`, which is a multiple of a thousand seconds as then is.
fn of_now(payload: &str, now: i64) -> String {
    let mut payload = payload.replace(&(THEN / 1000).to_string(), &(now / 1000).to_string());
    let at = |seconds| jiff::Timestamp::from_second(seconds).expect("a time").to_zoned(TimeZone::UTC);
    for second in 0..60 {
        for zone in ["UTC", "Europe/Berlin"] {
            let zone = TimeZone::get(zone).expect("a zone");
            let text = |seconds| at(seconds).with_time_zone(zone.clone()).datetime().to_string();
            payload = payload.replace(&text(THEN + second), &text(now + second));
        }
    }
    payload
}

/// The records of a device that has these values.
fn condition(record: &Value) -> String {
    let dimensions = record["dimensions"].as_object().expect("dimensions");
    let mut conditions: Vec<String> = dimensions
        .iter()
        .map(|(name, value)| format!("\"{name}\" = '{}'", value.as_str().expect("text")))
        .collect();
    conditions.push(format!("measure_name = '{}'", record["measure_name"].as_str().expect("a name")));
    let mut add = |column: &str, value: &Value| {
        let (_, value) = value.as_object().and_then(|value| value.iter().next()).expect("a value");
        conditions.push(match value {
            Value::String(text) => format!("{column} = '{text}'"),
            Value::Number(number) if number.is_f64() => {
                format!("{column} = {:e}", number.as_f64().expect("a double"))
            }
            other => format!("{column} = {other}"),
        });
    };
    if let Some(measures) = record["measures"].as_object() {
        measures.iter().for_each(|(name, value)| add(&format!("\"{name}\""), value));
    } else {
        let value = &record["value"];
        let kind = value.as_object().and_then(|value| value.keys().next()).expect("a type");
        add(&format!("measure_value::{kind}"), value);
    }
    conditions.join(" AND ")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_device_of_the_gallery_in_one_pipeline() {
    let pipeline = pipeline();
    what_cannot_be_is_refused(&pipeline);
    pipeline.xtask(&["deploy", "--format", "json"]).expect(0);

    // Each kind in its own shape, at every end.
    let proof = pipeline.xtask(&["verify", "--events", "140", "--format", "json"]).expect(0).json();
    let ends = proof["hops"].as_array().expect("ends");
    for name in names() {
        let of_kind = ends.iter().filter(|end| end["kind"] == name.as_str());
        let found: Vec<&str> = of_kind.filter_map(|end| end["name"].as_str()).collect();
        // Two levels of the topic name its devices, and no canary.
        let expected: &[&str] = if name == "owntracks" {
            &["store", "lake", "twin"]
        } else {
            &["store", "lake", "twin", "canary"]
        };
        assert_eq!(found, expected, "{name}: {proof}");
    }

    // The devices themselves, with the payloads of their documentation.
    let status = pipeline.status();
    let aws = status["endpoints"]["aws"].as_str().expect("an endpoint");
    let port = u16::try_from(status["endpoints"]["mqtt"].as_u64().expect("a port")).expect("a port");
    let now = jiff::Timestamp::now().as_second() / 1000 * 1000;
    let mut conditions = Vec::new();
    for name in names() {
        let events = std::fs::read_to_string(gallery().join(&name).join("events.txt")).expect("events");
        for line in events.lines().filter(|line| !line.starts_with('#')) {
            let (topic, payload) = line.split_once(' ').expect("a topic and a payload");
            publish(aws, port, topic, vec![of_now(payload, now).into_bytes()]).await;
        }
        let vectors = std::fs::read_to_string(gallery().join(&name).join("vectors.json")).expect("vectors");
        let vectors: Vec<Value> = serde_json::from_str(&vectors).expect("JSON");
        let records = vectors.iter().flat_map(|vector| vector["records"].as_array().expect("records"));
        conditions.extend(records.map(|record| (name.clone(), condition(record))));
    }
    for (name, condition) in conditions {
        let sql = format!("SELECT count(*) FROM {DATABASE}.telemetry WHERE time > ago(2h) AND {condition}");
        let rows =
            pipeline.rows_when(&sql, |rows| rows.first().is_some_and(|row| row[0].as_i64() >= Some(1)));
        assert_eq!(rows.len(), 1, "{name}");
    }
    assert_eq!(pipeline.status()["quarantine"], 0, "{}", pipeline.logs());

    pipeline.xtask(&["twin", "sync", "--format", "json"]).expect(0);
    let history =
        pipeline.json(&["twin", "history", "--entity", "plus1pm-kitchen", "--component", "shelly-gen2"]);
    let power = history["properties"].as_array().into_iter().flatten().find(|one| one["property"] == "power");
    assert!(
        power.is_some_and(|power| power["values"].as_array().is_some_and(|values| !values.is_empty())),
        "{history}"
    );
    pipeline.xtask(&["dashboards", "--format", "json"]).expect(0);
}

/// What a model cannot say is refused before anything is deployed, with its file and line and what was meant.
fn what_cannot_be_is_refused(pipeline: &Pipeline) {
    let file = pipeline.model().with_file_name("models").join("tasmota/model.toml");
    let good = std::fs::read_to_string(&file).expect("a model");
    for (found, instead, said) in [
        ("\nzone = ", "\nzoen = ", ["models/tasmota/model.toml:16:1", "did you mean `zone`?"]),
        (
            "field = \"ENERGY.Voltage\"",
            "field = \"ENERGY.Power.Volt\"",
            ["models/tasmota/model.toml:32:9", "goes through"],
        ),
        (
            "topic = \"tele/+/SENSOR\"",
            "topic = \"stat/+/POWER\"",
            ["models/tasmota-power/model.toml:5:9", "the kind \"tasmota\""],
        ),
    ] {
        assert!(good.contains(found), "{found}");
        std::fs::write(&file, good.replacen(found, instead, 1)).expect("written");
        let refused = pipeline.xtask(&["check", "--format", "json"]).expect(2);
        assert!(said.iter().all(|said| refused.stderr.contains(said)), "{found}: {}", refused.stderr);
    }
    std::fs::write(&file, good).expect("written");
}
