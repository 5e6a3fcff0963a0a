//! The body of a message of the quarantine, as both consumers write it and as whoever replays it reads it.

use std::borrow::Cow;

use base64::prelude::*;
use serde::{Deserialize, Serialize};

use super::{NOT_BASE64, QuarantinedEvent, Reason};
use crate::batch::{Delivery, Payload};
use crate::events::Event;

/// All that is known of an event in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message<'a> {
    /// Why it is there: at least one reason.
    pub reasons: Cow<'a, [Reason]>,
    /// How many more there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted: usize,
    /// That of the event's record in the stream.
    pub sequence_number: Cow<'a, str>,
    /// Which event of an aggregate it is.
    #[serde(rename = "subsequenceNumber", default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<usize>,
    /// What the sender chose the shard by, or would have chosen it by.
    pub partition_key: Cow<'a, str>,
    /// `shardId:sequenceNumber`.
    #[serde(rename = "eventID", default)]
    pub event_id: Cow<'a, str>,
    /// ISO-8601, or milliseconds since 1970 where a calendar ends.
    pub arrival: String,
    /// The event itself.
    #[serde(flatten)]
    pub content: Content<'a>,
}

/// The bytes of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Content<'a> {
    /// The original bytes in base64.
    Data(Cow<'a, str>),
    /// Where the original bytes are, as they were.
    Object(Place),
}

/// An object of the bucket for what the queue does not take.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The bucket.
    pub bucket: String,
    /// The object.
    pub key: String,
    /// How many bytes it has.
    pub bytes: usize,
}

/// Why a message cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum MessageFault {
    /// It is no JSON, or lacks a member.
    #[error("it is no message of a consumer: {0}")]
    Json(#[from] serde_json::Error),
    /// It does not say when the event came.
    #[error("its arrival is {0:?}, which is neither ISO-8601 nor milliseconds since 1970")]
    Arrival(String),
    /// The bytes are not there.
    #[error("its data is not base64: {0}")]
    Data(#[from] base64::DecodeError),
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl<'a> Message<'a> {
    /// The message of an event.
    pub(super) fn of(event: &QuarantinedEvent<'a>, content: Content<'a>) -> Self {
        let QuarantinedEvent { event, reasons, omitted } = *event;
        Self {
            reasons: reasons.into(),
            omitted,
            sequence_number: event.delivery.kinesis.sequence_number.as_str().into(),
            nth: event.nth,
            partition_key: event.partition_key.into(),
            event_id: event.delivery.event_id.as_str().into(),
            arrival: arrival(event),
            content,
        }
    }

    /// JSON in characters that the queue takes.
    pub(super) fn body(&self) -> String {
        // Strings, numbers and structures of these: nothing that JSON cannot say.
        let json = serde_json::to_string(self).unwrap_or_default();
        // The two characters that SQS refuses and JSON does not escape. They can only be inside of text.
        json.replace('\u{FFFE}', "\\ufffe").replace('\u{FFFF}', "\\uffff")
    }
}

impl Message<'static> {
    /// Reads the body of a message.
    pub fn read(body: &str) -> Result<Self, MessageFault> {
        let message: Self = serde_json::from_str(body)?;
        message.arrival_ms()?;
        Ok(message)
    }

    /// When the event came into the stream, in milliseconds since 1970.
    pub fn arrival_ms(&self) -> Result<i64, MessageFault> {
        let text = &self.arrival;
        let number = || text.parse().map_err(|_| MessageFault::Arrival(text.clone()));
        text.parse::<jiff::Timestamp>().map_or_else(|_| number(), |time| Ok(time.as_millisecond()))
    }

    /// The bytes that the message has itself; `None` where an object has them.
    pub fn bytes(&self) -> Result<Option<Vec<u8>>, MessageFault> {
        match &self.content {
            Content::Data(data) => Ok(Some(BASE64_STANDARD.decode(data.as_bytes())?)),
            Content::Object(_) => Ok(None),
        }
    }

    /// The event of these bytes as it was delivered.
    pub fn delivery(&self, bytes: &[u8]) -> Result<Delivery, MessageFault> {
        let is_as_delivered = self.reasons.iter().any(|reason| reason.code == NOT_BASE64);
        let text = is_as_delivered.then(|| String::from_utf8(bytes.to_vec()).ok()).flatten();
        // A number of seconds keeps the milliseconds of all times that a calendar has.
        #[allow(clippy::cast_precision_loss)]
        let seconds = self.arrival_ms()? as f64 / 1000.0;
        Ok(Delivery {
            event_id: self.event_id.clone().into_owned(),
            kinesis: Payload {
                sequence_number: self.sequence_number.clone().into_owned(),
                partition_key: self.partition_key.clone().into_owned(),
                approximate_arrival_timestamp: seconds,
                data: text.unwrap_or_else(|| BASE64_STANDARD.encode(bytes)),
            },
        })
    }
}

/// `quarantine/<date>/<sequence number>`, by the date of arrival: a replay writes the same object. Events of
/// one aggregate have one sequence number.
pub(super) fn object_key(event: &Event<'_>) -> String {
    let arrival = arrival(event);
    let date = arrival.get(..10).unwrap_or("unknown");
    let nth = event.nth.map(|nth| format!("-{nth}")).unwrap_or_default();
    format!("quarantine/{date}/{}{nth}", event.delivery.kinesis.sequence_number)
}

/// The arrival in ISO-8601, or as a number where a calendar ends.
fn arrival(event: &Event<'_>) -> String {
    let time_ms = event.arrival().time_ms;
    jiff::Timestamp::from_millisecond(time_ms)
        .map_or_else(|_| time_ms.to_string(), |time| format!("{time:.3}"))
}

#[cfg(test)]
mod tests;
