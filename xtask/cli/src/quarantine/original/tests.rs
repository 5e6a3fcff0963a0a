use serde_json::{Value, json};

use super::*;
use crate::quarantine::today::Today;

/// Two kinds: the topic names the device of the first, and the client is the key of the second.
fn model() -> Model {
    let measures = json!([{"name": "v", "field": "v", "type": "double"}]);
    let kind = |name: &str, topic: &str, device: Value| {
        json!({
            "name": name, "topic": topic, "device": device, "measures": measures,
            "record": {"layout": "single"}, "undeclared": "ignore",
        })
    };
    let kinds = [
        kind(
            "plug",
            "plugs/+/+/state",
            json!({"dimension": "device", "field": "d", "topic_segments": [2, 3]}),
        ),
        kind("meter", "meters", json!({"dimension": "device", "field": "d"})),
        kind("pump", "pumps/+/#", json!({"dimension": "device", "field": "d"})),
    ];
    serde_json::from_value(json!({ "kinds": kinds })).expect("a model")
}

fn message() -> Value {
    json!({
        "reasons": [{"code": "not_json", "message": "the event is not JSON"}],
        "sequenceNumber": "4951", "partitionKey": "meter/m-1", "eventID": "shard:4951",
        "arrival": "2026-03-01T12:00:00.050Z", "data": BASE64_STANDARD.encode("{\"v\": \u{e9}"),
    })
}

fn rule() -> Value {
    json!({
        "ruleName": "sluice_dev_plug", "topic": "plugs/hall/p-1/state", "clientId": "c-1",
        "cloudwatchTraceId": "7e146a2c", "base64OriginalPayload": BASE64_STANDARD.encode(b"\xff\x00 raw"),
        "failures": [{"failedAction": "KinesisAction", "failedResource": "s", "errorMessage": "throttled"}],
    })
}

fn with(mut document: Value, member: &str, value: Value) -> String {
    match value {
        Value::Null => drop(document.as_object_mut().expect("an object").remove(member)),
        value => document[member] = value,
    }
    document.to_string()
}

const SENT_MS: i64 = 1_772_366_400_123;

fn read(body: &str) -> Result<Aside, String> {
    match of_message(body, SENT_MS, &model()) {
        Ok(Found::Aside(aside)) => Ok(aside),
        Ok(Found::Pointer(message, place)) => {
            assert_eq!(place.key, "quarantine/2026-03-01/4951");
            of_bytes(&message, b"large").map_err(|fault| fault.to_string())
        }
        Err(fault) => Err(fault.to_string()),
    }
}

#[test]
fn each_form_is_read_as_it_came() {
    let pointer = json!({"bucket": "b", "key": "quarantine/2026-03-01/4951", "bytes": 5});
    let pointing = with(message(), "data", Value::Null);
    let pointing = with(serde_json::from_str(&pointing).expect("JSON"), "object", pointer);
    let undecoded = json!([{"code": "not_base64", "message": "m"}]);
    let undecoded = with(message(), "reasons", undecoded);
    let text = serde_json::from_str(&undecoded).expect("JSON");
    let undecoded = with(text, "data", BASE64_STANDARD.encode("*").into());
    // Body, bytes, partition key, arrival, code, who set it aside.
    let table = [
        (
            message().to_string(),
            "{\"v\": é".as_bytes(),
            "meter/m-1",
            1_772_366_400_050,
            "not_json",
            By::Consumer,
        ),
        (pointing, b"large", "meter/m-1", 1_772_366_400_050, "not_json", By::Consumer),
        (undecoded, b"*", "meter/m-1", 1_772_366_400_050, "not_base64", By::Consumer),
        (
            with(message(), "arrival", "7".into()),
            "{\"v\": é".as_bytes(),
            "meter/m-1",
            7,
            "not_json",
            By::Consumer,
        ),
        (rule().to_string(), b"\xff\x00 raw", "plug/hall/p-1", SENT_MS, RULE_FAILED, By::Rule),
        (
            with(rule(), "topic", "meters".into()),
            b"\xff\x00 raw",
            "meter/c-1",
            SENT_MS,
            RULE_FAILED,
            By::Rule,
        ),
        (
            with(rule(), "failures", Value::Null)
                .replace("\"clientId\":\"c-1\",", "")
                .replace("plugs/hall/p-1/state", "meters"),
            b"\xff\x00 raw",
            "meter/n/a",
            SENT_MS,
            RULE_FAILED,
            By::Rule,
        ),
        (
            with(rule(), "topic", "pumps/1/a/b".into()),
            b"\xff\x00 raw",
            "pump/pumps/1/a/b",
            SENT_MS,
            RULE_FAILED,
            By::Rule,
        ),
    ];
    for (body, bytes, key, arrival, code, by) in table {
        let aside = read(&body).unwrap_or_else(|fault| panic!("{body}: {fault}"));
        let [event] = &aside.events[..] else { panic!("{aside:?}") };
        assert_eq!((&*event.bytes(), event.partition_key()), (bytes, key), "{body}");
        assert_eq!((event.arrival_ms(), &*aside.reasons[0].code, aside.by), (arrival, code, by), "{body}");
        assert_eq!(event.id(), read(&body).expect("again").events[0].id(), "{body}");
        assert_eq!(&*event.event(3).bytes(), bytes, "{body}");
    }
}

