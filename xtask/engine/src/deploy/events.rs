//! What happens in the stacks that are being changed: one poller for all of them.
//!
//! The stack goes on without being watched, so the poller tells of trouble and asks again. It ends when
//! CloudFormation refuses for a while, as it does when credentials have expired: a person must see to that.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::SdkError;
use aws_sdk_cloudformation::operation::describe_stack_events::DescribeStackEventsError;
use serde::Deserialize;
use tokio::sync::mpsc;

use super::causes;
use super::pace::Pace;
use super::stack_error::Unheard;
use super::status::{
    self, Condition, DELETED, Stage, begins_operation, condition, says_cancelled, says_not_there, stage,
};
use session::sdk_error::{is_refusal, sentence};

/// Polls of one stack that fail in a row before it is worth telling.
const PATIENCE: u32 = 5;

/// An event of a stack or of one of its resources.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Event {
    /// Unique in its stack.
    #[serde(rename = "EventId")]
    pub id: String,
    /// Resource in the template, or the name of the stack.
    #[serde(rename = "LogicalResourceId")]
    pub logical_id: String,
    /// Resource in its service, or the ARN of the stack.
    #[serde(rename = "PhysicalResourceId", default)]
    pub physical_id: String,
    /// For instance `AWS::Kinesis::Stream`.
    #[serde(rename = "ResourceType", default)]
    pub kind: String,
    /// Status, as CloudFormation spells it.
    #[serde(rename = "ResourceStatus")]
    pub status: String,
    /// Why, where CloudFormation says it.
    #[serde(rename = "ResourceStatusReason", default)]
    pub reason: String,
    /// The stack.
    pub stack_id: String,
    /// The token of the request that began its operation, if that had one.
    #[serde(rename = "ClientRequestToken", default)]
    pub token: Option<String>,
}

impl Event {
    /// Whether it is about the stack itself.
    pub fn is_of_stack(&self) -> bool {
        self.physical_id == self.stack_id
    }
}

/// The resources whose last word in these events was a failure that did not follow from another one: CloudFormation
/// tries again by itself. `key` tells one resource from another.
pub fn last_failures<'e>(
    events: impl IntoIterator<Item = &'e Event>,
    key: fn(&Event) -> &str,
) -> impl Iterator<Item = &'e Event> {
    let resources = events.into_iter().filter(|event| !event.is_of_stack());
    let last: BTreeMap<&str, &Event> = resources.map(|event| (key(event), event)).collect();
    let failed = last.into_values().filter(|event| stage(&event.status) == Stage::Failed);
    failed.filter(|event| !says_cancelled(&event.reason))
}

/// What a watched stack tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// Something happened.
    Event(Event),
    /// CloudFormation could not be asked, several times in a row.
    Trouble(String),
    /// The operation is over, in this status.
    Settled(String),
    /// CloudFormation has refused to say anything for a while, with this error, and is asked no more.
    Refused(String),
}

/// Why nothing was heard of a stack.
#[derive(Debug)]
enum Silence {
    /// It is not there.
    Gone,
    /// Asking again is in vain until a person has done something.
    Refused(String),
    /// The trouble passes.
    Passing(String),
}

/// Where in a stack's events an operation begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// The operation is one that we are about to start.
    Ours {
        /// The latest event before it.
        after: Option<String>,
        /// Its token: what is told before the first event that carries it is of another operation, however late it
        /// is heard. `None`: the service tells no tokens.
        token: Option<String>,
    },
    /// At the latest operation: one that is under way.
    LatestOperation,
}

/// Whether a service tells in its events the token of the request that began their operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tokens {
    /// As AWS does: [all events of an operation carry it](https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackEvent.html).
    Told,
    /// As emulators do.
    Untold,
}

/// An operation that is about to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    /// What its request has as its token. A request that is sent again with it is the same one.
    pub token: String,
    /// How its events are told from others.
    pub since: Since,
}

/// Watches stacks until their operations are over.
#[derive(Debug, Clone)]
pub struct Poller {
    orders: mpsc::UnboundedSender<Watched>,
}

#[derive(Debug)]
struct Watched {
    stack_id: String,
    since: Since,
    begun: bool,
    seen: BTreeSet<String>,
    failures: u32,
    refused: Option<Instant>,
    /// Since when nothing was heard of the operation, as long as that has not told of itself.
    unheard: Option<Instant>,
    updates: mpsc::UnboundedSender<Update>,
}

impl Poller {
    /// Starts the poller. It ends when nobody can order a watch any more and none is left.
    pub fn start(client: Client, pace: Pace) -> Self {
        let (orders, received) = mpsc::unbounded_channel();
        tokio::spawn(poll(client, pace, received));
        Self { orders }
    }

