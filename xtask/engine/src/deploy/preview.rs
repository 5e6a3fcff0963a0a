//! The change sets that a plan makes: CloudFormation's own word on the stacks that are there.
//!
//! A stack that is not there gets none: a change set would leave an empty stack behind. Nor does one
//! whose parameters wait for another stack's outputs. Every name is on record before its change set is
//! asked for, so that all of them can be discarded, whatever happens.

use std::sync::Mutex;

use futures::future::join_all;

use super::change_set::{self, ChangeSetError, INLINE_LIMIT, Kind, Made, Request, compact};
use super::engine::Engine;
use super::execute::{StackError, store_template};
use super::merge;
use super::plan::{Action, Plan, StackPlan};
use super::saved::SavedPlan;
use super::storage::STORAGE;
use session::{Exit, Explain};

/// How often the deletion of a change set is tried again that is being made: about twenty seconds of AWS.
const UNSETTLED: usize = 7;

/// What becomes of the change sets of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// They are read, then discarded.
    Look,
    /// They wait to be executed.
    Keep,
}

/// The change sets that were asked for, by name of their stack and their own.
#[derive(Debug, Default)]
pub struct Previews(Mutex<Vec<(String, String)>>);

/// Why CloudFormation does not say what a stack's change would be.
#[derive(Debug, thiserror::Error)]
#[error("CloudFormation cannot do what this plans for stack `{stack_name}`: {source}")]
pub struct PreviewError {
    /// The stack.
    pub stack_name: String,
    /// What it said.
    pub source: StackError,
}

impl Explain for PreviewError {
    fn exit(&self) -> Exit {
        match self.source {
            StackError::ChangeSet(ChangeSetError::Failed { .. }) => Exit::StackFailed,
            _ => Exit::Unexpected,
        }
    }

    fn hint(&self) -> Option<String> {
        matches!(&self.source, StackError::ChangeSet(error) if error.is_denied()).then(|| {
            "the credentials need `cloudformation:CreateChangeSet`, `DescribeChangeSet` and `DeleteChangeSet` \
             on the environment's stacks"
                .to_owned()
        })
    }
}

impl Previews {
    /// Makes a change set for each stack that can have one, and adds what it says to the plan.
    ///
    /// Whoever may not make change sets still sees the template's diff, when nothing is to be kept.
    pub async fn add(
        &self,
        engine: &Engine<'_>,
        plan: &mut Plan,
        purpose: Purpose,
    ) -> Result<(), PreviewError> {
        let storage = plan.stacks.iter().find(|stack| stack.name == STORAGE.0);
        let own = storage.and_then(|stack| stack.outputs.get(STORAGE.1)).cloned();
        let bucket = engine.storage.account_bucket.clone().or(own);
        let stacks = plan.stacks.iter_mut().filter(|stack| has_preview(stack, bucket.as_deref()));
        let stacks = stacks.map(|stack| {
            let bucket = bucket.as_deref();
            async move {
                match self.preview(engine, stack, bucket, purpose).await {
                    Ok(()) => Ok(()),
                    Err(error) if may_do_without(&error, purpose) => {
                        engine.observer.warn(format_args!(
                            "{} is planned from its templates alone: {error}",
                            stack.stack_name
                        ));
                        Ok(())
                    }
                    Err(source) => Err(PreviewError { stack_name: stack.stack_name.clone(), source }),
                }
            }
        });
        // Each settles before anything is discarded.
        join_all(stacks).await.into_iter().collect()
    }

    async fn preview(
        &self,
        engine: &Engine<'_>,
        stack: &mut StackPlan,
        bucket: Option<&str>,
        purpose: Purpose,
    ) -> Result<(), StackError> {
        let step = engine.observer.step(format_args!("Change set of {}", stack.stack_name));
        let stored = store_template(engine, stack, bucket).await?;
        let name = self.name(&stack.stack_name, purpose);
        let parameters = stack
            .parameters
            .iter()
            .filter_map(|(name, parameter)| Some((name.clone(), parameter.after.clone()?)))
            .collect();
        let request = Request {
            stack_name: &stack.stack_name,
            name: &name,
            kind: Kind::Update,
            template: stored.body(),
            parameters: &parameters,
            tags: &stack.tags,
        };
        // Nothing to change for CloudFormation, although the templates differ: the diff says how.
        if let Made::Ready(made) = change_set::make(&engine.cloudformation, &request, engine.pace).await? {
            engine.warn(&stack.stack_name, &made.warnings);
            let template = serde_json::from_str(&stack.template).unwrap_or_default();
            stack.resources = merge::merge(std::mem::take(&mut stack.resources), made.resources, &template);
            stack.change_set = (purpose == Purpose::Keep).then_some(made.id);
        }
        drop(step);
        Ok(())
    }

    /// A name that nobody else uses, on record.
    fn name(&self, stack_name: &str, purpose: Purpose) -> String {
        let what = match purpose {
            Purpose::Look => "look",
            Purpose::Keep => "plan",
        };
        let name = format!("sluice-{what}-{:016x}", fastrand::u64(..));
        if let Ok(mut names) = self.0.lock() {
            names.push((stack_name.to_owned(), name.clone()));
        }
        name
    }

    /// The change sets that a saved plan holds, when another plan takes its place.
    pub fn of(saved: &SavedPlan) -> Self {
        let plans = saved.stacks.iter().map(|stack| &stack.plan);
        let names = plans.filter_map(|plan| Some((plan.stack_name.clone(), plan.change_set.clone()?)));
        Self(Mutex::new(names.collect()))
    }

    /// Deletes every change set that was asked for. What cannot be deleted does no harm, and is told.
    pub async fn discard(self, engine: &Engine<'_>) {
        let names = self.0.into_inner().unwrap_or_default();
        let deletions = names.iter().map(|(stack_name, name)| async move {
            if let Err(error) = settled_deletion(engine, stack_name, name).await {
                engine.observer.warn(format_args!("change set `{name}` of {stack_name} is left: {error}"));
            }
        });
        join_all(deletions).await;
    }
}

/// Deletes a change set. One that is being made, because a person interrupted, is waited for.
async fn settled_deletion(engine: &Engine<'_>, stack_name: &str, name: &str) -> Result<(), ChangeSetError> {
    let mut wait = engine.pace.waits();
    for _ in 0..UNSETTLED {
        match change_set::delete(&engine.cloudformation, stack_name, name).await {
            Err(error) if error.is_unsettled() => wait.next().await,
            settled => return settled,
        }
    }
    change_set::delete(&engine.cloudformation, stack_name, name).await
}

/// Whether a plan is made without what CloudFormation says. Whoever plans need not be allowed to put a large
/// template into its bucket: then the deployment makes the change set, and does no more than the plan shows.
fn may_do_without(error: &StackError, purpose: Purpose) -> bool {
    match error {
        StackError::ChangeSet(error) => error.is_denied() && purpose == Purpose::Look,
        StackError::Upload(error) => error.is_denied(),
        _ => false,
    }
}

/// Whether a change set can be made for a stack, and be thrown away without a trace.
fn has_preview(stack: &StackPlan, bucket: Option<&str>) -> bool {
    stack.action == Action::Update
        && stack.parameters.values().all(|parameter| parameter.after.is_some())
        && (bucket.is_some() || compact(&stack.template).len() <= INLINE_LIMIT)
}