#[test]
fn what_has_no_form_says_why() {
    for (body, said) in [
        ("poison".to_owned(), "no message of a consumer"),
        ("{}".to_owned(), "no message of a consumer"),
        (with(message(), "data", "*".into()), "not base64"),
        (with(message(), "data", Value::Null), "no message of a consumer"),
        (with(message(), "arrival", "noon".into()), "noon"),
        (with(message(), "partitionKey", Value::Null), "partitionKey"),
        (with(rule(), "base64OriginalPayload", "*".into()), "base64OriginalPayload"),
        (with(rule(), "topic", "lamps/1".into()), "no rule of the model reads its topic"),
    ] {
        let fault = read(&body).expect_err("a fault");
        assert!(fault.contains(said), "{body}: {fault}");
    }
}

fn invocation() -> Value {
    let record = |number: u32, data: &str| {
        json!({
            "eventID": format!("shard:{number}"), "eventSource": "aws:kinesis",
            "kinesis": {
                "sequenceNumber": number.to_string(), "partitionKey": "meter/m", "data": data,
                "approximateArrivalTimestamp": 1_772_366_400.05,
            },
        })
    };
    json!({
        "requestContext": {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 4},
        "version": "1.0", "KinesisBatchInfo": {"batchSize": 2},
        "payload": json!({"Records": [record(1, "e30="), record(2, "*")]}).to_string(),
    })
}

#[test]
fn a_batch_that_was_given_up_has_its_events() {
    let whole = invocation();
    let mut object = whole.clone();
    object["payload"] = serde_json::from_str(whole["payload"].as_str().expect("text")).expect("JSON");
    for document in [whole.clone(), object] {
        let aside = of_invocation(document.to_string().as_bytes()).expect("a batch");
        let events: Vec<_> =
            aside.events.iter().map(|event| (event.number().0, event.bytes().into_owned())).collect();
        assert_eq!(events, [("1", b"{}".to_vec()), ("2", b"*".to_vec())]);
        assert_eq!(aside.events[0].arrival_ms(), 1_772_366_400_050);
        assert_eq!((&*aside.reasons[0].code, aside.by), (GIVEN_UP, By::Lambda));
        assert!(aside.reasons[0].message.contains("RetryAttemptsExhausted"), "{:?}", aside.reasons);
    }
    for (document, said) in [
        ("poison".to_owned(), "no record of a failed invocation"),
        (with(whole.clone(), "payload", Value::Null), "does not have its events"),
        (with(whole.clone(), "payload", "{\"Records\": []}".into()), "does not have its events"),
        (with(whole, "payload", "poison".into()), "no record of a failed invocation"),
    ] {
        let fault = of_invocation(document.as_bytes()).expect_err("a fault").to_string();
        assert!(fault.contains(said), "{document}: {fault}");
    }
}

/// Whether it lies in a message or in a batch, and only where all of it is the same.
#[test]
fn an_event_is_known_wherever_it_lies() {
    let own = read(&message().to_string()).expect("a message").events.remove(0);
    let bytes = BASE64_STANDARD.encode(own.bytes());
    let mut batch = invocation();
    batch["payload"] = json!({"Records": [{"eventID": "other", "kinesis": {
        "sequenceNumber": "4951", "partitionKey": "meter/m-1", "data": bytes,
        "approximateArrivalTimestamp": 1_772_366_400.05,
    }}]});
    let other = of_invocation(batch.to_string().as_bytes()).expect("a batch").events.remove(0);
    assert_eq!(own.id(), other.id());
    // All of the digest tells events apart; a person is shown how it begins.
    assert_eq!((own.id().len(), shown(&own.id())), (64, &own.id()[..12]));
    for (member, value) in [
        ("sequenceNumber", json!("4952")),
        ("subsequenceNumber", json!(0)),
        ("partitionKey", json!("meter/m-2")),
        ("arrival", json!("2026-03-01T12:00:00.051Z")),
        ("data", json!("e30=")),
    ] {
        let other = read(&with(message(), member, value)).expect("a message").events.remove(0);
        assert_ne!(own.id(), other.id(), "{member}");
    }
}

