//! Deployment: the desired state, the current one, the plan from one to the other, and its execution.
//!
//! `again`, `causes`, `plan`, `graph`, `description`, `difference`, `property`, `recovery`, `security`, `merge`,
//! `options`, `replacement`, `shrinking`, `status` and `stored` are pure. The others talk to services.

mod again;
pub mod application;
mod application_error;
pub mod causes;
mod change_set;
pub mod delivery;
pub mod description;
mod diagnosis;
pub mod difference;
pub mod engine;
pub mod events;
pub mod execute;
pub mod graph;
pub mod leftover;
pub mod merge;
pub mod moved;
pub mod options;
pub mod pace;
pub(crate) mod patience;
pub mod plan;
pub mod preflight;
pub mod preview;
pub mod property;
pub mod recovery;
pub mod replacement;
pub mod rollback;
pub mod run;
pub mod saved;
pub mod security;
mod shrinking;
pub mod stack_error;
pub mod state;
pub mod status;
pub mod storage;
mod stored;
mod uploads;
mod validation;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::future::try_join_all;
use stacks::environment::Environment;
use stacks::{Artifact, ParameterSource, Stack};

use self::change_set::{INLINE_LIMIT, compact};
use self::engine::Engine;
use self::graph::{Cycle, Graph};
use self::moved::Moved;
use self::options::selection;
use self::plan::{Action, Current, Desired, DesiredStack, Plan, Source, StackPlan};
use self::rollback::RollbackError;
use self::saved::SavedPlan;
use self::storage::STORAGE;
use artifacts::Archive;
use session::{Exit, Explain, Failure};

/// Why there is nothing to execute.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// `--stack` names something else.
    #[error("there is no stack `{name}` in this environment")]
    UnknownStack {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// Stacks need each other.
    #[error(transparent)]
    Cycle(#[from] Cycle),
    /// A stack is in a state that takes a person.
    #[error("stack `{stack_name}` is in {status}")]
    Blocked {
        /// The environment.
        environment: String,
        /// The stack.
        name: String,
        /// Its name in CloudFormation.
        stack_name: String,
        /// Its status.
        status: String,
    },
    /// A stack does not go back to where it was.
    #[error("stack `{stack_name}` cannot be rolled back: {source}")]
    Stuck {
        /// The environment.
        environment: String,
        /// The stack.
        name: String,
        /// Its name in CloudFormation.
        stack_name: String,
        /// What is in the way.
        source: RollbackError,
    },
    /// Another operation takes longer than it was to be waited for.
    #[error("stack `{stack_name}` is still in {status} after {limit:?}: nothing was begun")]
    StillBusy {
        /// Its name in CloudFormation.
        stack_name: String,
        /// Its status, when it was last asked for.
        status: String,
        /// How long it was waited for.
        limit: Duration,
    },
}

impl DeployError {
    /// The first stack of a plan that takes a person.
    pub fn blocked(plan: &Plan) -> Option<Self> {
        plan.with_action(Action::Blocked).next().map(|stack| Self::of(plan, stack))
    }

    fn of(plan: &Plan, stack: &StackPlan) -> Self {
        Self::Blocked {
            environment: plan.environment.clone(),
            name: stack.name.clone(),
            stack_name: stack.stack_name.clone(),
            status: stack.status.clone().unwrap_or_default(),
        }
    }
}

impl Explain for DeployError {
    fn exit(&self) -> Exit {
        match self {
            Self::UnknownStack { .. } => Exit::Configuration,
            Self::Cycle(_) => Exit::Unexpected,
            Self::StillBusy { .. } => Exit::Unwatched,
            Self::Stuck { source, .. } if source.is_unwatched() => Exit::Unwatched,
            Self::Blocked { .. } | Self::Stuck { .. } => Exit::StackFailed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownStack { name, known } => {
                Some(match stacks::config::likely(name, known.iter().copied()) {
                    Some(likely) => format!("did you mean `--stack {likely}`?"),
                    None => format!("there are: {}", known.join(", ")),
                })
            }
            Self::Cycle(_) => None,
            Self::Blocked { environment, name, status, .. } => {
                recovery::of(status).deploy.hint(&selection(environment), name)
            }
            Self::Stuck { environment, name, source, .. } => source.hint(&selection(environment), name),
            Self::StillBusy { .. } => Some("wait for it, or give a longer `--wait-limit`".to_owned()),
        }
    }
}

/// These stacks and all that they need; every stack when none is named.
pub fn choose(stacks: Vec<Stack>, names: &[String]) -> Result<Vec<Stack>, DeployError> {
    if names.is_empty() {
        return Ok(stacks);
    }
    let known: Vec<&'static str> = stacks.iter().map(|stack| stack.name).collect();
    if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(DeployError::UnknownStack { name: name.clone(), known });
    }
    let graph = Graph::new(stacks.iter().map(|stack| {
        let outputs = stack.parameters.values().filter_map(|source| match source {
            ParameterSource::Output { stack, .. } => Some(*stack),
            ParameterSource::ArtifactKey(_) | ParameterSource::AccountBucket(_) => None,
        });
        (stack.name, stack.depends_on.iter().copied().chain(outputs).collect::<Vec<_>>())
    }))?;
    let chosen = graph.closure(names.iter().map(String::as_str));
    Ok(stacks.into_iter().filter(|stack| chosen.contains(stack.name)).collect())
}

