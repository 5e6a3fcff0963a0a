//! No bytes make the decoder panic, lose an event or make a record that the store would refuse.

mod invariants;
mod mutations;
mod random;
mod sizes;

use proptest::prelude::*;
use telemetry::{Arrival, Decoded, Decoder, Model};
use timestream::LIMITS;

const ARRIVAL: Arrival<'_> = Arrival {
    time_ms: 1_609_757_175_900,
    sequence_number: "4959033827149025660855969253836157",
    partition_key: "device-1",
};

/// Measures of every type, in both layouts.
fn decoders() -> Vec<Decoder> {
    [r#"{"layout": "multi", "name": "m"}"#, r#"{"layout": "single"}"#]
        .into_iter()
        .map(|record| {
            let model = format!(
                r#"{{"topic": "t", "device": {{"dimension": "device", "field": "id"}}, "time": {{"field": "t", "unit": "ms"}},
                "dimensions": [{{"name": "site", "field": "s"}}],
                "measures": [{{"name": "double", "field": "d", "type": "double", "normal": {{"min": 0, "max": 1}}}},
                    {{"name": "bigint", "field": "b", "type": "bigint"}}, {{"name": "boolean", "field": "o", "type": "boolean"}},
                    {{"name": "varchar", "field": "v", "type": "varchar"}}, {{"name": "timestamp", "field": "w", "type": "timestamp"}}],
                "record": {record}, "undeclared": "quarantine"}}"#
            );
            Decoder::new(&serde_json::from_str::<Model>(&model).expect("the model of this test"), LIMITS)
        })
        .collect()
}

/// Decodes with both, and says what holds for every event.
fn check(payload: &[u8]) -> Vec<Decoded> {
    let decoded: Vec<_> = decoders().iter().map(|decoder| decoder.decode(payload, ARRIVAL)).collect();
    for one in &decoded {
        invariants::hold(one, ARRIVAL);
    }
    decoded
}

/// JSON of the kinds that devices and attackers send.
fn json() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>()
            .prop_filter("JSON has no NaN", |number| number.is_finite())
            .prop_map(|number| format!("{number:?}")),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,5})?",
    ];
    let scalar = prop_oneof![
        number.clone(),
        number.prop_map(|number| format!("\"{number}\"")),
        prop_oneof![
            "null",
            "true",
            "false",
            "\"2021-01-04T10:46:15.2[0-9]{0,9}(Z|\\+02:00)?\"",
            "\"[a-z ]{0,9}\"",
            "\"\\\\u[0-9a-f]{4}\""
        ],
        (0_usize..4000).prop_map(|length| format!("\"{}\"", "x".repeat(length))),
    ];
    scalar.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5)
                .prop_map(|elements| format!("[{}]", elements.join(","))),
            prop::collection::vec((inner.clone(), inner.clone()), 0..5).prop_map(|points| {
                let points: Vec<_> =
                    points.iter().map(|(ts, value)| format!(r#"{{"ts":{ts},"value":{value}}}"#)).collect();
                format!("[{}]", points.join(","))
            }),
            prop::collection::vec((field(), inner), 0..5).prop_map(object),
        ]
    })
}

fn field() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["id", "t", "s", "d", "b", "o", "v", "w", "x", "ts", "value"])
}

fn object(fields: Vec<(&str, String)>) -> String {
    let fields: Vec<_> = fields.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", fields.join(","))
}

const VALID: &[u8] = br#"{"id": "a", "t": 1609757175225.499, "s": "hall", "d": 0.5, "b": [{"ts": 1609757175000, "value": 7}], "o": true, "v": "on", "w": "2021-01-04T10:46:15Z"}"#;

#[test]
fn the_seed_of_the_mutations_is_a_good_event() {
    for decoded in check(VALID) {
        assert_eq!(decoded.rejection, None);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_answered(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&payload);
    }

    #[test]
    fn any_json_is_answered(payload in json()) {
        check(payload.as_bytes());
    }

    #[test]
    fn any_fields_of_a_device_are_answered(fields in prop::collection::vec((field(), json()), 0..12)) {
        let mut fields = fields;
        fields.push(("id", "\"a\"".to_owned()));
        check(object(fields).as_bytes());
    }

    #[test]
    fn any_mutation_of_a_good_event_is_answered(edits in prop::collection::vec((0..VALID.len(), any::<u8>()), 1..4), end in 0..=VALID.len()) {
        let mut payload = VALID.to_vec();
        for (at, byte) in edits {
            payload[at] = byte;
        }
        check(&payload);
        check(&payload[..end]);
    }
}
