//! Another store gets what a store and its lake have, with the real program against the local target: the same points,
//! whatever interrupts it, and nothing twice.

mod installation;

use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use serde_json::{Value, json};

use installation::{DATABASE, Pipeline, kinesis, put, target};

/// Devices, and what each measures: once in 24 minutes, so that the oldest is from long before the memory store.
const DEVICES: i64 = 60;
const INSTANTS: i64 = 100;
const APART_MS: i64 = 24 * 60_000;

/// Events that correct an earlier one.
const CORRECTED: i64 = 500;

/// The humidity that is right.
const RIGHT: i64 = 99;

/// Events that do not say when they happened, whose clock is ahead, and that no consumer understands.
const UNTIMED: i64 = 20;
const AHEAD: i64 = 5;
const POISON: i64 = 3;

const LINES: i64 = DEVICES * INSTANTS + CORRECTED + UNTIMED + AHEAD;
const TIMED: i64 = DEVICES * INSTANTS;
const POINTS: i64 = TIMED + UNTIMED + AHEAD;

#[tokio::test(flavor = "multi_thread")]
async fn a_store_gets_what_another_one_and_the_lake_have() {
    let pipeline = Pipeline::new();
    pipeline.environment("postgres", |text| text.replace("[store]\n", "[store]\nkind = \"postgres\"\n"));
    pipeline.environment("back", |text| text);
    let of_events = ["--stack", "ingest", "--stack", "consumer", "--stack", "lake", "--format", "json"];
    let first = pipeline.xtask(&[&["deploy"], &of_events[..]].concat()).expect(0).json();
    for environment in ["postgres", "back"] {
        pipeline.xtask(&["deploy", "--env", environment, "--stack", "store"]).expect(0);
    }
    let stream = first["outputs"]["ingest"]["StreamName"].as_str().expect("a stream");
    let status = pipeline.status();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    send(&text(&status["endpoints"]["aws"]), &text(&status["region"]), stream).await;
    // Columns are there with the first point.
    let table = format!("{DATABASE}.telemetry");
    pipeline.rows_when(&format!("SELECT count(*) FROM {table}"), |rows| rows == [json!([POINTS])]);
    let right = format!("SELECT count_if(humidity = {RIGHT}) FROM {table}");
    pipeline.rows_when(&right, |rows| rows == [json!([CORRECTED])]);
    let expected = points(&pipeline, "local");

    the_lake_fills_a_store(&pipeline, &expected);
    another_store_has_the_rest(&pipeline, &expected);
    a_copy_goes_on_after_its_program_was_killed(&pipeline, &expected);
    what_cannot_be_copied_is_refused_before(&pipeline);
    for environment in ["postgres", "back"] {
        pipeline.xtask(&["destroy", "--env", environment, "--yes"]).expect(0);
    }
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

async fn send(aws: &str, region: &str, stream: &str) {
    let (client, now) = (kinesis(aws, region), now_ms());
    let event = |index: i64, humidity: i64| {
        let (device, time) = (format!("d-{:02}", index % DEVICES), now - index / DEVICES * APART_MS);
        let temperature = f64::from(i32::try_from(index).expect("few")) / 7.0;
        json!({
            "DeviceID": device, "Time": time, "temperature_measure": temperature, "humidity_measure": humidity
        })
    };
    // Half of the corrections are right behind what they correct, the others far from it. They come in another
    // request: what arrives at once is no correction.
    let near = CORRECTED / 2;
    let mut events: Vec<Value> = (0..near).map(|index| event(index, 50)).collect();
    events.extend((0..near).map(|index| event(index, RIGHT)));
    events.extend((near..TIMED).map(|index| event(index, 50)));
    events.extend((near..CORRECTED).map(|index| event(index, RIGHT)));
    events.extend((0..UNTIMED).map(|index| json!({"DeviceID": "untimed", "humidity_measure": index})));
    let tomorrow = now + 86_400_000;
    events.extend(
        (0..AHEAD).map(|index| json!({"DeviceID": "ahead", "Time": tomorrow + index, "humidity_measure": 1})),
    );
    events.extend((0..POISON).map(|_| json!({"humidity_measure": 1})));
    let entries = events.into_iter().map(|event| {
        let entry = PutRecordsRequestEntry::builder().partition_key("d").data(Blob::new(event.to_string()));
        entry.build().expect("an entry")
    });
    put(&client, stream, &entries.collect::<Vec<_>>(), usize::try_from(near).expect("few")).await;
}

/// Every point of an environment: device, nanoseconds, values, and whether its clock was corrected.
fn points(pipeline: &Pipeline, environment: &str) -> Vec<Value> {
    let (time, table) = match environment {
        "postgres" => ("sluice.nanoseconds(time, nanosecond)", "telemetry".to_owned()),
        other => ("to_nanoseconds(time)", format!("sluice_{other}.telemetry")),
    };
    let sql = format!(
        "SELECT \"DeviceID\", {time} AS nanoseconds, measure_name, temperature, humidity, time_corrected FROM {table}"
    );
    let answer = pipeline.json(&["query", "--env", environment, &sql]);
    let mut rows = answer["rows"].as_array().cloned().unwrap_or_default();
    rows.sort_by_key(ToString::to_string);
    rows
}

fn copy(pipeline: &Pipeline, environment: &str, more: &[&str], exit: i32) -> Value {
    let arguments = [&["store", "copy", "--env", environment, "--format", "json"], more].concat();
    pipeline.xtask(&arguments).expect(exit).json()
}

/// Every event that says its time, in the version that came last; what the lake does not know is told.
fn the_lake_fills_a_store(pipeline: &Pipeline, expected: &[Value]) {
    let lake = ["--from-lake", "local"];
    let dry = copy(pipeline, "postgres", &[&lake[..], &["--dry-run"]].concat(), 0);
    assert!(dry["count"].as_u64().is_some_and(|objects| objects > 0), "{dry}");
    assert_eq!(points(pipeline, "postgres"), Vec::<Value>::new());

    // The delivery may be behind the consumer. What is there already is left alone by the next copy.
    let start = Instant::now();
    let copied = loop {
        let copied = copy(pipeline, "postgres", &lake, 6);
        if copied["lines"] == LINES + POISON {
            break copied;
        }
        assert!(start.elapsed() < Duration::from_mins(1), "{copied}");
    };
    let behind = |copied: &Value| -> Vec<i64> {
        let left = copied["left"].as_object().expect("reasons");
        left.values().filter_map(|behind| behind["count"].as_i64()).collect()
    };
    // In the order of their reasons.
    assert_eq!(behind(&copied), [AHEAD, UNTIMED], "{copied}");
    assert_eq!((&copied["read"], &copied["has"]), (&json!(LINES), &json!(TIMED)), "{copied}");
    assert_eq!(copied["faulty"], json!({"device_missing": POISON}), "{copied}");
    let listed = std::fs::read_to_string(copied["listed"].as_str().expect("a file")).expect("a list");
    assert_eq!(i64::try_from(listed.lines().count()).ok(), Some(UNTIMED + AHEAD));

    let timed: Vec<&Value> = expected
        .iter()
        .filter(|row| row[0].as_str().is_some_and(|device| device.starts_with("d-")))
        .collect();
    assert_eq!(points(pipeline, "postgres").iter().collect::<Vec<_>>(), timed);

    // What the store has of its stream stays: the lake has nothing new for it.
    let own = copy(pipeline, "local", &["--from-lake"], 6);
    assert_eq!((&own["had"], &own["has"]), (&json!(POINTS), &json!(POINTS)), "{own}");
    assert_eq!(points(pipeline, "local"), expected);
}

/// What the lake lacks, another store has. Again, there is nothing to do.
fn another_store_has_the_rest(pipeline: &Pipeline, expected: &[Value]) {
    let copied = copy(pipeline, "postgres", &["--from-env", "local"], 0);
    assert_eq!((&copied["read"], &copied["stored"]), (&json!(POINTS), &json!(UNTIMED + AHEAD)), "{copied}");
    assert_eq!((&copied["had"], &copied["has"]), (&json!(TIMED), &json!(POINTS)), "{copied}");
    assert_eq!(points(pipeline, "postgres"), expected);

    let table = format!("{DATABASE}.telemetry");
    let again = copy(pipeline, "postgres", &["--from-table", &table], 0);
    assert_eq!((&again["had"], &again["has"], &again["left"]), (&json!(POINTS), &json!(POINTS), &json!({})));
    assert_eq!(points(pipeline, "postgres"), expected);
}

/// The journal says how far it was.
fn a_copy_goes_on_after_its_program_was_killed(pipeline: &Pipeline, expected: &[Value]) {
    let journal = target().join("sluice/copies/back-from-env-postgres.jsonl");
    let _ = std::fs::remove_file(&journal);
    let arguments = ["store", "copy", "--env", "back", "--from-env", "postgres", "--format", "json"];
    let mut child =
        pipeline.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("xtask runs");
    let done = || std::fs::read_to_string(&journal).unwrap_or_default().lines().count();
    while done() < 2 && child.try_wait().expect("a process").is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().expect("killed");
    assert_eq!(child.wait().expect("a process").signal(), Some(9), "it was done before it was killed");
    let count = pipeline.json(&["query", "--env", "back", "SELECT count(*) FROM sluice_back.telemetry"]);
    assert!(count["rows"][0][0].as_i64().is_some_and(|count| count > 0 && count < POINTS), "{count}");

    let other = [&arguments[..], &["--since", "1h"]].concat();
    let refused = pipeline.xtask(&other).expect(2);
    assert!(refused.stderr.contains("--restart"), "{}", refused.stderr);
    let ran = pipeline.xtask(&arguments).expect(0);
    assert!(ran.stderr.contains("goes on"), "{}", ran.stderr);
    let copied = ran.json();
    assert_eq!((&copied["read"], &copied["has"]), (&json!(POINTS), &json!(POINTS)), "{copied}");
    assert_eq!(points(pipeline, "back"), expected);
    assert!(!journal.exists());

    let again = copy(pipeline, "back", &["--from-env", "postgres"], 0);
    assert_eq!(
        (&again["had"], &again["has"], &again["stored"]),
        (&json!(POINTS), &json!(POINTS), &json!(POINTS))
    );
    assert_eq!(points(pipeline, "back"), expected);
}

fn what_cannot_be_copied_is_refused_before(pipeline: &Pipeline) {
    for (arguments, exit, told) in [
        (&["--from-env", "local"][..], 2, "its own store"),
        (&["--from-table", "sluice_local.telemetry"], 2, "itself"),
        (&["--from-table", "telemetry"], 2, "DATABASE.TABLE"),
        (&["--from-table", "nothing.telemetry"], 2, "nothing"),
        (&["--from-env", "dve"], 5, "dve"),
        (&["--from-env", "back", "--from-lake"], 2, "cannot be used with"),
        (&["--from-env", "back", "--since", "1h", "--until", "2h"], 2, "not before"),
        (&[], 2, "--from-env"),
    ] {
        let ran = pipeline.xtask(&[&["store", "copy"], arguments].concat()).expect(exit);
        assert!(ran.stderr.contains(told), "{arguments:?}: {}", ran.stderr);
    }
}
