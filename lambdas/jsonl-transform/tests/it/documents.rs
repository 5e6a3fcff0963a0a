//! Whole events, from the service's documentation and beyond it.

use jsonl_transform::handler::{Counts, transform};

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
        let answer = transform(event).expect(name);
        assert_eq!(read(&answer.body), expected, "{name}");
        assert_eq!(answer.counts, counts, "{name}");
    }
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
        let error = transform(event).expect_err(name);
        assert_eq!(error.code(), "NotFirehose", "{name}");
    }
}
