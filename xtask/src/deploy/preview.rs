//! The change sets that a plan makes: CloudFormation's own word on the stacks that are there.
//!
//! A stack that is not there gets none: a change set would leave an empty stack behind. Nor does one
//! whose parameters wait for another stack's outputs. Every name is on record before its change set is
//! asked for, so that all of them can be discarded, whatever happens.

use std::sync::Mutex;

use futures::future::{join_all, try_join_all};

use super::change_set::{self, Body, ChangeSetError, INLINE_LIMIT, Kind, Made, Request};
use super::execute::{Engine, STORAGE, StackError, store_template};
use super::merge;
use super::plan::{Action, Plan, StackPlan};
use crate::failure::{Exit, Explain};
use crate::report::Report;

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
                    Err(StackError::ChangeSet(error)) if error.is_denied() && purpose == Purpose::Look => {
                        engine.report.warn(format_args!(
                            "{} is planned from its templates alone: {error}",
                            stack.stack_name
                        ));
                        Ok(())
                    }
                    Err(source) => Err(PreviewError { stack_name: stack.stack_name.clone(), source }),
                }
            }
        });
        try_join_all(stacks).await.map(|_| ())
    }

    async fn preview(
        &self,
        engine: &Engine<'_>,
        stack: &mut StackPlan,
        bucket: Option<&str>,
        purpose: Purpose,
    ) -> Result<(), StackError> {
        let step = engine.report.step(format_args!("Change set of {}", stack.stack_name));
        let url = store_template(engine, stack, bucket).await?;
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
            template: url.as_deref().map_or(Body::Inline(&stack.template), Body::Url),
            parameters: &parameters,
            tags: &stack.tags,
        };
        // Nothing to change for CloudFormation, although the templates differ: the diff says how.
        if let Made::Ready(made) = change_set::make(&engine.cloudformation, &request, engine.pace).await? {
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

    /// Deletes every change set that was asked for. What cannot be deleted does no harm, and is told.
    pub async fn discard(self, client: &aws_sdk_cloudformation::Client, report: &Report) {
        let names = self.0.into_inner().unwrap_or_default();
        let deletions = names.iter().map(|(stack_name, name)| async move {
            if let Err(error) = change_set::delete(client, stack_name, name).await {
                report.warn(format_args!("change set `{name}` of {stack_name} is left: {error}"));
            }
        });
        join_all(deletions).await;
    }
}

/// Whether a change set can be made for a stack, and be thrown away without a trace.
fn has_preview(stack: &StackPlan, bucket: Option<&str>) -> bool {
    stack.action == Action::Update
        && stack.parameters.values().all(|parameter| parameter.after.is_some())
        && (stack.template.len() <= INLINE_LIMIT || bucket.is_some())
}
