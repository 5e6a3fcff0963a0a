//! The queue of the quarantine: read whole, and given back.
//!
//! SQS shows a message only to who receives it, and hides it from everybody for a while. So a message is hidden
//! [briefly](RECEIVED) at first, written down in what is [held], and then [for as long as work may take](HELD). What is
//! not deleted is given back at the end; of a program that was killed, the next one gives back what it held, and what it
//! had not written down yet is there again by itself.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use anyhow::anyhow;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata as _;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, MessageSystemAttributeName,
    QueueAttributeName,
};
use futures::future::try_join_all;
use futures::{StreamExt as _, TryStreamExt as _};

use super::held::Held;
use session::Failure;
use session::sdk_error::sentence;

/// How long a message is hidden that is not written down yet.
const RECEIVED: Duration = Duration::from_secs(20);

/// How long a message is hidden that is worked on.
pub const HELD: Duration = Duration::from_mins(15);

/// Messages of a request, the most that
/// [SQS](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html) takes.
const BATCH: usize = 10;

/// Requests at once.
const CONCURRENT: usize = 4;

/// How long a request waits for messages where the one before had none: only then does SQS ask
/// [all its servers](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html).
const WAIT_SECONDS: i32 = 1;

/// Requests in a row that find nothing at the end of the queue.
const EMPTY: u32 = 2;

/// The queue.
#[derive(Debug)]
pub struct Queue {
    client: Client,
    url: String,
    held: Held,
}

/// A message.
#[derive(Debug, Clone)]
pub struct Letter {
    /// What says that it is held.
    pub receipt: String,
    /// What was sent.
    pub body: String,
    /// When, in milliseconds since 1970.
    pub sent_ms: i64,
}

/// What was read of a queue.
#[derive(Debug, Default)]
pub struct Drained {
    /// By their ids.
    pub letters: HashMap<String, Letter>,
    /// Whether there are more, which did not fit into memory, or which SQS does not hand out before some are settled.
    pub truncated: bool,
}

impl Queue {
    /// The queue of this URL, once nothing of it is held that an earlier program of this checkout held.
    pub async fn open(client: Client, url: &str, held: Held) -> Result<Self, Failure> {
        let queue = Self { client, url: url.to_owned(), held };
        queue.give_back(&BTreeSet::new()).await?;
        Ok(queue)
    }

    /// How many messages somebody else reads at the moment, as far as SQS knows.
    pub async fn elsewhere(&self) -> Result<u64, Failure> {
        let name = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
        let asked = self.client.get_queue_attributes().queue_url(&self.url).attribute_names(name.clone());
        let answer = asked.send().await;
        let answer =
            answer.map_err(|error| anyhow!("the quarantine queue does not answer: {}", sentence(&error)))?;
        let count = answer.attributes().and_then(|attributes| attributes.get(&name)?.parse().ok());
        Ok(count.unwrap_or_default())
    }

    /// Reads all messages, or so many that they have `most` bytes. `seen` hears how many there are.
    pub async fn drain(&self, most: usize, seen: impl Fn(usize)) -> Result<Drained, Failure> {
        let mut drained = Drained::default();
        let (mut bytes, mut empty) = (0, 0);
        while empty < EMPTY {
            let wait = if empty == 0 { 0 } else { WAIT_SECONDS };
            let received = try_join_all((0..CONCURRENT).map(|_| self.receive(wait))).await?;
            let before = drained.letters.len();
            for received in received {
                let Some(letters) = received else {
                    drained.truncated = true;
                    return Ok(drained);
                };
                for (id, letter) in letters {
                    bytes += letter.body.len();
                    // The receipt that came last is the one that counts.
                    drained.letters.insert(id, letter);
                }
            }
            seen(drained.letters.len());
            if bytes >= most {
                drained.truncated = true;
                return Ok(drained);
            }
            empty = if drained.letters.len() > before { 0 } else { empty + 1 };
        }
        Ok(drained)
    }

