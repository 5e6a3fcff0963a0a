//! What becomes of an event today, by the model of the checkout. Pure: what the store would say, it does not know.

use kinesis_consumer::handler::Reasons;
use kinesis_consumer::quarantine::Reason;
use serde_json::Value;
use telemetry::path::{Path, Step};
use telemetry::{Decoder, Limits, Model, Record, joined};

use super::original::Original;

/// A model, prepared for events that were set aside.
#[derive(Debug)]
pub struct Today {
    model: Model,
    decoder: Decoder,
}

/// What becomes of an event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Verdict {
    /// What would be stored.
    pub records: Vec<Record>,
    /// Why it would go to quarantine, if it would.
    pub reasons: Reasons,
}

impl Verdict {
    /// Whether it would be stored in full.
    pub fn is_stored(&self) -> bool {
        self.reasons.told.is_empty()
    }
}

impl Today {
    /// By a model, for a store that takes so much.
    pub fn new(model: &Model, limits: Limits) -> Self {
        Self { decoder: Decoder::new(model, limits), model: model.clone() }
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// What becomes of an event.
    pub fn of(&self, original: &Original) -> Verdict {
        match original.event(0).decode(&self.decoder) {
            Ok(decoded) => Verdict {
                records: decoded.records,
                reasons: decoded.rejection.map(Reasons::from).unwrap_or_default(),
            },
            Err(reason) => {
                Verdict { records: Vec::new(), reasons: Reasons { told: vec![reason], omitted: 0 } }
            }
        }
    }

    /// Who sent an event, where that can be told: by what would be stored of it, its partition key, or a member of it.
    pub fn device(&self, original: &Original) -> Option<String> {
        let verdict = self.of(original);
        if let Some(device) = verdict.records.first().and_then(|record| record.dimensions.first()) {
            return Some(device.value.clone());
        }
        let kind = original.kind(&self.model)?;
        if kind.device.topic_segments.is_empty() {
            let event: Value = serde_json::from_slice(&original.bytes()).ok()?;
            return match member(&event, &Path::of(&kind.device.field))? {
                Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            };
        }
        let (_, rest) = self.model.kind_of(original.key())?;
        let levels = telemetry::KeyLevels::of(kind);
        joined(&levels.read(rest).ok()?, &levels.places(&kind.device.topic_segments))
    }
}

/// What a path leads to.
fn member<'e>(event: &'e Value, path: &Path) -> Option<&'e Value> {
    let literal = path.literal.as_ref().and_then(|name| event.get(&**name));
    literal.or_else(|| {
        path.steps.iter().try_fold(event, |value, step| match step {
            Step::Member(name) => value.get(&**name),
            Step::Element(index) => value.get(*index as usize),
        })
    })
}

/// Whether the same is said: the same codes about the same fields. Words differ from one look to the next, as the
/// versions in them do.
pub fn is_same(one: &[Reason], other: &[Reason]) -> bool {
    let said = |reasons: &[Reason]| {
        let mut said: Vec<_> =
            reasons.iter().map(|reason| (reason.code.clone(), reason.field.clone())).collect();
        said.sort();
        said
    };
    said(one) == said(other)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::quarantine::original::{Found, of_message};

    #[test]
    fn a_device_is_told_where_anything_says_it() {
        let kind = |name: &str, device: serde_json::Value| {
            json!({
                "name": name, "topic": format!("{name}/+"), "device": device,
                "measures": [{"name": "v", "field": "v", "type": "double"}],
                "record": {"layout": "single"}, "undeclared": "ignore",
            })
        };
        let kinds = [
            kind("a", json!({"dimension": "device", "field": "id.name"})),
            kind("b", json!({"dimension": "device", "field": "d", "topic_segments": [2]})),
        ];
        let model = serde_json::from_value(json!({ "kinds": kinds })).expect("a model");
        let today = Today::new(&model, timestream::LIMITS);
        for (key, payload, device) in [
            ("a/x", r#"{"id": {"name": "n"}, "v": 1}"#, Some("n")),
            ("a/x", r#"{"id": {"name": "n"}, "v": "much"}"#, Some("n")),
            ("a/x", r#"{"id.name": 7}"#, Some("7")),
            ("a/x", r#"{"v": 1}"#, None),
            ("a/x", "{", None),
            ("b/x", "{", Some("x")),
            ("c/x", "{", None),
        ] {
            let body = json!({
                "reasons": [{"code": "c", "message": "m"}], "sequenceNumber": "1", "partitionKey": key,
                "arrival": "2026-03-01T12:00:00Z", "data": base64::Engine::encode(&base64::prelude::BASE64_STANDARD, payload),
            });
            let Ok(Found::Aside(aside)) = of_message(&body.to_string(), 0, &model) else { panic!("{body}") };
            assert_eq!(today.device(&aside.events[0]).as_deref(), device, "{key} {payload}");
        }
    }

    #[test]
    fn words_make_no_other_reason() {
        let reason = |code: &'static str, field: Option<&str>, message: &str| Reason {
            code: code.into(),
            field: field.map(str::to_owned),
            message: message.to_owned(),
        };
        let own = [reason("a", None, "x"), reason("b", Some("f"), "y")];
        for (other, expected) in [
            (vec![reason("b", Some("f"), "z"), reason("a", None, "")], true),
            (vec![reason("a", None, "x"), reason("b", Some("g"), "y")], false),
            (vec![reason("a", None, "x")], false),
            (vec![reason("a", None, "x"), reason("a", None, "x"), reason("b", Some("f"), "y")], false),
        ] {
            assert_eq!(is_same(&own, &other), expected, "{other:?}");
        }
    }
}
