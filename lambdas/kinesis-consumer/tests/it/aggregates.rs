//! Records in which the Kinesis Producer Library has put several events together.

use base64::prelude::*;
use md5::{Digest, Md5};
use serde_json::Value;

use crate::bench::{ARRIVAL_MS, Bench, batch, delivery, event, failures};
use crate::services::Faults;

/// A field of a message of Protocol Buffers that holds bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        field.push(u8::try_from(length & 0x7F).expect("seven bits") | 0x80);
        length >>= 7;
    }
    field.push(u8::try_from(length).expect("seven bits"));
    [&field, bytes].concat()
}

/// An aggregate as the library writes it, whose events have the partition keys `key-0`, `key-1` and so on.
fn aggregate(events: &[&[u8]]) -> Vec<u8> {
    let keys = (0..events.len()).map(|index| field(1, format!("key-{index}").as_bytes()));
    let records =
        (0_u8..).zip(events).map(|(index, event)| field(3, &[&[0x08, index], &field(3, event)[..]].concat()));
    let message: Vec<u8> = keys.chain(records).flatten().collect();
    [&[0xF3, 0x89, 0x9A, 0xC2], &message[..], &Md5::digest(&message)[..]].concat()
}

/// Code, index, partition key and bytes of what is in quarantine.
fn quarantined(bench: &Bench) -> Vec<(String, Value, String, Vec<u8>)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let held = bench.services.held();
    let parts = |message: &Value| {
        let bytes = BASE64_STANDARD.decode(text(&message["data"])).expect("base64");
        let code = text(&message["reasons"][0]["code"]);
        (code, message["subsequenceNumber"].clone(), text(&message["partitionKey"]), bytes)
    };
    held.messages.iter().map(parts).collect()
}

const BAD: &[u8] = br#"{"id": "d", "t": "soon", "v": 1}"#;

#[tokio::test]
async fn each_event_of_an_aggregate_has_a_fate_of_its_own() {
    let (first, second, third) = (event(1), event(2), event(3));
    let records: [&[u8]; 3] =
        [first.as_bytes(), &aggregate(&[second.as_bytes(), BAD, b"no JSON", third.as_bytes()]), BAD];
    let bench = Bench::new(Faults::default()).await;
    let batch = batch(records);
    let handled = bench.handle(&batch).await;
    assert_eq!(failures(&handled), Vec::<String>::new());
    assert_eq!(bench.services.held().rows.len(), 3);
    assert_eq!((handled.metrics.events, handled.metrics.records, handled.metrics.quarantined), (6, 3, 3));
    let expected = [
        ("time_unreadable".to_owned(), 1.into(), "key-1".to_owned(), BAD.to_vec()),
        ("not_json".to_owned(), 2.into(), "key-2".to_owned(), b"no JSON".to_vec()),
        ("time_unreadable".to_owned(), Value::Null, "key".to_owned(), BAD.to_vec()),
    ];
    assert_eq!(quarantined(&bench), expected);

    let rows = bench.services.held().rows.clone();
    bench.handle(&batch).await;
    assert_eq!(bench.services.held().rows, rows, "a replay changes nothing");
}

#[tokio::test]
async fn an_aggregate_that_cannot_be_taken_apart_is_kept_whole() {
    let good = event(1);
    let mut broken = aggregate(&[good.as_bytes(), good.as_bytes()]);
    *broken.last_mut().expect("a checksum") ^= 1;
    let inner = aggregate(&[good.as_bytes()]);
    let bench = Bench::new(Faults::default()).await;
    let handled = bench.handle(&batch([&broken, &aggregate(&[&inner, good.as_bytes()])])).await;
    assert_eq!((handled.metrics.events, handled.metrics.records, handled.metrics.quarantined), (3, 1, 2));
    let code = "kpl_aggregate".to_owned();
    let expected =
        [(code.clone(), Value::Null, "key".to_owned(), broken), (code, 0.into(), "key-0".to_owned(), inner)];
    assert_eq!(quarantined(&bench), expected);
}

#[tokio::test]
async fn what_fails_is_delivered_again_as_the_record_that_it_came_in() {
    let events: Vec<String> = (0..20).map(event).collect();
    let bytes: Vec<&[u8]> = events.iter().map(String::as_bytes).collect();
    let records = [bytes[0].to_vec(), aggregate(&bytes[1..19]), bytes[19].to_vec()];
    let bench = Bench::new(Faults { always: Some("AccessDeniedException"), ..Faults::default() }).await;
    let handled = bench.handle(&batch(&records)).await;
    assert_eq!(failures(&handled), ["0", "1", "2"]);
    assert_eq!(handled.metrics.failed, 20);

    let bench = Bench::new(Faults { queue_denied: true, ..Faults::default() }).await;
    let handled = bench.handle(&batch([aggregate(&[BAD, bytes[1], BAD]), bytes[2].to_vec()])).await;
    assert_eq!(failures(&handled), ["0"]);
    assert_eq!(bench.services.held().rows.len(), 2);
}

#[tokio::test]
async fn large_events_of_one_aggregate_are_objects_of_their_own() {
    let large = |mark: &str| format!("{mark}{}", "x".repeat(3_000));
    let (first, second) = (large("a"), large("b"));
    let record = aggregate(&[first.as_bytes(), b"{}", second.as_bytes()]);
    let bench = Bench::new(Faults { largest_message: Some(2_000), ..Faults::default() }).await;
    let batch = kinesis_consumer::batch::Batch { deliveries: vec![delivery(7, ARRIVAL_MS, &record)] };
    assert_eq!(bench.handle(&batch).await.metrics.quarantined, 3);
    let held = bench.services.held();
    let objects: Vec<_> = held.objects.iter().map(|(key, bytes)| (key.as_str(), bytes.as_slice())).collect();
    let expected = [
        ("/rejected/quarantine/2021-01-04/7-0", first.as_bytes()),
        ("/rejected/quarantine/2021-01-04/7-2", second.as_bytes()),
    ];
    assert_eq!(objects, expected);
}