    /// The next messages with their ids; `None` where SQS hands out no more before some are settled.
    async fn receive(&self, wait: i32) -> Result<Option<Vec<(String, Letter)>>, Failure> {
        let asked = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(number(BATCH))
            .visibility_timeout(seconds(RECEIVED))
            .wait_time_seconds(wait)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp);
        let received = match asked.send().await {
            Ok(received) => received,
            Err(error) if error.code().is_some_and(|code| code.ends_with("OverLimit")) => return Ok(None),
            Err(error) => {
                return Err(anyhow!("the quarantine queue does not answer: {}", sentence(&error)).into());
            }
        };
        let letters: Vec<(String, Letter)> = received
            .messages
            .unwrap_or_default()
            .into_iter()
            .map(|message| {
                let sent = message.attributes.as_ref();
                let sent = sent.and_then(|known| known.get(&MessageSystemAttributeName::SentTimestamp));
                let letter = Letter {
                    sent_ms: sent.and_then(|sent| sent.parse().ok()).unwrap_or_default(),
                    receipt: message.receipt_handle.unwrap_or_default(),
                    body: message.body.unwrap_or_default(),
                };
                (message.message_id.unwrap_or_default(), letter)
            })
            .collect();
        let receipts: Vec<String> = letters.iter().map(|(_, letter)| letter.receipt.clone()).collect();
        self.held.add(&receipts)?;
        self.hide(&receipts, HELD).await?;
        Ok(Some(letters))
    }

    /// Deletes messages, and gives the receipts of those that SQS has deleted. The others are there again later, and are
    /// settled once more.
    pub async fn delete(&self, receipts: &[String]) -> Result<BTreeSet<String>, Failure> {
        let requests = receipts.chunks(BATCH).map(|batch| async move {
            let entries = batch.iter().enumerate().map(|(index, receipt)| {
                DeleteMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .receipt_handle(receipt)
                    .build()
            });
            let entries = entries.collect::<Result<Vec<_>, _>>().map_err(anyhow::Error::from)?;
            let sent = self.client.delete_message_batch().queue_url(&self.url).set_entries(Some(entries));
            let answer = sent.send().await;
            let answer = answer
                .map_err(|error| anyhow!("the quarantine queue deletes nothing: {}", sentence(&error)))?;
            let deleted =
                answer.successful().iter().filter_map(|one| batch.get(one.id().parse::<usize>().ok()?));
            Ok::<Vec<String>, Failure>(deleted.cloned().collect())
        });
        let deleted: Vec<Vec<String>> =
            futures::stream::iter(requests).buffer_unordered(CONCURRENT).try_collect().await?;
        Ok(deleted.into_iter().flatten().collect())
    }

    /// Shows all messages that are held to everybody again, but those that were deleted.
    pub async fn give_back(&self, deleted: &BTreeSet<String>) -> Result<(), Failure> {
        self.hide(&self.left(deleted)?, Duration::ZERO).await?;
        self.held.clear()?;
        Ok(())
    }

    /// Hides all messages that are held for [`HELD`] from now on, but those that were deleted.
    pub async fn hold(&self, deleted: &BTreeSet<String>) -> Result<(), Failure> {
        self.hide(&self.left(deleted)?, HELD).await
    }

    fn left(&self, deleted: &BTreeSet<String>) -> Result<Vec<String>, Failure> {
        let held = self.held.receipts()?;
        Ok(held.into_iter().filter(|receipt| !deleted.contains(receipt)).collect())
    }

    /// Hides messages for as long from now on. One that is not held any more stays as it is.
    async fn hide(&self, receipts: &[String], time: Duration) -> Result<(), Failure> {
        let requests = receipts.chunks(BATCH).map(|batch| async move {
            let entries = batch.iter().enumerate().map(|(index, receipt)| {
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(index.to_string())
                    .receipt_handle(receipt)
                    .visibility_timeout(seconds(time))
                    .build()
            });
            let entries = entries.collect::<Result<Vec<_>, _>>().map_err(anyhow::Error::from)?;
            let sent =
                self.client.change_message_visibility_batch().queue_url(&self.url).set_entries(Some(entries));
            let answer = sent.send().await;
            answer.map_err(|error| anyhow!("the quarantine queue does not answer: {}", sentence(&error)))?;
            Ok::<_, Failure>(())
        });
        futures::stream::iter(requests).buffer_unordered(CONCURRENT).try_collect().await
    }
}

fn seconds(time: Duration) -> i32 {
    i32::try_from(time.as_secs()).unwrap_or(i32::MAX)
}

fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
