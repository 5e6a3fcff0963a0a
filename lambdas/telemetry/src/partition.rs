//! What the topic rule takes as the partition key of an event.
//!
//! The key never reads the payload: IoT Core hands payloads of any kind to a rule, and a template that
//! names a member of one that is not JSON [cannot be used with
//! it](https://docs.aws.amazon.com/iot/latest/developerguide/binary-payloads.html). It is never empty but
//! for an empty level of the topic, and never longer than the 256 characters that
//! [Kinesis](https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html) takes: a topic has
//! [at most 256 bytes](https://docs.aws.amazon.com/general/latest/gr/iot-core.html#message-broker-limits),
//! and an id of a client 128.

use crate::Model;

/// What is the same for events that stay in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartitionKey {
    /// A level of the topic, counted from 1: it is the device.
    Level(u32),
    /// The topic. Whichever of its levels are wildcards of the filter, each topic has a key.
    Topic,
    /// The id of the MQTT client. Where all devices share one topic, nothing else spreads them over shards.
    Client,
}

impl PartitionKey {
    /// The expression of
    /// [`IoT` SQL](https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-functions.html) that yields it.
    pub fn sql(self) -> String {
        match self {
            Self::Level(level) => format!("topic({level})"),
            Self::Topic => "topic()".to_owned(),
            Self::Client => "clientid()".to_owned(),
        }
    }
}

impl Model {
    /// What the rule takes as the partition key of an event of this model.
    pub fn partition_key(&self) -> PartitionKey {
        match self.device.topic_segment {
            Some(level) => PartitionKey::Level(level),
            None if self.topic.contains(['+', '#']) => PartitionKey::Topic,
            None => PartitionKey::Client,
        }
    }
}
