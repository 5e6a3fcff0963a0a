//! An event as it came, out of whatever keeps it: a message of a consumer, one of a topic rule's error action, or a
//! batch that Lambda gave up. Pure.
//!
//! A message is read by its form. What has none of the forms is told, and stays where it is.

use std::borrow::Cow;

use artifacts::digest::hex;
use base64::prelude::*;
use kinesis_consumer::batch::{Batch, Delivery, Payload};
use kinesis_consumer::events::{self, Event, Unreadable};
use kinesis_consumer::quarantine::{Content, Message, MessageFault, Place, Reason};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use stacks::model::overlap;
use telemetry::{EventKind, Model, PartitionKey};

/// What a rule takes as the id of a client that has none, because it published
/// [by HTTP](https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-functions.html#iot-function-clientid).
const NO_CLIENT: &str = "n/a";

/// Code of an event that a rule could not hand on.
pub const RULE_FAILED: &str = "rule_action_failed";

/// Code of an event of a batch that Lambda gave up.
pub const GIVEN_UP: &str = "batch_given_up";

/// What stands for a level of a topic that a partition key does not have.
const UNKNOWN_LEVEL: &str = "unknown";

/// Hexadecimal digits of an event's id that a person is shown.
const SHOWN_DIGITS: usize = 12;

/// An event as it came.
#[derive(Debug, Clone)]
pub struct Original {
    /// Its own, not that of an aggregate that it was in.
    delivery: Delivery,
    nth: Option<usize>,
    content: Result<Vec<u8>, Unreadable>,
    /// The key that today's rule would make, where it is another one.
    key: Option<String>,
}

/// What was set aside at one place, and why.
#[derive(Debug, Clone)]
pub struct Aside {
    /// At least one event.
    pub events: Vec<Original>,
    /// At least one reason, which all of them have.
    pub reasons: Vec<Reason>,
    /// How many more there are.
    pub omitted: usize,
    /// Who says so.
    pub by: By,
}

/// Who set an event aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A consumer.
    Consumer,
    /// The error action of a topic rule.
    Rule,
    /// Lambda, for a consumer that never answered.
    Lambda,
}

/// What a message of the queue has.
#[derive(Debug)]
pub enum Found {
    /// Everything.
    Aside(Aside),
    /// All but the bytes, which are in an object.
    Pointer(Box<Message<'static>>, Place),
}

/// Why nothing can be read from a place.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It has none of the forms, or lacks something.
    #[error(transparent)]
    Message(#[from] MessageFault),
    /// A rule's message whose event is not base64.
    #[error("its base64OriginalPayload is not base64")]
    NoPayload,
    /// A rule's message of a topic that the model does not know.
    #[error("no rule of the model reads its topic {0:?}")]
    NoRule(String),
    /// The object of a pointer.
    #[error("the bucket has no object {0}")]
    NoObject(String),
    /// An object of a batch that was given up.
    #[error("it is no record of a failed invocation: {0}")]
    Invocation(#[from] serde_json::Error),
    /// The same, without the batch.
    #[error("it says that a batch was given up, and does not have its events")]
    NoBatch,
    /// An event that came under a rule which took something else as the key.
    #[error(
        "its partition key {0:?} does not name a device: the model takes one from level {1} of the topic, which the \
         rule did not when it came"
    )]
    OtherKey(String, u32),
}

/// What the error action of a rule says, by
/// [its format](https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuleFailure {
    #[serde(default)]
    rule_name: String,
    topic: String,
    #[serde(default)]
    cloudwatch_trace_id: String,
    client_id: Option<String>,
    base64_original_payload: String,
    #[serde(default)]
    failures: Vec<FailedAction>,
}

#[derive(Debug, Deserialize)]
struct FailedAction {
    #[serde(rename = "failedAction", default)]
    name: String,
    #[serde(rename = "failedResource", default)]
    resource: String,
    #[serde(rename = "errorMessage", default)]
    error: String,
}

/// A [record of a failed invocation](https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html),
/// as a bucket gets it: with the batch.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    request_context: Option<RequestContext>,
    payload: Option<Given>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    #[serde(default)]
    condition: String,
    #[serde(default)]
    approximate_invoke_count: u64,
}

/// The event of an invocation: JSON in a text, or as it is.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Given {
    Text(String),
    Batch(Batch),
}

/// How the id of an event begins: what a person is shown of it.
pub fn shown(id: &str) -> &str {
    id.get(..SHOWN_DIGITS).unwrap_or(id)
}

/// Reads the body of a message that was sent to the queue at `sent_ms`, in milliseconds since 1970.
pub fn of_message(body: &str, sent_ms: i64, model: &Model) -> Result<Found, Fault> {
    if let Ok(failure) = serde_json::from_str::<RuleFailure>(body) {
        return failure.aside(sent_ms, model).map(Found::Aside);
    }
    let message = Message::read(body)?;
    match &message.content {
        Content::Object(place) => {
            let place = place.clone();
            Ok(Found::Pointer(Box::new(message), place))
        }
        Content::Data(_) => {
            let bytes = message.bytes()?.unwrap_or_default();
            of_bytes(&message, &bytes).map(Found::Aside)
        }
    }
}

