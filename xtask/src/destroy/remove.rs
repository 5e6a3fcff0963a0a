//! Executes a plan of destruction: every stack once those that need it are gone.
//!
//! A stack that cannot be deleted keeps what it needs, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use super::buckets::{self, EmptyError};
use super::plan::{DestroyPlan, Removal};
use super::workspace;
use crate::deploy::events::{Poller, RootCause, Since, latest, root_cause};
use crate::deploy::execute::{Engine, Unwatched, follow};
use crate::deploy::run::{Ordered, Run, run};
use crate::deploy::status::{Condition, Operation, condition, says_not_empty};
use crate::report::Step;
use crate::sdk_error::sentence;
use crate::twin::TwinError;

/// How often a bucket is emptied again because something wrote to it before it was deleted.
const ATTEMPTS: u32 = 3;

/// What became of a stack.
#[derive(Debug)]
pub enum Outcome {
    /// It is gone, and so is what was in it.
    Gone(Emptied),
    /// It is not.
    Failed(RemoveError),
    /// It was not touched, because this stack needs it and is still there.
    Kept(String),
    /// It was not finished, because a person interrupted.
    Interrupted,
}

/// What a stack held, and what had to go before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Emptied {
    /// Versions and markers of objects in its buckets.
    pub objects: usize,
    /// Entities and component types of its workspace that were not its own.
    pub twins: usize,
}

impl Emptied {
    /// For instance `, 3 objects`; nothing, when it held nothing.
    pub fn text(self) -> String {
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
    },
}

/// Executes a plan until it is done or `interrupt` completes. Outcomes are in the order of the plan.
pub async fn execute(
    engine: &Engine<'_>,
    plan: &DestroyPlan,
    interrupt: impl Future<Output = ()>,
) -> Vec<Outcome> {
    let poller = &Poller::start(engine.cloudformation.clone(), engine.pace);
    let begin = |stack, _: &BTreeMap<&str, Emptied>| async move {
        let removed = remove(engine, poller, stack).await;
        removed.inspect_err(|error| engine.report_failure(&stack.stack_name, error))
    };
    let outcome = |run| match run {
        Run::Done(emptied) => Outcome::Gone(emptied),
        Run::Failed(error) => Outcome::Failed(error),
        Run::Held { by, .. } => Outcome::Kept(by),
        Run::Detached | Run::NotBegun => Outcome::Interrupted,
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

async fn remove(engine: &Engine<'_>, poller: &Poller, stack: &Removal) -> Result<Emptied, RemoveError> {
    let step = engine.report.step(&stack.stack_name);
    if condition(&stack.status) == Condition::Busy {
        step.update(format_args!("{} is in {}: waiting", stack.stack_name, stack.status));
        let followed = follow(engine, poller, &stack.stack_id, Since::LatestOperation, None, &step).await?;
        if Operation::Delete.succeeded(&followed.status) {
            step.done("deleted");
            return Ok(Emptied::default());
        }
    }
    let mut emptied = Emptied::default();
    for attempt in 1..=ATTEMPTS {
        emptied.objects += empty_buckets(engine, stack, &step).await?;
        emptied.twins += empty_workspace(engine, stack, &step).await?;
        match delete(engine, poller, stack, &step).await {
            Err(RemoveError::Failed { cause: Some(cause), .. })
                if attempt < ATTEMPTS && says_not_empty(&cause.reason) => {}
            Err(error) => return Err(error),
            Ok(()) => break,
        }
    }
    step.done(format_args!("deleted, {} resources{}", stack.delete.len(), emptied.text()));
    Ok(emptied)
}

async fn empty_workspace(engine: &Engine<'_>, stack: &Removal, step: &Step<'_>) -> Result<usize, TwinError> {
    if !stack.has_workspace() {
        return Ok(0);
    }
    let workspace = &engine.workspace;
    workspace::empty(workspace, stack, engine.pace, |left| {
        step.update(format_args!("{} emptying {}: {left} left", stack.stack_name, workspace.id));
    })
    .await
}

async fn empty_buckets(engine: &Engine<'_>, stack: &Removal, step: &Step<'_>) -> Result<usize, EmptyError> {
    let mut objects = 0;
    for bucket in stack.buckets() {
        let before = objects;
        objects += buckets::empty(&engine.s3, bucket, "", |seen| {
            step.update(format_args!("{} emptying {bucket}: {} objects", stack.stack_name, before + seen));
        })
        .await?;
    }
    Ok(objects)
}

async fn delete(
    engine: &Engine<'_>,
    poller: &Poller,
    stack: &Removal,
    step: &Step<'_>,
) -> Result<(), RemoveError> {
    let since = latest(&engine.cloudformation, &stack.stack_id).await;
    let sent = engine.cloudformation.delete_stack().stack_name(&stack.stack_id).send().await;
    sent.map_err(|error| RemoveError::Refused(sentence(&error)))?;
    let followed = follow(engine, poller, &stack.stack_id, since, Some(stack.delete.len()), step).await?;
    if Operation::Delete.succeeded(&followed.status) {
        return Ok(());
    }
    Err(RemoveError::Failed { cause: root_cause(&followed.events), status: followed.status })
}
