//! A destruction from what is found to its receipt: what `destroy` does with one environment, and
//! `cleanup --expired` with each that has expired.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{BoxFuture, Shared, try_join_all};
use stacks::{Inputs, STACKS};

use super::buckets::{self, EmptyError};
use super::contents::Contents;
use super::find;
use super::plan::{self, DestroyPlan, Removal};
use super::proof::Proof;
use super::receipt::Receipt;
use super::remove::{self, Outcome};
use super::workspace::Extra;
use crate::deploy::application::{APPLICATION, Applications};
use crate::deploy::consent::Consent;
use crate::deploy::execute::Engine;
use crate::failure::{Explain, Failure};
use crate::local::flink::Machine;
use crate::report::Report;
use crate::target::Session;
use crate::twin::Workspace;

impl Explain for EmptyError {}

/// A person's interruption. Once is enough for everything that a command does.
pub type Interruption = Shared<BoxFuture<'static, ()>>;

/// What destroying the environment would do. `None`: nothing of it is there.
pub async fn plan(session: &Session, report: &Report) -> Result<Option<DestroyPlan>, Failure> {
    let environment = &session.environment;
    let found = find::stacks(&session.cloudformation(), environment).await?;
    for stranger in &found.strangers {
        report.warn(format_args!("{stranger} does not carry the environment's tag and is left alone"));
    }
    let mut plan =
        plan::make(&environment.name, &found.ours, &needs(session)).map_err(anyhow::Error::from)?;
    let s3 = session.s3();
    for stack in &mut plan.stacks {
        stack.contents = try_join_all(stack.buckets().map(|bucket| Contents::of(&s3, bucket, ""))).await?;
        if stack.has_workspace() {
            stack.extra = Extra::of(&Workspace::named(session), stack).await?;
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

/// Executes the plan, and asks the services what is left.
pub async fn execute(
    session: &Session,
    machine: Option<Machine>,
    plan: &DestroyPlan,
    report: &Report,
    interruption: &Interruption,
) -> Result<Receipt, Interrupted> {
    let consent = Consent::default();
    let engine = Engine::new(session, &consent, report);
    let applications = Applications::new(session, machine, report);
    tokio::select! {
        biased;
        () = interruption.clone() => return Err(Interrupted),
        () = stop(&applications, plan, report) => {}
    }
    let outcomes = remove::execute(&engine, plan, interruption.clone()).await;
    let gone: Vec<&Removal> = plan
        .stacks
        .iter()
        .zip(&outcomes)
        .filter_map(|(stack, outcome)| matches!(outcome, Outcome::Gone(_)).then_some(stack))
        .collect();
    // What is still there may yet need its code.
    let share = match &plan.shared {
        Some(shared) if gone.len() == plan.stacks.len() => {
            let step = report.step(format_args!("{}/{}", shared.bucket, shared.prefix));
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

/// It was interrupted before any stack was touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted: no stack was touched")]
pub struct Interrupted;

impl Explain for Interrupted {
    fn hint(&self) -> Option<String> {
        Some("run the same command again to go on".to_owned())
    }
}

/// Stops the applications that go, each with a snapshot from which it could go on if its stack stayed.
/// What cannot be stopped is deleted as it runs: the stream still has what it did not write.
async fn stop(applications: &Applications<'_>, plan: &DestroyPlan, report: &Report) {
    let going = plan.stacks.iter().flat_map(|stack| &stack.delete);
    for application in
        going.filter(|resource| resource.kind == APPLICATION && !resource.physical_id.is_empty())
    {
        if let Err(error) = applications.stop(&application.physical_id).await {
            report.warn(format_args!("{error}; it is deleted as it is"));
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
