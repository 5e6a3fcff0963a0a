//! `destroy`.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use stacks::environment::{OnDelete, Target};
use stacks::{Inputs, STACKS};

use super::Outcome;
use super::deploy::interrupted;
use crate::cli::Global;
use crate::deploy::application::{APPLICATION, Applications};
use crate::deploy::consent::{Consent, Declined};
use crate::deploy::execute::Engine;
use crate::destroy::plan::{self, DestroyPlan};
use crate::destroy::receipt::Receipt;
use crate::destroy::workspace::Extra;
use crate::destroy::{find, remove};
use crate::failure::{Exit, Failure};
use crate::local::{self, flink::Machine};
use crate::project::Project;
use crate::report::{Document as _, Report};
use crate::target::Session;
use crate::twin::Workspace;

/// Tear the environment down, with a receipt of what is gone and what was kept
#[derive(Debug, Args)]
pub struct Destroy {
    /// Show what would go and what would stay, and change nothing.
    #[arg(long)]
    plan: bool,
}

impl Destroy {
    pub async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let project = Project::locate();
        let (model, environment) = project.load(global)?;
        let is_local = environment.target == Target::Local;
        let endpoints = if is_local { local::running(&project, global) } else { None };
        if is_local && endpoints.is_none() {
            return self.without_services(&project, global, report).await;
        }
        let session = Session::open(model, environment, endpoints).await?;

        let found = find::stacks(&session.cloudformation(), &session.environment).await?;
        for stranger in &found.strangers {
            report.warn(format_args!("{stranger} does not carry the environment's tag and is left alone"));
        }
        if found.ours.is_empty() && !is_local {
            return Err(absent(&session.environment.name));
        }
        let mut plan = plan::make(&session.environment.name, &found.ours, &needs(&session))
            .map_err(anyhow::Error::from)?;
        for stack in plan.stacks.iter_mut().filter(|stack| stack.has_workspace()) {
            stack.extra = Extra::of(&Workspace::named(&session), stack).await?;
        }
        if self.plan {
            report.print(&plan);
            return Ok(Exit::Done);
        }
        confirm(&plan, &session, global, report)?;

        let consent = Consent::default();
        let engine = Engine::new(&session, &consent, report);
        let applications = Applications::new(&session, Machine::of(&project, global, &session), report);
        tokio::select! {
            () = stop(&applications, &plan, report) => {}
            () = interrupted() => {
                return Err(Failure::new(Exit::Unexpected, "interrupted: no stack was touched")
                    .hint("run the same command again to go on"));
            }
        }
        let outcomes = remove::execute(&engine, &plan, interrupted()).await;
        let mut receipt = Receipt::of(&plan, &outcomes, find::left(&session, &plan).await?);
        if is_local && receipt.is_clean() {
            receipt.stopped(local::stop(&project, global, report).await?);
        }
        report.print(&receipt);
        conclude(&receipt)
    }

    /// The local target does not run, so nothing is deployed to it; of a part of it that still does, nothing is left
    /// afterwards.
    async fn without_services(&self, project: &Project, global: &Global, report: &Report) -> Outcome {
        let stopped = if self.plan { Vec::new() } else { local::stop(project, global, report).await? };
        if stopped.is_empty() {
            return Err(absent(&global.environment()));
        }
        let empty = DestroyPlan { environment: global.environment(), stacks: Vec::new() };
        let mut receipt = Receipt::of(&empty, &[], find::Leftover::default());
        receipt.stopped(stopped);
        report.print(&receipt);
        Ok(Exit::Done)
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

/// Asks before AWS is changed. This machine is changed without asking.
fn confirm(plan: &DestroyPlan, session: &Session, global: &Global, report: &Report) -> Result<(), Declined> {
    let environment = &session.environment;
    if global.yes || environment.target == Target::Local {
        return Ok(());
    }
    let name = environment.name.clone();
    if !report.interactive() {
        return Err(Declined::NobodyToAsk { what: "destroying", environment: name });
    }
    let mut text = String::new();
    if plan.text(&mut text).is_ok() {
        report.note(text.trim_end());
    }
    let agreed = match environment.on_delete {
        OnDelete::Retain => {
            report.ask(format_args!("Type {name} to destroy it:")).as_deref() == Some(name.as_str())
        }
        OnDelete::Delete => {
            report.ask("Destroy? [y/N]").is_some_and(|answer| answer.eq_ignore_ascii_case("y"))
        }
    };
    if agreed { Ok(()) } else { Err(Declined::ByPerson) }
}

fn absent(environment: &str) -> Failure {
    Failure::new(Exit::NoEnvironment, format_args!("environment {environment} does not exist"))
        .hint(format!("`cargo xtask deploy --env {environment}` creates it"))
}

fn conclude(receipt: &Receipt) -> Outcome {
    match receipt.failures() {
        0 if receipt.is_clean() => Ok(Exit::Done),
        0 => Err(Failure::new(Exit::Unexpected, "something is left that no stack owned")
            .hint("the receipt names it; delete it by hand, or run the same command again")),
        failed => Err(Failure::new(Exit::StackFailed, format_args!("{failed} stacks are still there"))
            .hint("run the same command again: it goes on with what is left")),
    }
}
