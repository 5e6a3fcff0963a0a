//! A store that refuses a value, a record, or everything.

use std::time::Duration;

use kinesis_consumer::batch::Batch;

use crate::bench::{ARRIVAL_MS, Bench, Kind, batch, delivery, event, failures, for_direct, for_each_store};
use crate::services::Faults;

fn both(number: usize) -> String {
    event(number).replace('}', &format!(r#", "w": {number}}}"#))
}

/// The codes and messages in quarantine, by sequence number.
fn reasons(bench: &Bench) -> Vec<(String, String, String)> {
    let held = bench.services.held();
    let mut reasons: Vec<_> = held
        .messages
        .iter()
        .map(|message| {
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            let [reason] = &message["reasons"].as_array().expect("reasons")[..] else { panic!("{message}") };
            (text(&message["sequenceNumber"]), text(&reason["code"]), text(&reason["message"]))
        })
        .collect();
    reasons.sort();
    reasons
}

#[tokio::test]
async fn a_value_of_another_type_leaves_the_others_of_its_record() {
    let bench = Bench::new(Faults::default()).await;
    bench.services.held().columns.insert("other".to_owned(), "VARCHAR".to_owned());
    let payload = |number: usize| if number % 10 == 3 { both(number) } else { event(number) };
    let handled = bench.handle(&batch((0..50).map(payload))).await;
    assert_eq!(failures(&handled), Vec::<String>::new());
    assert_eq!(handled.metrics.records, 50);
    let held = bench.services.held();
    assert_eq!(held.rows.len(), 50);
    assert!(held.rows.values().all(|(_, measures)| measures.keys().eq(["value"])), "{:?}", held.rows);
    drop(held);
    let said =
        r#"The measure "other" has the data type BIGINT, but it already exists with the data type VARCHAR."#;
    let expected: Vec<_> = ["13", "23", "3", "33", "43"]
        .map(|number| (number.to_owned(), "store_rejected".to_owned(), said.to_owned()))
        .into();
    assert_eq!(reasons(&bench), expected);
}

#[tokio::test]
async fn a_record_of_nothing_else_is_refused_as_a_whole() {
    let bench = Bench::new(Faults::default()).await;
    for name in ["value", "other"] {
        bench.services.held().columns.insert(name.to_owned(), "DOUBLE".to_owned());
    }
    let handled = bench.handle(&batch([event(0), both(1)])).await;
    assert_eq!((failures(&handled).len(), handled.metrics.records), (0, 0));
    assert!(bench.services.held().rows.is_empty());
    let held = bench.services.held();
    let count = |number: &str| {
        let message =
            held.messages.iter().find(|message| message["sequenceNumber"] == *number).expect("it is there");
        message["reasons"].as_array().map(Vec::len)
    };
    assert_eq!((count("0"), count("1")), (Some(1), Some(2)));
}

#[tokio::test]
async fn a_value_rejects_the_event_that_has_it() {
    let bench = Bench::new(Faults::default()).await;
    bench.services.held().columns.insert("other".to_owned(), "VARCHAR".to_owned());
    let reading = |measure: &str| format!(r#"{{"id": "a", "t": 1609757170000, "{measure}": 7}}"#);
    let deliveries = vec![
        delivery(0, ARRIVAL_MS, reading("v").as_bytes()),
        delivery(1, ARRIVAL_MS + 5, reading("w").as_bytes()),
    ];
    bench.handle(&Batch { deliveries }).await;
    assert_eq!(bench.services.held().quarantined(), ["1".to_owned()].into());
    assert_eq!(bench.services.held().rows.len(), 1);
}

#[tokio::test]
async fn nothing_is_rejected_of_what_comes_again() {
    let bench = Bench::new(Faults::default()).await;
    bench.services.held().columns.insert("other".to_owned(), "VARCHAR".to_owned());
    // The request that has the refused records is answered; the one with what is left of them is throttled.
    bench.services.held().faults.throttled_from = Some(2);
    let events = batch((0..20).map(both));
    let handled = bench.handle_within(&events, Duration::from_secs(2)).await;
    assert_eq!(failures(&handled).len(), 20);
    assert!(bench.services.held().messages.is_empty());
    bench.services.held().faults = Faults::default();
    bench.deliver(&events, Duration::from_mins(1)).await;
    let held = bench.services.held();
    assert_eq!((held.messages.len(), held.rows.len()), (20, 20));
}

async fn a_store_that_calls_everything_invalid_is_waited_for(kind: Kind) {
    let invalid = if kind == Kind::Timestream { "ValidationException" } else { "BadRequestException" };
    for events in [1, 2, 3, 100, 250] {
        let faults = Faults { always: Some(invalid), ..Faults::default() };
        let bench = Bench::of(kind, faults).await;
        let all = batch((0..events).map(event));
        let handled = bench.handle(&all).await;
        assert_eq!(failures(&handled).len(), events);
        assert!(bench.services.held().messages.is_empty(), "{events}: nothing is at fault but the store");
        let requests = bench.services.held().requests.len();
        assert!(requests <= 9 * events.div_ceil(100), "{events}: {requests} requests to find that out");
        bench.services.held().faults = Faults::default();
        assert_eq!(bench.deliver(&all, Duration::from_mins(1)).await, 1);
        assert_eq!(bench.rows().await.len(), events);
    }
}

async fn poison_in_every_record_ends_in_quarantine(kind: Kind) {
    for events in [1, 2, 7] {
        let bench = Bench::of(kind, Faults::default()).await;
        let poison =
            |number: usize| format!(r#"{{"id": "poison", "t": {}, "v": 1}}"#, 1_609_757_170_000 + number);
        let handled = bench.handle(&batch((0..events).map(poison))).await;
        assert_eq!(failures(&handled), Vec::<String>::new());
        assert_eq!(bench.services.held().messages.len(), events);
        assert!(bench.rows().await.is_empty(), "a probe leaves nothing behind");
        assert!(reasons(&bench).iter().all(|(_, code, _)| code == "store_invalid"));
    }
}

for_direct!(poison_in_every_record_ends_in_quarantine);
for_each_store!(
    a_store_that_calls_everything_invalid_is_waited_for,
    poison_in_every_record_ends_in_quarantine,
);
