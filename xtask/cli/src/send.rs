//! Sends events from this machine: through the front door, or straight into the stream.

use std::time::{Duration, Instant};

use anyhow::anyhow;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use clap::ValueEnum;
use device_simulator::Event;
use futures::lock::Mutex;
use futures::stream::{StreamExt as _, TryStreamExt as _, iter};

use engine::inventory::Inventory;
use local_target::{Broker, Message};
use session::sdk_error::sentence;
use session::{Failure, Session};

/// Requests on their way at the same time. IoT Core takes far more from one account.
const IN_FLIGHT: usize = 32;

/// Records of a request: [PutRecords](https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html).
const RECORDS: usize = 500;

/// How often records that the stream refused are sent again.
const ATTEMPTS: u32 = 8;

/// The way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Via {
    /// Publish to the model's MQTT topic, so that the IoT rule is on the way.
    Mqtt,
    /// Put into the Kinesis stream, behind the IoT rule.
    Kinesis,
}

/// A way in that is open.
#[derive(Debug)]
pub enum Sender {
    /// The data plane of IoT Core, by HTTP: MQTT there needs a certificate of one's own.
    Mqtt(aws_sdk_iotdataplane::Client),
    /// The broker of the local target.
    Broker(Box<Mutex<Broker>>),
    /// The stream.
    Kinesis {
        /// Client of the stream.
        client: aws_sdk_kinesis::Client,
        /// Name of the stream.
        stream: String,
    },
}

impl Sender {
    /// Opens a way into an environment.
    pub async fn open(session: &Session, inventory: &Inventory, via: Via) -> Result<Self, Failure> {
        Ok(match via {
            Via::Mqtt => match &session.endpoints {
                Some(endpoints) => Self::Broker(Box::new(Mutex::new(Broker::open(endpoints).await?))),
                None => Self::Mqtt(session.iot()),
            },
            Via::Kinesis => Self::Kinesis {
                client: session.kinesis(),
                stream: inventory.output(session, "ingest", "StreamName")?.to_owned(),
            },
        })
    }

    /// Sends every event, with retries. The answer holds, for each event in order, the moment before
    /// it was handed over for the first time.
    pub async fn send(&self, events: Vec<Event>) -> Result<Vec<Instant>, Failure> {
        match self {
            Self::Mqtt(client) => {
                let publish = |event: Event| async move {
                    let start = Instant::now();
                    client
                        .publish()
                        .topic(&event.topic)
                        .qos(1)
                        .payload(event.payload.into())
                        .send()
                        .await
                        .map_err(|error| {
                            anyhow!("cannot publish to {}: {}", event.topic, sentence(&error))
                        })?;
                    Ok::<_, Failure>(start)
                };
                iter(events).map(publish).buffered(IN_FLIGHT).try_collect().await
            }
            Self::Broker(broker) => {
                let messages =
                    events.into_iter().map(|Event { topic, payload, .. }| Message { topic, payload });
                broker.lock().await.publish(messages).await
            }
            Self::Kinesis { client, stream } => {
                let mut starts = Vec::with_capacity(events.len());
                let mut events = events.into_iter().peekable();
                while events.peek().is_some() {
                    let batch: Vec<Event> = events.by_ref().take(RECORDS).collect();
                    starts.extend(std::iter::repeat_n(Instant::now(), batch.len()));
                    put(client, stream, batch).await?;
                }
                Ok(starts)
            }
        }
    }
}

/// Puts a batch, and again what the stream refused of it.
async fn put(client: &aws_sdk_kinesis::Client, stream: &str, batch: Vec<Event>) -> Result<(), Failure> {
    let entry = |event: Event| {
        PutRecordsRequestEntry::builder().data(event.payload.into()).partition_key(event.key).build()
    };
    let mut entries =
        batch.into_iter().map(entry).collect::<Result<Vec<_>, _>>().map_err(anyhow::Error::from)?;
    for attempt in 0..ATTEMPTS {
        let answer = client.put_records().stream_name(stream).set_records(Some(entries.clone())).send().await;
        let answer =
            answer.map_err(|error| anyhow!("stream {stream} takes nothing: {}", sentence(&error)))?;
        let refused: Vec<_> = entries
            .into_iter()
            .zip(answer.records())
            .filter(|(_, result)| result.error_code().is_some())
            .collect();
        if refused.is_empty() {
            return Ok(());
        }
        entries = refused.into_iter().map(|(entry, _)| entry).collect();
        tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
    }
    Err(anyhow!("stream {stream} still refuses {} records after {ATTEMPTS} attempts", entries.len()).into())
}
