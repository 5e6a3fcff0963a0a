//! An event as the topic rule hands it over, and what comes of it.
#![allow(missing_docs, reason = "tests are named, not documented")]

use << module >>::{Answer, Event, answer};

#[test]
fn an_event_is_answered() {
    let event: Event = serde_json::from_str(include_str!("events/rule.json")).expect("an event of the rule");
    assert_eq!(answer(&event), Answer { topic: "dt/kitchen/measures".to_owned(), fields: 3 });
}
