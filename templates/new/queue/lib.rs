//! `<< name >>`: decides what the messages of a queue lead to.
//!
//! Pure: no network, no clock. The binary brings the batches, and does what is decided here.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A [batch of the queue](https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html).
#[derive(Debug, Deserialize)]
pub struct Event {
    /// In no order.
    #[serde(rename = "Records")]
    pub records: Vec<Message>,
}

/// A message of the queue.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The id that SQS gave it.
    pub message_id: String,
    /// What was sent.
    pub body: String,
}

/// What comes of a batch: SQS gives the messages again that are
/// [named here](https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Messages to be repeated. None: all is well.
    pub batch_item_failures: Vec<Failure>,
    /// How many messages were done, for the log.
    #[serde(skip)]
    pub done: usize,
}

/// A message to be repeated.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Its id.
    pub item_identifier: String,
}

/// Answers a batch. What is no JSON fails, until the queue gives it up.
pub fn answer(event: &Event) -> Answer {
    let mut answer = Answer::default();
    for message in &event.records {
        if serde_json::from_str::<Value>(&message.body).is_ok() {
            answer.done += 1;
        } else {
            answer.batch_item_failures.push(Failure { item_identifier: message.message_id.clone() });
        }
    }
    answer
}
