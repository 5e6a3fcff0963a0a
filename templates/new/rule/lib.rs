//! `<< name >>`: decides what an event of a device leads to.
//!
//! Pure: no network, no clock. The binary brings the events, and does what is decided here.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What the topic rule hands over, as its SQL in `stacks/src/<< module >>.rs` selects it.
#[derive(Debug, Deserialize)]
pub struct Event {
    /// Where it was published.
    pub topic: String,
    /// The event as the device sent it.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

/// What comes of it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Where the event was published.
    pub topic: String,
    /// How many fields it has.
    pub fields: usize,
}

/// Answers one event.
pub fn answer(event: &Event) -> Answer {
    Answer { topic: event.topic.clone(), fields: event.fields.len() }
}
