use proptest::prelude::*;

use super::*;
use crate::batch::Batch;
use crate::events;

/// A record of the stream, whose events are in quarantine.
fn delivery() -> impl Strategy<Value = Delivery> {
    // From the year 1653 to 2286, and where a calendar ends.
    let arrival = prop_oneof![-9_999_999_999_999_i64..9_999_999_999_999, Just(253_402_300_800_000)];
    let data = prop_oneof![
        9 => prop::collection::vec(any::<u8>(), 0..200).prop_map(|bytes| BASE64_STANDARD.encode(bytes)),
        1 => "[^A-Za-z0-9+/=]{1,20}",
    ];
    (any::<String>(), "[0-9]{1,56}", arrival, data).prop_map(|(key, number, time_ms, data)| {
        #[allow(clippy::cast_precision_loss)]
        let seconds = time_ms as f64 / 1000.0;
        Delivery {
            event_id: format!("shardId-000000000000:{number}"),
            kinesis: Payload {
                sequence_number: number,
                partition_key: key,
                approximate_arrival_timestamp: seconds,
                data,
            },
        }
    })
}

fn reasons() -> impl Strategy<Value = Vec<Reason>> {
    let reason =
        (any::<bool>(), any::<Option<String>>(), any::<String>()).prop_map(|(known, field, message)| {
            Reason {
                code: if known { "not_json".into() } else { "value_unreadable".to_owned().into() },
                field,
                message,
            }
        });
    prop::collection::vec(reason, 1..4)
}

proptest! {
    /// Whatever a consumer puts into quarantine is delivered as it was, byte for byte.
    #[test]
    fn what_is_written_is_read(
        delivery in delivery(),
        nth in prop::option::of(0_usize..1_000),
        key in any::<String>(),
        reasons in reasons(),
        omitted in 0_usize..3,
        apart in any::<bool>(),
    ) {
        let batch = Batch { deliveries: vec![delivery] };
        let bytes = events::bytes(&batch);
        for mut event in events::events(&batch, &bytes) {
            let mut reasons = reasons.clone();
            if event.content.is_ok() && nth.is_some() {
                event.nth = nth;
                event.partition_key = &key;
            } else if event.content.is_err() {
                let Err(why) = event.decode(&telemetry::Decoder::new(&model(), timestream::LIMITS)) else {
                    panic!("it is read")
                };
                reasons = vec![why];
            }
            let quarantined = QuarantinedEvent { event: &event, reasons: &reasons, omitted };
            let own = event.bytes().into_owned();
            let content = if apart {
                let place = Place { bucket: "b".to_owned(), key: object_key(&event), bytes: own.len() };
                Content::Object(place)
            } else {
                Content::Data(event.base64())
            };
            let body = Message::of(&quarantined, content).body();
            let refused = ['\u{FFFE}', '\u{FFFF}'];
            prop_assert!(!body.contains(refused));
            let read = Message::read(&body).expect("a message");
            prop_assert_eq!((&*read.reasons, read.omitted, read.nth), (&reasons[..], omitted, event.nth));
            let found = read.bytes().expect("bytes").unwrap_or_else(|| own.clone());
            prop_assert_eq!(&found, &own);
            let again = read.delivery(&found).expect("a delivery");
            prop_assert_eq!(again.event_id.as_str(), event.delivery.event_id.as_str());
            prop_assert_eq!(again.arrival(), event.arrival());
            let batch = Batch { deliveries: vec![again] };
            let bytes = events::bytes(&batch);
            prop_assert_eq!(bytes[0].is_none(), event.content.is_err());
            if event.content.is_ok() {
                prop_assert_eq!(bytes[0].as_deref(), Some(&own[..]));
            }
        }
    }
}

fn model() -> telemetry::Model {
    let kind = serde_json::json!({
        "topic": "t", "device": {"dimension": "device", "field": "d"},
        "measures": [{"name": "v", "field": "v", "type": "double"}],
        "record": {"layout": "single"}, "undeclared": "ignore",
    });
    serde_json::from_value(kind).expect("a model")
}

#[test]
fn what_is_no_message_is_said() {
    let whole = r#"{"reasons":[{"code":"not_json","message":"m"}],"sequenceNumber":"7","partitionKey":"k","eventID":"s:7","arrival":"2021-01-04T10:46:10.050Z","data":"e30="}"#;
    let read = Message::read(whole).expect("a message");
    assert_eq!(read.arrival_ms().expect("an arrival"), 1_609_757_170_050);
    for (from, to, said) in [
        (r#""data":"e30=""#, r#""x":1"#, "no message of a consumer"),
        (r#""arrival":"2021-01-04T10:46:10.050Z","#, "", "arrival"),
        ("2021-01-04T10:46:10.050Z", "yesterday", "yesterday"),
        (r#""sequenceNumber":"7","#, "", "sequenceNumber"),
        (whole, "poison", "no message of a consumer"),
        (whole, "", "no message of a consumer"),
    ] {
        let fault = Message::read(&whole.replace(from, to)).expect_err("no message").to_string();
        assert!(fault.contains(said), "{fault}");
    }
    let bad = Message::read(&whole.replace("e30=", "*")).expect("a message");
    assert!(bad.bytes().expect_err("no base64").to_string().contains("not base64"));
    let number = Message::read(&whole.replace("2021-01-04T10:46:10.050Z", "9223372036854775807"));
    assert_eq!(number.expect("a message").arrival_ms().expect("an arrival"), i64::MAX);
}
