//! From the bridge queue into the stream.
//!
//! The emulator's topic rules have no Kinesis action; a queue that is drained in batches stands between.
//! Each message becomes one record with the bytes of its body, whatever these are: judging events is
//! the consumer's business. What the stream does not take stays in the queue.

use std::time::{Duration, SystemTime};

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::error::DisplayErrorContext;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Records of a `PutRecords` request, at most. A batch of SQS has less than its 5 MB.
const REQUEST_RECORDS: usize = 500;
/// Characters of a partition key, at most.
const KEY_CHARACTERS: usize = 256;
/// How often a record is offered to the stream. After that the queue offers it again.
const ATTEMPTS: u32 = 4;
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// What is kept of the invocation's time to answer.
const MARGIN: Duration = Duration::from_secs(5);

/// A batch of
/// [SQS messages](https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html).
#[derive(Debug, Deserialize)]
pub(crate) struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Message>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    message_id: String,
    body: String,
}

/// Which messages stay in the queue.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    batch_item_failures: Vec<Failure>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

/// Carries messages into `stream`.
pub(crate) struct Bridge {
    pub client: Client,
    pub stream: String,
    /// The field of an event that becomes the partition key.
    pub key_field: String,
}

impl Bridge {
    /// Puts every message into the stream, and answers which it did not take before `deadline`.
    pub(crate) async fn forward(&self, batch: Batch, deadline: SystemTime) -> Answer {
        let deadline = deadline.checked_sub(MARGIN).unwrap_or(deadline);
        let messages = batch.records.len();
        let mut left = batch.records;
        let mut wait = FIRST_WAIT;
        for attempt in 1..=ATTEMPTS {
            let mut refused = Vec::new();
            while !left.is_empty() {
                let rest = left.split_off(left.len().min(REQUEST_RECORDS));
                refused.append(&mut self.put(left, deadline).await);
                left = rest;
            }
            left = refused;
            let time = deadline.duration_since(SystemTime::now()).unwrap_or_default();
            if left.is_empty() || attempt == ATTEMPTS || time <= wait {
                break;
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        tracing::info!(messages, failed = left.len(), "batch forwarded");
        let failures = left.into_iter().map(|message| Failure { item_identifier: message.message_id });
        Answer { batch_item_failures: failures.collect() }
    }

    /// Makes one request and returns what it did not deliver.
    async fn put(&self, messages: Vec<Message>, deadline: SystemTime) -> Vec<Message> {
        let entries = messages.iter().filter_map(|message| {
            // The builder misses nothing: both fields are set.
            PutRecordsRequestEntry::builder()
                .data(Blob::new(message.body.as_bytes()))
                .partition_key(partition_key(&message.body, &self.key_field))
                .build()
                .ok()
        });
        let request =
            self.client.put_records().stream_name(&self.stream).set_records(Some(entries.collect()));
        let time = deadline.duration_since(SystemTime::now()).unwrap_or_default();
        let answer = match tokio::time::timeout(time, request.send()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                tracing::warn!(messages = messages.len(), error = %DisplayErrorContext(&error), "request failed");
                return messages;
            }
            Err(_) => {
                tracing::warn!(messages = messages.len(), "no answer in time");
                return messages;
            }
        };
        let results = answer.records();
        messages
            .into_iter()
            .enumerate()
            // Without a result of its own a record was not delivered for all that is known.
            .filter(|(index, _)| results.get(*index).is_none_or(|result| result.error_code().is_some()))
            .map(|(_, message)| message)
            .collect()
    }
}

/// The value of `field` in the event, as the rule's own action would take it; a random key for an
/// event without one, so that such events do not all go to one shard.
fn partition_key(body: &str, field: &str) -> String {
    let key = serde_json::from_str::<Value>(body).ok().and_then(|event| match event.get(field)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    key.filter(|key| !key.is_empty() && key.chars().count() <= KEY_CHARACTERS)
        .unwrap_or_else(|| format!("{:032x}", fastrand::u128(..)))
}

#[cfg(test)]
mod tests;
