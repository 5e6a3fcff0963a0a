//! The way back: a stack that failed half-way goes to where it last was well, and one that never was goes away.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use futures::future::try_join_all;

use super::DeployError;
use super::difference::Data;
use super::engine::Engine;
use super::events::{Beginning, Event, Poller, RootCause, Since, last_failures, root_cause};
use super::execute::{Followed, Outcome, Outcomes, follow};
use super::patience::patiently;
use super::plan::{Loss, Plan, StackPlan};
use super::recovery::{self, Deploy};
use super::replacement::{holds_data, stands_for};
use super::stack_error::{StackError, Unheard, Unwatched};
pub use super::status::goes_back;
use super::status::{Operation, may_hold, says_not_empty, says_not_there, takes_cancellation};
use crate::destroy::buckets;
use crate::destroy::contents::Contents;
use session::Step;
use session::sdk_error::sentence;

/// Why a stack is not back where it was.
#[derive(Debug, thiserror::Error)]
pub enum RollbackError {
    /// CloudFormation refused to begin.
    #[error("CloudFormation refuses it: {0}")]
    Refused(String),
    /// Resources do not become what they were.
    #[error("{}", stopped(.status, .failed))]
    Stopped {
        /// The status that the stack settled in.
        status: String,
        /// What is in the way.
        failed: Vec<RootCause>,
    },
    /// There is no way back from this status.
    #[error("there is nothing to roll back in {0}")]
    Nothing(String),
    /// It was not begun.
    #[error(transparent)]
    Unheard(#[from] Unheard),
    /// It was not followed to its end.
    #[error(transparent)]
    Unwatched(#[from] Unwatched),
    /// It takes longer than it was to be watched.
    #[error("it goes on after {0:?}")]
    Slow(Duration),
}

fn stopped(status: &str, failed: &[RootCause]) -> String {
    let one =
        |RootCause { logical_id, kind, reason, .. }: &RootCause| format!("{logical_id} ({kind}): {reason}");
    match failed {
        [] => format!("it ended in {status}, and CloudFormation names no reason"),
        failed => format!("{} [{status}]", failed.iter().map(one).collect::<Vec<_>>().join("; ")),
    }
}

/// Whether a stack in this status failed half-way, and can go back.
pub fn has_failed(status: &str) -> bool {
    matches!(recovery::of(status).deploy, Deploy::Continue | Deploy::RollBack | Deploy::Undo)
}

/// Whether a stack in this status can go back.
pub fn takes(status: &str) -> bool {
    has_failed(status) || takes_cancellation(status) || goes_back(status)
}

impl RollbackError {
    /// Whether it goes on, and nobody watches it.
    pub fn is_unwatched(&self) -> bool {
        matches!(self, Self::Unwatched(_) | Self::Slow(_))
    }

    /// What to do. `selection` is what selects the environment on the command line.
    pub fn hint(&self, selection: &str, name: &str) -> Option<String> {
        match self {
            Self::Stopped { failed, .. } if !failed.is_empty() => {
                let skip = |one: &RootCause| format!(" --skip {name}.{}", one.logical_id);
                let skip: String = failed.iter().map(skip).collect();
                Some(format!(
                    "remove the cause and run the same command again, or leave them as they are: \
                     `cargo xtask rollback{selection} --stack {name}{skip}`"
                ))
            }
            Self::Slow(_) => Some("run the same command again: it attaches to what goes on".to_owned()),
            Self::Unwatched(_) => {
                Some("log in again, then run the same command: it attaches to what goes on".to_owned())
            }
            _ => None,
        }
    }
}

/// Rolls stacks of a plan back, all at once.
pub async fn all(engine: &Engine<'_>, environment: &str, stacks: Vec<&StackPlan>) -> Result<(), DeployError> {
    let poller = Poller::start(engine.cloudformation.clone(), engine.pace);
    let back = stacks.into_iter().map(|stack| {
        let poller = &poller;
        async move {
            let id = stack.stack_id.as_deref().unwrap_or(&stack.stack_name);
            let status = stack.status.as_deref().unwrap_or_default();
            let step =
                engine.observer.step(format_args!("{} is in {status}: rolling back", stack.stack_name));
            let back = one(engine, poller, id, status, &BTreeSet::new(), &step).await;
            let back = back.map_err(|source| DeployError::Stuck {
                environment: environment.to_owned(),
                name: stack.name.clone(),
                stack_name: stack.stack_name.clone(),
                source,
            })?;
            step.done(back);
            Ok(())
        }
    });
    try_join_all(back).await.map(|_| ())
}

/// Takes a stack in this status back to where it last was well, without the resources to skip, and returns the
/// status that it has then. An update that goes on is cancelled, and a rollback that goes on is attached to.
pub async fn one(
    engine: &Engine<'_>,
    poller: &Poller,
    stack_id: &str,
    status: &str,
    skip: &BTreeSet<String>,
    step: &Step<'_>,
) -> Result<String, RollbackError> {
    if goes_back(status) {
        return followed(engine, poller, stack_id, Since::LatestOperation, step).await;
    }
    let Beginning { token, mut since } = engine.beginning(stack_id).await?;
    let client = &engine.cloudformation;
    let sent = if takes_cancellation(status) {
        // What is told of it is of the update that goes on.
        since = Since::LatestOperation;
        let cancel = client.cancel_update_stack().stack_name(stack_id).client_request_token(token);
        begun(patiently(engine.pace, || cancel.clone().send()).await)
    } else {
        match recovery::of(status).deploy {
            Deploy::Continue => {
                let skip = (!skip.is_empty()).then(|| skip.iter().cloned().collect());
                let go_on =
                    client.continue_update_rollback().stack_name(stack_id).client_request_token(token);
                let go_on = go_on.set_resources_to_skip(skip);
                begun(patiently(engine.pace, || go_on.clone().send()).await)
            }
            Deploy::RollBack | Deploy::Undo => {
                let back = client.rollback_stack().stack_name(stack_id).client_request_token(token);
                begun(patiently(engine.pace, || back.clone().send()).await)
            }
            _ => return Err(RollbackError::Nothing(status.to_owned())),
        }
    };
    sent?;
    followed(engine, poller, stack_id, since, step).await
}

/// Whether CloudFormation began what it was asked for.
fn begun<T, E>(answer: Result<T, SdkError<E>>) -> Result<(), RollbackError>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    answer.map(|_| ()).map_err(|error| RollbackError::Refused(sentence(&error)))
}

/// Follows a rollback to its end, and returns the status that its stack has then.
async fn followed(
    engine: &Engine<'_>,
    poller: &Poller,
    stack_id: &str,
    since: Since,
    step: &Step<'_>,
) -> Result<String, RollbackError> {
    let followed = follow(engine, poller, stack_id, since, None, step);
    let Followed { status, events } = engine.within_limit(followed).await.map_err(RollbackError::Slow)??;
    if Operation::RollBack.succeeded(&status) {
        return Ok(status);
    }
    Err(RollbackError::Stopped { failed: in_the_way(&events), status })
}

/// Cancels the updates of a plan that go on without being watched. Returns the names of their stacks; what does not
/// take it, is told.
pub async fn cancel(engine: &Engine<'_>, plan: &Plan, outcomes: &Outcomes) -> Vec<String> {
    let client = &engine.cloudformation;
    let mut cancelled = Vec::new();
    for (stack, (_, outcome)) in plan.stacks.iter().zip(outcomes) {
        let goes_on = matches!(outcome, Outcome::Detached);
        let Some(id) = stack.stack_id.as_deref().filter(|_| goes_on) else { continue };
        match patiently(engine.pace, || client.cancel_update_stack().stack_name(id).send()).await {
            Ok(_) => cancelled.push(stack.stack_name.clone()),
            Err(error) => {
                engine.observer.warn(format_args!("{} goes on: {}", stack.stack_name, sentence(&error)));
            }
        }
    }
    cancelled
}

/// The resources whose last word was a failure that did not follow from another one.
fn in_the_way(events: &[Event]) -> Vec<RootCause> {
    last_failures(events, |event| &event.logical_id).map(RootCause::of).collect()
}

/// Removes what is left of a stack that was never well, so that it can be created: rolls its creation back where that
/// was not done, then deletes it. Where that holds data that nobody agreed to lose, nothing of it is touched.
pub async fn clear(
    engine: &Engine<'_>,
    poller: &Poller,
    stack: &StackPlan,
    step: &Step<'_>,
) -> Result<(), StackError> {
    let id = stack.stack_id.as_deref().unwrap_or(&stack.stack_name);
    let status = stack.status.as_deref().unwrap_or_default();
    let held = held(engine, stack, id).await?;
    if !held.is_empty() {
        return Err(StackError::Refused(held));
    }
    if recovery::of(status).deploy == Deploy::Undo {
        match one(engine, poller, id, status, &BTreeSet::new(), step).await {
            Ok(status) if Operation::Delete.succeeded(&status) => return Ok(()),
            // What could not be rolled back is looked at when it is deleted.
            Ok(_)
            | Err(RollbackError::Stopped { .. } | RollbackError::Refused(_) | RollbackError::Nothing(_)) => {}
            Err(RollbackError::Unheard(unheard)) => return Err(unheard.into()),
            Err(RollbackError::Unwatched(unwatched)) => return Err(unwatched.into()),
            Err(slow @ RollbackError::Slow(_)) => return Err(Unwatched(slow.to_string()).into()),
        }
    }
    let Followed { status, events } = delete(engine, poller, id, step).await?;
    if Operation::Delete.succeeded(&status) {
        return Ok(());
    }
    let failed = in_the_way(&events);
    let agreed = |cause: &RootCause| engine.consent.covers(&stack.name, &cause.logical_id);
    let full = |cause: &RootCause| cause.kind == buckets::TYPE && says_not_empty(&cause.reason);
    // A bucket that nobody agreed to empty was filled since it was looked at.
    if failed.is_empty() || !failed.iter().all(|cause| full(cause) && agreed(cause)) {
        return Err(StackError::Failed { cause: root_cause(&events).map(Box::new), status });
    }
    let buckets: BTreeSet<&str> = events
        .iter()
        .filter(|event| failed.iter().any(|cause| cause.logical_id == event.logical_id))
        .map(|event| event.physical_id.as_str())
        .collect();
    for bucket in buckets {
        step.update(format_args!("{} emptying {bucket}", stack.stack_name));
        let emptied = buckets::empty(&engine.s3, bucket, "", |_| {}).await;
        emptied.map_err(|error| StackError::Delete(error.to_string()))?;
    }
    let Followed { status, events } = delete(engine, poller, id, step).await?;
    if Operation::Delete.succeeded(&status) {
        return Ok(());
    }
    Err(StackError::Failed { cause: root_cause(&events).map(Box::new), status })
}

/// What a stack holds that goes with it, as far as nobody agreed to lose it. Of a bucket it is known whether something
/// is in it; everything else that holds data is taken to hold some.
async fn held(engine: &Engine<'_>, stack: &StackPlan, id: &str) -> Result<Vec<Loss>, StackError> {
    let untold = |cause: String| StackError::Delete(format!("what it holds is not told: {cause}"));
    let (mut held, mut next) = (Vec::new(), None);
    loop {
        let list = engine.cloudformation.list_stack_resources().stack_name(id).set_next_token(next);
        let page = match patiently(engine.pace, || list.clone().send()).await {
            Ok(page) => page,
            Err(error) if says_not_there(&sentence(&error)) => return Ok(held),
            Err(error) => return Err(untold(sentence(&error))),
        };
        for resource in page.stack_resource_summaries() {
            let (kind, logical_id) = (
                resource.resource_type().unwrap_or_default(),
                resource.logical_resource_id().unwrap_or_default(),
            );
            let is_there = resource.resource_status().is_some_and(|status| may_hold(status.as_str()));
            let name = resource.physical_resource_id().unwrap_or_default();
            if !is_there || name.is_empty() || engine.consent.covers(&stack.name, logical_id) {
                continue;
            }
            let holds = if stands_for(kind) == buckets::TYPE {
                let contents = Contents::of(&engine.s3, name, "").await;
                !contents.map_err(|error| untold(error.to_string()))?.is_empty()
            } else {
                holds_data(kind)
            };
            if holds {
                let (stack, logical_id) = (stack.name.clone(), logical_id.to_owned());
                held.push(Loss { stack, logical_id, data: Data::Lost, lost: Vec::new() });
            }
        }
        next = page.next_token;
        if next.is_none() {
            return Ok(held);
        }
    }
}

async fn delete(
    engine: &Engine<'_>,
    poller: &Poller,
    id: &str,
    step: &Step<'_>,
) -> Result<Followed, StackError> {
    let Beginning { token, since } = engine.beginning(id).await?;
    let delete = engine.cloudformation.delete_stack().stack_name(id).client_request_token(token);
    let sent = patiently(engine.pace, || delete.clone().send()).await;
    sent.map_err(|error| StackError::Delete(sentence(&error)))?;
    Ok(follow(engine, poller, id, since, None, step).await?)
}
