//! What cannot be stored is kept: its bytes, where it was in the stream, and why it is here.
//!
//! A message in the queue says all of it. Bytes that the queue does not take in a message lie in the
//! bucket, and the message says where. What cannot be kept is reported, never dropped.

mod message;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_sqs::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchError;
use aws_sdk_sqs::types::{BatchResultErrorEntry, SendMessageBatchRequestEntry, SendMessageBatchResultEntry};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use telemetry::QUARANTINE_MESSAGE_BYTES;
use tokio::time::Instant;

pub use self::message::{Content, Message, MessageFault, Place};
use crate::events::Event;
use crate::time_left::{pause, within};

/// Messages of one request.
const MAX_MESSAGES: usize = 10;

/// Requests at once.
const CONCURRENT_REQUESTS: usize = 4;

/// Where events go that cannot be stored.
#[derive(Debug, Clone)]
pub struct Quarantine {
    /// Client of the queue.
    pub sqs: aws_sdk_sqs::Client,
    /// Client of the bucket.
    pub s3: aws_sdk_s3::Client,
    /// The queue.
    pub queue_url: String,
    /// The bucket for what the queue does not take, under `quarantine/<date>/<sequence number>`; of an
    /// aggregate's event, `-` and its index follow.
    pub bucket: String,
}

/// Code of an event whose record Lambda did not deliver in base64. Its bytes are those that came instead.
pub const NOT_BASE64: &str = "not_base64";

/// Why an event is in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable, for machines: a [`telemetry::Fault::code`], [`NOT_BASE64`], `conflicting_record`,
    /// `store_rejected` or `store_invalid`.
    pub code: Cow<'static, str>,
    /// Field of the event, where one is to blame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// For people.
    pub message: String,
}

/// An event that goes to quarantine.
#[derive(Debug, Clone, Copy)]
pub struct QuarantinedEvent<'a> {
    /// As it was sent.
    pub event: &'a Event<'a>,
    /// At least one.
    pub reasons: &'a [Reason],
    /// How many more there are.
    pub omitted: usize,
}

