//! A destruction from what is found to its receipt: what `destroy` does with one environment, and
//! `cleanup --expired` with each that has expired.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared, try_join_all};
use stacks::{Inputs, STACKS};

use super::buckets::{self, EmptyError};
use super::contents::Contents;
use super::find;
use super::plan::{self, DestroyPlan, Inhabited, Protected, Removal};
use super::proof::Proof;
use super::receipt::Receipt;
use super::remove::{self, Outcome};
use super::workspace::Extra;
use crate::consent::Consent;
use crate::deploy::application::Applications;
use crate::deploy::engine::Engine;
use crate::devices::Registry;
use crate::twin::Workspace;
use local_target::flink::Machine;
use session::Observer;
use session::{Exit, Explain, Failure, Session};

impl Explain for EmptyError {}

/// A person's interruption. Once is enough for everything that a command does.
pub type Interruption = Shared<BoxFuture<'static, ()>>;

/// What destroying the environment would do. `None`: nothing of it is there.
pub async fn plan(session: &Session, observer: &dyn Observer) -> Result<Option<DestroyPlan>, Failure> {
    let environment = &session.environment;
    let found = find::stacks(&session.cloudformation(), environment).await?;
    for stranger in &found.strangers {
        observer.warn(format_args!("{stranger} does not carry the environment's tag and is left alone"));
    }
    let mut plan =
        plan::make(&environment.name, &found.ours, &needs(session)).map_err(anyhow::Error::from)?;
    let s3 = session.s3();
    for stack in &mut plan.stacks {
        stack.contents = try_join_all(stack.buckets().map(|bucket| Contents::of(&s3, bucket, ""))).await?;
        if stack.has_workspace() {
            stack.extra = Extra::of(&Workspace::named(session), stack).await?;
        }
        if let Some((policy, thing_type)) = stack.identities() {
            let registry = Registry::named(session, policy.to_owned(), thing_type.to_owned());
            stack.devices = registry.held_by().await?;
        }
    }
    if let Some(bucket) = environment.shared_bucket() {
        // The slash ends the name: `test/` is no part of `test2/`.
        let contents = Contents::of(&s3, &bucket, &environment.object_key("")).await?;
        plan.shared = Some(contents).filter(|contents| !contents.is_empty());
    }
    let is_there = !plan.stacks.is_empty() || plan.shared.is_some();
    Ok(is_there.then_some(plan))
}

/// Executes the plan, unless a stack of it is protected, and asks the services what is left. `wait_limit` is how long
/// the operations of others are waited for.
pub async fn execute(
    session: &Session,
    machine: Option<Machine>,
    plan: &DestroyPlan,
    observer: &dyn Observer,
    interruption: &Interruption,
    wait_limit: Option<Duration>,
) -> Result<Receipt, Untouched> {
    plan.unprotected()?;
    plan.uninhabited()?;
    if interruption.clone().now_or_never().is_some() {
        return Err(Untouched::Interrupted);
    }
    let consent = Consent::default();
    let engine = Engine { wait_limit, ..Engine::new(session, &consent, observer) };
    let applications = Applications::new(session, machine, observer);
    let outcomes = remove::execute(&engine, &applications, plan, interruption.clone()).await;
    let none = BTreeMap::new();
    let abandoned = outcomes.iter().map(|outcome| match outcome {
        Outcome::Gone(emptied) => &emptied.abandoned,
        _ => &none,
    });
    let plan = &plan.clone().with_abandoned(abandoned);
    let gone: Vec<&Removal> = plan
        .stacks
        .iter()
        .zip(&outcomes)
        .filter_map(|(stack, outcome)| matches!(outcome, Outcome::Gone(_)).then_some(stack))
        .collect();
    // What is still there may yet need its code.
    let share = match &plan.shared {
        Some(shared) if gone.len() == plan.stacks.len() => {
            let step = observer.step(format_args!("{}/{}", shared.bucket, shared.prefix));
            let emptied = buckets::empty(&engine.s3, &shared.bucket, &shared.prefix, |seen| {
                step.update(format_args!("emptying: {seen} objects"));
            });
            let emptied = tokio::select! {
                biased;
                () = interruption.clone() => Err("interrupted".to_owned()),
                emptied = emptied => emptied.map_err(|error| error.to_string()),
            };
            if let Ok(objects) = &emptied {
                step.done(format_args!("emptied, {objects} objects"));
            }
            Some((shared, emptied))
        }
        _ => None,
    };
    let proof = tokio::select! {
        biased;
        () = interruption.clone() => Proof::interrupted(),
        proof = Proof::of(session, plan, &gone, engine.pace) => proof,
    };
    let mut receipt = Receipt::of(plan, &outcomes, proof);
    match share {
        Some((shared, Ok(objects))) => receipt.emptied(&shared.bucket, &shared.prefix, objects),
        Some((shared, Err(error))) => receipt.not_emptied(&shared.bucket, &shared.prefix, error),
        None => {}
    }
    Ok(receipt)
}

/// Why no stack was touched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Untouched {
    /// A person interrupted.
    #[error("interrupted: no stack was touched")]
    Interrupted,
    /// CloudFormation would refuse.
    #[error(transparent)]
    Protected(#[from] Protected),
    /// Devices count on it.
    #[error(transparent)]
    Inhabited(#[from] Inhabited),
}

impl Explain for Untouched {
    fn exit(&self) -> Exit {
        match self {
            Self::Interrupted => Exit::Unexpected,
            Self::Protected(protected) => protected.exit(),
            Self::Inhabited(inhabited) => inhabited.exit(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Interrupted => Some("run the same command again to go on".to_owned()),
            Self::Protected(protected) => protected.hint(),
            Self::Inhabited(inhabited) => inhabited.hint(),
        }
    }
}

/// Which stack needs which: those of the table, and what the environment's own templates add.
fn needs(session: &Session) -> BTreeMap<String, BTreeSet<String>> {
    let declared = STACKS.iter().map(|stack| (stack.name, stack.depends_on.to_vec()));
    let synthesized =
        stacks::synthesize(&Inputs { model: &session.model, environment: &session.environment });
    let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, needed) in declared.chain(synthesized.into_iter().map(|stack| (stack.name, stack.depends_on)))
    {
        needs.entry(name.to_owned()).or_default().extend(needed.into_iter().map(str::to_owned));
    }
    needs
}
