use serde_json::{Value, json};
use telemetry::Measured;

use super::*;

/// 2026-03-01T00:00:00Z.
const ARRIVAL_MS: i64 = 1_772_323_200_000;

fn model(change: &Value) -> Model {
    let mut kind = json!({
        "topic": "dt/+/+", "device": {"dimension": "device", "field": "id"},
        "time": {"field": "time", "unit": "ms"},
        "measures": [{"name": "t", "field": "t", "type": "double"}, {"name": "h", "field": "h", "type": "double"}],
        "record": {"layout": "multi", "name": "m"}, "undeclared": "ignore",
    });
    for (name, value) in change.as_object().expect("an object") {
        match value {
            Value::Null => {
                kind.as_object_mut().expect("an object").remove(name);
            }
            value => kind[name] = value.clone(),
        }
    }
    serde_json::from_value(kind).expect("a model")
}

fn read(model: &Model, line: &str) -> Found {
    Lines::of(model, timestream::LIMITS).read(0, line, ARRIVAL_MS, 7)
}

/// Points as text: device and other dimensions, seconds after the arrival, values.
fn points(found: &Found) -> Vec<String> {
    let point = |record: &Record| {
        let series: Vec<&str> = record.dimensions.iter().map(|one| one.value.as_str()).collect();
        let values = match &record.measured {
            Measured::Single(value) => value.text().into_owned(),
            Measured::Multi(values) => {
                let value = |one: &telemetry::MeasureValue| format!("{}={}", one.name, one.value.text());
                values.iter().map(value).collect::<Vec<_>>().join(",")
            }
        };
        assert_eq!(record.version, 7);
        format!("{} {} {values}", series.join("+"), record.time / 1_000_000 - ARRIVAL_MS)
    };
    found.points.iter().map(point).collect()
}

#[test]
fn a_line_is_the_message_that_it_was_made_of() {
    let at = ARRIVAL_MS - 5_000;
    let topic = json!({"dimension": "device", "field": "id", "topic_segments": [3, 2]});
    let site = json!([{"name": "site", "field": "site", "topic_segments": [2]}]);
    let named = json!({"topic_segments": [3], "value": "$"});
    let of_topic = json!({"dimension": "device", "field": "id", "topic_segments": [2]});
    for (case, change, line, expected) in [
        ("as sent", json!({}), format!(r#"{{"id":"a","time":{at},"t":1.50,"x":1}}"#), vec!["a -5000 t=1.5"]),
        (
            "an older field does not count",
            json!({"device": of_topic}),
            format!(r#"{{"time":{at},"t":1,"id":"a"}}"#),
            vec!["a -5000 t=1.0"],
        ),
        (
            "several levels name the device",
            json!({"device": topic, "dimensions": site}),
            format!(r#"{{"time":{at},"t":1,"id":"b/a","site":"a"}}"#),
            vec!["b/a+a -5000 t=1.0"],
        ),
        (
            "a device whose name has a slash is one level",
            json!({"device": of_topic}),
            format!(r#"{{"time":{at},"t":1,"id":"a/b"}}"#),
            vec!["a/b -5000 t=1.0"],
        ),
        (
            "an array is the member of an object",
            json!({"message": {"each": "$"}, "device": of_topic}),
            format!(r#"{{"events":[{{"time":{at},"t":1}},{{"time":{},"t":2e0}}],"id":"a"}}"#, at + 1),
            vec!["a -5000 t=1.0", "a -4999 t=2.0"],
        ),
        (
            "a value is the member of an object, and has no time",
            json!({"named": named, "device": of_topic, "time": null}),
            r#"{"value":21.5,"id":"a","name":"t"}"#.to_owned(),
            vec![],
        ),
        (
            "a kind has a name",
            json!({"name": "climate", "device": of_topic}),
            format!(r#"{{"time":{at},"h":3,"id":"a"}}"#),
            vec!["a -5000 h=3.0"],
        ),
    ] {
        let found = read(&model(&change), &line);
        assert_eq!(points(&found), expected, "{case}: {found:?}");
        assert!(found.faults.is_empty(), "{case}: {found:?}");
    }
}

#[test]
fn what_depends_on_the_arrival_stays_behind() {
    let ahead = ARRIVAL_MS + 16 * 60_000;
    let copies = json!({"time": null, "event": {"window_seconds": 3600, "id": "seq"}});
    let each = json!({"message": {"each": "readings"}});
    let some = format!(r#"{{"readings":[{{"id":"a","t":1}},{{"id":"a","t":2,"time":{ARRIVAL_MS}}}]}}"#);
    for (case, change, line, taken, reasons) in [
        ("no time", json!({"time": null}), r#"{"id":"a","t":1}"#.to_owned(), 0, vec![UNTIMED]),
        (
            "a time that says nothing",
            json!({}),
            r#"{"id":"a","t":1,"time":null}"#.to_owned(),
            0,
            vec![UNTIMED],
        ),
        ("copies are known", copies, r#"{"id":"a","t":1,"seq":4}"#.to_owned(), 0, vec![UNTIMED]),
        ("some of a message", each, some, 1, vec![UNTIMED]),
        ("ahead", json!({}), format!(r#"{{"id":"a","t":1,"time":{ahead}}}"#), 0, vec![MOVED]),
        ("just not ahead", json!({}), format!(r#"{{"id":"a","t":1,"time":{}}}"#, ahead - 60_000), 1, vec![]),
        ("long ago", json!({}), r#"{"id":"a","t":1,"time":0}"#.to_owned(), 1, vec![]),
    ] {
        let found = read(&model(&change), &line);
        let told: Vec<&str> = found.behind.iter().map(|(reason, _)| *reason).collect();
        assert_eq!((found.points.len(), told), (taken, reasons), "{case}");
    }
}

#[test]
fn a_fault_is_that_of_the_message() {
    for (line, points, faults) in [
        ("not JSON", 0, vec!["not_json"]),
        (r#"{"t":1,"time":0}"#, 0, vec!["device_missing"]),
        (r#"{"id":"a","t":"warm","h":1,"time":0}"#, 1, vec!["type_mismatch"]),
    ] {
        let found = read(&model(&json!({})), line);
        assert_eq!((found.points.len(), &found.faults), (points, &faults), "{line}");
    }
}

#[test]
fn what_was_written_later_wins_and_never_over_a_stream() {
    let stream =
        telemetry::Arrival { time_ms: ARRIVAL_MS, sequence_number: "1", partition_key: "" }.version();
    let second = ARRIVAL_MS / 1000;
    let ordered = [
        super::super::table::VERSION,
        version(i64::MIN, 0),
        version(second, 0),
        version(second, 1),
        version(second, 255),
        version(second + 1, 0),
        version(i64::MAX, usize::MAX),
        stream,
    ];
    assert!(ordered.is_sorted_by(|one, next| one < next), "{ordered:?}");
    // More parts than there are versions: the last of them have one.
    assert_eq!(version(second, 256), version(second, 255));
}
