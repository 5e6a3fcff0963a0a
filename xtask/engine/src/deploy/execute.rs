//! Executes a plan: every stack as soon as those that it needs are done, and as many at once as there are.
//!
//! A stack that fails takes only those with it that need it. Nothing here decides what to do: what the
//! plan does not say, and what the change set says beyond the plan, is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::FutureExt as _;
use sha2::{Digest as _, Sha256};

use super::again::once_more;
use super::change_set::{self, ChangeSet, Executed, INLINE_LIMIT, Kind, Made, Request, Stored, compact};
use super::diagnosis;
use super::engine::{Binding, Engine};
use super::events::{Beginning, Event, Poller, Since, Update};
use super::leftover::{self, Leftover};
use super::merge;
use super::plan::{Action, Plan, Source, StackPlan};
use super::rollback;
use super::run::{Ordered, Run, run};
pub use super::stack_error::{StackError, Unheard, Unwatched};
use super::state;
use super::status::{Condition, Operation, Stage, condition, stage};
use super::storage::STORAGE;
use super::uploads::Uploads;
use artifacts::digest::hex;
use artifacts::upload;
use session::Step;

/// What became of a stack.
#[derive(Debug)]
pub enum Outcome {
    /// It is as planned, and has these outputs. What could not be deleted is no longer of the stack, and there.
    Done(Change, BTreeMap<String, String>, Vec<Leftover>),
    /// It is not.
    Failed(StackError),
    /// It was not begun, because this stack failed.
    Skipped(String),
    /// It goes on without us.
    Detached,
    /// It was not begun, because a person interrupted.
    NotBegun,
}

/// What was done to a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It was created.
    Created,
    /// It was updated.
    Updated,
    /// It was as desired.
    Unchanged,
}

/// What became of each stack of a plan, in its order.
pub type Outcomes = Vec<(String, Outcome)>;

/// Executes a plan until it is done or `interrupt` completes.
pub async fn execute(engine: &Engine<'_>, plan: &Plan, interrupt: impl Future<Output = ()>) -> Outcomes {
    let mut interrupt = std::pin::pin!(interrupt.fuse());
    // A stack that is not begun says so itself.
    let uploads = tokio::select! {
        uploads = Uploads::ahead(engine, plan) => uploads,
        () = &mut interrupt => {
            let not_begun = |stack: &StackPlan| (stack.name.clone(), Outcome::NotBegun);
            return plan.stacks.iter().map(not_begun).collect();
        }
    };
    let poller = Poller::start(engine.cloudformation.clone(), engine.pace);
    let means = &Means { engine, poller, uploads };
    let begin = |stack, done: &Done<'_>| {
        let (parameters, bucket) = (parameters(stack, done), output(done, STORAGE.0, STORAGE.1));
        let bucket = engine.storage.account_bucket.clone().or(bucket);
        async move {
            let applied = async { apply(means, stack, &parameters?, bucket.as_deref()).await };
            applied.await.inspect_err(|error| engine.report_failure(&stack.stack_name, error))
        }
    };
    let runs = run(&plan.stacks, begin, interrupt).await;
    let outcome = |run| match run {
        Run::Done(Applied { change, outputs, left }) => Outcome::Done(change, outputs, left),
        Run::Failed(error) => Outcome::Failed(error),
        Run::Held { root, .. } => Outcome::Skipped(root),
        Run::Detached => Outcome::Detached,
        Run::NotBegun => Outcome::NotBegun,
    };
    plan.stacks.iter().map(|stack| stack.name.clone()).zip(runs.into_iter().map(outcome)).collect()
}

/// What a stack is made with.
struct Means<'a> {
    engine: &'a Engine<'a>,
    poller: Poller,
    uploads: Uploads,
}

/// What was done to a stack.
#[derive(Debug)]
struct Applied {
    change: Change,
    outputs: BTreeMap<String, String>,
    left: Vec<Leftover>,
}

impl Applied {
    fn unchanged(stack: &StackPlan) -> Self {
        Self { change: Change::Unchanged, outputs: stack.outputs.clone(), left: Vec::new() }
    }
}

/// What was done to each stack that is done.
type Done<'a> = BTreeMap<&'a str, Applied>;

impl Ordered for StackPlan {
    fn name(&self) -> &str {
        &self.name
    }

    fn after(&self) -> &BTreeSet<String> {
        &self.after
    }
}

/// Waits for the operations of others, or of an interrupted run of our own, in these stacks.
pub async fn attach(engine: &Engine<'_>, stacks: impl IntoIterator<Item = &StackPlan>) {
    let poller = Poller::start(engine.cloudformation.clone(), engine.pace);
    let waits = stacks.into_iter().map(|stack| {
        let poller = &poller;
        async move {
            let id = stack.stack_id.as_deref().unwrap_or(&stack.stack_name);
            let status = stack.status.as_deref().unwrap_or_default();
            let step =
                engine.observer.step(format_args!("{} is in {status} already: waiting", stack.stack_name));
            // Who may not ask for events may not ask for the stack either, and hears of that next.
            if let Ok(followed) = follow(engine, poller, id, Since::LatestOperation, None, &step).await {
                step.done(followed.status);
            }
        }
    });
    futures::future::join_all(waits).await;
}

