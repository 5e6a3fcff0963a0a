//! What the fleet sends is what the model says, judged by the decoder that the consumers use.

#![allow(missing_docs, reason = "tests are named, not documented")]

use std::collections::BTreeMap;

use device_simulator::{Event, FUTURE, Fleet, LATE, Traits};
use proptest::prelude::*;
use telemetry::{
    Arrival, Binary, BinaryType, Decimal, Decoder, Device, Dimension, Encoding, Endian, EventIdentity,
    EventKind, Mapped, Measure, MeasureType, Measured, Message, Model, Named, Points, Range, RecordLayout,
    TimeField, TimeUnit, Undeclared, Written,
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

/// What was decoded of an event is what it was to say.
fn says_what_it_means(model: &Model, event: &Event) -> Result<(), TestCaseError> {
    let text = String::from_utf8_lossy(&event.payload);
    let found = Decoder::new(model, timestream::LIMITS).decode(&event.payload, arrival(event, NOW));
    prop_assert!(found.rejection.is_none(), "{:?} of {text}", found.rejection);
    prop_assert_eq!(found.undeclared, 0, "{}", text);
    let kind = &model.kinds[event.kind];
    let values = found.records.iter().flat_map(|record| {
        let device = &record.dimensions[0].value;
        assert_eq!(device, &event.device, "{text}");
        match &record.measured {
            Measured::Single(value) => vec![(record.measure_name.to_string(), value.clone(), record.time)],
            Measured::Multi(values) => {
                values.iter().map(|one| (one.name.to_string(), one.value.clone(), record.time)).collect()
            }
        }
    });
    let mut values: Vec<_> = values.collect();
    let has_time = kind.time.is_some() || kind.message == Message::Senml;
    let time = |time| if has_time { event.time * 1_000 } else { time };
    let mut meant: Vec<_> = event
        .readings
        .iter()
        .map(|one| {
            let found = values.iter().find(|(name, ..)| **name == *one.name).map_or(0, |(_, _, time)| *time);
            (one.name.to_string(), one.value.clone(), time(found))
        })
        .collect();
    values.sort_by(|a, b| a.0.cmp(&b.0));
    meant.sort_by(|a, b| a.0.cmp(&b.0));
    prop_assert_eq!(values, meant, "{}", text);
    Ok(())
}

/// The models of the gallery and those of the vectors.
fn models_of_files() -> Vec<(String, Model)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let entries = |folder: &str| {
        let entries = std::fs::read_dir(root.join(folder)).expect("a folder");
        entries.map(|entry| entry.expect("an entry").path()).collect::<Vec<_>>()
    };
    let gallery = entries("models").into_iter().map(|folder| folder.join("model.json"));
    let files = gallery.filter(|file| file.exists()).chain(entries("test-vectors/models"));
    // It names the second element of an array alone, and refuses what it does not name: a first element too.
    let files = files.filter(|file| !file.ends_with("paths-strict.json"));
    files.map(|file| (file.display().to_string(), Model::read(&file).expect("a model"))).collect()
}

#[test]
fn every_model_that_is_there_is_sent_as_its_devices_send_it() {
    for (name, model) in models_of_files() {
        let traits = Traits { devices: 40, anomaly_chance: 0.2, ..Traits::default() };
        let mut fleet = Fleet::new(model.clone(), traits, 11);
        let mut kinds = std::collections::BTreeMap::<usize, usize>::new();
        for event in fleet.round(NOW) {
            *kinds.entry(event.kind).or_default() += 1;
            says_what_it_means(&model, &event).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        }
        let share = 40 / model.kinds.len();
        assert!(kinds.len() == model.kinds.len() && kinds.values().all(|count| *count >= share), "{kinds:?}");
    }
}

fn range_of_doubles() -> impl Strategy<Value = Option<Range>> {
    prop::option::of(
        (-100.0..100.0, 1.0..100.0).prop_map(|(min, width): (f64, f64)| Range { min, max: min + width }),
    )
}

