//! Batches as Lambda sends them, in `tests/events/`.

use std::path::Path;

use kinesis_consumer::batch::{Batch, BatchResponse, ItemFailure};

use crate::bench::Bench;
use crate::services::Faults;

fn document(name: &str) -> Batch {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/events").join(name);
    serde_json::from_slice(&std::fs::read(path).expect("the document")).expect("a batch")
}

#[tokio::test]
async fn documents_of_lambda_are_handled() {
    // Document, rows, codes in quarantine, corrected.
    let table: [(&str, usize, &[&str], u64); 4] = [
        ("good.json", 2, &[], 0),
        ("poison-among-good.json", 2, &["not_json", "type_mismatch", "store_rejected"], 1),
        ("kpl-aggregate.json", 0, &["kpl_aggregate"], 0),
        ("empty.json", 0, &[], 0),
    ];
    for (name, rows, codes, corrected) in table {
        let bench = Bench::new(Faults::default()).await;
        let handled = bench.handle(&document(name)).await;
        assert_eq!(handled.response, BatchResponse::default(), "{name}");
        let held = bench.services.held();
        let found: Vec<_> = held
            .messages
            .iter()
            .map(|message| message["reasons"][0]["code"].as_str().expect("a code"))
            .collect();
        assert_eq!(
            (held.rows.len(), found.as_slice(), handled.metrics.corrected),
            (rows, codes, corrected),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_message_says_where_the_event_was() {
    let bench = Bench::new(Faults::default()).await;
    bench.handle(&document("poison-among-good.json")).await;
    let expected = serde_json::json!({
        "reasons": [{ "code": "not_json", "message": "the event is not JSON: expected ident at line 1 column 2" }],
        "sequenceNumber": "49590338271490256608559692540925702759324208523137515618",
        "partitionKey": "dt/2/measures",
        "eventID": "shardId-000000000006:49590338271490256608559692540925702759324208523137515618",
        "arrival": "2021-01-04T10:46:20.050Z",
        "data": "dGVtcGVyYXR1cmU9MjE=",
    });
    assert_eq!(bench.services.held().messages[0], expected);
}

#[test]
fn the_answer_has_the_form_that_lambda_reads() {
    let answer = BatchResponse { batch_item_failures: vec![ItemFailure { item_identifier: "7".to_owned() }] };
    assert_eq!(
        serde_json::to_string(&answer).expect("JSON"),
        r#"{"batchItemFailures":[{"itemIdentifier":"7"}]}"#
    );
    assert_eq!(
        serde_json::to_string(&BatchResponse::default()).expect("JSON"),
        r#"{"batchItemFailures":[]}"#
    );
}
