//! Models of lines.

use jsonl_transform::Kinds;
use serde_json::{Value, json};
use telemetry::Model;

/// A kind of event, with these members in place of those of a plain one.
pub fn kind(changes: &Value) -> Value {
    let mut kind = json!({
        "topic": "dt/+/+/measures", "device": {"dimension": "device", "field": "device_id"},
        "measures": [{"name": "m", "field": "m", "type": "double"}],
        "record": {"layout": "single"}, "undeclared": "ignore",
    });
    for (name, value) in changes.as_object().expect("members") {
        kind[name] = value.clone();
    }
    kind
}

/// The model of this JSON.
pub fn model(model: &Value) -> Model {
    serde_json::from_value(model.clone()).expect("a model")
}

/// Lines of which the topic says nothing.
pub fn plain() -> Kinds {
    Kinds::new(&model(&kind(&json!({}))))
}

/// A model whose topics name the device, which is a member of this name.
pub fn by_topic(name: &str) -> Value {
    kind(&json!({"device": {"dimension": "device", "field": name, "topic_segments": [2]}}))
}
