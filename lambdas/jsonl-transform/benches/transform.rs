//! A batch through the transform and through the Python blueprint, in one run on one machine.
//!
//! Both take the event's JSON and give the answer's JSON. The blueprint checks less: it neither looks
//! at the JSON of a record nor removes newlines. `SLUICE_PYTHON` names the interpreter, `python3` is
//! the default; without one only the transform is measured.

#![allow(missing_docs, reason = "criterion's macros write functions without documentation")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark reports to its terminal")]

use std::hint::black_box;
use std::io::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jsonl_transform::Kinds;
use jsonl_transform::handler::transform;

const RECORDS_OF_3_MB: usize = 3_000_000 / 180;
/// Kinesis adds so much about each record that a batch reaches Lambda's 6 MB sooner.
const RECORDS_WITH_METADATA: usize = 10_000;
const ROUNDS: u32 = 30;

/// A model with one kind, or of several the first one, with its device in the topic or in the event.
fn kinds(name: Option<&str>, topic_segments: &[u32]) -> Kinds {
    let mut kind = serde_json::json!({
        "topic": "dt/+/measures", "measures": [{"name": "m", "field": "m", "type": "double"}],
        "device": {"dimension": "device", "field": "DeviceID", "topic_segments": topic_segments},
        "record": {"layout": "single"}, "undeclared": "ignore",
    });
    let model = match name {
        Some(name) => {
            kind["name"] = name.into();
            serde_json::json!({ "kinds": [kind] })
        }
        None => kind,
    };
    Kinds::new(&serde_json::from_value(model).expect("a model"))
}

/// What Firehose says of a record beside its data.
#[derive(Clone, Copy)]
enum Source {
    DirectPut,
    /// A stream, and what the partition keys begin with.
    Kinesis(&'static str),
}

/// Records of exactly 180 bytes, as Firehose sends them.
fn event(source: Source, records: usize) -> Vec<u8> {
    let records: Vec<_> = (0..records)
        .map(|i| {
            let payload = format!(
                "{{\"Time\":{}.499,\"DeviceID\":\"12345678-9012-3456-7890-{i:012}\",\"temperature_measure\":11.2,\
                 \"humidity_measure\":33.4,\"voltage_measure\":55.62518,\"watt_measure\":777.801234}}",
                1_609_757_175_225 + i
            );
            assert_eq!(payload.len(), 180);
            let metadata = match source {
                Source::DirectPut => String::new(),
                Source::Kinesis(prefix) => format!(
                    ",\"kinesisRecordMetadata\":{{\"sequenceNumber\":\"{:056}\",\"subsequenceNumber\":0,\
                     \"partitionKey\":\"{prefix}12345678-9012-3456-7890-{i:012}\",\"shardId\":\"shardId-000000000000\",\
                     \"approximateArrivalTimestamp\":1609757175300}}",
                    i * 7
                ),
            };
            format!(
                "{{\"recordId\":\"{i:056}\",\"approximateArrivalTimestamp\":1609757175300,\"data\":\"{}\"{metadata}}}",
                BASE64_STANDARD.encode(payload)
            )
        })
        .collect();
    format!(
        "{{\"invocationId\":\"b5a4c2d1-0000-4000-8000-000000000000\",\"deliveryStreamArn\":\
         \"arn:aws:firehose:eu-central-1:123456789012:deliverystream/lake\",\"region\":\"eu-central-1\",\
         \"records\":[{}]}}",
        records.join(",")
    )
    .into_bytes()
}

/// Mean time of the blueprint for `event`, by its own clock. `None`: there is no Python here.
fn blueprint(event: &[u8]) -> Option<Duration> {
    let mut file = tempfile::NamedTempFile::new().ok()?;
    file.write_all(event).ok()?;
    let python = std::env::var("SLUICE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/blueprint.py");
    let output = Command::new(python).arg(script).arg(file.path()).arg(ROUNDS.to_string()).output().ok()?;
    if !output.status.success() {
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    String::from_utf8(output.stdout).ok()?.trim().parse().ok().map(Duration::from_secs_f64)
}

/// Mean time of the transform for `event`.
fn ours(event: &[u8], kinds: &Kinds) -> Duration {
    let round = || black_box(transform(black_box(event), kinds)).expect("a batch of Firehose");
    (0..5).for_each(|_| drop(round()));
    let start = Instant::now();
    (0..ROUNDS).for_each(|_| drop(round()));
    start.elapsed() / ROUNDS
}

fn batches(criterion: &mut Criterion) {
    let cases = [
        ("3 MB of records", kinds(None, &[]), event(Source::DirectPut, RECORDS_OF_3_MB), RECORDS_OF_3_MB),
        (
            "6 MB event from Kinesis",
            kinds(None, &[]),
            event(Source::Kinesis(""), RECORDS_WITH_METADATA),
            RECORDS_WITH_METADATA,
        ),
        (
            "6 MB of a kind with its device in the topic",
            kinds(Some("k"), &[2]),
            event(Source::Kinesis("k/"), RECORDS_WITH_METADATA),
            RECORDS_WITH_METADATA,
        ),
    ];
    let mut lines = Vec::new();
    let mut group = criterion.benchmark_group("transform");
    for (name, kinds, event, records) in &cases {
        assert!(event.len() <= 6 * 1024 * 1024, "{name}: Lambda takes no such event: {} bytes", event.len());
        group.throughput(Throughput::Elements(*records as u64));
        group.bench_function(*name, |bencher| bencher.iter(|| transform(black_box(event), kinds)));
        let ours = ours(event, kinds);
        lines.push(match blueprint(event) {
            Some(python) => format!(
                "{name} ({records} records, {} bytes): transform {ours:.2?}, Python blueprint {python:.2?}: {:.1} times as fast",
                event.len(),
                python.as_secs_f64() / ours.as_secs_f64()
            ),
            None => format!("{name}: transform {ours:.2?}; no Python to compare with"),
        });
    }
    group.finish();
    for line in lines {
        println!("{line}");
    }
}

criterion_group!(benches, batches);
criterion_main!(benches);
