//! A batch as Lambda reads it from the stream, and what comes of it.
#![allow(missing_docs, reason = "tests are named, not documented")]

use << module >>::{Answer, Event, answer};

#[test]
fn what_is_no_json_is_passed_over() {
    let event: Event = serde_json::from_str(include_str!("events/stream.json")).expect("a batch");
    assert_eq!(answer(&event), Answer { events: 1, ..Answer::default() });
    assert_eq!(serde_json::to_string(&answer(&event)).expect("JSON"), r#"{"batchItemFailures":[]}"#);
}
