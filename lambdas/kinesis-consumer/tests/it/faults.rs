//! Whatever fails, nothing is lost and nothing is there twice.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use base64::prelude::*;

use crate::bench::{Bench, Kind, batch, event, failures, for_direct, for_each_store};
use crate::services::Faults;

const EVENTS: usize = 1000;

/// Every 50th event of a batch is bad in one of these ways: for the decoder, or for the store.
const BAD: [&str; 5] = [
    "no JSON",
    r#"{"id": "d", "t": 1609757170000}"#,
    r#"{"id": "d", "t": "soon", "v": 1}"#,
    r#"{"id": "poison", "t": 1609757170000, "v": 1}"#,
    r#"{"id": "d", "t": 1, "v": 1}"#,
];

fn payload(number: usize) -> String {
    if number % 50 == 49 { BAD[(number / 50) % BAD.len()].to_owned() } else { event(number) }
}

fn is_bad(number: usize) -> bool {
    number % 50 == 49
}

/// Every good event is one row with its value, every bad one is in quarantine with its bytes, and
/// there is nothing else.
async fn assert_complete(bench: &Bench, events: usize) {
    let rows = bench.rows().await;
    let stored: BTreeSet<(String, String)> =
        rows.iter().map(|(place, row)| (place.2.clone(), row.1["value"].clone())).collect();
    let good: BTreeSet<(String, String)> = (0..events)
        .filter(|number| !is_bad(*number))
        .map(|number| (((1_609_757_170_000 + number) * 1_000_000).to_string(), number.to_string()))
        .collect();
    assert_eq!(stored, good);
    assert_eq!(rows.len(), good.len());
    let bad: BTreeSet<String> =
        (0..events).filter(|number| is_bad(*number)).map(|number| number.to_string()).collect();
    let held = bench.services.held();
    assert_eq!(held.quarantined(), bad);
    for message in &held.messages {
        let number: usize = message["sequenceNumber"].as_str().expect("a number").parse().expect("a number");
        let bytes = BASE64_STANDARD.decode(message["data"].as_str().expect("data")).expect("base64");
        assert_eq!(bytes, payload(number).as_bytes());
        assert!(message["reasons"][0]["message"].as_str().is_some_and(|message| !message.is_empty()));
    }
}

async fn every_event_ends_in_the_store_or_in_quarantine(kind: Kind) {
    let table = [
        ("nothing fails", Faults::default()),
        ("throttling", Faults { throttled: 0.3, ..Faults::default() }),
        (
            "failures before and after the write",
            Faults { internal: 0.2, internal_after_write: 0.2, ..Faults::default() },
        ),
        ("no answers", Faults { silent: 0.1, ..Faults::default() }),
        ("messages refused", Faults { message_refused: 0.3, ..Faults::default() }),
        (
            "all at once",
            Faults {
                throttled: 0.3,
                internal: 0.1,
                internal_after_write: 0.1,
                silent: 0.02,
                message_refused: 0.3,
                ..Faults::default()
            },
        ),
    ];
    for (seed, (name, faults)) in (1..).zip(table) {
        let faults = match kind {
            // Each waits for the end of an attempt, and whether a connection is there is a request too.
            Kind::Direct => Faults { silent: faults.silent / 5.0, ..faults },
            _ => faults,
        };
        let bench = Bench::seeded(kind, seed, faults).await;
        let deliveries = bench.deliver(&batch((0..EVENTS).map(payload)), Duration::from_mins(1)).await;
        assert_complete(&bench, EVENTS).await;
        assert_eq!(deliveries, 1, "{name}: there was time to try again within one invocation");
    }
}

async fn short_invocations_make_progress_until_all_is_done(kind: Kind) {
    let faults = Faults { capacity: Some(30.0), internal_after_write: 0.1, ..Faults::default() };
    let bench = Bench::of(kind, faults).await;
    let deliveries = bench.deliver(&batch((0..EVENTS).map(payload)), Duration::from_secs(2)).await;
    assert_complete(&bench, EVENTS).await;
    // Ten requests, and another ten or more for each of the four records that the store calls invalid: it
    // takes the first sixty in two seconds.
    assert!(deliveries > 1, "the time should not have been enough");
}

