//! Executes a plan of destruction: every stack once those that need it are gone.
//!
//! A stack that cannot be deleted keeps what it needs, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_cloudformation::types::DeletionMode;

use super::buckets::{self, EmptyError};
use super::contents::Contents;
use super::obstacle::{self, Obstacles};
use super::plan::{DestroyPlan, Removal};
use super::workspace;
use crate::deploy::application::{APPLICATION, Applications};
use crate::deploy::engine::Engine;
use crate::deploy::events::{Beginning, Poller, RootCause, Since, root_cause};
use crate::deploy::execute::{Followed, Unheard, Unwatched, follow};
use crate::deploy::patience::patiently;
use crate::deploy::run::{Ordered, Run, run};
use crate::deploy::state::{self, StateError};
use crate::deploy::status::{Condition, Operation, condition, says_denied};
use crate::twin::TwinError;
use session::sdk_error::sentence;
use session::{Observer, Step};

/// How often a stack is deleted: without emptying anything, once its workspace is empty, once the bucket of that
/// is, and twice more, as something may have written to a bucket between its emptying and its deletion.
const ATTEMPTS: u32 = 5;

/// What became of a stack.
#[derive(Debug)]
pub enum Outcome {
    /// It is gone, and so is what was in it.
    Gone(Emptied),
    /// It is not.
    Failed(RemoveError),
    /// It was not touched, because this stack needs it and is still there.
    Kept(String),
    /// It was not finished, because a person interrupted; what was begun goes on.
    Interrupted {
        /// Whether it was begun.
        begun: bool,
    },
}

/// What a stack held, and what had to go before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Emptied {
    /// Versions and markers of objects in its buckets.
    pub objects: usize,
    /// Entities and component types of its workspace that were not its own.
    pub twins: usize,
    /// What could not be deleted and was left behind, as somebody agreed: logical ids and reasons.
    pub abandoned: BTreeMap<String, String>,
}

impl Emptied {
    /// For instance `, 3 objects`; nothing, when it held nothing.
    pub fn text(&self) -> String {
        let one = |count: usize, what: &str| match count {
            0 => String::new(),
            count => format!(", {count} {what}"),
        };
        one(self.objects, "objects") + &one(self.twins, "entities and component types that it did not make")
    }
}

/// Why a stack is still there.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// A bucket was not emptied.
    #[error(transparent)]
    Bucket(#[from] EmptyError),
    /// A workspace was not emptied.
    #[error(transparent)]
    Workspace(#[from] TwinError),
    /// The stack could not be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// The deletion was not begun.
    #[error(transparent)]
    Unheard(#[from] Unheard),
    /// The deletion was not followed to its end.
    #[error(transparent)]
    Unwatched(#[from] Unwatched),
    /// CloudFormation refused.
    #[error("CloudFormation refuses to delete it: {0}")]
    Refused(String),
    /// CloudFormation failed.
    #[error("{}", match .cause {
        Some(RootCause { logical_id, kind, reason, .. }) => format!("{logical_id} ({kind}): {reason} [{status}]"),
        None => format!("it ended in {status}, and CloudFormation names no reason"),
    })]
    Failed {
        /// The status that it settled in.
        status: String,
        /// What failed first.
        cause: Option<RootCause>,
        /// Logical ids of what is in the way.
        stuck: Vec<String>,
    },
    /// Another operation takes longer than it was to be waited for.
    #[error("it is still in {status} after {limit:?}")]
    StillBusy {
        /// Its status, when it was last asked for.
        status: String,
        /// How long it was waited for.
        limit: Duration,
    },
}

impl RemoveError {
    /// Whether something goes on, and nobody watches it.
    pub fn is_unwatched(&self) -> bool {
        matches!(self, Self::Unwatched(_) | Self::StillBusy { .. })
    }
}