    /// Watches one stack. The last update is [`Update::Settled`] or [`Update::Refused`].
    pub fn watch(&self, stack_id: &str, since: Since) -> mpsc::UnboundedReceiver<Update> {
        let (updates, received) = mpsc::unbounded_channel();
        let stack_id = stack_id.to_owned();
        let begun = !matches!(since, Since::Ours { token: Some(_), .. });
        let seen = BTreeSet::new();
        let unheard = Some(Instant::now());
        let watched = Watched { stack_id, since, begun, seen, failures: 0, refused: None, unheard, updates };
        // The poller lives as long as this sender does.
        let _ = self.orders.send(watched);
        received
    }
}

/// Makes an operation of a stack known before it begins, so that its events are told from those of others, and
/// makes sure that they can be read. Asks for as long as the pace bears an outage.
pub async fn beginning(
    client: &Client,
    stack: &str,
    pace: Pace,
    tokens: Tokens,
) -> Result<Beginning, Unheard> {
    let (mut waits, started) = (pace.waits(), Instant::now());
    let after = loop {
        let silence = match client.describe_stack_events().stack_name(stack).send().await {
            Ok(answer) => break answer.stack_events.and_then(|events| events.into_iter().next()?.event_id),
            Err(error) => Silence::of(&error),
        };
        match silence {
            Silence::Gone => break None,
            Silence::Refused(cause) if started.elapsed() > pace.patience => return Err(Unheard(cause)),
            Silence::Passing(cause) if started.elapsed() > pace.outage => return Err(Unheard(cause)),
            Silence::Refused(_) | Silence::Passing(_) => waits.next().await,
        }
    };
    let token = token();
    let told = (tokens == Tokens::Told).then(|| token.clone());
    Ok(Beginning { token, since: Since::Ours { after, token: told } })
}

/// A token that no other request has. A request that is sent again with it is the same one.
pub fn token() -> String {
    format!("sluice-{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..))
}

async fn poll(client: Client, pace: Pace, mut orders: mpsc::UnboundedReceiver<Watched>) {
    let mut watched: Vec<Watched> = Vec::new();
    let mut waits = pace.waits();
    loop {
        if watched.is_empty() {
            match orders.recv().await {
                Some(order) => watched.push(order),
                None => return,
            }
            waits.reset();
        }
        while let Ok(order) = orders.try_recv() {
            watched.push(order);
            waits.reset();
        }
        let mut still = Vec::new();
        for mut stack in watched {
            match stack.ask(&client, pace.patience).await {
                Heard::Nothing => still.push(stack),
                Heard::Something => {
                    waits.reset();
                    still.push(stack);
                }
                Heard::End => {}
            }
        }
        watched = still;
        if !watched.is_empty() {
            waits.next().await;
        }
    }
}

enum Heard {
    Nothing,
    Something,
    End,
}

impl Watched {
    async fn ask(&mut self, client: &Client, patience: Duration) -> Heard {
        if self.updates.is_closed() {
            return Heard::End;
        }
        let events = match self.fetch(client).await {
            Ok(events) => events,
            Err(Silence::Gone) => return self.settle(DELETED.to_owned()),
            Err(Silence::Refused(cause))
                if self.refused.get_or_insert_with(Instant::now).elapsed() > patience =>
            {
                let _ = self.updates.send(Update::Refused(cause));
                return Heard::End;
            }
            Err(Silence::Refused(cause) | Silence::Passing(cause)) => {
                self.failures += 1;
                if self.failures.is_multiple_of(PATIENCE) {
                    let _ = self.updates.send(Update::Trouble(cause));
                }
                return Heard::Nothing;
            }
        };
        (self.failures, self.refused) = (0, None);
        if !events.is_empty() {
            self.unheard = None;
        } else if self.unheard.is_some_and(|since| since.elapsed() > patience) {
            // What there was nothing to do for, or was over before it was watched, tells nothing any more.
            if let Some(status) = self.status(client).await.filter(|status| ended(status)) {
                return self.settle(status);
            }
            self.unheard = Some(Instant::now());
        }
        let mut end = None;
        let heard = if events.is_empty() { Heard::Nothing } else { Heard::Something };
        for event in events {
            if event.is_of_stack() {
                end = ended(&event.status).then(|| event.status.clone());
            }
            let _ = self.updates.send(Update::Event(event));
        }
        match end {
            Some(status) => self.settle(status),
            None => heard,
        }
    }

    /// The status that the stack has. `None`: that is not told.
    async fn status(&self, client: &Client) -> Option<String> {
        match client.describe_stacks().stack_name(&self.stack_id).send().await {
            Ok(answer) => Some(answer.stacks().first()?.stack_status()?.as_str().to_owned()),
            Err(error) => says_not_there(&sentence(&error)).then(|| DELETED.to_owned()),
        }
    }

    fn settle(&self, status: String) -> Heard {
        let _ = self.updates.send(Update::Settled(status));
        Heard::End
    }

    /// New events of the operation, oldest first.
    async fn fetch(&mut self, client: &Client) -> Result<Vec<Event>, Silence> {
        let mut newest_first = Vec::new();
        let mut pages =
            client.describe_stack_events().stack_name(&self.stack_id).into_paginator().items().send();
        while let Some(event) = pages.next().await {
            let event = Event::from(event.map_err(|error| Silence::of(&error))?);
            let before = matches!(&self.since, Since::Ours { after: Some(after), .. } if *after == event.id);
            if before || self.seen.contains(&event.id) {
                break;
            }
            let first = self.since == Since::LatestOperation
                && event.is_of_stack()
                && begins_operation(&event.status);
            newest_first.push(event);
            if first {
                break;
            }
        }
        newest_first.reverse();
        self.seen.extend(newest_first.iter().map(|event| event.id.clone()));
        Ok(self.of_operation(newest_first))
    }
}

impl Watched {
    /// What of these events, oldest first, is of the operation. A stack has one operation at a time, so that
    /// everything is of ours once that has begun, also what follows from its being cancelled by others.
    fn of_operation(&mut self, mut events: Vec<Event>) -> Vec<Event> {
        if let (false, Since::Ours { token, .. }) = (self.begun, &self.since) {
            let first = events.iter().position(|event| event.token == *token);
            self.begun = first.is_some();
            events.drain(..first.unwrap_or(events.len()));
        }
        events
    }
}

impl Silence {
    fn of<R: std::fmt::Debug + 'static>(error: &SdkError<DescribeStackEventsError, R>) -> Self {
        let cause = sentence(error);
        if says_not_there(&cause) {
            Self::Gone
        } else if is_refusal(error) {
            Self::Refused(cause)
        } else {
            Self::Passing(cause)
        }
    }
}

