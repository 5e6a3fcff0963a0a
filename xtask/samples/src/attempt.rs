//! What becomes of a sample under a model, as the deployed pipeline would have it.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jsonl_transform::{Kinds, handler};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Value as Json, json};
use stacks::model::overlap;
use telemetry::{Arrival, Decoder, Measured, Model, Record, Undeclared, Value};

use crate::read::Sample;

/// What stands for the levels of a topic that a sample does not say, and for the id of its client.
const UNSAID: &str = "sample";

/// A model, prepared for samples.
#[derive(Debug)]
pub struct Trial {
    model: Model,
    decoder: Decoder,
    /// The same, but for fields that the model does not name: each is a reason.
    strict: Decoder,
    lines: Kinds,
}

/// What became of a sample.
#[derive(Debug, Default, PartialEq, serde::Serialize)]
pub struct Attempt {
    /// Where it was published.
    pub topic: String,
    /// Name of its kind, where the model has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Why it does not come in at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outside: Option<String>,
    /// Its partition key in the stream.
    pub partition_key: String,
    /// What is stored, in the form of `test-vectors/README.md`.
    pub records: Vec<Stored>,
    /// Its line in the lake. `None`: it is kept below the lake's errors.
    pub line: Option<String>,
    /// Why it, or a part of it, is in quarantine.
    pub quarantine: Vec<Refusal>,
    /// How many more reasons there are than a message of the quarantine says.
    pub omitted: usize,
    /// Whether its clock was corrected.
    pub corrected: bool,
    /// Fields that the model does not name: they are in the lake alone.
    pub undeclared: Vec<String>,
    /// How many fields these are in all.
    pub undeclared_count: usize,
    /// Values outside of their normal range.
    pub out_of_range: usize,
}

/// A reason of the quarantine.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub struct Refusal {
    /// The field; `None` where the event as a whole is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Its code.
    pub code: &'static str,
    /// The sentence.
    pub reason: String,
}

impl Trial {
    /// Prepares a model that was checked.
    pub fn new(model: &Model) -> Self {
        let mut strict = model.clone();
        strict.kinds.iter_mut().for_each(|kind| kind.undeclared = Undeclared::Quarantine);
        Self {
            decoder: Decoder::new(model, timestream::LIMITS),
            strict: Decoder::new(&strict, timestream::LIMITS),
            lines: Kinds::new(model),
            model: model.clone(),
        }
    }

    /// The sample as it arrives at `time_ms`, in milliseconds since 1970, with a sequence number that ends in
    /// `sequence`.
    pub fn attempt(&self, sample: &Sample, time_ms: i64, sequence: usize) -> Attempt {
        let matching = self.model.kinds.iter().find(|kind| match &sample.topic {
            Some(topic) => overlap(&kind.topic, topic),
            None => self.model.kinds.len() == 1,
        });
        let Some(kind) = matching else {
            let outside = match sample.topic {
                Some(_) => {
                    let filters: Vec<&str> =
                        self.model.kinds.iter().map(|kind| kind.topic.as_str()).collect();
                    format!("no rule of the model reads this topic; it reads {}", filters.join(", "))
                }
                None => "the file does not say its topic, and the model has several kinds".to_owned(),
            };
            let topic = sample.topic.clone().unwrap_or_default();
            return Attempt { topic, outside: Some(outside), ..Attempt::default() };
        };
        let topic = sample.topic.clone().unwrap_or_else(|| kind.topic.replace(['+', '#'], UNSAID));
        let partition_key = kind.partition_key_of(&topic, UNSAID);
        let sequence_number = format!("{sequence:056}");
        let arrival = Arrival { time_ms, sequence_number: &sequence_number, partition_key: &partition_key };
        let decoded = self.decoder.decode(&sample.payload, arrival);
        let refusals = decoded.rejection.iter().flat_map(|rejection| &rejection.reasons);
        let quarantine = refusals.map(|reason| Refusal {
            field: reason.field.clone(),
            code: reason.fault.code(),
            reason: reason.fault.to_string(),
        });
        let strict = self.strict.decode(&sample.payload, arrival).rejection;
        let undeclared = strict.iter().flat_map(|rejection| &rejection.reasons);
        let undeclared = undeclared.filter(|reason| reason.fault.code() == "undeclared_field");
        Attempt {
            kind: kind.name.clone(),
            outside: None,
            records: decoded.records.into_iter().map(Stored).collect(),
            line: self.line(&sample.payload, &partition_key),
            quarantine: quarantine.collect(),
            omitted: decoded.rejection.as_ref().map_or(0, |rejection| rejection.omitted),
            corrected: decoded.corrected.is_some(),
            undeclared: undeclared.filter_map(|reason| reason.field.clone()).collect(),
            undeclared_count: decoded.undeclared,
            out_of_range: decoded.out_of_range,
            topic,
            partition_key,
        }
    }

