//! What holds for every batch.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jsonl_transform::Kinds;
use jsonl_transform::handler::{RESPONSE_LIMIT, transform};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::answer::read;
use crate::model::{by_topic, model, plain};

/// JSON of any shape; numbers are such that they are equal after a round trip.
fn document() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1.0e9..1.0e9).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[\r\n\t \\\\\"{}\\[\\],:a]{0,12}".prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A document in one of the forms in which devices write it.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    (document(), any::<bool>(), "[ \t\r\n]{0,4}", "[ \t\r\n]{0,4}", any::<bool>()).prop_map(
        |(document, pretty, before, after, carriage_returns)| {
            let mut text = if pretty { format!("{document:#}") } else { document.to_string() };
            if carriage_returns {
                text = text.replace('\n', "\r\n");
            }
            format!("{before}{text}{after}").into_bytes()
        },
    )
}

fn record() -> impl Strategy<Value = (String, Vec<u8>)> {
    let payload = prop_oneof![
        4 => payload(),
        1 => prop::collection::vec(any::<u8>(), 0..40),
        1 => (payload(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut bytes, at, byte)| {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        }),
    ];
    (prop_oneof!["[0-9]{1,56}", any::<String>()], payload)
}

fn event(records: &[(String, Vec<u8>)]) -> Vec<u8> {
    let records: Vec<_> = records
        .iter()
        .map(|(id, payload)| json!({"recordId": id, "data": BASE64_STANDARD.encode(payload)}))
        .collect();
    json!({"invocationId": "i", "records": records}).to_string().into_bytes()
}

/// The answer of a parser that builds the document. `None`: its recursion limit or its range of
/// numbers kept it from judging.
fn parsed(payload: &[u8]) -> Option<Result<Value, ()>> {
    let error = match serde_json::from_slice(payload) {
        Ok(value) => return Some(Ok(value)),
        Err(error) => error.to_string(),
    };
    let silent = ["recursion", "out of range", "surrogate"].iter().any(|word| error.contains(word));
    (!silent).then_some(Err(()))
}

