//! The mapping of rows beside the same in Python, and the whole connector against the local endpoint.
//!
//! `SLUICE_PYTHON` names the interpreter, `python3` is the default; without one only the connector is
//! measured. The endpoint is the unoptimized one of the local target, unless there is an optimized one.

#![allow(missing_docs, reason = "criterion's macros write functions without documentation")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark reports to its terminal")]

use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant as Clock};

use aws_sdk_timestreamquery::types::{Datum, Row as StoreRow};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};
use sql::TableName;
use twinmaker_connector::catalog::{Catalog, Columns};
use twinmaker_connector::history::Mapping;
use twinmaker_connector::instant::Instant;
use twinmaker_connector::plan::Plan;
use twinmaker_connector::request::{History, Request};
use twinmaker_connector::response::HistoryResponse;
use twinmaker_connector::store::queries::{Layout, Scope};
use twinmaker_connector::track::Track;

use crate::fixture::{FirstPage, Fixture, Server, model};
use crate::runtime::Function;

#[path = "../tests/it/fixture.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod fixture;
#[path = "../tests/it/runtime.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod runtime;

const PROPERTIES: [&str; 5] = ["p0", "p1", "p2", "p3", "p4"];
const ROWS: usize = 10_000;
const ROUNDS: u32 = 100;
/// Pages that are asked for one by one.
const PAGES: usize = 200;
/// Points of a page and property.
const PAGE: usize = 200;
/// 2022-08-25T00:00:00Z
const START: i64 = 1_661_385_600_000_000_000;

fn measured() -> telemetry::EventKind {
    let measures: Vec<Value> =
        PROPERTIES.iter().map(|name| json!({ "name": name, "type": "double" })).collect();
    model(&json!({ "layout": "multi", "name": "m" }), "device", &[], &json!(measures))
}

fn request(page: usize) -> Value {
    json!({
        "workspaceId": "w", "entityId": "kitchen", "componentName": "telemetry",
        "selectedProperties": PROPERTIES, "startTime": Instant::from_nanos(START).iso(),
        "endTime": "2022-08-26T00:00:00Z", "maxResults": page,
        "properties": { "device": { "value": { "stringValue": "kitchen" } } },
    })
}

fn time(record: usize) -> Instant {
    Instant::from_nanos(START + i64::try_from(record).expect("few") * 1_234_000_000)
}

#[allow(clippy::cast_precision_loss)]
fn value(property: usize, record: usize) -> f64 {
    20.0 + property as f64 + (record % 1_000) as f64 / 128.0
}

/// Rows as the store answers them: index of the property, time, value.
fn rows() -> Vec<[String; 3]> {
    let each = ROWS / PROPERTIES.len();
    (0..ROWS)
        .map(|row| {
            let (property, record) = (row / each, row % each);
            [
                property.to_string(),
                timestream::time::text(time(record).nanos()),
                format!("{:?}", value(property, record)),
            ]
        })
        .collect()
}

fn store_rows(rows: &[[String; 3]]) -> Vec<StoreRow> {
    let datum = |text: &String| Datum::builder().scalar_value(text).build();
    rows.iter()
        .map(|cells| {
            StoreRow::builder().set_data(Some(cells.iter().map(datum).collect())).build().expect("a row")
        })
        .collect()
}

/// Everything between the store's rows and the bytes of the answer.
fn mapped(history: &History, plan: &Plan<'_>, layout: &Layout, rows: Vec<StoreRow>) -> Vec<u8> {
    let track = || Some(Track::new(history.fingerprint, ROWS, ROWS + 1, None));
    let tracks = plan.selections.iter().map(|_| track()).collect();
    let mut mapping = Mapping::new(history, plan, layout.clone(), tracks);
    for row in rows {
        mapping.row(row.into()).expect("a row");
    }
    let (gathered, _) = mapping.finish().expect("an answer");
    let response = HistoryResponse { property_values: gathered.finish(), next_token: None };
    serde_json::to_vec(&response).expect("JSON")
}

/// Mean time of the plain Python, by its own clock, and its answer. `None`: there is no Python here.
fn python(rows: &[[String; 3]]) -> Option<(Duration, Value)> {
    let folder = tempfile::tempdir().ok()?;
    let (input, output) = (folder.path().join("rows.json"), folder.path().join("answer.json"));
    let cell = |text: &String| json!({ "ScalarValue": text });
    let rows: Vec<Value> =
        rows.iter().map(|cells| json!({ "Data": cells.iter().map(cell).collect::<Vec<_>>() })).collect();
    std::fs::write(&input, serde_json::to_vec(&rows).ok()?).ok()?;
    let python = std::env::var("SLUICE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/mapping.py");
    let run =
        Command::new(python).arg(script).arg(&input).arg(ROUNDS.to_string()).arg(&output).output().ok()?;
    if !run.status.success() {
        eprintln!("{}", String::from_utf8_lossy(&run.stderr));
        return None;
    }
    let seconds = String::from_utf8(run.stdout).ok()?.trim().parse().ok()?;
    let answer = serde_json::from_slice(&std::fs::read(output).ok()?).ok()?;
    Some((Duration::from_secs_f64(seconds), answer))
}