/// Executes a plan until it is done or `interrupt` completes. Outcomes are in the order of the plan.
pub async fn execute(
    engine: &Engine<'_>,
    applications: &Applications<'_>,
    plan: &DestroyPlan,
    interrupt: impl Future<Output = ()>,
) -> Vec<Outcome> {
    let poller = &Poller::start(engine.cloudformation.clone(), engine.pace);
    let begin = |stack, _: &BTreeMap<&str, Emptied>| async move {
        let removed = remove(engine, applications, poller, stack).await;
        removed.inspect_err(|error| engine.report_failure(&stack.stack_name, error))
    };
    let outcome = |run| match run {
        Run::Done(emptied) => Outcome::Gone(emptied),
        Run::Failed(error) => Outcome::Failed(error),
        Run::Held { by, .. } => Outcome::Kept(by),
        Run::Detached => Outcome::Interrupted { begun: true },
        Run::NotBegun => Outcome::Interrupted { begun: false },
    };
    run(&plan.stacks, begin, interrupt).await.into_iter().map(outcome).collect()
}

impl Ordered for Removal {
    fn name(&self) -> &str {
        &self.name
    }

    fn after(&self) -> &BTreeSet<String> {
        &self.after
    }
}

/// Removes one stack. CloudFormation begins, and what a person may miss goes only once it has deleted everything
/// that it can and nothing but that is in its way: a deletion that is refused, or that cannot be followed,
/// empties nothing.
async fn remove(
    engine: &Engine<'_>,
    applications: &Applications<'_>,
    poller: &Poller,
    stack: &Removal,
) -> Result<Emptied, RemoveError> {
    let step = engine.observer.step(&stack.stack_name);
    if condition(&stack.status) == Condition::Busy {
        step.update(format_args!("{} is in {}: waiting", stack.stack_name, stack.status));
        let followed = follow(engine, poller, &stack.stack_id, Since::LatestOperation, None, &step);
        let still_busy = |limit| RemoveError::StillBusy { status: stack.status.clone(), limit };
        let followed = engine.within_limit(followed).await.map_err(still_busy)??;
        if Operation::Delete.succeeded(&followed.status) {
            step.done("deleted");
            return Ok(Emptied::default());
        }
    }
    let stopped = stop(applications, stack, engine.observer).await;
    let mut emptied = Emptied::default();
    if stack.loses_its_provider() {
        deletable(engine, stack).await?;
        emptied.twins = empty_workspace(engine, stack, &step).await?;
    }
    let mut last_resort = LastResort::default();
    for attempt in 1.. {
        let deleted = delete(engine, poller, stack, &last_resort, &step).await;
        let untouched = match &deleted {
            Ok(followed) => condition(&followed.status) == Condition::Ready,
            Err(error) => matches!(error, RemoveError::Refused(_) | RemoveError::Unheard(_)),
        };
        if untouched {
            start(applications, &stopped, engine.observer).await;
        }
        let Followed { status, events } = deleted?;
        if Operation::Delete.succeeded(&status) {
            break;
        }
        let obstacles = Obstacles::of(stack, &status, &events).filter(|_| attempt < ATTEMPTS);
        let Some(obstacles) = obstacles else {
            let left = obstacle::stuck(&status, &events);
            if last_resort.next(stack, &left) {
                continue;
            }
            let cause = root_cause(&events);
            return Err(RemoveError::Failed { cause, status, stuck: left.into_keys().collect() });
        };
        deletable(engine, stack).await?;
        emptied.objects += empty_buckets(engine, stack, &obstacles.buckets, &step).await?;
        if obstacles.workspace {
            emptied.twins += empty_workspace(engine, stack, &step).await?;
        }
    }
    emptied.abandoned = last_resort.abandoned;
    if emptied.objects == 0 {
        // The emulator deletes a bucket with what is in it.
        emptied.objects = stack.contents.iter().map(Contents::all).sum();
    }
    step.done(format_args!("deleted, {} resources{}", stack.delete.len(), emptied.text()));
    Ok(emptied)
}

/// What is tried once nothing is left to be emptied, each once and in this order.
#[derive(Debug, Default)]
struct LastResort {
    /// It was deleted again as it is: what was in the way may have been in use for a moment.
    again: bool,
    /// It is deleted without these, as somebody agreed; with the reasons why they cannot go.
    abandoned: BTreeMap<String, String>,
    /// It is deleted whatever stays behind, as somebody agreed.
    forced: bool,
}