prop_compose! {
    /// How a value is written, as far as its type allows.
    fn written()(
        kind in prop::sample::select(vec![
            MeasureType::Double, MeasureType::Bigint, MeasureType::Boolean, MeasureType::Varchar, MeasureType::Timestamp,
        ]),
        map in any::<bool>(), suffix in any::<bool>(), comma in any::<bool>(), missing in any::<bool>(),
        scale in prop::option::of(prop::sample::select(vec![0.1, 0.005, 0.01, 2.0, -1.0, 0.3])),
        offset in prop::option::of(prop::sample::select(vec![-40.0, 1.6, 500.0])),
        points in any::<bool>(), normal in range_of_doubles(),
    ) -> (MeasureType, Written, Option<Range>) {
        let is_number = matches!(kind, MeasureType::Double | MeasureType::Bigint);
        let double = kind == MeasureType::Double;
        let map = match kind {
            _ if !map => BTreeMap::new(),
            MeasureType::Double => BTreeMap::from([("low".to_owned(), Mapped::Number(0.5)), ("7".to_owned(), Mapped::Integer(9))]),
            MeasureType::Bigint => BTreeMap::from([("none".to_owned(), Mapped::Integer(0))]),
            MeasureType::Boolean => BTreeMap::from([("ON".to_owned(), Mapped::Boolean(true)), ("2".to_owned(), Mapped::Integer(0))]),
            MeasureType::Varchar => BTreeMap::from([("idle".to_owned(), Mapped::Text("at rest".to_owned())), ("1".to_owned(), Mapped::Integer(5))]),
            MeasureType::Timestamp => BTreeMap::new(),
        };
        let written = Written {
            points: if points { Points { time: "t".to_owned(), value: "v".to_owned() } } else { Points::default() },
            missing: if missing && kind != MeasureType::Timestamp { vec!["0".to_owned(), "50".to_owned(), "running".to_owned(), "false".to_owned()] } else { vec![] },
            suffix: (suffix && is_number).then(|| "°C".to_owned()),
            decimal: if comma && is_number { Decimal::Comma } else { Decimal::Point },
            scale: scale.filter(|_| double),
            offset: offset.filter(|_| double),
            map,
            binary: None,
        };
        (kind, written, normal.filter(|_| is_number))
    }
}

prop_compose! {
    /// Parts of bytes, one behind the other.
    fn layout()(
        parts in prop::collection::vec((
            prop::sample::select(vec![
                BinaryType::U8, BinaryType::I8, BinaryType::U16, BinaryType::I16, BinaryType::U24, BinaryType::I24,
                BinaryType::U32, BinaryType::I32, BinaryType::I64, BinaryType::F32, BinaryType::F64,
            ]),
            any::<bool>(), prop::option::of((0_u8..4, 1_u8..5)), any::<bool>(),
        ), 1..5),
        hex in any::<bool>(), scale in prop::option::of(Just(0.01)), normal in range_of_doubles(),
    ) -> Vec<(MeasureType, Written, Option<Range>)> {
        let parts = parts.into_iter().enumerate().map(|(index, (kind, little, bits, whole))| {
            let unsigned = matches!(kind, BinaryType::U8 | BinaryType::U16 | BinaryType::U24 | BinaryType::U32);
            let float = matches!(kind, BinaryType::F32 | BinaryType::F64);
            let binary = Binary {
                encoding: if hex { Encoding::Hex } else { Encoding::Base64 },
                offset: 1 + 8 * u32::try_from(index).expect("few"),
                kind,
                endian: if little { Endian::Little } else { Endian::Big },
                bits: bits.filter(|_| unsigned),
            };
            let whole = whole && !float;
            let written = Written {
                binary: Some(binary),
                scale: scale.filter(|_| !whole),
                missing: vec!["3".to_owned()],
                ..Written::default()
            };
            (if whole { MeasureType::Bigint } else { MeasureType::Double }, written, normal)
        });
        parts.collect()
    }
}

