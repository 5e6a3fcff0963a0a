use serde_json::json;

use super::*;
use crate::quarantine::contents::Place;
use crate::quarantine::original::{Found, of_message};
use crate::report::text;

#[test]
fn an_event_is_shown_with_all_that_is_known_of_it() {
    let kind = json!({
        "topic": "plugs/+", "device": {"dimension": "device", "field": "d"},
        "measures": [
            {"name": "power", "field": "p", "type": "double", "unit": "watt"},
            {"name": "level", "field": "l", "type": "bigint"},
        ],
        "record": {"layout": "multi", "name": "plug"}, "undeclared": "ignore",
    });
    let model: Model = serde_json::from_value(kind).expect("a model");
    let entry = |number: &str, code: &str, payload: &[u8]| {
        let body = json!({
            "reasons": [{"code": code, "field": "l", "message": "l: a bigint is needed, not text"}],
            "omitted": 2, "sequenceNumber": number, "subsequenceNumber": 3, "partitionKey": "plugs/p-1",
            "arrival": "2026-03-01T12:00:00.050Z", "data": BASE64_STANDARD.encode(payload),
        });
        let Ok(Found::Aside(aside)) = of_message(&body.to_string(), 0, &model) else { panic!("{body}") };
        Entry { place: Place::Message { id: "m".to_owned(), receipt: String::new(), object: None }, aside }
    };
    let part = br#"{"d": "p-1", "p": 12.5, "l": "7 %"}"#;
    let entries = [
        entry("1", "type_mismatch", part),
        entry("1", "not_json", part),
        entry("2", "not_json", br#"{"d": "p-1", "p": 1, "l": 7}"#),
        entry("3", "not_json", b"\xff\xfe"),
        entry("4", "not_json", &[b'x'; 3_000]),
    ];
    let today = Today::new(&model, timestream::LIMITS);
    let all = Shown::of(&entries, &[0, 1, 2, 3, 4], &today, |_| true, 4);
    assert!(!all.truncated);
    insta::assert_snapshot!("shown", anstream::adapter::strip_str(&text(&all)));

    let id = all.events[1].id.clone();
    let one = Shown::of(&entries, &[0, 1, 2, 3, 4], &today, |own| own == id, 4);
    assert_eq!((one.events.len(), one.truncated), (1, false));
    assert!(Shown::of(&entries, &[0, 2], &today, |_| true, 1).truncated);
}
