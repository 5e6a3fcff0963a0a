//! What a line of the lake has beside what was sent: names that the transform, which writes the lines, and the
//! tables of the lake must agree on.
//!
//! Everything here is derived from the model.

use crate::path::WHOLE;
use crate::{EventKind, Message, Named};

/// The member of a line that has the elements of a message that is an array.
pub const EVENTS_MEMBER: &str = "events";

/// The member of a line that has an event that is a value.
pub const VALUE_MEMBER: &str = "value";

/// The member of a line that has the name that a topic gives to a value.
pub const NAME_MEMBER: &str = "name";

/// The key by which Firehose
/// [files a line](https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-partitioning-keys.html): the
/// name of its kind.
pub const KIND_KEY: &str = "kind";

/// What a line is made of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The message as it was sent.
    AsSent,
    /// An array becomes the member [`EVENTS_MEMBER`] of an object: a row has columns by name, and an array none.
    Events,
    /// A scalar, or text that is not JSON, becomes the member [`VALUE_MEMBER`] of an object.
    Value,
}

impl Form {
    /// That of a kind.
    pub fn of(kind: &EventKind) -> Self {
        match &kind.message {
            Message::Senml => Self::Events,
            Message::Each(path) if path == WHOLE => Self::Events,
            _ if kind.named.as_ref().is_some_and(Named::is_whole) => Self::Value,
            Message::Event | Message::Each(_) => Self::AsSent,
        }
    }
}
