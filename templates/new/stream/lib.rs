//! `<< name >>`: decides what the events of the stream lead to.
//!
//! Pure: no network, no clock. The binary brings the batches, and does what is decided here.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A [batch of the stream](https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html).
#[derive(Debug, Deserialize)]
pub struct Event {
    /// In the order of the shard.
    #[serde(rename = "Records")]
    pub records: Vec<Record>,
}

/// A record of the stream.
#[derive(Debug, Deserialize)]
pub struct Record {
    /// What Lambda read.
    pub kinesis: Kinesis,
}

/// What Lambda read of a record.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kinesis {
    /// The device, or the topic: `telemetry.toml` decides.
    pub partition_key: String,
    /// Its place in the shard.
    pub sequence_number: String,
    /// The event as the device sent it, in base64.
    pub data: String,
}

/// What comes of a batch: Lambda repeats it from the first record that is
/// [named here](https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html).
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Records to be repeated. None: all is well.
    pub batch_item_failures: Vec<Failure>,
    /// How many events there were, for the log.
    #[serde(skip)]
    pub events: usize,
}

/// A record to be repeated.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Its sequence number.
    pub item_identifier: String,
}

/// Answers a batch. What is no JSON is passed over, since it is no better when it is repeated, and the consumer
/// puts it into quarantine.
pub fn answer(event: &Event) -> Answer {
    let events = event.records.iter().filter_map(|record| read(&record.kinesis.data));
    Answer { events: events.count(), ..Answer::default() }
}

/// The event of a record, where it is one.
fn read(data: &str) -> Option<Value> {
    serde_json::from_slice(&BASE64_STANDARD.decode(data).ok()?).ok()
}
