//! What the fleet sends is what the model says, judged by the decoder that the consumers use.

#![allow(missing_docs, reason = "tests are named, not documented")]

use device_simulator::{Event, FUTURE, Fleet, LATE, Traits};
use proptest::prelude::*;
use telemetry::{
    Arrival, Decoder, Device, Dimension, EventIdentity, EventKind, Measure, MeasureType, Range, RecordLayout,
    TimeField, TimeUnit, Undeclared,
};

/// 2026-11-21T08:00:00Z, in microseconds.
const NOW: i64 = 1_795_248_000_000_000;

fn arrival(event: &Event, time: i64) -> Arrival<'_> {
    Arrival {
        time_ms: time / 1000,
        sequence_number: "49590338271490256608559692538361571095921575989136588898",
        partition_key: &event.key,
    }
}

fn measure_kind(timestamps: bool) -> impl Strategy<Value = MeasureType> {
    let kinds = [
        MeasureType::Double,
        MeasureType::Bigint,
        MeasureType::Boolean,
        MeasureType::Varchar,
        MeasureType::Timestamp,
    ];
    // The store takes timestamps in multi-measure records only.
    prop::sample::select(kinds[..if timestamps { 5 } else { 4 }].to_vec())
}

fn range() -> impl Strategy<Value = Option<Range>> {
    let ends =
        (-1.0e6..1.0e6, 0.0..1.0e6).prop_map(|(min, width): (f64, f64)| Range { min, max: min + width });
    prop::option::of(ends)
}

prop_compose! {
    fn model()(
        multi in any::<bool>(),
        topic in prop::sample::select(vec!["dt/+/measures", "sensors/+/+/data", "dt/#", "dt/all"]),
        unit in prop::option::of(prop::sample::select(vec![
            TimeUnit::Seconds, TimeUnit::Milliseconds, TimeUnit::Microseconds, TimeUnit::Nanoseconds,
        ])),
        dimensions in 0_usize..4,
        odd in "[^\u{0}-\u{1f}]{0,8}",
    )(
        measures in prop::collection::vec((measure_kind(multi), range()), 1..8),
        multi in Just(multi), topic in Just(topic), unit in Just(unit), dimensions in Just(dimensions), odd in Just(odd),
    ) -> EventKind {
        // Fields keep apart by what they begin with, and are else as odd as JSON allows.
        let measures = measures.into_iter().enumerate().map(|(index, (kind, normal))| Measure {
            name: format!("m{index}"),
            field: format!("m{index} {odd}"),
            kind,
            unit: None,
            normal: normal.filter(|_| matches!(kind, MeasureType::Double | MeasureType::Bigint)),
        written: telemetry::Written::default(),
        });
        EventKind {
            name: None,
            message: telemetry::Message::Event,
            named: None,
            topic: topic.to_owned(),
            device: Device {
                dimension: "device".to_owned(),
                field: format!("d {odd}"),
                topic_segments: topic.contains('+').then_some(2).into_iter().collect(),
            },
            time: unit.map(|unit| TimeField { field: format!("t {odd}"), unit, format: None, zone: None }),
            event: multi.then(|| EventIdentity { id: Some(format!("i {odd}")), window_seconds: 10 }),
            dimensions: (0..dimensions)
                .map(|index| Dimension { name: format!("x{index}"), field: format!("x{index} {odd}"), topic_segments: Vec::new() })
                .collect(),
            measures: measures.collect(),
            record: if multi { RecordLayout::Multi { name: "events".to_owned() } } else { RecordLayout::Single },
            undeclared: Undeclared::Quarantine,
        }
    }
}

fn decoded(model: &EventKind, event: &Event, arrived: i64) -> telemetry::Decoded {
    Decoder::new(&model.clone().into(), timestream::LIMITS).decode(&event.payload, arrival(event, arrived))
}

proptest! {
    #[test]
    fn events_of_any_model_decode_without_rejection(model in model(), seed in any::<u64>()) {
        let traits = Traits { devices: 3, anomaly_chance: 0.0, burst_chance: 0.3, burst: 2, ..Traits::default() };
        let mut fleet = Fleet::new(model.clone().into(), traits, seed);
        for event in fleet.round(NOW) {
            let found = decoded(&model, &event, NOW);
            prop_assert!(found.rejection.is_none(), "{:?} of {}", found.rejection, String::from_utf8_lossy(&event.payload));
            prop_assert_eq!(found.undeclared, 0);
            let expected = match model.record {
                RecordLayout::Multi { .. } => 1,
                RecordLayout::Single => model.measures.len(),
            };
            prop_assert_eq!(found.records.len(), expected);
            // A whole bigint range may lie between two integers; then the nearest is all there is.
            if model.measures.iter().all(|measure| measure.kind != MeasureType::Bigint) {
                prop_assert_eq!(found.out_of_range, 0, "{}", String::from_utf8_lossy(&event.payload));
            }
            for record in &found.records {
                prop_assert_eq!(&*record.dimensions[0].value, event.device.as_str());
                prop_assert_eq!(record.dimensions.len(), 1 + model.dimensions.len());
                if model.time.is_some() {
                    prop_assert_eq!(record.time, event.time * 1000);
                }
            }
        }
    }

    #[test]
    fn topics_match_the_filter(model in model(), seed in any::<u64>()) {
        let mut fleet = Fleet::new(model.clone().into(), Traits { devices: 1, ..Traits::default() }, seed);
        let topic = fleet.round(NOW)[0].topic.clone();
        prop_assert!(!topic.contains(['+', '#']));
        let mut levels = topic.split('/');
        for wanted in model.topic.split('/') {
            let level = levels.next();
            match wanted {
                "#" => prop_assert!(level.is_some()),
                "+" => prop_assert!(level.is_some_and(|level| !level.is_empty())),
                name => prop_assert_eq!(level, Some(name)),
            }
        }
        if let Some(&segment) = model.device.topic_segments.first() {
            prop_assert_eq!(topic.split('/').nth(segment as usize - 1), Some("device-0000"));
        }
    }
}