/// The code whose archives these stacks name.
pub fn artifacts(stacks: &[Stack]) -> Vec<Artifact> {
    let keys = stacks.iter().flat_map(|stack| stack.parameters.values()).filter_map(|source| match source {
        ParameterSource::ArtifactKey(artifact) => Some(*artifact),
        ParameterSource::Output { .. } | ParameterSource::AccountBucket(_) => None,
    });
    keys.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The desired state: synthesized stacks with the archives that they name.
pub fn desired(environment: &Environment, stacks: &[Stack], archives: &BTreeMap<&str, Archive>) -> Desired {
    Desired {
        environment: environment.name.clone(),
        region: environment.region.clone(),
        account: environment.account.clone(),
        stacks: stacks.iter().map(|stack| desired_stack(environment, stack, archives)).collect(),
    }
}

fn desired_stack(
    environment: &Environment,
    stack: &Stack,
    archives: &BTreeMap<&str, Archive>,
) -> DesiredStack {
    let template = stack.template.to_json();
    let mut depends_on: Vec<String> = stack.depends_on.iter().map(|name| (*name).to_owned()).collect();
    // The account's bucket is there already.
    if compact(&template).len() > INLINE_LIMIT && environment.shared_bucket().is_none() {
        depends_on.push(STORAGE.0.to_owned());
    }
    let mut needed = Vec::new();
    let parameters = stack.parameters.iter().map(|(name, source)| {
        let source = match source {
            ParameterSource::Output { stack, output } => {
                Source::Output { stack: (*stack).to_owned(), output: output.to_string() }
            }
            ParameterSource::ArtifactKey(artifact) => {
                let archive = archives.get(artifact.name()).cloned();
                let archive = archive.map(|one| Archive { key: environment.object_key(&one.key), ..one });
                let key = archive.as_ref().map(|archive| archive.key.clone()).unwrap_or_default();
                needed.extend(archive);
                Source::Value(key)
            }
            ParameterSource::AccountBucket(bucket) => Source::Value(bucket.clone()),
        };
        (name.clone(), source)
    });
    let parameters = parameters.collect();
    DesiredStack {
        name: stack.name.to_owned(),
        stack_name: stack.stack_name.clone(),
        depends_on,
        template,
        parameters,
        tags: stack.tags.clone(),
        archives: needed,
    }
}

/// The plan that turns the current state into the desired one.
pub async fn plan(engine: &Engine<'_>, desired: &Desired) -> Result<Plan, Failure> {
    let names = desired.stacks.iter().map(|stack| (stack.name.clone(), stack.stack_name.clone()));
    let current = state::read(&engine.cloudformation, names).await?;
    Ok(plan::make(desired, &current).map_err(DeployError::from)?)
}

/// Whether what stands in the way of a plan is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settling {
    /// What goes on is waited for.
    Waits,
    /// And what failed half-way is rolled back.
    RollsBack,
}

/// A plan that can be executed: waits for what is under way first, rolls back what failed half-way if it is to, and
/// fails on what takes a person.
pub async fn settled_plan(
    engine: &Engine<'_>,
    desired: &Desired,
    plan: Plan,
    settling: Settling,
) -> Result<Plan, Failure> {
    agreed_plan(engine, desired, plan, |_| Ok(settling == Settling::RollsBack)).await
}

/// A plan that can be executed, like [`settled_plan`]: what failed half-way is rolled back where `agreed` says so,
/// which is asked before each rollback.
pub async fn agreed_plan(
    engine: &Engine<'_>,
    desired: &Desired,
    mut plan: Plan,
    agreed: impl Fn(&[&StackPlan]) -> Result<bool, Failure>,
) -> Result<Plan, Failure> {
    loop {
        let busy: Vec<&StackPlan> = plan.with_action(Action::Wait).collect();
        let failed: Vec<&StackPlan> = plan.with_action(Action::RollBack).collect();
        if !busy.is_empty() {
            attach(engine, busy).await?;
        } else if !failed.is_empty() && agreed(&failed)? {
            rollback::all(engine, &plan.environment, failed).await?;
        } else {
            break;
        }
        plan = self::plan(engine, desired).await?;
    }
    let failed = plan.with_action(Action::RollBack).next();
    let blocked = DeployError::blocked(&plan).or_else(|| Some(DeployError::of(&plan, failed?)));
    blocked.map_or(Ok(plan), |blocked| Err(blocked.into()))
}

/// Waits for what goes on, for as long as is to be waited.
async fn attach(engine: &Engine<'_>, busy: Vec<&StackPlan>) -> Result<(), DeployError> {
    let first =
        busy.first().map(|stack| (stack.stack_name.clone(), stack.status.clone().unwrap_or_default()));
    match (engine.within_limit(execute::attach(engine, busy)).await, first) {
        (Err(limit), Some((stack_name, status))) => Err(DeployError::StillBusy { stack_name, status, limit }),
        _ => Ok(()),
    }
}

/// What is there, and what of it is no longer as a saved plan saw it.
pub async fn moved_since(
    client: &aws_sdk_cloudformation::Client,
    saved: &SavedPlan,
) -> Result<(BTreeMap<String, Current>, Vec<Moved>), Failure> {
    let names = saved.stacks.iter().map(|stack| (stack.plan.name.clone(), stack.plan.stack_name.clone()));
    let ids = saved.stacks.iter().filter_map(|stack| stack.plan.change_set.clone());
    let change_sets = ids.map(|id| async move {
        let found = change_set::find(client, &id).await;
        Ok(found.map_err(anyhow::Error::from)?.map(|found| (id, found)))
    });
    let current = async { state::read(client, names).await.map_err(Failure::from) };
    let (current, change_sets) = futures::try_join!(current, try_join_all(change_sets))?;
    let moved = moved::moved(saved, &current, &change_sets.into_iter().flatten().collect());
    Ok((current, moved))
}
