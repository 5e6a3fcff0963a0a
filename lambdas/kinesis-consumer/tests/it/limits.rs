//! What the services will not take in one piece.

use std::time::Duration;

use crate::bench::{Bench, Kind, PLENTY, batch, event, failures, for_each_store};
use crate::services::Faults;

async fn an_invalid_record_is_found_among_the_good(kind: Kind) {
    for (events, poisoned) in
        [(1, vec![0]), (2, vec![1]), (100, vec![0, 50, 99]), (250, vec![7, 8, 120, 249])]
    {
        let bench = Bench::of(kind, Faults::default()).await;
        let payload = |number: usize| {
            if poisoned.contains(&number) {
                event(number).replace(r#""d"#, r#""poison", "x": ""#)
            } else {
                event(number)
            }
        };
        let handled = bench.handle(&batch((0..events).map(payload))).await;
        assert_eq!(failures(&handled), Vec::<String>::new());
        let rows = bench.rows().await;
        let held = bench.services.held();
        assert_eq!(rows.len(), events - poisoned.len());
        assert_eq!(held.quarantined(), poisoned.iter().map(ToString::to_string).collect());
        assert!(held.messages.iter().all(|message| message["reasons"][0]["code"] == "store_invalid"));
        assert_eq!(handled.metrics.records, (events - poisoned.len()) as u64);
    }
}

async fn a_refusal_beside_an_invalid_record_rejects_the_right_event(kind: Kind) {
    for (poisoned, refused) in [(1, 6), (6, 1), (0, 7), (5, 6)] {
        let mut bench = Bench::of(kind, Faults::default()).await;
        // So that what the store refuses for its age is in the same request.
        bench.consumer.retention.fresh = Duration::from_hours(100 * 8_766);
        let payload = |number: usize| match number {
            _ if number == poisoned => r#"{"id": "poison", "t": 1609757170000, "v": 1}"#.to_owned(),
            _ if number == refused => r#"{"id": "d", "t": 1, "v": 1}"#.to_owned(),
            _ => event(number),
        };
        let handled = bench.handle(&batch((0..8).map(payload))).await;
        assert_eq!((failures(&handled).len(), handled.metrics.records), (0, 6));
        let rows = bench.rows().await;
        let held = bench.services.held();
        let code = |number: usize| {
            let number = number.to_string();
            let message = held.messages.iter().find(|message| message["sequenceNumber"] == *number);
            message.map(|message| message["reasons"][0]["code"].clone())
        };
        assert_eq!(code(poisoned), Some("store_invalid".into()));
        assert_eq!(code(refused), Some("store_rejected".into()));
        assert_eq!((held.messages.len(), rows.len()), (2, 6));
    }
}

async fn requests_hold_as_many_records_as_may_be_and_the_tail_is_written(kind: Kind) {
    let most = if kind == Kind::Timestream { 100 } else { 500 };
    for (events, mut expected) in
        [(1, vec![1]), (most, vec![most]), (most + 1, vec![most, 1]), (2 * most + 50, vec![most, most, 50])]
    {
        let bench = Bench::of(kind, Faults::default()).await;
        let handled = bench.handle(&batch((0..events).map(event))).await;
        assert_eq!(handled.metrics.records, events as u64);
        let mut requests = bench.services.held().requests.clone();
        requests.sort_unstable();
        expected.sort_unstable();
        assert_eq!(requests, expected);
    }
}

#[tokio::test]
async fn an_event_too_large_for_the_queue_lies_in_the_bucket() {
    let large = format!(r#"{{"id": "a", "v": "{}"}}"#, "x".repeat(1 << 20));
    let bench = Bench::new(Faults::default()).await;
    let handled = bench.handle(&batch([event(0), large.clone(), "no JSON".to_owned()])).await;
    assert_eq!(failures(&handled), Vec::<String>::new());
    let held = bench.services.held();
    assert_eq!(
        held.objects.get("/rejected/quarantine/2021-01-04/1").map(Vec::as_slice),
        Some(large.as_bytes())
    );
    let message = held.messages.iter().find(|message| message["sequenceNumber"] == "1").expect("a pointer");
    assert_eq!(message["object"]["key"], "quarantine/2021-01-04/1");
    assert_eq!(message["object"]["bytes"], large.len());
    assert!(message["data"].is_null());
    assert_eq!(held.quarantined().len(), 2);
}

#[tokio::test]
async fn a_bucket_that_refuses_is_a_failure_of_the_large_event_alone() {
    let large = format!(r#"{{"id": "a", "v": "{}"}}"#, "x".repeat(1 << 20));
    let bench = Bench::new(Faults { bucket_denied: true, ..Faults::default() }).await;
    let handled = bench.handle(&batch([event(0), large, "no JSON".to_owned()])).await;
    assert_eq!(failures(&handled), ["1"]);
    assert_eq!(bench.services.held().quarantined(), ["2".to_owned()].into());
}

#[tokio::test]
async fn a_message_that_the_queue_refuses_is_a_pointer_to_its_bytes() {
    let medium = format!("no JSON {}", "x".repeat(1_000));
    for faults in [
        Faults { largest_message: Some(1_024), ..Faults::default() },
        Faults { largest_request: Some(1_024), ..Faults::default() },
        Faults { largest_message: Some(1_024), message_refused: 0.3, ..Faults::default() },
    ] {
        let name = format!("{faults:?}");
        let bench = Bench::new(faults).await;
        let handled = bench.handle(&batch(["no JSON", &medium, "no JSON either"])).await;
        assert_eq!(failures(&handled), Vec::<String>::new(), "{name}");
        let held = bench.services.held();
        assert_eq!(
            held.objects.get("/rejected/quarantine/2021-01-04/1").map(Vec::as_slice),
            Some(medium.as_bytes()),
            "{name}"
        );
        assert_eq!(held.objects.len(), 1, "{name}");
        let pointers: Vec<_> = held.messages.iter().filter(|message| message["data"].is_null()).collect();
        assert_eq!(pointers.len(), 1, "{name}");
        assert_eq!(pointers[0]["object"]["key"], "quarantine/2021-01-04/1", "{name}");
        assert_eq!((held.quarantined().len(), held.messages.len()), (3, 3), "{name}");
    }
}

#[tokio::test]
async fn what_neither_queue_nor_bucket_takes_is_a_failure_of_that_event() {
    let medium = format!("no JSON {}", "x".repeat(1_000));
    let table = [
        (Faults { largest_message: Some(1_024), bucket_denied: true, ..Faults::default() }, vec!["0"]),
        // Not even the pointers.
        (Faults { largest_message: Some(0), ..Faults::default() }, vec!["0", "1"]),
    ];
    for (faults, expected) in table {
        let bench = Bench::new(faults).await;
        let batch = batch([&medium, "no JSON"]);
        assert_eq!(failures(&bench.handle(&batch).await), expected);
        assert_eq!(bench.services.held().messages.len(), 2 - expected.len());
        bench.services.held().faults = Faults::default();
        assert_eq!(bench.deliver(&batch, PLENTY).await, 1);
        assert_eq!(bench.services.held().quarantined().len(), 2);
    }
}

#[tokio::test]
async fn a_queue_that_is_away_fills_no_bucket() {
    let bench = Bench::new(Faults { queue_denied: true, ..Faults::default() }).await;
    assert_eq!(failures(&bench.handle(&batch(["no JSON", "no JSON either"])).await), ["0", "1"]);
    assert!(bench.services.held().objects.is_empty());
}

#[tokio::test]
async fn many_messages_go_in_requests_that_the_queue_takes() {
    let payloads = (0..37).map(|number| format!("no JSON {number} {}", "x".repeat(200_000)));
    let bench = Bench::new(Faults::default()).await;
    let handled = bench.handle(&batch(payloads)).await;
    assert_eq!(failures(&handled), Vec::<String>::new());
    assert_eq!(bench.services.held().quarantined().len(), 37);
}

#[tokio::test]
async fn characters_that_the_queue_refuses_are_escaped() {
    let bench = Bench::new(Faults::default()).await;
    let mut batch = batch(["{\"id\": \"a\", \"v\": \"\u{FFFE}\u{FFFF}\"}"]);
    batch.deliveries[0].kinesis.partition_key = "\u{FFFF}\u{FFFE}\u{1}".to_owned();
    assert_eq!(failures(&bench.handle(&batch).await), Vec::<String>::new());
    assert_eq!(bench.services.held().messages[0]["partitionKey"], "\u{FFFF}\u{FFFE}\u{1}");
}

for_each_store!(
    an_invalid_record_is_found_among_the_good,
    a_refusal_beside_an_invalid_record_rejects_the_right_event,
    requests_hold_as_many_records_as_may_be_and_the_tail_is_written,
);
