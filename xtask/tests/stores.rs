//! Another store takes the place of the one that is there, by one deployment: what the stream keeps is in it, and
//! nothing is there twice. So it is with another way of the consumer to its store.

mod installation;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use installation::{DATABASE, Pipeline, processes_of};

/// How long a consumer may take to read the stream.
const PATIENCE: Duration = Duration::from_mins(2);

const TIMESTREAM: &[&str] = &["--set", "store.kind=timestream"];
const POSTGRES: &[&str] = &["--set", "store.kind=postgres"];
const DIRECT: &[&str] = &["--set", "store.kind=postgres", "--set", "store.connection=direct"];

#[test]
fn another_store_has_what_the_stream_has() {
    let pipeline = Pipeline::new();
    deploy(&pipeline, TIMESTREAM, &[]);
    let sent = pipeline.json(&["simulate", "--devices", "10", "--rate", "100", "--for", "3s"]);
    let sent = sent["sent"].as_u64().expect("a count");
    let first = points(&pipeline, &format!("{DATABASE}.telemetry"), sent);

    // What would be lost is named, and until somebody agrees nothing happens.
    let refused = pipeline.xtask(&[&["deploy", "--yes"], DIRECT].concat());
    assert_ne!(refused.exit, 0, "{}", refused.stdout);
    assert!(refused.stdout.contains("--allow-data-loss store.Table"), "{}", refused.stdout);

    deploy(&pipeline, DIRECT, &["store.Database", "store.Table"]);
    assert_eq!(points(&pipeline, "telemetry", sent), first);
    proven(&pipeline);
    // The same reader of the stream, which goes on where it is.
    deploy(&pipeline, POSTGRES, &[]);
    proven(&pipeline);
    let kept = ["store.Cluster", "store.GrafanaSecret", "store.ReaderSecret", "store.WriterSecret"];
    deploy(&pipeline, TIMESTREAM, &kept);
    assert_eq!(points(&pipeline, &format!("{DATABASE}.telemetry"), sent), first);

    let receipt = pipeline.json(&["destroy", "--yes"]);
    assert_eq!((&receipt["left"], &receipt["retained"]), (&json!([]), &json!([])), "{receipt}");
    assert_eq!(processes_of(pipeline.folder.path()), Vec::<String>::new());
}

fn deploy(pipeline: &Pipeline, store: &[&str], lost: &[&str]) {
    let lost: Vec<&str> = lost.iter().flat_map(|name| ["--allow-data-loss", name]).collect();
    pipeline.json(&[&["deploy", "--yes"], store, &lost].concat());
}

/// What a simulated fleet sent, by device, once all of it is there. A table of Timestream without a record has no
/// columns yet.
fn points(pipeline: &Pipeline, table: &str, sent: u64) -> Vec<Value> {
    let sql = format!(
        "SELECT \"DeviceID\", count(*) AS points, max(temperature) AS warmest FROM {table} WHERE \"DeviceID\" LIKE \
         'device-%' GROUP BY 1 ORDER BY 1"
    );
    let count = |row: &Value| row[1].as_u64().or_else(|| row[1].as_str()?.parse().ok()).unwrap_or_default();
    let start = Instant::now();
    loop {
        let ran = pipeline.xtask(&["query", &sql, "--format", "json"]);
        let rows = if ran.exit == 0 { ran.json()["rows"].clone() } else { Value::Null };
        let rows = rows.as_array().cloned().unwrap_or_default();
        if rows.iter().map(count).sum::<u64>() == sent {
            return rows;
        }
        assert!(start.elapsed() < PATIENCE, "{rows:?}\n{}\n{}", ran.stderr, pipeline.logs());
        std::thread::sleep(Duration::from_millis(300));
    }
}

fn proven(pipeline: &Pipeline) {
    let proof = pipeline.json(&["verify"]);
    assert_eq!((&proof["ok"], &proof["lost"]), (&json!(true), &json!(0)), "{proof}");
}
