//! A run as EventBridge starts it, and what comes of it.
#![allow(missing_docs, reason = "tests are named, not documented")]

use << module >>::{Answer, Event, answer};

#[test]
fn a_run_is_answered() {
    let event: Event = serde_json::from_str(include_str!("events/schedule.json")).expect("a scheduled event");
    assert_eq!(answer(&event), Answer { time: "2026-01-01T00:00:00Z".to_owned() });
}