#[test]
fn a_topic_makes_the_partition_key_again() {
    let model = model();
    for (key, topic) in [
        ("plug/hall/p-1", "plugs/hall/p-1/state"),
        ("meter/c-1", "meters"),
        ("pump/pumps/1/a", "pumps/1/a"),
        ("lamp/1", "lamp/1"),
    ] {
        let body = with(message(), "partitionKey", key.into());
        let event = read(&body).expect("a message").events.remove(0);
        assert_eq!(event.topic(&model), topic);
        if let Some(kind) = event.kind(&model) {
            assert_eq!(kind.partition_key_of(topic, "c-1"), key);
        }
    }
}

/// The shipped model takes the topic as the key, and a stricter one a level of it.
/// Name of the kind, its filter, levels that name the device, key, and the device or what is said of it.
type Row<'a> = (Option<&'a str>, &'a str, &'a [u32], &'a str, Result<Option<&'a str>, &'a str>);

#[test]
fn a_key_of_another_model_is_todays_or_refused() {
    let model = |name: Option<&str>, topic: &str, segments: &[u32]| -> Model {
        let mut device = json!({"dimension": "device", "field": "d"});
        if !segments.is_empty() {
            device["topic_segments"] = json!(segments);
        }
        let mut kind = json!({
            "topic": topic, "device": device, "measures": [{"name": "v", "field": "v", "type": "double"}],
            "record": {"layout": "single"}, "undeclared": "ignore",
        });
        if let Some(name) = name {
            kind["name"] = name.into();
            return serde_json::from_value(json!({ "kinds": [kind] })).expect("a model");
        }
        serde_json::from_value(kind).expect("a model")
    };
    let table: &[Row<'_>] = &[
        (None, "dt/+/measures", &[], "dt/kitchen/measures", Ok(Some("d-1"))),
        (None, "dt/+/measures", &[2], "dt/kitchen/measures", Ok(Some("kitchen"))),
        (None, "dt/+/measures", &[2], "kitchen", Ok(Some("kitchen"))),
        (None, "dt/+/measures", &[2], "other/kitchen/measures", Err("level 2 of the topic")),
        (None, "dt/#", &[3], "dt/kitchen", Err("level 3 of the topic")),
        (Some("plug"), "dt/+/+/m", &[2], "plug/dt/hall/p/m", Ok(Some("hall"))),
        (Some("plug"), "dt/+/+/m", &[2, 3], "plug/dt/hall/p/m", Ok(Some("hall/p"))),
        (Some("plug"), "dt/+/+/m", &[2, 3], "plug/hall/p", Ok(Some("hall/p"))),
        // Levels of today, which a filter could take for a topic.
        (None, "+/+/#", &[2, 3], "hall/p", Ok(Some("hall/p"))),
        // Too few: the decoder refuses them.
        (Some("plug"), "dt/+/+/m", &[2, 3], "plug/p", Ok(None)),
    ];
    for (name, topic, segments, key, expected) in table {
        let model = model(*name, topic, segments);
        let mut body = message();
        (body["partitionKey"], body["data"]) =
            ((*key).into(), BASE64_STANDARD.encode(r#"{"d": "d-1", "v": 1}"#).into());
        let aside = read(&body.to_string()).expect("a message");
        let id = aside.events[0].id();
        match (aside.under(&model), expected) {
            (Ok(aside), Ok(device)) => {
                let event = &aside.events[0];
                let today = Today::new(&model, timestream::LIMITS);
                assert_eq!(today.device(event).as_deref(), *device, "{key} {topic} {segments:?}");
                assert_eq!(today.of(event).is_stored(), device.is_some(), "{key} {topic} {segments:?}");
                assert_eq!((event.id(), event.partition_key()), (id, *key), "it is the same event");
                assert_eq!(event.as_it_came(0).partition_key, *key);
            }
            (Err(fault), Err(said)) => assert!(fault.to_string().contains(said), "{fault}"),
            (under, _) => panic!("{key} {topic} {segments:?}: {under:?}"),
        }
    }
}
