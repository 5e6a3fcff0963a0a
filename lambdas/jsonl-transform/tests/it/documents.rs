//! Whole events, from the service's documentation and beyond it.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jsonl_transform::DeviceField;
use jsonl_transform::handler::{Counts, transform};
use serde_json::json;

use crate::answer::{Record, failed, ok, read};

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
        let answer = transform(event, None).expect(name);
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
    let device = DeviceField::new("device_id");
    let (mut records, mut expected) = (Vec::new(), Vec::new());
    for (name, payload, metadata, line) in cases {
        let mut record = json!({"recordId": "1", "data": BASE64_STANDARD.encode(payload)});
        if let Some(metadata) = metadata {
            record["kinesisRecordMetadata"] = metadata;
        }
        let event = json!({"records": [record.clone()]}).to_string();
        let answer = transform(event.as_bytes(), Some(&device)).expect(name);
        assert_eq!(read(&answer.body), std::slice::from_ref(&line), "{name}");
        records.push(record);
        expected.push(line);
    }
    let event = json!({"records": records}).to_string();
    let answer = transform(event.as_bytes(), Some(&device)).expect("a batch");
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
        let error = transform(event, None).expect_err(name);
        assert_eq!(error.code(), "NotFirehose", "{name}");
    }
}
