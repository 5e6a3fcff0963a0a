//! Every vector of `test-vectors/`, as its README describes them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use base64::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use telemetry::kpl::{self, UserRecord};
use telemetry::{Arrival, Decoded, Decoder, Measured, Model, Record, Value};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    why: String,
    model: String,
    #[serde(default)]
    arrival: VectorArrival,
    #[serde(default = "partition_key")]
    partition_key: String,
    event: Option<String>,
    event_base64: Option<String>,
    records: Vec<Json>,
    quarantine: Option<Vec<Json>>,
    #[serde(default)]
    corrected: bool,
    #[serde(default)]
    undeclared: usize,
    #[serde(default)]
    out_of_range: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VectorArrival {
    time_ms: i64,
    sequence_number: String,
}

fn partition_key() -> String {
    "device-1".to_owned()
}

impl Default for VectorArrival {
    fn default() -> Self {
        Self {
            time_ms: 1_609_757_180_000,
            sequence_number: "49613710034000000000000000000000000000000000000000000042".to_owned(),
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors")
}

fn vectors() -> Vec<(String, Vector)> {
    let mut files: Vec<_> =
        fs::read_dir(folder()).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
        .into_iter()
        .flat_map(|path| {
            let text = expanded(&fs::read_to_string(&path).expect("a readable file"));
            let vectors: Vec<Vector> =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let file = path.file_name().expect("a name").to_string_lossy().into_owned();
            vectors.into_iter().map(move |vector| (file.clone(), vector))
        })
        .collect()
}

/// `«5»` is `xxxxx`.
fn expanded(text: &str) -> String {
    let mut parts = text.split('«');
    let mut expanded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (count, rest) = part.split_once('»').expect("a closing »");
        expanded.push_str(&"x".repeat(count.parse().expect("a count")));
        expanded.push_str(rest);
    }
    expanded
}

/// The value in the notation of the vectors.
fn value_json(value: &Value) -> Json {
    match value {
        Value::Double(value) => json!({ "double": value }),
        Value::Bigint(value) => json!({ "bigint": value }),
        Value::Boolean(value) => json!({ "boolean": value }),
        Value::Varchar(value) => json!({ "varchar": value }),
        Value::Timestamp(value) => json!({ "timestamp": value }),
    }
}

/// The record in the notation of the vectors.
fn record_json(record: &Record) -> Json {
    let dimensions: Map<_, _> = record
        .dimensions
        .iter()
        .map(|dimension| (dimension.name.to_string(), json!(dimension.value)))
        .collect();
    let mut json = json!({
        "dimensions": dimensions,
        "measure_name": &*record.measure_name,
        "time": record.time,
        "version": record.version,
    });
    match &record.measured {
        Measured::Single(value) => json["value"] = value_json(value),
        Measured::Multi(values) => {
            json["measures"] = values
                .iter()
                .map(|measure| (measure.name.to_string(), value_json(&measure.value)))
                .collect::<Map<_, _>>()
                .into();
        }
    }
    json
}

/// `{"double": 10}` means `10.0`.
fn as_double(mut record: Json) -> Json {
    fn widen(value: &mut Json) {
        if let Some(number) = value.get_mut("double") {
            *number = json!(number.as_f64().expect("a number"));
        }
    }
    if let Some(value) = record.get_mut("value") {
        widen(value);
    }
    if let Some(measures) = record.get_mut("measures").and_then(Json::as_object_mut) {
        measures.values_mut().for_each(widen);
    }
    record
}

/// What becomes of a payload, which may be an aggregate of several.
fn decoded(decoder: &Decoder, payload: &[u8], arrival: Arrival<'_>) -> Vec<Decoded> {
    match kpl::split(payload) {
        Some(Ok(records)) => records
            .iter()
            .enumerate()
            .map(|(nth, UserRecord { partition_key, data, .. })| {
                decoder.decode_user_record(data, Arrival { partition_key, ..arrival }, nth)
            })
            .collect(),
        Some(Err(fault)) => vec![Decoded::refused(fault)],
        None => vec![decoder.decode(payload, arrival)],
    }
}

#[test]
fn every_vector_holds() {
    let mut failures = Vec::new();
    for (file, vector) in vectors() {
        let model =
            Model::read(&folder().join("models").join(format!("{}.json", vector.model))).expect("a model");
        let payload = match (&vector.event, &vector.event_base64) {
            (Some(text), None) => text.clone().into_bytes(),
            (None, Some(bytes)) => BASE64_STANDARD.decode(bytes).expect("base64"),
            _ => panic!("{}: either event or event_base64", vector.name),
        };
        let VectorArrival { time_ms, sequence_number } = &vector.arrival;
        let arrival = Arrival { time_ms: *time_ms, sequence_number, partition_key: &vector.partition_key };
        let messages = decoded(&Decoder::new(&model, timestream::LIMITS), &payload, arrival);
        let rejections: Vec<_> = messages.iter().filter_map(|one| one.rejection.as_ref()).collect();
        let reasons = (!rejections.is_empty()).then(|| {
            let reason = |reason: &telemetry::Reason| match &reason.field {
                Some(field) => json!({ "code": reason.fault.code(), "field": field }),
                None => json!({ "code": reason.fault.code() }),
            };
            rejections.iter().flat_map(|rejection| &rejection.reasons).map(reason).collect::<Vec<Json>>()
        });
        let records: Vec<_> = messages.iter().flat_map(|one| &one.records).map(record_json).collect();
        let corrected = messages.iter().any(|one| one.corrected.is_some());
        let undeclared = messages.iter().map(|one| one.undeclared).sum::<usize>();
        let out_of_range = messages.iter().map(|one| one.out_of_range).sum::<usize>();
        let found = (&records, &reasons, corrected, undeclared, out_of_range);
        let expected: Vec<_> = vector.records.iter().cloned().map(as_double).collect();
        let wanted =
            (&expected, &vector.quarantine, vector.corrected, vector.undeclared, vector.out_of_range);
        if found != wanted {
            failures.push(format!(
                "{file}: {} ({})\n   found {found:?}\n  wanted {wanted:?}",
                vector.name, vector.why
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn names_are_unique_and_nothing_is_unused() {
    let vectors = vectors();
    let names: BTreeSet<_> = vectors.iter().map(|(_, vector)| &vector.name).collect();
    assert_eq!(names.len(), vectors.len());
    assert!(vectors.iter().all(|(_, vector)| !vector.why.is_empty()));
    let used: BTreeSet<_> = vectors.iter().map(|(_, vector)| format!("{}.json", vector.model)).collect();
    let models: BTreeSet<_> = fs::read_dir(folder().join("models"))
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(used, models);
}