prop_compose! {
    /// Models of every feature, but no more of one than makes sense together.
    fn model_of_all_features()(
        shape in 0_usize..7,
        fields in prop::collection::vec(prop_oneof![4 => written().prop_map(|one| vec![one]), 1 => layout()], 1..6),
        zone in prop::option::of(prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Asia/Kathmandu"])),
        format in prop::option::of(prop::sample::select(vec![
            "%d.%m.%Y %H:%M:%S", "%Y-%m-%d %I:%M:%S.%f %p", "%e %b %y %H:%M", "%Y/%m/%d %H:%M:%S %z",
        ])),
        unit in prop::sample::select(vec![TimeUnit::Seconds, TimeUnit::Milliseconds, TimeUnit::Nanoseconds]),
        timed in any::<bool>(), single in any::<bool>(),
    ) -> EventKind {
        // Each: one event, an array inside of an object, an array, names in events, names in the topic, a value, SenML.
        let (message, named) = match shape {
            1 => (Message::Each("data.values".to_owned()), None),
            2 => (Message::Each("$".to_owned()), None),
            3 => (Message::Each("tags".to_owned()), Some((Some("n".to_owned()), vec![], "v.raw"))),
            4 => (Message::Event, Some((None, vec![3], "reading"))),
            5 => (Message::Event, Some((None, vec![3, 4], "$"))),
            6 => (Message::Senml, None),
            _ => (Message::Event, None),
        };
        let bare = shape == 5;
        let paths = ["a.b.m", "a.list[0].m", "m", "deep.\"x.y\".m", "switch:0.m"];
        let measures = fields.into_iter().enumerate().flat_map(|(index, parts)| {
            let field = match &named {
                Some((_, segments, _)) if segments.len() == 2 => format!("sensor/m{index}"),
                Some(_) => format!("m{index}"),
                None if shape == 6 => format!("m{index}"),
                None => format!("{}{index}", paths[index % paths.len()]),
            };
            let parts = parts.into_iter().enumerate();
            parts.map(move |(part, (kind, mut written, normal))| {
                if bare || shape == 6 || (single && kind == MeasureType::Timestamp) {
                    written.points = Points::default();
                }
                Measure { name: format!("m{index}_{part}"), field: field.clone(), kind, unit: None, normal, written }
            }).collect::<Vec<_>>()
        });
        let from_topic = shape != 1 && shape != 6;
        EventKind {
            name: None,
            topic: if shape == 5 { "dt/+/+/+" } else { "dt/+/+/measures" }.to_owned(),
            device: Device {
                dimension: "device".to_owned(),
                field: match shape { 1 => "$.who.id", 6 => "bn", _ => "device" }.to_owned(),
                topic_segments: if from_topic { vec![2] } else { vec![] },
            },
            time: (timed && !bare && shape != 6).then(|| TimeField {
                field: "when.t".to_owned(), unit, format: format.map(str::to_owned), zone: zone.map(str::to_owned),
            }),
            event: None,
            dimensions: if named.is_none() && shape != 6 {
                vec![Dimension { name: "place".to_owned(), field: "place".to_owned(), topic_segments: vec![3] }]
            } else { vec![] },
            measures: measures.collect(),
            named: named.map(|(field, topic_segments, value)| Named { field, topic_segments, value: value.to_owned() }),
            message,
            record: if single { RecordLayout::Single } else { RecordLayout::Multi { name: "events".to_owned() } },
            undeclared: Undeclared::Quarantine,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn what_is_sent_says_what_was_meant(kind in model_of_all_features(), seed in any::<u64>()) {
        let model = Model::from(kind);
        let traits = Traits { devices: 4, anomaly_chance: 0.1, ..Traits::default() };
        for event in Fleet::new(model.clone(), traits, seed).round(NOW) {
            says_what_it_means(&model, &event)?;
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