fn output(done: &Done<'_>, stack: &str, output: &str) -> Option<String> {
    done.get(stack)?.outputs.get(output).cloned()
}

fn parameters(stack: &StackPlan, done: &Done<'_>) -> Result<BTreeMap<String, String>, StackError> {
    let value = |(name, parameter): (&String, &super::plan::Parameter)| match &parameter.source {
        Source::Value(value) => Ok((name.clone(), value.clone())),
        Source::Output { stack, output: id } => match output(done, stack, id) {
            Some(value) => Ok((name.clone(), value)),
            None => Err(StackError::NoOutput {
                parameter: name.clone(),
                stack: stack.clone(),
                output: id.clone(),
            }),
        },
    };
    stack.parameters.iter().map(value).collect()
}

/// Makes one stack what the plan says. A failure that passes by itself is tried once more: who makes a role
/// and what uses it at once may be faster than IAM.
async fn apply(
    means: &Means<'_>,
    stack: &StackPlan,
    parameters: &BTreeMap<String, String>,
    bucket: Option<&str>,
) -> Result<Applied, StackError> {
    let failed = match apply_once(means, stack, parameters, bucket).await {
        Err(failed) => failed,
        done => return done,
    };
    let Some(again) = once_more(stack, &failed) else { return Err(failed) };
    let Means { engine, .. } = means;
    engine.observer.warn(format_args!(
        "{}: {failed}. A service may not know of a new role yet: trying once more",
        stack.stack_name
    ));
    tokio::time::sleep(engine.pace.propagation).await;
    apply_once(means, &again, parameters, bucket).await
}

async fn apply_once(
    Means { engine, poller, uploads }: &Means<'_>,
    stack: &StackPlan,
    parameters: &BTreeMap<String, String>,
    bucket: Option<&str>,
) -> Result<Applied, StackError> {
    if engine.binding == Binding::Exact {
        as_shown(stack, parameters)?;
    }
    // The outputs of another stack may have turned out to be other ones than those it had.
    let as_planned =
        stack.parameters.iter().all(|(name, planned)| planned.before.as_ref() == parameters.get(name));
    if stack.action == Action::None && as_planned {
        return Ok(Applied::unchanged(stack));
    }
    let step = engine.observer.step(&stack.stack_name);
    if stack.action == Action::Recreate && stack.status.as_deref().map(condition) != Some(Condition::Phantom)
    {
        step.update(format_args!("{} never succeeded: deleting what is left", stack.stack_name));
        rollback::clear(engine, poller, stack, &step).await?;
    }
    uploads.of_stack(engine, stack, bucket).await?;
    let (kind, operation, change) = match stack.action {
        Action::Create | Action::Recreate => (Kind::Create, Operation::Create, Change::Created),
        Action::Update | Action::None | Action::RollBack | Action::Wait | Action::Blocked => {
            (Kind::Update, Operation::Update, Change::Updated)
        }
    };
    step.update(format_args!("{} change set", stack.stack_name));
    let made = change_set(engine, stack, kind, parameters, bucket).await?;
    let Some(change_set) = made else {
        step.done("unchanged");
        return Ok(Applied::unchanged(stack));
    };
    if let Err(refused) = agreed(engine, stack, &change_set) {
        // One that was made earlier may still be agreed to.
        if stack.change_set.is_none() {
            let (id, stack_id) = (&change_set.id, &change_set.stack_id);
            if let Err(error) = change_set::discard(&engine.cloudformation, id, stack_id).await {
                engine.observer.warn(format_args!("change set {id} is left: {error}"));
            }
        }
        return Err(refused);
    }
    let Beginning { token, mut since } = engine.beginning(&change_set.stack_id).await?;
    let executed = change_set::execute(&engine.cloudformation, &change_set, &token, engine.pace).await?;
    if let (Executed::Before, Since::Ours { token, .. }) = (executed, &mut since) {
        *token = None;
    }
    let touches = change_set.resources.len();
    let followed = follow(engine, poller, &change_set.stack_id, since, Some(touches), &step).await?;
    let succeeded = operation.succeeded(&followed.status);
    let left = leftover::sweep(engine, stack, &followed.events, succeeded, &step).await;
    if !succeeded {
        let cause = diagnosis::cause(engine, &change_set.stack_id, &token, &followed.events).await;
        return Err(StackError::Failed { cause: cause.map(Box::new), status: followed.status });
    }
    // It is done, whether or not CloudFormation says so once more.
    let outputs = state::settled_outputs(&engine.cloudformation, &change_set.stack_id, engine.pace).await;
    let outputs = outputs.map_err(Unwatched)?;
    step.done(match change {
        Change::Created => format!("created, {touches} resources"),
        Change::Updated | Change::Unchanged => format!("updated, {touches} resources touched"),
    });
    Ok(Applied { change, outputs, left })
}