    /// What the transform makes of it.
    fn line(&self, payload: &[u8], partition_key: &str) -> Option<String> {
        let record = json!({
            "recordId": "1", "data": BASE64_STANDARD.encode(payload),
            "kinesisRecordMetadata": {"partitionKey": partition_key},
        });
        let batch = json!({ "records": [record] }).to_string();
        let answer = handler::transform(batch.as_bytes(), &self.lines).ok()?;
        let answer: Json = serde_json::from_slice(&answer.body).ok()?;
        let record = answer.get("records")?.get(0)?;
        let data = BASE64_STANDARD.decode(record.get("data")?.as_str()?).ok()?;
        (record.get("result")? == "Ok").then(|| String::from_utf8_lossy(&data).trim_end().to_owned())
    }
}

/// A record, which is written in the form of `test-vectors/README.md`.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored(pub Record);

impl Serialize for Stored {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Record { dimensions, measure_name, measured, time, version } = &self.0;
        let mut record = serializer.serialize_map(Some(5))?;
        let dimensions = dimensions.iter().map(|one| (one.name.to_string(), InOrder::Text(&one.value)));
        record.serialize_entry("dimensions", &InOrder::Members(dimensions.collect()))?;
        record.serialize_entry("measure_name", &**measure_name)?;
        match measured {
            Measured::Single(value) => record.serialize_entry("value", &typed(value))?,
            Measured::Multi(values) => {
                let values = values.iter().map(|one| (one.name.to_string(), typed(&one.value)));
                record.serialize_entry("measures", &InOrder::Members(values.collect()))?;
            }
        }
        record.serialize_entry("time", time)?;
        record.serialize_entry("version", version)?;
        record.end()
    }
}

/// JSON whose members stay in their order, which is that of the model.
enum InOrder<'a> {
    Text(&'a str),
    Value(&'a Value),
    Members(Vec<(String, InOrder<'a>)>),
}

/// A value as an object of one key, its type.
fn typed(value: &Value) -> InOrder<'_> {
    InOrder::Members(vec![(value.kind().name().to_owned(), InOrder::Value(value))])
}

impl Serialize for InOrder<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Value(Value::Double(number)) => serializer.serialize_f64(*number),
            Self::Value(Value::Bigint(number) | Value::Timestamp(number)) => {
                serializer.serialize_i64(*number)
            }
            Self::Value(Value::Boolean(truth)) => serializer.serialize_bool(*truth),
            Self::Value(Value::Varchar(text)) => serializer.serialize_str(text),
            Self::Members(members) => {
                serializer.collect_map(members.iter().map(|(name, value)| (name, value)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_pipeline_refuses_is_refused() {
        let model = "topic = \"dt/+/m\"\n[device]\ntopic_segment = 2\ndimension = \"device\"\n\
                     [record]\nundeclared = \"quarantine\"\n\
                     [[measure]]\nname = \"x\"\ntype = \"varchar\"\n";
        let model =
            stacks::model::parse("telemetry.toml", model).unwrap_or_else(|problems| panic!("{problems}"));
        let trial = Trial::new(&model);
        let attempt = |topic: &str, payload: &[u8]| {
            let topic = Some(topic.to_owned());
            trial.attempt(
                &Sample { topic, payload: payload.to_vec(), remark: None, line: 1 },
                1_795_248_060_000,
                1,
            )
        };
        assert_eq!(attempt("dt/a/m", b"{\"x\":\"y\"}").quarantine, []);
        let latin = attempt("dt/a/m", b"{\"x\":\"caf\xe9\"}");
        assert!(latin.records.is_empty() && latin.quarantine.len() == 1, "{latin:?}");
        let outside = attempt("dt/a", b"{}").outside;
        assert_eq!(outside.as_deref(), Some("no rule of the model reads this topic; it reads dt/+/m"));
        let members: Vec<String> = (0..30).map(|index| format!("\"m{index}\":1")).collect();
        let many = attempt("dt/a/m", format!("{{{}}}", members.join(",")).as_bytes());
        // Each of them, and that none is a measure.
        assert_eq!(many.quarantine.len() + many.omitted, 31, "{many:?}");
        assert!(many.omitted > 0);
    }
}
