//! A batch as Lambda reads it from the queue, and what comes of it.
#![allow(missing_docs, reason = "tests are named, not documented")]

use << module >>::{Answer, Event, Failure, answer};

#[test]
fn what_is_no_json_is_tried_again() {
    let event: Event = serde_json::from_str(include_str!("events/queue.json")).expect("a batch");
    let failure = Failure { item_identifier: "2e1424d4-f796-459a-8184-9c92662be6da".to_owned() };
    assert_eq!(answer(&event), Answer { batch_item_failures: vec![failure], done: 1 });
}