fn mapping(criterion: &mut Criterion) {
    let Ok(Request::History(history)) = Request::read(&request(PAGE)) else { panic!("a history") };
    let catalog = Catalog::new(&measured());
    let plan = Plan::new(&history, &catalog).expect("a plan");
    let columns = Columns::new(PROPERTIES.map(str::to_owned).into_iter().chain(["device".to_owned()]));
    let table = TableName::new("db", "t");
    let scope = Scope { plan: &plan, table: &table, columns: &columns, order: history.order };
    let layout = Layout::points(&scope);
    let rows = rows();
    let input = store_rows(&rows);

    let mut group = criterion.benchmark_group("mapping");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("10,000 rows", |bencher| {
        bencher.iter_batched(
            || input.clone(),
            |rows| mapped(&history, &plan, &layout, black_box(rows)),
            BatchSize::LargeInput,
        );
    });
    group.finish();

    let mut ours = Duration::ZERO;
    for round in 0..ROUNDS + 5 {
        let rows = input.clone();
        let start = Clock::now();
        let answer = black_box(mapped(&history, &plan, &layout, rows));
        if round >= 5 {
            ours += start.elapsed();
        }
        drop(answer);
    }
    let ours = ours / ROUNDS;
    match python(&rows) {
        Some((theirs, answer)) => {
            let same: Value = serde_json::from_slice(&mapped(&history, &plan, &layout, input)).expect("JSON");
            assert_eq!(same, answer, "both give the same answer");
            println!(
                "mapping {ROWS} rows: connector {ours:.2?}, Python {theirs:.2?}: {:.1} times as fast",
                theirs.as_secs_f64() / ours.as_secs_f64()
            );
        }
        None => println!("mapping {ROWS} rows: connector {ours:.2?}; no Python to compare with"),
    }
}

/// p50 and p99.
fn percentiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    (at(50), at(99))
}

fn whole(_: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let server = Server::timestream(FirstPage::Rows);
        let fixture = Fixture::new(&server, measured()).await;
        let rows: Vec<fixture::Row> = (0..2_000)
            .map(|record| {
                let measures: serde_json::Map<_, _> = PROPERTIES
                    .iter()
                    .enumerate()
                    .map(|(index, name)| ((*name).to_owned(), json!(value(index, record))))
                    .collect();
                let row = json!({
                    "time": time(record).iso(), "dimensions": { "device": "kitchen" }, "measures": measures,
                });
                serde_json::from_value(row).expect("a row")
            })
            .collect();
        fixture.write(&rows).await;
        let mut function = Function::start(&fixture, "INFO").await;
        let mut request = request(PAGE);
        let mut times = Vec::new();
        let mut of_the_store = Vec::new();
        for _ in 0..PAGES {
            let start = Clock::now();
            let answer = function.call(&request).await.expect("an answer");
            times.push(start.elapsed());
            let points: usize = answer["propertyValues"]
                .as_array()
                .expect("entries")
                .iter()
                .map(|entry| entry["values"].as_array().expect("values").len())
                .sum();
            assert_eq!(points, PROPERTIES.len() * PAGE);
            request["nextToken"] = answer["nextToken"].clone();
            let start = Clock::now();
            fixture.answer(&request).await.expect("an answer");
            of_the_store.push(start.elapsed());
        }
        let ((p50, p99), (inner50, inner99)) = (percentiles(times), percentiles(of_the_store));
        println!(
            "{PAGES} pages of {} x {PAGE} points, endpoint {}: function p50 {p50:.1?}, p99 {p99:.1?}; handler alone p50 {inner50:.1?}, p99 {inner99:.1?}",
            PROPERTIES.len(),
            local_harness::process::program("local-timestream").display(),
        );
        match function.peak_memory() {
            Some(kib) => println!("peak memory of the function (VmHWM): {kib} KiB"),
            None => println!("this system does not tell the peak memory of a process"),
        }
        function.end().await;
    });
}

criterion_group!(benches, mapping, whole);
criterion_main!(benches);