impl LastResort {
    /// Whether there is something left to try, which is tried next. `left` is what could not be deleted, and why.
    fn next(&mut self, stack: &Removal, left: &BTreeMap<String, String>) -> bool {
        if left.is_empty() {
            return false;
        }
        let denied = left.values().any(|reason| says_denied(reason));
        if !self.again && !denied {
            self.again = true;
            return true;
        }
        let may_stay = left.keys().all(|id| stack.abandon.contains(id));
        if may_stay && left.keys().any(|id| !self.abandoned.contains_key(id)) {
            self.abandoned.extend(left.clone());
            return true;
        }
        if !self.forced && stack.forced {
            self.forced = true;
            self.abandoned.extend(left.clone());
            return true;
        }
        false
    }
}

/// Makes sure that CloudFormation may still delete the stack, before anything is emptied for it.
async fn deletable(engine: &Engine<'_>, stack: &Removal) -> Result<(), RemoveError> {
    let described = state::describe(&engine.cloudformation, &stack.stack_id).await?;
    if described.as_ref().is_some_and(state::is_protected) {
        return Err(RemoveError::Refused("termination protection is on".to_owned()));
    }
    Ok(())
}

/// Stops the applications that go, each with a snapshot from which it goes on if its stack stays. Returns
/// those that ran. What cannot be stopped is deleted as it runs: the stream still has what it did not write.
async fn stop<'a>(
    applications: &Applications<'_>,
    stack: &'a Removal,
    observer: &dyn Observer,
) -> Vec<&'a str> {
    let going = stack.delete.iter().filter(|resource| resource.kind == APPLICATION);
    let mut stopped = Vec::new();
    for name in going.map(|resource| resource.physical_id.as_str()).filter(|name| !name.is_empty()) {
        match applications.stop(name).await {
            Ok(true) => stopped.push(name),
            Ok(false) => {}
            Err(error) => observer.warn(format_args!("{error}; it is deleted as it is")),
        }
    }
    stopped
}

/// Starts again what was stopped for a deletion that touched nothing.
async fn start(applications: &Applications<'_>, stopped: &[&str], observer: &dyn Observer) {
    for name in stopped {
        if let Err(error) = applications.start(name).await {
            observer.warn(format_args!("{error}; its stack stays, and it does not run"));
        }
    }
}

async fn empty_workspace(engine: &Engine<'_>, stack: &Removal, step: &Step<'_>) -> Result<usize, TwinError> {
    let workspace = &engine.workspace;
    workspace::empty(workspace, stack, engine.pace, |left| {
        step.update(format_args!("{} emptying {}: {left} left", stack.stack_name, workspace.id));
    })
    .await
}

async fn empty_buckets(
    engine: &Engine<'_>,
    stack: &Removal,
    buckets: &[&str],
    step: &Step<'_>,
) -> Result<usize, EmptyError> {
    let mut objects = 0;
    for bucket in buckets {
        let before = objects;
        objects += buckets::empty(&engine.s3, bucket, "", |seen| {
            step.update(format_args!("{} emptying {bucket}: {} objects", stack.stack_name, before + seen));
        })
        .await?;
    }
    Ok(objects)
}

/// Deletes the stack, as far as CloudFormation can, and follows it to the end.
async fn delete(
    engine: &Engine<'_>,
    poller: &Poller,
    stack: &Removal,
    LastResort { abandoned, forced, .. }: &LastResort,
    step: &Step<'_>,
) -> Result<Followed, RemoveError> {
    let Beginning { token, since } = engine.beginning(&stack.stack_id).await?;
    let delete = engine.cloudformation.delete_stack().stack_name(&stack.stack_id).client_request_token(token);
    let delete = match (forced, abandoned.is_empty()) {
        (true, _) => delete.deletion_mode(DeletionMode::ForceDeleteStack),
        (false, false) => delete.set_retain_resources(Some(abandoned.keys().cloned().collect())),
        (false, true) => delete,
    };
    let sent = patiently(engine.pace, || delete.clone().send()).await;
    sent.map_err(|error| RemoveError::Refused(sentence(&error)))?;
    Ok(follow(engine, poller, &stack.stack_id, since, Some(stack.delete.len()), step).await?)
}
