//! What holds for every batch.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jsonl_transform::handler::{RESPONSE_LIMIT, transform};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::answer::read;

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

/// The judgement of a parser that builds the document. `None`: its recursion limit or its range of
/// numbers kept it from judging.
fn judge(payload: &[u8]) -> Option<Result<Value, ()>> {
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
        let answer = transform(&event(&records)).expect("a batch");
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
                    if let Some(judged) = judge(payload) {
                        prop_assert_eq!(judged, Ok(serde_json::from_slice::<Value>(line).expect("JSON")));
                    }
                }
                "ProcessingFailed" => {
                    prop_assert_eq!(&answer.data, payload);
                    prop_assert!(judge(payload).is_none_or(|judged| judged.is_err()));
                }
                other => return Err(TestCaseError::fail(other.to_owned())),
            }
        }
    }

    #[test]
    fn a_line_is_a_fixed_point(payload in payload()) {
        let once = read(&transform(&event(&[("1".to_owned(), payload)])).expect("a batch").body);
        let line = once[0].data.clone();
        let twice = read(&transform(&event(&[("1".to_owned(), line)])).expect("a batch").body);
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn no_bytes_panic(event in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = transform(&event);
    }
}
