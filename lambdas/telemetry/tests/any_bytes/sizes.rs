//! A message takes as long as its bytes deserve, whatever is in them.

use std::time::{Duration, Instant};

use serde_json::json;
use telemetry::{Decoder, MAX_DEPTH, Model};
use timestream::LIMITS;

use crate::{ARRIVAL, invariants};

/// Bytes of the larger message, and how many times it is the smaller.
const BYTES: usize = 1 << 18;
const TIMES: usize = 16;

/// How many times as long it may take. Where every byte is compared with every other, it is the square of
/// `TIMES`.
const LONGER: u32 = 100;

fn decoder(message: &serde_json::Value) -> Decoder {
    let measure = |name: &str, field: &str| json!({"name": name, "field": field, "type": "double"});
    let binary = |name: &str, offset: u32| {
        let binary = json!({"encoding": "base64", "offset": offset, "type": "u8"});
        json!({"name": name, "field": "data", "type": "double", "binary": binary})
    };
    let model = json!({
        "topic": "+/+",
        "message": message,
        "device": {"dimension": "device", "field": if message["each"].is_null() { "id" } else { "$.id" }},
        "dimensions": [{"name": "site", "field": "s.t"}],
        "measures": [
            measure("temperature", "temperature"), measure("deep", "a.b.c"), measure("ninth", "list[9].v"),
            binary("first", 0), binary("second", 1),
            {"name": "text", "field": "text", "type": "varchar", "map": {"on": "ON"}, "suffix": "C"},
        ],
        "record": {"layout": "multi", "name": "m"},
        "undeclared": "quarantine",
    });
    Decoder::new(&serde_json::from_value::<Model>(model).expect("a model"), LIMITS)
}

/// The shortest of a few times, and what was decoded.
fn time(decoder: &Decoder, payload: &[u8]) -> Duration {
    let once = || {
        let start = Instant::now();
        let answer = decoder.decode(payload, ARRIVAL);
        let took = start.elapsed();
        invariants::hold(&answer, ARRIVAL);
        took
    };
    (0..3).map(|_| once()).min().unwrap_or_default()
}

/// `part` between `before` and `after`, again and again, in `bytes` bytes. `#` is the number of the part.
fn message(before: &str, part: &str, after: &str, bytes: usize) -> String {
    let mut text = before.to_owned();
    let mut number = 0;
    while text.len() + part.len() + after.len() < bytes {
        text.push_str(&part.replace('#', &number.to_string()));
        number += 1;
    }
    text.truncate(text.trim_end_matches(',').len());
    text + after
}

#[test]
fn time_is_in_proportion_to_bytes() {
    let (event, each) = (json!("event"), json!({"each": "values"}));
    let (array, senml) = (json!({"each": "$"}), json!("senml"));
    let long = "x".repeat(BYTES / TIMES / 4);
    let senml_long = format!(r#"[{{"bn":"{long}","n":"temperature","v":1}},"#);
    let each_long = format!(r#"{{"id":"{long}","values":["#);
    let table = [
        ("keys", &event, r#"{"id":"a","#, r#""k#":1,"#, "}"),
        ("keys on a path", &event, r#"{"id":"a","a":{"b":{"#, r#""k#":1,"#, "}}}"),
        ("a field again and again", &event, r#"{"id":"a","#, r#""temperature":1,"#, "}"),
        ("a container again and again", &event, r#"{"id":"a","#, r#""a":{"b":{"c":1}},"#, "}"),
        ("what is in the way again and again", &event, r#"{"id":"a","#, r#""a":1,"#, "}"),
        ("elements on a path", &event, r#"{"id":"a","list":["#, "{},", "]}"),
        ("one text", &event, r#"{"id":"a","text":""#, "x", r#"C"}"#),
        ("one text of escapes", &event, r#"{"id":"a","text":""#, r"\u00e4", r#"C"}"#),
        ("one name", &event, r#"{"id":"a",""#, "x", r#"":1}"#),
        ("one number", &event, r#"{"id":"a","temperature":"#, "1", "}"),
        ("bytes", &event, r#"{"id":"a","data":""#, "AAAA", r#""}"#),
        ("white space", &event, r#"{"id":"a","temperature":"#, " ", "1}"),
        ("a device", &event, r#"{"temperature":1,"id":""#, "x", r#""}"#),
        ("readings", &event, r#"{"id":"a","temperature":["#, r#"{"ts":#,"value":#},"#, "]}"),
        ("readings of one instant", &event, r#"{"id":"a","temperature":["#, r#"{"ts":1,"value":#},"#, "]}"),
        ("readings with other members", &event, r#"{"id":"a","temperature":["#, r#"{"k#":1},"#, "]}"),
        ("not closed", &event, "", r#"{"a":"#, ""),
        ("events", &each, r#"{"id":"a","values":["#, r#"{"temperature":#},"#, "]}"),
        ("events of nothing", &each, r#"{"id":"a","values":["#, "{},", "]}"),
        ("events of one long device", &each, &each_long, r#"{"temperature":#},"#, "]}"),
        ("no events", &each, r#"{"id":"a","values":["#, "1,", "]}"),
        (
            "events of many series",
            &each,
            r#"{"id":"a","values":["#,
            r#"{"s":{"t":#},"temperature":1},"#,
            "]}",
        ),
        ("an array of events", &array, "[", r#"{"temperature":#},"#, "]"),
        ("records of SenML", &senml, r#"[{"bn":"a:"},"#, r#"{"n":"temperature","v":#,"t":-#},"#, "]"),
        ("devices of SenML", &senml, "[", r#"{"bn":"a#:","n":"temperature","v":#},"#, "]"),
        ("SenML with one long name", &senml, &senml_long, r#"{"v":#},"#, "]"),
        ("SenML with one long device", &senml, &senml_long, r#"{"n":"temperature","v":#},"#, "]"),
    ];
    let mut slow = Vec::new();
    for (name, form, before, part, after) in table {
        let decoder = decoder(form);
        let [small, large] = [BYTES / TIMES, BYTES]
            .map(|bytes| time(&decoder, message(before, part, after, bytes).as_bytes()));
        // What is measured of so little is chance.
        let small = small.max(Duration::from_micros(20));
        if large > small * LONGER {
            slow.push(format!("{name}: {small:?}, and {large:?} for {TIMES} times the bytes"));
        }
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

#[test]
fn any_depth_is_answered() {
    let forms = [json!("event"), json!({"each": "values"}), json!({"each": "$"}), json!("senml")];
    for levels in [MAX_DEPTH - 1, MAX_DEPTH, 10_000, 100_000] {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), (r#"[{"values":"#, "}]")] {
            let closed = format!("{}1{}", open.repeat(levels), close.repeat(levels));
            let in_event = format!(r#"{{"id":"a","a":{closed},"temperature":1}}"#);
            for payload in [open.repeat(levels), in_event, closed] {
                for form in &forms {
                    let decoded = decoder(form).decode(payload.as_bytes(), ARRIVAL);
                    invariants::hold(&decoded, ARRIVAL);
                }
            }
        }
    }
}
