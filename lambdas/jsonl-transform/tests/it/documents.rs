//! Whole events, from the service's documentation and beyond it.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jsonl_transform::Kinds;
use jsonl_transform::handler::{Counts, transform};
use serde_json::json;

use crate::answer::{Record, failed, filed, ok, read};
use crate::model::{by_topic, kind, model, plain};

#[test]
fn events_become_answers() {
    let sequence = |n: &str| format!("495787340864422590374974929806{n}000000");
    let cases: [(&str, &[u8], Vec<Record>, Counts); 4] = [
        (
            "from a Kinesis stream",
            include_bytes!("../events/kinesis.json"),
            vec![
                ok(
                    &sequence("20233840400173390482112514"),
                    "{\"Time\":1609757175225.499,\"DeviceID\":\"12345678-9012-3456-7890-123456789012\",\
                     \"temperature_measure\":11.2,\"humidity_measure\":33.4,\"voltage_measure\":55.6,\
                     \"watt_measure\":777.8}\n",
                ),
                ok(&sequence("21442766219788363254202370"), "{\"device_id\":\"AAABB\",\"temperature\":24.0}\n"),
                failed(&sequence("22651692039402992428908546"), b"{\"name\":\"\xe9\"}"),
                failed(&sequence("23860617859017621603614722"), b""),
            ],
            Counts { lines: 2, not_utf8: 1, empty: 1, ..Counts::default() },
        ),
        (
            "direct put",
            include_bytes!("../events/direct-put.json"),
            vec![failed("record1", b"Hello World"), ok("record2", "{\"a\":1}\n")],
            Counts { lines: 1, not_json: 1, ..Counts::default() },
        ),
        ("no records", br#"{"records":[]}"#, vec![], Counts::default()),
        (
            "escapes in the envelope, data that is no base64, no data",
            br#"{"records":[{"recordId":"a\"\u0041\n","data":"Ii8\/Ig=="},{"recordId":"b","data":"!\"!"},{"recordId":"c"}]}"#,
            vec![ok("a\"A\n", "\"/?\"\n"), failed("b", b""), failed("c", b"")],
            Counts { lines: 1, not_base64: 1, empty: 1, ..Counts::default() },
        ),
    ];
    for (name, event, expected, counts) in cases {
        let answer = transform(event, &plain()).expect(name);
        assert_eq!(read(&answer.body), expected, "{name}");
        assert_eq!(answer.counts, counts, "{name}");
    }
}

/// Where the topic names the device, the partition key is it; what has no members is as it was sent.
#[test]
fn lines_name_the_device_of_the_topic() {
    let kinesis = |key: serde_json::Value| json!({"shardId": "shardId-000000000000", "partitionKey": key});
    let cases = [
        (
            "an event",
            r#"{"rssi":-88}"#,
            Some(kinesis(json!("r-1"))),
            ok("1", "{\"rssi\":-88,\"device_id\":\"r-1\"}\n"),
        ),
        (
            "another device, over several lines",
            "{\r\n \"device_id\": \"r-2\",\r\n \"rssi\": -88.0}\n",
            Some(kinesis(json!("°C \"1\""))),
            ok("1", "{\"rssi\":-88.0,\"device_id\":\"°C \\\"1\\\"\"}\n"),
        ),
        ("an array", "[1]", Some(kinesis(json!("r-1"))), ok("1", "[1]\n")),
        ("no JSON", "rssi=-88", Some(kinesis(json!("r-1"))), failed("1", b"rssi=-88")),
        ("no metadata", r#"{"rssi":-88}"#, None, ok("1", "{\"rssi\":-88}\n")),
        ("no key", r#"{"rssi":-88}"#, Some(json!({})), ok("1", "{\"rssi\":-88}\n")),
        ("an empty key", r#"{"rssi":-88}"#, Some(kinesis(json!(""))), ok("1", "{\"rssi\":-88}\n")),
        ("a key that is no text", r#"{"rssi":-88}"#, Some(kinesis(json!(17))), ok("1", "{\"rssi\":-88}\n")),
    ];
    let kinds = Kinds::new(&model(&by_topic("device_id")));
    let (mut records, mut expected) = (Vec::new(), Vec::new());
    for (name, payload, metadata, line) in cases {
        let mut record = json!({"recordId": "1", "data": BASE64_STANDARD.encode(payload)});
        if let Some(metadata) = metadata {
            record["kinesisRecordMetadata"] = metadata;
        }
        let event = json!({"records": [record.clone()]}).to_string();
        let answer = transform(event.as_bytes(), &kinds).expect(name);
        assert_eq!(read(&answer.body), std::slice::from_ref(&line), "{name}");
        records.push(record);
        expected.push(line);
    }
    let event = json!({"records": records}).to_string();
    let answer = transform(event.as_bytes(), &kinds).expect("a batch");
    assert_eq!(read(&answer.body), expected);
    assert_eq!(answer.counts, Counts { lines: 7, unnamed: 4, not_json: 1, ..Counts::default() });
}

#[test]
fn what_is_no_batch_fails_the_invocation() {
    let cases: [(&str, &[u8]); 6] = [
        ("nothing", b""),
        ("cut off", br#"{"records":[{"recordId":"a","data":"e30="}"#),
        ("another service's event", br#"{"Records":[{"kinesis":{"data":"e30="}}]}"#),
        ("a record that cannot be answered", br#"{"records":[{"data":"e30="}]}"#),
        ("not UTF-8", b"{\"records\":[{\"recordId\":\"\xff\",\"data\":\"e30=\"}]}"),
        ("something after the end", br#"{"records":[]} x"#),
    ];
    for (name, event) in cases {
        let error = transform(event, &plain()).expect_err(name);
        assert_eq!(error.code(), "NotFirehose", "{name}");
    }
}

/// Each kind goes to a folder of its own, with what its topic says, and as an object where Athena needs one.
#[test]
fn lines_of_several_kinds() {
    let from_topic = json!({"dimension": "device", "field": "device_id", "topic_segments": [3, 2]});
    let several = json!({"kinds": [
        kind(&json!({"name": "plain"})),
        kind(&json!({
            "name": "levels", "device": from_topic,
            "dimensions": [{"name": "room", "field": "room", "topic_segments": [3]}, {"name": "x", "field": "x"}],
        })),
        kind(&json!({
            "name": "named", "named": {"topic_segments": [3], "value": "$"},
            "device": {"dimension": "device", "field": "device_id", "topic_segments": [2]},
        })),
        kind(&json!({"name": "pack", "message": "senml", "device": {"dimension": "device", "field": "bn"}})),
        kind(&json!({
            "name": "list", "message": {"each": "$"},
            "device": {"dimension": "device", "field": "device_id", "topic_segments": [2]},
        })),
    ]});
    let line = |kind: &str, line: &str| filed(&format!("{line}\n"), kind);
    let cases = [
        ("plain/dt/a/b/measures", r#"{"m":1}"#, line("plain", r#"{"m":1}"#)),
        ("plain/dt/a/b/measures", "[1]", line("plain", "[1]")),
        ("plain/dt/a/b/measures", "21.5 \u{b0}C", failed("1", "21.5 \u{b0}C".as_bytes())),
        ("levels/a/b", r#"{"m":1,"room":2}"#, line("levels", r#"{"m":1,"device_id":"b/a","room":"b"}"#)),
        ("levels/a", r#"{"m":1}"#, line("levels", r#"{"m":1}"#)),
        ("levels/a/", r#"{"m":1}"#, line("levels", r#"{"m":1,"device_id":"/a"}"#)),
        ("named/a/temp", "21.5\n", line("named", r#"{"value":21.5,"device_id":"a","name":"temp"}"#)),
        (
            "named/a/temp",
            " 21,5 \"C\" ",
            line("named", r#"{"value":"21,5 \"C\"","device_id":"a","name":"temp"}"#),
        ),
        ("named/a/temp", "\"on\"", line("named", r#"{"value":"on","device_id":"a","name":"temp"}"#)),
        ("named/a/temp", r#"{"x":1}"#, line("named", r#"{"x":1,"device_id":"a","name":"temp"}"#)),
        ("named/a/temp", "[1]", line("named", "[1]")),
        ("named/a/temp", " \n", failed("1", b" \n")),
        ("pack/x", "[{\"bn\":\"d:\",\n\"v\":1}]", line("pack", r#"{"events":[{"bn":"d:","v":1}]}"#)),
        ("pack/x", r#"{"bn":"d:"}"#, line("pack", r#"{"bn":"d:"}"#)),
        ("list/a", "[]", line("list", r#"{"events":[],"device_id":"a"}"#)),
        ("unknown/a", r#"{"m":1}"#, failed("1", br#"{"m":1}"#)),
        ("plain", r#"{"m":1}"#, failed("1", br#"{"m":1}"#)),
    ];
    let kinds = Kinds::new(&model(&several));
    for (key, payload, expected) in cases {
        let record = json!({
            "recordId": "1", "data": BASE64_STANDARD.encode(payload),
            "kinesisRecordMetadata": {"partitionKey": key},
        });
        let answer = transform(json!({"records": [record]}).to_string().as_bytes(), &kinds).expect(key);
        let found = read(&answer.body);
        assert_eq!(found, [expected], "{key} {payload}: {}", String::from_utf8_lossy(&found[0].data));
    }
    let unsaid = json!({"records": [{"recordId": "1", "data": "e30="}]}).to_string();
    let answer = transform(unsaid.as_bytes(), &kinds).expect("a batch");
    assert_eq!((answer.counts.unknown_kind, answer.counts.failed()), (1, 1));
}
