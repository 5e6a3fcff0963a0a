//! What cannot be stored is kept: its bytes, where it was in the stream, and why it is here.
//!
//! A message in the queue says all of it. Bytes that are too large for a message lie in the bucket,
//! and the message says where. What cannot be kept is reported, never dropped.

use std::collections::BTreeSet;
use std::ops::Range;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use futures::StreamExt;
use serde::Serialize;
use tokio::time::Instant;

use crate::batch::Delivery;
use crate::time_left::{pause, within};

/// Bytes of a message, and of all messages of one request:
/// [quotas of SQS](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html).
pub const MAX_MESSAGE_BYTES: usize = 1 << 20;

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
    /// The bucket for what is too large for the queue, under `quarantine/<date>/<sequence number>`.
    pub bucket: String,
}

/// Why an event is in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Stable, for machines: a [`telemetry::Fault::code`], `not_base64`, `conflicting_record`,
    /// `store_rejected` or `store_invalid`.
    pub code: &'static str,
    /// Field of the event, where one is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// For people.
    pub message: String,
}

/// An event that goes to quarantine.
#[derive(Debug, Clone, Copy)]
pub struct Inmate<'a> {
    /// As it was delivered.
    pub delivery: &'a Delivery,
    /// At least one.
    pub reasons: &'a [Reason],
    /// How many more there are.
    pub omitted: usize,
}

