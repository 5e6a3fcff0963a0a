//! Lambda returns 6 MB and no more, whatever the batch.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jsonl_transform::handler::{RESPONSE_LIMIT, transform};

use crate::answer::read;
use crate::model::plain;

/// A batch of `records` with identities of `id` digits and documents of `document` bytes, without the
/// times that make a batch of Firehose always longer than its answer.
fn event(records: usize, id: usize, document: &str) -> Vec<u8> {
    let data = BASE64_STANDARD.encode(document);
    let records: Vec<_> =
        (0..records).map(|i| format!(r#"{{"recordId":"{i:0id$}","data":"{data}"}}"#)).collect();
    format!(r#"{{"records":[{}]}}"#, records.join(",")).into_bytes()
}

#[test]
fn answers_stay_below_the_limit() {
    let large = format!("\"{}\"", "x".repeat(800_000));
    let nearly = format!("\"{}\"", "x".repeat(1_179_500));
    let beyond = format!("\"{}\"", "x".repeat(1_179_700));
    let cases: [(&str, Vec<u8>, usize, usize, usize); 7] = [
        ("everything fits", event(5, 8, &large), 5, 0, 0),
        ("one too many", event(6, 8, &large), 5, 0, 1),
        ("good lines after a full answer", event(12, 8, &large), 5, 0, 7),
        ("up to the last bytes", event(4, 8, &nearly), 4, 0, 0),
        ("beyond by a few", event(4, 8, &beyond), 3, 0, 1),
        ("failed records give way too", event(6, 8, &large[1..]), 0, 6, 0),
        ("many short ones", event(60_000, 8, &"1".repeat(62)), 36_734, 0, 23_266),
    ];
    for (name, event, lines, refused, too_large) in cases {
        let answer = transform(&event, &plain()).expect(name);
        assert!(answer.body.len() <= RESPONSE_LIMIT, "{name}: {} bytes", answer.body.len());
        let records = read(&answer.body);
        assert!(records.iter().enumerate().all(|(i, record)| record.id == format!("{i:08}")), "{name}");
        let delivered = records.iter().filter(|record| record.result == "Ok").count();
        let found = (delivered, answer.counts.not_json, answer.counts.too_large);
        assert_eq!(
            found,
            (lines, refused, too_large),
            "{name}: {:?}, {} bytes",
            answer.counts,
            answer.body.len()
        );
    }
}

#[test]
fn a_batch_that_no_answer_can_hold_fails_the_invocation() {
    let error = transform(&event(120_000, 8, ""), &plain()).expect_err("more than 6 MB of identities");
    assert_eq!(error.code(), "TooManyRecords");
}

/// Why `too_large` never happens to a batch of Firehose, whose records all carry their arrival time.
#[test]
fn the_answer_to_a_real_batch_is_shorter_than_the_batch() {
    let record = r#"{"recordId":"1","approximateArrivalTimestamp":1609757175300,"data":"MQ=="}"#;
    let event = format!(r#"{{"records":[{}]}}"#, vec![record; 1000].join(","));
    let answer = transform(event.as_bytes(), &plain()).expect("a batch");
    assert_eq!(answer.counts.lines, 1000);
    assert!(answer.body.len() < event.len(), "{} of {}", answer.body.len(), event.len());
}