/// Makes sure that what was not known before has not made the plan untrue.
fn as_shown(stack: &StackPlan, parameters: &BTreeMap<String, String>) -> Result<(), StackError> {
    for (name, planned) in &stack.parameters {
        if let (Some(planned), Some(actual)) = (&planned.after, parameters.get(name))
            && planned != actual
        {
            let (parameter, planned, actual) = (name.clone(), planned.clone(), actual.clone());
            return Err(StackError::OtherValue { parameter, planned, actual });
        }
    }
    Ok(())
}

/// The change set to execute: the one that the plan made, or a new one. `None`: there is nothing to change.
async fn change_set(
    engine: &Engine<'_>,
    stack: &StackPlan,
    kind: Kind,
    parameters: &BTreeMap<String, String>,
    bucket: Option<&str>,
) -> Result<Option<ChangeSet>, StackError> {
    if let Some(id) = &stack.change_set {
        let waiting = change_set::reread(&engine.cloudformation, id, engine.pace).await?;
        return waiting.map(Some).ok_or_else(|| StackError::ChangeSetGone(id.clone()));
    }
    let stored = store_template(engine, stack, bucket).await?;
    let template = stored.body();
    let name = change_set::name(template, parameters, &stack.tags);
    let request =
        Request { stack_name: &stack.stack_name, name: &name, kind, template, parameters, tags: &stack.tags };
    match change_set::make(&engine.cloudformation, &request, engine.pace).await? {
        Made::Ready(made) => {
            engine.warn(&stack.stack_name, &made.warnings);
            Ok(Some(made))
        }
        Made::Unchanged => Ok(None),
    }
}

/// Makes sure that somebody agreed to everything that a change set does.
fn agreed(engine: &Engine<'_>, stack: &StackPlan, change_set: &ChangeSet) -> Result<(), StackError> {
    let lost = change_set.losses_beyond(&stack.name, |id| engine.consent.covers(&stack.name, id));
    if !lost.is_empty() {
        return Err(StackError::Refused(lost));
    }
    if engine.binding == Binding::Loose {
        return Ok(());
    }
    let beyond = merge::beyond(&stack.resources, &change_set.resources);
    if beyond.is_empty() { Ok(()) } else { Err(StackError::Beyond(beyond)) }
}

/// The template of a stack as CloudFormation gets it. One that is too large to send is put into the bucket.
pub async fn store_template(
    engine: &Engine<'_>,
    stack: &StackPlan,
    bucket: Option<&str>,
) -> Result<Stored, StackError> {
    let template = compact(&stack.template);
    if template.len() <= INLINE_LIMIT {
        return Ok(Stored::Inline(template));
    }
    let bucket = bucket.ok_or(StackError::NoBucket)?;
    let templates = &engine.storage.templates;
    let key = format!("{templates}/{}/{}.json", stack.name, hex(&Sha256::digest(&template)));
    upload::text(&engine.s3, bucket, &key, &template).await?;
    Ok(Stored::Url(engine.objects.of(bucket, &key)))
}

/// How an operation ended.
pub struct Followed {
    /// The status that its stack settled in.
    pub status: String,
    /// What happened, oldest first.
    pub events: Vec<Event>,
}

/// How often what goes on is said again while nothing happens: whoever watches decides how often it is shown.
const BEAT: Duration = Duration::from_secs(5);

/// Follows an operation to its end, and shows how far it is.
pub async fn follow(
    engine: &Engine<'_>,
    poller: &Poller,
    stack_id: &str,
    since: Since,
    touches: Option<usize>,
    step: &Step<'_>,
) -> Result<Followed, Unwatched> {
    let mut updates = poller.watch(stack_id, since);
    let mut events: Vec<Event> = Vec::new();
    let mut finished = BTreeSet::new();
    let mut beats = tokio::time::interval(BEAT);
    let mut now = step.text().to_owned();
    loop {
        let update = tokio::select! {
            update = updates.recv() => update,
            _ = beats.tick() => {
                step.update(&now);
                continue;
            }
        };
        let Some(update) = update else { break };
        match update {
            Update::Event(event) => {
                if !event.is_of_stack() {
                    if matches!(stage(&event.status), Stage::Finished | Stage::Skipped) {
                        finished.insert(event.logical_id.clone());
                    }
                    let of = touches.map_or(String::new(), |touches| format!("/{touches}"));
                    let stack = stack_name(&event.stack_id);
                    now = format!("{stack} {}{of} {} {}", finished.len(), event.logical_id, event.status);
                    step.update(&now);
                }
                events.push(event);
            }
            Update::Trouble(cause) => {
                let stack = stack_name(stack_id);
                engine.observer.warn(format_args!("{stack} goes on, but its events cannot be read: {cause}"));
            }
            Update::Settled(status) => return Ok(Followed { status, events }),
            Update::Refused(cause) => return Err(Unwatched(cause)),
        }
    }
    Err(Unwatched("the watch ended".to_owned()))
}

/// The name in a stack's ARN, `arn:aws:cloudformation:region:account:stack/<name>/<id>`.
fn stack_name(stack_id: &str) -> &str {
    stack_id.split('/').nth(1).unwrap_or(stack_id)
}