/// Whether a stack in this status waits for the next operation.
fn ended(status: &str) -> bool {
    !matches!(condition(status), Condition::Busy | Condition::Phantom | Condition::Unknown)
}

impl From<aws_sdk_cloudformation::types::StackEvent> for Event {
    fn from(event: aws_sdk_cloudformation::types::StackEvent) -> Self {
        Self {
            id: event.event_id.unwrap_or_default(),
            logical_id: event.logical_resource_id.unwrap_or_default(),
            physical_id: event.physical_resource_id.unwrap_or_default(),
            kind: event.resource_type.unwrap_or_default(),
            status: event.resource_status.map_or_else(String::new, |status| status.as_str().to_owned()),
            reason: event.resource_status_reason.unwrap_or_default(),
            stack_id: event.stack_id.unwrap_or_default(),
            token: event.client_request_token,
        }
    }
}

/// The first thing that failed, which everything else follows from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RootCause {
    /// Resource in the template, or the stack.
    pub logical_id: String,
    /// For instance `AWS::S3::Bucket`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Code of the service, where CloudFormation says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What CloudFormation says.
    pub reason: String,
    /// What to do about it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl RootCause {
    /// What an event says that tells of a failure.
    pub fn of(event: &Event) -> Self {
        Self {
            logical_id: event.logical_id.clone(),
            kind: event.kind.clone(),
            code: status::error_code(&event.reason).map(str::to_owned),
            reason: event.reason.clone(),
            remedy: causes::remedy(&event.kind, &event.reason),
        }
    }
}

/// The first failure of an operation that was not cancelled because of another one. `events` are
/// those of the operation, oldest first.
pub fn root_cause(events: &[Event]) -> Option<RootCause> {
    let failed = || {
        events.iter().filter(|event| stage(&event.status) == Stage::Failed && !says_cancelled(&event.reason))
    };
    let told_by_stack = || {
        let tells = |event: &&Event| sank(&event.status) || says_cancelled(&event.reason);
        events.iter().filter(|event| event.is_of_stack() && !event.reason.is_empty()).filter(tells)
    };
    let event = failed()
        .find(|event| !event.is_of_stack())
        .or_else(|| failed().next())
        .or_else(|| told_by_stack().next())?;
    Some(RootCause::of(event))
}

/// A stack may roll back without a failed resource, for instance when a person cancels its update. A deletion
/// is cancelled before any resource is touched while another stack imports one of its exports.
fn sank(status: &str) -> bool {
    status.contains("ROLLBACK")
}

#[cfg(test)]
mod tests;