proptest! {
    #[test]
    fn every_record_is_one_line_or_fails_alone(records in prop::collection::vec(record(), 0..12)) {
        let answer = transform(&event(&records), &plain()).expect("a batch");
        let answers = read(&answer.body);
        prop_assert_eq!(answers.len(), records.len());
        prop_assert_eq!(answer.counts.lines + answer.counts.failed(), records.len());
        prop_assert!(answer.body.len() <= RESPONSE_LIMIT);
        for (answer, (id, payload)) in answers.iter().zip(&records) {
            prop_assert_eq!(&answer.id, id);
            match answer.result.as_str() {
                "Ok" => {
                    let [line @ .., b'\n'] = answer.data.as_slice() else {
                        return Err(TestCaseError::fail("no newline at the end"));
                    };
                    prop_assert!(!line.contains(&b'\n') && !line.contains(&b'\r'));
                    if let Some(parsed) = parsed(payload) {
                        prop_assert_eq!(parsed, Ok(serde_json::from_slice::<Value>(line).expect("JSON")));
                    }
                }
                "ProcessingFailed" => {
                    prop_assert_eq!(&answer.data, payload);
                    prop_assert!(parsed(payload).is_none_or(|parsed| parsed.is_err()));
                }
                other => return Err(TestCaseError::fail(other.to_owned())),
            }
        }
    }

    /// A parser that builds the document finds the device in the line, and everything else as it was.
    #[test]
    fn the_topic_names_the_device(
        mut document in document(), named in any::<bool>(), name in "[^\u{0}-\u{1f}]{1,8}", key in "\\PC{1,20}",
    ) {
        if named && let Some(object) = document.as_object_mut() {
            object.insert(name.clone(), json!(1));
        }
        let text = format!("{document:#}");
        // As a parser reads the text, which may be another double than the one that was written.
        document = serde_json::from_str(&text).expect("JSON");
        let record = json!({
            "recordId": "1", "data": BASE64_STANDARD.encode(text),
            "kinesisRecordMetadata": {"partitionKey": key},
        });
        let event = json!({"records": [record]}).to_string();
        let answer = transform(event.as_bytes(), &Kinds::new(&model(&by_topic(&name)))).expect("a batch");
        let line: Value = serde_json::from_slice(&read(&answer.body)[0].data).expect("JSON");
        if let Some(object) = document.as_object_mut() {
            object.insert(name, key.into());
        }
        prop_assert_eq!(line, document);
    }

    #[test]
    fn a_line_is_a_fixed_point(payload in payload()) {
        let once = read(&transform(&event(&[("1".to_owned(), payload)]), &plain()).expect("a batch").body);
        let line = once[0].data.clone();
        let twice = read(&transform(&event(&[("1".to_owned(), line)]), &plain()).expect("a batch").body);
        prop_assert_eq!(once, twice);
    }

    /// What is between the quotes of an envelope may be anything: each record comes back once, with its identity,
    /// as one line or with its data as it came.
    #[test]
    fn whatever_an_envelope_holds_comes_back(
        records in prop::collection::vec(("[^\"\\\\\\x00-\\x1f]{0,20}", "[^\"\\\\\\x00-\\x1f]{0,40}"), 0..8),
    ) {
        let members = records.iter().map(|(id, data)| format!(r#"{{"recordId":"{id}","data":"{data}"}}"#));
        let event = format!(r#"{{"records":[{}]}}"#, members.collect::<Vec<_>>().join(","));
        let answer = transform(event.as_bytes(), &plain()).expect("a batch");
        let answers = read(&answer.body);
        prop_assert_eq!(answers.len(), records.len());
        for (answer, (id, data)) in answers.iter().zip(&records) {
            prop_assert_eq!(&answer.id, id);
            let payload = BASE64_STANDARD.decode(data);
            match (answer.result.as_str(), &payload) {
                ("Ok", Ok(payload)) => {
                    prop_assert_eq!(answer.data.split(|byte| *byte == b'\n').count(), 2);
                    let document: Value = serde_json::from_slice(payload).expect("JSON");
                    prop_assert_eq!(serde_json::from_slice::<Value>(&answer.data).expect("JSON"), document);
                }
                ("ProcessingFailed", Ok(payload)) => prop_assert_eq!(&answer.data, payload),
                ("ProcessingFailed", Err(_)) => prop_assert_eq!(&answer.data, b""),
                (result, payload) => return Err(TestCaseError::fail(format!("{result} for {payload:?}"))),
            }
        }
    }

    /// A batch of Firehose of which bytes were lost or changed on the way is refused whole, so that Firehose
    /// repeats it, or every record that it still holds is answered.
    #[test]
    fn a_damaged_batch_is_refused_or_answered_in_full(
        records in prop::collection::vec(record(), 1..6),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in prop::option::weighted(0.3, any::<prop::sample::Index>()),
    ) {
        let mut event = event(&records);
        for (at, byte) in damage {
            let at = at.index(event.len());
            event[at] = byte;
        }
        if let Some(cut) = cut {
            event.truncate(cut.index(event.len()));
        }
        match (transform(&event, &plain()), serde_json::from_slice::<Value>(&event)) {
            (Ok(answer), Ok(batch)) => {
                let ids: Vec<_> = batch["records"].as_array().expect("records").iter().map(|record| record["recordId"].clone()).collect();
                let answers = read(&answer.body);
                prop_assert_eq!(answers.iter().map(|answer| json!(answer.id)).collect::<Vec<_>>(), ids);
                prop_assert_eq!(answer.counts.lines + answer.counts.failed(), answers.len());
            }
            (Ok(_), Err(error)) => return Err(TestCaseError::fail(format!("taken for a batch: {error}"))),
            (Err(error), Ok(batch)) => {
                let is_batch = batch["records"].as_array().is_some_and(|records| {
                    records.iter().all(|record| record["recordId"].is_string() && record["data"].is_string())
                });
                prop_assert!(!is_batch, "a batch is refused: {}", error);
            }
            (Err(error), Err(_)) => prop_assert_eq!(error.code(), "NotFirehose"),
        }
    }

    /// Bytes that are not even JSON by chance.
    #[test]
    fn arbitrary_bytes_are_no_batch(event in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(transform(&event, &plain()).map_err(|error| error.code()), Err("NotFirehose"));
    }
}
