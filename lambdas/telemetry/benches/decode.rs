//! Events a second of one core: the smart-home event through [`Decoder`], and through the obvious
//! alternative, a `serde_json::Value` whose fields are looked up and mapped.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::Value as Json;
use telemetry::{
    Arrival, Decoder, Device, Dimension, EventKind, Measure, MeasureType, Message, RecordLayout, TimeField,
    TimeUnit, Undeclared, Written,
};

const SMART_HOME: &[u8] = br#"{"Time": 1609757175225.499, "DeviceID": "12345678-9012-3456-7890-123456789012", "temperature_measure": 11.2, "humidity_measure": 33.4, "voltage_measure": 55.6, "watt_measure": 777.8}"#;
const ARRIVAL: Arrival<'_> = Arrival {
    time_ms: 1_609_757_175_900,
    sequence_number: "49590338271490256608559692538361571095921575989136588898",
    partition_key: "dt/12345678-9012-3456-7890-123456789012/measures",
};
const MEASURES: [&str; 4] = ["temperature", "humidity", "voltage", "watt"];

fn smart_home() -> EventKind {
    let double = |name: &str| Measure {
        name: name.into(),
        field: format!("{name}_measure"),
        kind: MeasureType::Double,
        unit: None,
        normal: None,
        written: Written::default(),
    };
    EventKind {
        name: None,
        message: Message::Event,
        named: None,
        topic: "dt/+/measures".into(),
        device: Device { dimension: "DeviceID".into(), field: "DeviceID".into(), topic_segments: Vec::new() },
        time: Some(TimeField {
            field: "Time".into(),
            unit: TimeUnit::Milliseconds,
            format: None,
            zone: None,
        }),
        event: None,
        dimensions: Vec::<Dimension>::new(),
        measures: MEASURES.map(double).into(),
        record: RecordLayout::Multi { name: "telemetry".into() },
        undeclared: Undeclared::Ignore,
    }
}

/// A record as the alternative makes it: names and values as text, the shape of a request.
#[derive(Debug)]
#[expect(dead_code, reason = "what is made is measured, not read")]
struct TextRecord {
    device: String,
    time: i64,
    measures: Vec<(String, f64)>,
}

/// The mapping that one writes first. It loses digits of the time, and what is not as expected.
fn through_a_tree(payload: &[u8]) -> Option<TextRecord> {
    let event: Json = serde_json::from_slice(payload).ok()?;
    #[allow(clippy::cast_possible_truncation)]
    let time = (event.get("Time")?.as_f64()? * 1e6) as i64;
    Some(TextRecord {
        device: event.get("DeviceID")?.as_str()?.to_owned(),
        time,
        measures: MEASURES
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), event.get(format!("{name}_measure"))?.as_f64()?)))
            .collect(),
    })
}

fn decode(criterion: &mut Criterion) {
    let decoder = Decoder::new(&smart_home().into(), timestream::LIMITS);
    let sample = decoder.decode(SMART_HOME, ARRIVAL);
    assert!(sample.rejection.is_none() && sample.records.len() == 1, "the benchmark needs a good event");
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(1));
    group
        .bench_function("decoder", |bencher| bencher.iter(|| decoder.decode(black_box(SMART_HOME), ARRIVAL)));
    group.bench_function("serde_json::Value", |bencher| {
        bencher.iter(|| through_a_tree(black_box(SMART_HOME)));
    });
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
