//! The gallery in `models/`: each of its models alone and all of them in one pipeline, with what their devices send.
//!
//! `SLUICE_GALLERY=write` writes `model.json` and `vectors.json` of each folder anew, to be read before they are
//! committed.

#![allow(missing_docs, reason = "tests are named, not documented")]

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use samples::attempt::Stored;
use samples::{Attempt, Sample, Trial, propose, read};
use serde::Serialize;
use stacks::model;
use telemetry::Model;

/// 2026-11-21T08:01:00Z, when the samples arrive.
const ARRIVAL_MS: i64 = 1_795_248_060_000;

fn gallery() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models")
}

/// The folders of the gallery, by their names.
fn folders() -> Vec<(String, PathBuf)> {
    let entries =
        std::fs::read_dir(gallery()).expect("the gallery").map(|entry| entry.expect("an entry").path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    let name = |path: &PathBuf| path.file_name().expect("a name").to_string_lossy().into_owned();
    folders.into_iter().map(|path| (name(&path), path)).collect()
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn parsed(folder: &Path) -> Model {
    let file = folder.join("model.toml");
    model::parse("model.toml", &text(&file))
        .unwrap_or_else(|problems| panic!("{}: {problems}", file.display()))
}

fn samples_of(folder: &Path) -> Vec<Sample> {
    read(text(&folder.join("events.txt")).as_bytes())
        .unwrap_or_else(|fault| panic!("{}: {fault}", folder.display()))
}

/// The file has this text, or is given it.
fn is_current(path: &Path, expected: &impl Serialize) {
    let expected = serde_json::to_string_pretty(expected).expect("JSON") + "\n";
    if std::env::var_os("SLUICE_GALLERY").is_some_and(|what| what == "write") {
        std::fs::write(path, &expected).expect("a file");
    }
    let advice = "run this test with SLUICE_GALLERY=write, and read what changes";
    assert_eq!(text(path), expected, "{}: {advice}", path.display());
}

/// A sample and what becomes of it, as a vector.
#[derive(Serialize)]
struct Vector<'a> {
    name: String,
    why: &'a str,
    model: String,
    arrival: Arrival,
    partition_key: &'a str,
    event: Cow<'a, str>,
    records: &'a [Stored],
    quarantine: Option<()>,
    #[serde(skip_serializing_if = "is_zero")]
    undeclared: usize,
    #[serde(skip_serializing_if = "is_zero")]
    out_of_range: usize,
}

#[derive(Serialize)]
struct Arrival {
    time_ms: i64,
    sequence_number: String,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

fn vector<'a>(name: &'a str, index: usize, sample: &'a Sample, attempt: &'a Attempt) -> Vector<'a> {
    Vector {
        name: format!("{name} {}", index + 1),
        why: sample.remark.as_deref().unwrap_or_else(|| panic!("{name}: sample {index} has no remark")),
        model: format!("gallery/{name}"),
        arrival: Arrival { time_ms: ARRIVAL_MS, sequence_number: format!("{index:056}") },
        partition_key: &attempt.partition_key,
        event: String::from_utf8_lossy(&sample.payload),
        records: &attempt.records,
        quarantine: None,
        undeclared: attempt.undeclared_count,
        out_of_range: attempt.out_of_range,
    }
}

#[test]
fn each_model_stores_what_its_devices_send() {
    for (name, folder) in folders() {
        let model = parsed(&folder);
        is_current(&folder.join("model.json"), &model);
        let trial = Trial::new(&model);
        let samples = samples_of(&folder);
        let attempts: Vec<Attempt> = samples
            .iter()
            .enumerate()
            .map(|(index, sample)| trial.attempt(sample, ARRIVAL_MS, index))
            .collect();
        for attempt in &attempts {
            assert_eq!(
                (attempt.outside.as_deref(), &attempt.quarantine, attempt.corrected),
                (None, &vec![], false),
                "{name}"
            );
            assert!(!attempt.records.is_empty() && attempt.line.is_some(), "{name}: {attempt:?}");
        }
        let vectors = samples.iter().zip(&attempts).enumerate();
        let vectors: Vec<Vector<'_>> =
            vectors.map(|(index, (sample, attempt))| vector(&name, index, sample, attempt)).collect();
        is_current(&folder.join("vectors.json"), &vectors);
    }
}

#[test]
fn all_models_are_one_pipeline() {
    let kinds = folders()
        .into_iter()
        .map(|(name, _)| format!("[[kind]]\nname = \"{name}\"\nfile = \"models/{name}/model.toml\"\n\n"));
    let text: String = kinds.collect();
    let read_file = |path: &str| std::fs::read_to_string(gallery().join("..").join(path));
    let model = model::parse_with("telemetry.toml", &text, &read_file)
        .unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(model.kinds.len(), folders().len());
    // Each sample is of its own kind, and becomes the same records.
    let all = Trial::new(&model);
    for (name, folder) in folders() {
        let alone = Trial::new(&parsed(&folder));
        for (index, sample) in samples_of(&folder).iter().enumerate() {
            let (one, many) =
                (alone.attempt(sample, ARRIVAL_MS, index), all.attempt(sample, ARRIVAL_MS, index));
            assert_eq!((many.kind.as_deref(), &many.records), (Some(name.as_str()), &one.records));
        }
    }
}

/// A model proposed for the samples of a device passes the check, stores each of them, and leaves no field out but
/// those that name its device.
#[test]
fn a_model_is_proposed_for_each_device_and_for_all_of_them() {
    let mut all: Vec<Sample> = Vec::new();
    let mut proposals = String::new();
    let tried = |name: &str, samples: &[Sample]| {
        let proposal = propose(samples);
        let model = model::parse(name, &proposal).unwrap_or_else(|problems| panic!("{problems}\n{proposal}"));
        let trial = Trial::new(&model);
        for (index, sample) in samples.iter().enumerate() {
            let attempt = trial.attempt(sample, ARRIVAL_MS, index);
            assert_eq!(
                (attempt.outside.as_deref(), &attempt.quarantine),
                (None, &vec![]),
                "{name}\n{proposal}"
            );
            assert!(!attempt.records.is_empty(), "{name}: {attempt:?}\n{proposal}");
        }
        (model, proposal)
    };
    for (name, folder) in folders() {
        let samples = samples_of(&folder);
        let (_, proposal) = tried(&name, &samples);
        proposals.extend(["=== ", &name, "\n", &proposal, "\n"]);
        all.extend(samples);
    }
    insta::assert_snapshot!(proposals);
    let (model, _) = tried("all", &all);
    assert!(
        model.kinds.len() >= folders().len(),
        "{:?}",
        model.kinds.iter().map(|kind| &kind.topic).collect::<Vec<_>>()
    );
}