/// The smart-home device of the articles.
fn smart_home(topic_segment: Option<u32>) -> EventKind {
    let measure = |name: &str, min, max| Measure {
        name: name.to_owned(),
        field: format!("{name}_measure"),
        kind: MeasureType::Double,
        unit: None,
        normal: Some(Range { min, max }),
        written: telemetry::Written::default(),
    };
    EventKind {
        name: None,
        message: telemetry::Message::Event,
        named: None,
        topic: "dt/+/measures".to_owned(),
        device: Device {
            dimension: "DeviceID".to_owned(),
            field: "DeviceID".to_owned(),
            topic_segments: topic_segment.into_iter().collect(),
        },
        time: Some(TimeField {
            field: "Time".to_owned(),
            unit: TimeUnit::Milliseconds,
            format: None,
            zone: None,
        }),
        event: None,
        dimensions: vec![],
        measures: vec![
            measure("temperature", 10.0, 15.0),
            measure("humidity", 50.0, 100.0),
            measure("voltage", 30.0, 70.0),
            measure("watt", 200.0, 400.0),
        ],
        record: RecordLayout::Single,
        undeclared: Undeclared::Ignore,
    }
}

#[test]
fn an_event_is_what_the_rule_puts_into_the_stream() {
    let cases = [
        ("dt/+/measures", None, "dt/verify-7f3a-0000/measures", true),
        ("dt/+/measures", Some(2), "verify-7f3a-0000", false),
        ("dt/#", None, "dt/verify-7f3a-0000", true),
        ("dt/all", None, "verify-7f3a-0000", true),
    ];
    for (topic, segment, key, named) in cases {
        let traits = Traits { devices: 1, prefix: "verify-7f3a-".to_owned(), ..Traits::default() };
        let model = EventKind { topic: topic.to_owned(), ..smart_home(segment) };
        let event = Fleet::new(model.into(), traits, 1).round(NOW).remove(0);
        let payload: serde_json::Value = serde_json::from_slice(&event.payload).expect("JSON");
        let expected = if named { "verify-7f3a-0000".into() } else { serde_json::Value::Null };
        assert_eq!(payload["DeviceID"], expected, "{topic} {segment:?}");
        assert_eq!((event.device.as_str(), event.key.as_str()), ("verify-7f3a-0000", key), "{topic}");
    }
}

/// Rates over 20,000 events: far more than chance moves them.
#[test]
fn chances_become_rates() {
    let near = |found: usize, of: usize, chance: f64| {
        #[allow(clippy::cast_precision_loss)]
        let rate = found as f64 / of as f64;
        assert!((rate - chance).abs() < 0.01, "{rate} instead of {chance}");
    };
    let traits = Traits {
        devices: 20_000,
        anomaly_chance: 0.051,
        future_chance: 0.1,
        late_chance: 0.2,
        ..Traits::default()
    };
    let model = smart_home(None);
    let events = Fleet::new(model.clone().into(), traits, 5).round(NOW);
    let decoder = Decoder::new(&model.clone().into(), timestream::LIMITS);
    let found: Vec<_> =
        events.iter().map(|event| decoder.decode(&event.payload, arrival(event, NOW))).collect();
    near(found.iter().map(|decoded| decoded.out_of_range).sum(), events.len() * 4, 0.051);
    near(found.iter().filter(|decoded| decoded.corrected.is_some()).count(), events.len(), 0.1);
    near(events.iter().filter(|event| FUTURE.contains(&(event.time - NOW))).count(), events.len(), 0.1);
    near(events.iter().filter(|event| LATE.contains(&(NOW - event.time))).count(), events.len(), 0.2);
    near(events.iter().filter(|event| event.time == NOW).count(), events.len(), 0.7);

    let traits = Traits { devices: 20_000, burst_chance: 0.1, burst: 3, ..Traits::default() };
    let events = Fleet::new(model.into(), traits, 5).round(NOW);
    near(events.len() - 20_000, 20_000, 0.3);
    let keys: std::collections::BTreeSet<_> =
        events.iter().map(|event| (&event.device, event.time)).collect();
    assert_eq!(keys.len(), events.len(), "two events of one device at one time");
}

#[test]
fn a_seed_gives_the_same_events() {
    let round = |seed| Fleet::new(smart_home(None).into(), Traits::default(), seed).round(NOW);
    assert_eq!(round(1), round(1));
    let (one, other) = (round(1), round(2));
    assert!(one.iter().zip(&other).all(|(a, b)| a.device == b.device && a.payload != b.payload));
}
