//! What Lambda sends for a batch of a stream, and what it reads from the answer.
//!
//! The documents are [Using Lambda with Kinesis](https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html)'s.
//! They are read here, not by a general crate, because the arrival time is a number of seconds whose
//! fraction must keep its leading zeros: it is the version of every record.

use base64::prelude::*;
use serde::{Deserialize, Serialize};
use telemetry::Arrival;

/// Records of one shard, in its order.
#[derive(Debug, Clone, Deserialize)]
pub struct Batch {
    /// The records.
    #[serde(rename = "Records")]
    pub deliveries: Vec<Delivery>,
}

/// One record of the stream.
#[derive(Debug, Clone, Deserialize)]
pub struct Delivery {
    /// `shardId:sequenceNumber`.
    #[serde(rename = "eventID", default)]
    pub event_id: String,
    /// The record itself.
    pub kinesis: Payload,
}

/// The stream's part of a delivery.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payload {
    /// Decimal digits, growing within a shard.
    pub sequence_number: String,
    /// What the sender chose the shard by; it names the device where the model says so.
    #[serde(default)]
    pub partition_key: String,
    /// Seconds since 1970-01-01T00:00:00Z, with milliseconds as a fraction.
    pub approximate_arrival_timestamp: f64,
    /// The event in base64.
    pub data: String,
}

impl Delivery {
    /// When and where the event came into the stream.
    pub fn arrival(&self) -> Arrival<'_> {
        // A conversion that is out of range saturates.
        #[allow(clippy::cast_possible_truncation)]
        let time_ms = (self.kinesis.approximate_arrival_timestamp * 1000.0).round() as i64;
        Arrival {
            time_ms,
            sequence_number: &self.kinesis.sequence_number,
            partition_key: &self.kinesis.partition_key,
        }
    }

    /// The original bytes; `None` when they are not base64.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        BASE64_STANDARD.decode(&self.kinesis.data).ok()
    }
}

/// The answer of a function with `ReportBatchItemFailures`.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    /// What is to be delivered again, in the order of the batch. Of a stream, Lambda delivers again
    /// **everything from the first of them on**, also what is stored already: versions make that harmless.
    pub batch_item_failures: Vec<ItemFailure>,
}

/// A record that is to be delivered again.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemFailure {
    /// Its sequence number.
    pub item_identifier: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrival_keeps_its_milliseconds() {
        for (seconds, time_ms) in [
            ("1545084650.987", 1_545_084_650_987),
            ("1545084650.05", 1_545_084_650_050),
            ("1545084650.9", 1_545_084_650_900),
            ("1545084650", 1_545_084_650_000),
            ("1545084650.123456", 1_545_084_650_123),
            ("1.545084650987E9", 1_545_084_650_987),
        ] {
            let json = format!(
                r#"{{"eventID": "s:7", "kinesis": {{"sequenceNumber": "7", "partitionKey": "d", "approximateArrivalTimestamp": {seconds}, "data": "e30="}}}}"#
            );
            let delivery: Delivery = serde_json::from_str(&json).expect("a delivery");
            assert_eq!(delivery.arrival(), Arrival { time_ms, sequence_number: "7", partition_key: "d" });
            assert_eq!(delivery.bytes().as_deref(), Some(&b"{}"[..]));
        }
    }
}