/// The body of a message.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    reasons: &'a [Reason],
    #[serde(skip_serializing_if = "is_zero")]
    omitted: usize,
    sequence_number: &'a str,
    partition_key: &'a str,
    #[serde(rename = "eventID")]
    event_id: &'a str,
    /// ISO-8601.
    arrival: String,
    #[serde(flatten)]
    content: Content<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Content<'a> {
    /// The original bytes in base64.
    Data(&'a str),
    /// Where the original bytes are, as they were.
    Object { bucket: &'a str, key: String, bytes: usize },
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Quarantine {
    /// Keeps events, until `until`. Gives the indexes of those that could not be kept.
    pub async fn keep(&self, inmates: &[Inmate<'_>], until: Instant) -> BTreeSet<usize> {
        let bodies: Vec<Option<String>> = futures::stream::iter(inmates)
            .map(|inmate| self.body(inmate, until))
            .buffered(CONCURRENT_REQUESTS)
            .collect()
            .await;
        let mut lost: BTreeSet<usize> =
            bodies.iter().enumerate().filter(|(_, body)| body.is_none()).map(|(index, _)| index).collect();
        let messages: Vec<(usize, String)> = bodies
            .into_iter()
            .enumerate()
            .filter_map(|(index, body)| body.map(|body| (index, body)))
            .collect();
        let unsent: Vec<Vec<usize>> = futures::stream::iter(requests(&messages))
            .map(|range| self.send(&messages[range], until))
            .buffer_unordered(CONCURRENT_REQUESTS)
            .collect()
            .await;
        lost.extend(unsent.into_iter().flatten());
        lost
    }

    /// The message of an event, once its bytes are safe; `None` if they are not.
    async fn body(&self, inmate: &Inmate<'_>, until: Instant) -> Option<String> {
        let data = inmate.delivery.base64();
        let body = body(inmate, Content::Data(&data));
        if body.len() <= MAX_MESSAGE_BYTES {
            return Some(body);
        }
        let bytes =
            inmate.delivery.bytes().unwrap_or_else(|| inmate.delivery.kinesis.data.clone().into_bytes());
        let key = object_key(inmate.delivery);
        let content = Content::Object { bucket: &self.bucket, key: key.clone(), bytes: bytes.len() };
        let put = self.s3.put_object().bucket(&self.bucket).key(&key).body(ByteStream::from(bytes)).send();
        // Boxed: the future of a put is tens of kilobytes, and there is one for every event.
        match within(until, Box::pin(put)).await {
            Ok(Ok(_)) => Some(self::body(inmate, content)),
            Ok(Err(error)) => {
                let cause = aws_sdk_s3::error::DisplayErrorContext(&error);
                tracing::error!(bucket = self.bucket, key, %cause, "quarantine: the bucket did not take an event");
                None
            }
            Err(_) => None,
        }
    }

    /// Sends the messages of one request, and again those that the queue could not take at once.
    /// Gives the indexes of those that it did not take.
    async fn send(&self, messages: &[(usize, String)], until: Instant) -> Vec<usize> {
        let mut pending: Vec<usize> = (0..messages.len()).collect();
        let mut lost = Vec::new();
        for attempts in 1.. {
            match within(until, self.send_once(messages, &pending)).await {
                Ok(Ok(refused)) => {
                    lost.extend(refused.forever);
                    pending = refused.for_now;
                }
                Ok(Err(cause)) => {
                    tracing::error!(queue = self.queue_url, %cause, "quarantine: the queue did not take events");
                    break;
                }
                Err(_) => break,
            }
            if pending.is_empty() || pause(attempts, until).await.is_err() {
                break;
            }
        }
        lost.extend(pending);
        lost.into_iter().map(|position| messages[position].0).collect()
    }

    async fn send_once(&self, messages: &[(usize, String)], pending: &[usize]) -> Result<Refused, String> {
        let entries = pending
            .iter()
            .map(|position| {
                SendMessageBatchRequestEntry::builder()
                    .id(position.to_string())
                    .message_body(&messages[*position].1)
                    .build()
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| error.to_string())?;
        let sent =
            self.sqs.send_message_batch().queue_url(&self.queue_url).set_entries(Some(entries)).send().await;
        let sent = sent.map_err(|error| aws_sdk_sqs::error::DisplayErrorContext(error).to_string())?;
        let taken: BTreeSet<&str> =
            sent.successful().iter().map(aws_sdk_sqs::types::SendMessageBatchResultEntry::id).collect();
        let mut refused = Refused::default();
        for position in pending.iter().filter(|position| !taken.contains(position.to_string().as_str())) {
            let failure = sent.failed().iter().find(|failed| failed.id() == position.to_string());
            if failure.is_some_and(aws_sdk_sqs::types::BatchResultErrorEntry::sender_fault) {
                let code = failure.map(aws_sdk_sqs::types::BatchResultErrorEntry::code);
                tracing::error!(queue = self.queue_url, code, "quarantine: the queue refused a message");
                refused.forever.push(*position);
            } else {
                refused.for_now.push(*position);
            }
        }
        Ok(refused)
    }
}

/// Positions of messages that the queue did not take.
#[derive(Default)]
struct Refused {
    forever: Vec<usize>,
    for_now: Vec<usize>,
}

/// `quarantine/<date>/<sequence number>`, by the date of arrival: a replay writes the same object.
fn object_key(delivery: &Delivery) -> String {
    let arrival = arrival(delivery);
    let date = arrival.get(..10).unwrap_or("unknown");
    format!("quarantine/{date}/{}", delivery.kinesis.sequence_number)
}

/// The arrival in ISO-8601, or as a number where a calendar ends.
fn arrival(delivery: &Delivery) -> String {
    let time_ms = delivery.arrival().time_ms;
    jiff::Timestamp::from_millisecond(time_ms)
        .map_or_else(|_| time_ms.to_string(), |time| format!("{time:.3}"))
}

/// JSON in characters that the queue takes.
fn body(inmate: &Inmate<'_>, content: Content<'_>) -> String {
    let message = Message {
        reasons: inmate.reasons,
        omitted: inmate.omitted,
        sequence_number: &inmate.delivery.kinesis.sequence_number,
        partition_key: &inmate.delivery.kinesis.partition_key,
        event_id: &inmate.delivery.event_id,
        arrival: arrival(inmate.delivery),
        content,
    };
    // Strings, numbers and structures of these: nothing that JSON cannot say.
    let json = serde_json::to_string(&message).unwrap_or_default();
    // The two characters that SQS refuses and JSON does not escape. They can only be inside of text.
    json.replace('\u{FFFE}', "\\ufffe").replace('\u{FFFF}', "\\uffff")
}

/// Divides messages into requests.
fn requests(messages: &[(usize, String)]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut bytes = 0;
    for (position, (_, body)) in messages.iter().enumerate() {
        match ranges.last_mut() {
            Some(last) if last.len() < MAX_MESSAGES && bytes + body.len() <= MAX_MESSAGE_BYTES => {
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
        let whole = MAX_MESSAGE_BYTES;
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