impl Quarantine {
    /// Keeps events, until `until`. Gives the indexes of those that could not be kept.
    ///
    /// The bytes of an event whose message the queue refuses, as it does with what is larger than it
    /// takes or has characters that it does not take, go into the bucket, as those of one that is too
    /// large.
    pub async fn keep(&self, events: &[QuarantinedEvent<'_>], until: Instant) -> BTreeSet<usize> {
        let bodies = futures::stream::iter(events.iter().enumerate())
            .map(async |(index, event)| (index, self.body(event, until).await))
            .buffered(CONCURRENT_REQUESTS)
            .collect()
            .await;
        let first = self.deliver(bodies, until).await;
        let pointers = futures::stream::iter(&first.refused)
            .map(async |&index| (index, self.pointer(&events[index], until).await))
            .buffered(CONCURRENT_REQUESTS)
            .collect()
            .await;
        let second = self.deliver(pointers, until).await;
        [first.others, second.refused, second.others].into_iter().flatten().collect()
    }

    /// Sends the messages of events, by their indexes. `None` is a message that could not be made.
    async fn deliver(&self, bodies: Vec<(usize, Option<String>)>, until: Instant) -> Outside {
        let mut outside = Outside::default();
        let mut letters = Vec::new();
        for (index, body) in bodies {
            match body {
                Some(body) => letters.push((index, body)),
                None => outside.others.push(index),
            }
        }
        let unsent: Vec<Outside> = futures::stream::iter(requests(&letters))
            .map(|range| self.send(&letters[range], until))
            .buffer_unordered(CONCURRENT_REQUESTS)
            .collect()
            .await;
        for unsent in unsent {
            outside.refused.extend(unsent.refused);
            outside.others.extend(unsent.others);
        }
        outside
    }

    /// The message of an event, once its bytes are safe; `None` if they are not.
    async fn body(&self, event: &QuarantinedEvent<'_>, until: Instant) -> Option<String> {
        let data = event.event.base64();
        let body = Message::of(event, Content::Data(data)).body();
        if body.len() <= QUARANTINE_MESSAGE_BYTES { Some(body) } else { self.pointer(event, until).await }
    }

    /// The message that says where the bytes of an event are, once they are there; `None` if they are not.
    async fn pointer(&self, event: &QuarantinedEvent<'_>, until: Instant) -> Option<String> {
        let bytes = event.event.bytes().into_owned();
        let key = message::object_key(event.event);
        let place = Place { bucket: self.bucket.clone(), key: key.clone(), bytes: bytes.len() };
        let put = self.s3.put_object().bucket(&self.bucket).key(&key).body(ByteStream::from(bytes)).send();
        // Boxed: the future of a put is tens of kilobytes, and there is one for every event.
        match within(until, Box::pin(put)).await {
            Ok(Ok(_)) => Some(Message::of(event, Content::Object(place)).body()),
            Ok(Err(error)) => {
                let cause = aws_sdk_s3::error::DisplayErrorContext(&error);
                tracing::error!(bucket = self.bucket, key, %cause, "quarantine: the bucket did not take an event");
                None
            }
            Err(_) => None,
        }
    }

    /// Sends the messages of one request, and again those that the queue could not take at once. A
    /// request that it refuses for what is in it is sent message by message, to find which.
    async fn send(&self, letters: &[Letter], until: Instant) -> Outside {
        let mut outside = Outside::default();
        let mut requests: Vec<Vec<&Letter>> = vec![letters.iter().collect()];
        for attempts in 1.. {
            let mut again = Vec::new();
            for request in requests {
                let sent = within(until, self.send_once(&request)).await;
                if let Ok(Err(error)) = &sent {
                    let cause = aws_sdk_sqs::error::DisplayErrorContext(error);
                    tracing::error!(queue = self.queue_url, %cause, "quarantine: the queue did not take events");
                }
                match sent {
                    Ok(Ok(unsent)) => {
                        outside.refused.extend(unsent.refused);
                        let waits = |letter: &&Letter| unsent.others.contains(&letter.0);
                        again.push(request.into_iter().filter(waits).collect::<Vec<_>>());
                    }
                    Ok(Err(error)) if is_about_messages(&error) => match request.as_slice() {
                        [only] => outside.refused.push(only.0),
                        all => again.extend(all.iter().map(|letter| vec![*letter])),
                    },
                    Ok(Err(_)) | Err(_) => outside.others.extend(request.iter().map(|letter| letter.0)),
                }
            }
            again.retain(|request| !request.is_empty());
            requests = again;
            if requests.is_empty() || pause(attempts, until).await.is_err() {
                break;
            }
        }
        outside.others.extend(requests.into_iter().flatten().map(|letter| letter.0));
        outside
    }

    async fn send_once(&self, letters: &[&Letter]) -> Result<Outside, SdkError<SendMessageBatchError>> {
        let entries = letters
            .iter()
            .map(|(index, body)| {
                SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body(body).build()
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(SdkError::construction_failure)?;
        let request = self.sqs.send_message_batch().queue_url(&self.queue_url).set_entries(Some(entries));
        let sent = request.send().await?;
        let taken: BTreeSet<&str> = sent.successful().iter().map(SendMessageBatchResultEntry::id).collect();
        let mut outside = Outside::default();
        for (index, _) in letters.iter().filter(|(index, _)| !taken.contains(index.to_string().as_str())) {
            let failure = sent.failed().iter().find(|failed| failed.id() == index.to_string());
            if failure.is_some_and(BatchResultErrorEntry::sender_fault) {
                let code = failure.map(BatchResultErrorEntry::code);
                tracing::error!(queue = self.queue_url, code, "quarantine: the queue refused a message");
                outside.refused.push(*index);
            } else {
                outside.others.push(*index);
            }
        }
        Ok(outside)
    }
}

/// The index of an event, and its message.
type Letter = (usize, String);

/// Indexes of events that are not in the queue.
#[derive(Default)]
struct Outside {
    /// The queue refuses their messages as they are.
    refused: Vec<usize>,
    others: Vec<usize>,
}

/// Whether a request was refused for what is in its messages:
/// [errors](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html).
fn is_about_messages(error: &SdkError<SendMessageBatchError>) -> bool {
    let code = error.code().unwrap_or_default();
    matches!(
        code.rsplit('.').next(),
        Some("BatchRequestTooLong" | "InvalidMessageContents" | "InvalidParameterValue")
    )
}

/// Divides messages into requests.
fn requests(messages: &[Letter]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut bytes = 0;
    for (position, (_, body)) in messages.iter().enumerate() {
        match ranges.last_mut() {
            Some(last) if last.len() < MAX_MESSAGES && bytes + body.len() <= QUARANTINE_MESSAGE_BYTES => {
                last.end = position + 1;
                bytes += body.len();
            }
            _ => {
                ranges.push(position..position + 1);
                bytes = body.len();
            }
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_keep_count_and_size() {
        let whole = QUARANTINE_MESSAGE_BYTES;
        let table: [(&[usize], &[Range<usize>]); 5] = [
            (&[], &[]),
            (&[1; 11], &[0..10, 10..11]),
            (&[whole, 1], &[0..1, 1..2]),
            (&[whole / 2, whole / 2, 1], &[0..2, 2..3]),
            (&[whole / 2, whole / 2 + 1], &[0..1, 1..2]),
        ];
        for (sizes, expected) in table {
            let messages: Vec<_> = sizes.iter().map(|size| (0, "x".repeat(*size))).collect();
            assert_eq!(requests(&messages), expected, "{sizes:?}");
        }
    }
}