/// The event of a message whose bytes are these.
pub fn of_bytes(message: &Message<'static>, bytes: &[u8]) -> Result<Aside, Fault> {
    let events = originals(&message.delivery(bytes)?, message.nth);
    let reasons = message.reasons.clone().into_owned();
    Ok(Aside { events, reasons, omitted: message.omitted, by: By::Consumer })
}

/// The events of a batch that Lambda gave up.
pub fn of_invocation(document: &[u8]) -> Result<Aside, Fault> {
    let Invocation { request_context, payload } = serde_json::from_slice(document)?;
    let batch = match payload.ok_or(Fault::NoBatch)? {
        Given::Text(text) => serde_json::from_str(&text)?,
        Given::Batch(batch) => batch,
    };
    let events: Vec<Original> =
        batch.deliveries.iter().flat_map(|delivery| originals(delivery, None)).collect();
    if events.is_empty() {
        return Err(Fault::NoBatch);
    }
    let RequestContext { condition, approximate_invoke_count: count } = request_context.unwrap_or_default();
    let condition = if condition.is_empty() { "it does not say why" } else { &condition };
    let message = format!("Lambda gave up the batch after {count} invocations: {condition}");
    let reasons = vec![Reason { code: GIVEN_UP.into(), field: None, message }];
    Ok(Aside { events, reasons, omitted: 0, by: By::Lambda })
}

/// The events of a record, as a consumer takes it apart; `nth` of an event that was taken out of one.
fn originals(delivery: &Delivery, nth: Option<usize>) -> Vec<Original> {
    let batch = Batch { deliveries: vec![delivery.clone()] };
    let bytes = events::bytes(&batch);
    if let (Some(nth), Some(bytes)) = (nth, &bytes[0]) {
        let content = Ok(bytes.clone());
        return vec![Original { delivery: delivery.clone(), nth: Some(nth), content, key: None }];
    }
    let own = |event: Event<'_>| {
        let mut delivery = event.delivery.clone();
        event.partition_key.clone_into(&mut delivery.kinesis.partition_key);
        delivery.kinesis.data = event.base64().into_owned();
        if event.content == Err(Unreadable::NotBase64) {
            delivery.kinesis.data.clone_from(&event.delivery.kinesis.data);
        }
        Original { delivery, nth: event.nth, content: event.content.map(<[u8]>::to_vec), key: None }
    };
    events::events(&batch, &bytes).into_iter().map(own).collect()
}

impl Aside {
    /// The same with the partition keys that today's rules make, as far as they are known.
    ///
    /// A key is what the rule of its time took. Where that was the whole topic, the levels that today's model takes are
    /// in it. A key of several levels which cannot be those of one is refused: all of it would be the name of a device.
    pub fn under(mut self, model: &Model) -> Result<Self, Fault> {
        for event in &mut self.events {
            event.key = event.key_under(model)?;
        }
        Ok(self)
    }
}

impl RuleFailure {
    /// The event as the rule would have put it into the stream when it came: with the partition key that the model's
    /// rule makes. It never had a sequence number: one follows from what it is, so that it is the same at each look.
    fn aside(self, sent_ms: i64, model: &Model) -> Result<Aside, Fault> {
        let kind = model.kinds.iter().find(|kind| overlap(&kind.topic, &self.topic));
        let Some(kind) = kind else { return Err(Fault::NoRule(self.topic)) };
        let bytes = BASE64_STANDARD.decode(&self.base64_original_payload).map_err(|_| Fault::NoPayload)?;
        let client = self.client_id.as_deref().unwrap_or(NO_CLIENT);
        let parts =
            [self.topic.as_bytes(), client.as_bytes(), self.cloudwatch_trace_id.as_bytes(), &bytes[..]];
        let digest = Sha256::digest(parts.join(&0xff));
        let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        // A number of seconds keeps its milliseconds.
        #[allow(clippy::cast_precision_loss)]
        let seconds = sent_ms as f64 / 1000.0;
        let delivery = Delivery {
            event_id: format!("{}:{}", self.rule_name, self.cloudwatch_trace_id),
            kinesis: Payload {
                sequence_number: number.to_string(),
                partition_key: kind.partition_key_of(&self.topic, client),
                approximate_arrival_timestamp: seconds,
                data: BASE64_STANDARD.encode(&bytes),
            },
        };
        let mut reasons: Vec<Reason> = self.failures.iter().map(FailedAction::reason).collect();
        if reasons.is_empty() {
            let message = format!("the rule {} does not say which action failed", self.rule_name);
            reasons.push(Reason { code: RULE_FAILED.into(), field: None, message });
        }
        Ok(Aside { events: originals(&delivery, None), reasons, omitted: 0, by: By::Rule })
    }
}