async fn a_replay_changes_nothing(kind: Kind) {
    let bench = Bench::of(kind, Faults::default()).await;
    let batch = batch((0..EVENTS).map(payload));
    bench.handle(&batch).await;
    let rows = bench.rows().await;
    let again = bench.handle(&batch).await;
    assert_eq!(failures(&again), Vec::<String>::new());
    assert_eq!(bench.rows().await, rows);
    if kind == Kind::Timestream {
        assert_eq!(bench.services.held().unchanged, rows.len());
    }
    assert_complete(&bench, EVENTS).await;
}

async fn what_no_retry_can_mend_is_reported_at_once(kind: Kind) {
    for code in ["AccessDeniedException", "ResourceNotFoundException", "SomethingNewException"] {
        let bench = Bench::of(kind, Faults { always: Some(code), ..Faults::default() }).await;
        let started = Instant::now();
        let handled = bench.handle(&batch((0..EVENTS).map(payload))).await;
        assert!(started.elapsed() < Duration::from_secs(10), "{code}");
        // What the decoder refuses is in quarantine all the same.
        let expected: Vec<String> = (0..EVENTS)
            .filter(|number| !is_bad(*number) || (number / 50) % BAD.len() >= 3)
            .map(|number| number.to_string())
            .collect();
        assert_eq!(failures(&handled), expected, "{code}");
        assert_eq!(bench.services.held().quarantined().len(), 12, "{code}");
        // Ten, and one for the record of 1970, which is late; of rows, five times as many are a request, and
        // none is late.
        let requests = if kind == Kind::Timestream { 11 } else { 2 };
        assert_eq!(bench.services.held().requests.len(), requests, "{code}: one attempt a request");
    }
}

async fn it_answers_before_its_time_is_over(kind: Kind) {
    for faults in
        [Faults { silent: 1.0, ..Faults::default() }, Faults { throttled: 1.0, ..Faults::default() }]
    {
        let bench = Bench::of(kind, faults).await;
        let left = Duration::from_secs(2);
        let started = Instant::now();
        let handled = bench.handle_within(&batch((0..250).map(payload)), left).await;
        assert!(started.elapsed() < left);
        assert_eq!(failures(&handled).first().map(String::as_str), Some("0"));
        assert_eq!(handled.metrics.records, 0);
        assert_eq!(handled.metrics.quarantined, 3, "what the decoder refused has its place");
    }
}

async fn a_quarantine_that_cannot_be_written_is_a_failure_of_these_events_alone(kind: Kind) {
    let bench = Bench::of(kind, Faults { queue_denied: true, ..Faults::default() }).await;
    let handled = bench.handle(&batch((0..100).map(payload))).await;
    assert_eq!(failures(&handled), ["49", "99"]);
    assert_eq!(bench.rows().await.len(), 98);
    assert_eq!((handled.metrics.failed, handled.metrics.quarantined), (2, 0));
    bench.services.held().faults = Faults::default();
    assert_eq!(bench.deliver(&batch((0..100).map(payload)), Duration::from_mins(1)).await, 1);
    assert_complete(&bench, 100).await;
}

for_each_store!(
    every_event_ends_in_the_store_or_in_quarantine,
    short_invocations_make_progress_until_all_is_done,
    a_replay_changes_nothing,
    what_no_retry_can_mend_is_reported_at_once,
    it_answers_before_its_time_is_over,
    a_quarantine_that_cannot_be_written_is_a_failure_of_these_events_alone,
);
for_direct!(
    every_event_ends_in_the_store_or_in_quarantine,
    a_replay_changes_nothing,
    it_answers_before_its_time_is_over,
);