impl FailedAction {
    fn reason(&self) -> Reason {
        let Self { name, resource, error } = self;
        let message = format!("{name} on {resource}: {error}");
        Reason { code: RULE_FAILED.into(), field: None, message }
    }
}

impl Original {
    /// The event, as the one with this index of a batch, and as if it came today.
    pub fn event(&self, index: usize) -> Event<'_> {
        Event { partition_key: self.key(), ..self.as_it_came(index) }
    }

    /// The same with the partition key that it came with.
    pub fn as_it_came(&self, index: usize) -> Event<'_> {
        Event {
            delivery: &self.delivery,
            record: index,
            nth: self.nth,
            partition_key: self.partition_key(),
            content: self.content.as_deref().map_err(Clone::clone),
        }
    }

    /// Its bytes.
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        match &self.content {
            Ok(bytes) => Cow::Borrowed(bytes),
            Err(_) => self.event(0).bytes().into_owned().into(),
        }
    }

    /// When it came into the stream, in milliseconds since 1970.
    pub fn arrival_ms(&self) -> i64 {
        self.delivery.arrival().time_ms
    }

    /// The partition key that it came with.
    pub fn partition_key(&self) -> &str {
        &self.delivery.kinesis.partition_key
    }

    /// The partition key that it would come with today.
    pub fn key(&self) -> &str {
        self.key.as_deref().unwrap_or_else(|| self.partition_key())
    }

    /// Today's key, where it is another one than its own.
    fn key_under(&self, model: &Model) -> Result<Option<String>, Fault> {
        let Some((index, rest)) = model.kind_of(self.partition_key()) else { return Ok(None) };
        let kind = &model.kinds[index];
        let PartitionKey::Levels(levels) = kind.partition_key() else { return Ok(None) };
        let has = rest.split('/').count();
        if has == levels.len() {
            return Ok(None);
        }
        let is_topic = overlap(&kind.topic, rest) && levels.iter().all(|level| *level as usize <= has);
        match levels[..] {
            _ if is_topic => Ok(Some(kind.partition_key_of(rest, NO_CLIENT))),
            [level] => Err(Fault::OtherKey(self.partition_key().to_owned(), level)),
            // The decoder says that they do not fit.
            _ => Ok(None),
        }
    }

    /// The sequence number of its record, and which event of an aggregate it is.
    pub fn number(&self) -> (&str, Option<usize>) {
        (&self.delivery.kinesis.sequence_number, self.nth)
    }

    /// What tells it from every other one: when and where it came into the stream, and what it says. The same event
    /// has the same id wherever it lies.
    pub fn id(&self) -> String {
        let ((number, nth), bytes) = (self.number(), self.bytes());
        let mut digest = Sha256::new();
        for part in [
            self.arrival_ms().to_string().as_bytes(),
            number.as_bytes(),
            nth.map(|nth| nth.to_string()).unwrap_or_default().as_bytes(),
            self.partition_key().as_bytes(),
            &*bytes,
        ] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        hex(&digest.finalize())
    }

    /// Where it is in the order of the stream.
    pub fn order(&self) -> (i64, usize, &str, Option<usize>) {
        let (number, nth) = self.number();
        (self.arrival_ms(), number.len(), number, nth)
    }

    /// The kind of the model that its partition key names.
    pub fn kind<'m>(&self, model: &'m Model) -> Option<&'m EventKind> {
        model.kind_of(self.key()).map(|(index, _)| &model.kinds[index])
    }

    /// A topic for which a rule makes the partition key of the event: the event's own, as far as the key has it.
    pub fn topic(&self, model: &Model) -> String {
        let Some((index, rest)) = model.kind_of(self.key()) else {
            return self.key().to_owned();
        };
        let kind = &model.kinds[index];
        let levels = match kind.partition_key() {
            PartitionKey::Topic => return rest.to_owned(),
            PartitionKey::Client => return kind.topic.clone(),
            PartitionKey::Levels(levels) => levels,
        };
        let parts: Vec<&str> = if levels.len() == 1 { vec![rest] } else { rest.split('/').collect() };
        let mut topic: Vec<&str> = kind.topic.split('/').collect();
        for (level, part) in levels.iter().zip(parts) {
            let at = *level as usize - 1;
            if at >= topic.len() {
                topic.resize(at + 1, UNKNOWN_LEVEL);
            }
            topic[at] = part;
        }
        let known =
            topic.into_iter().map(|level| if matches!(level, "+" | "#") { UNKNOWN_LEVEL } else { level });
        known.collect::<Vec<_>>().join("/")
    }
}

#[cfg(test)]
mod tests;
