//! `deploy`.

use std::collections::BTreeMap;

use clap::Args;
use stacks::environment::{Environment, Expiry, OnDelete, Target};
use stacks::{Inputs, Stack};
use telemetry::Model;

use super::Outcome;
use crate::artifacts::{self, Archive};
use crate::cli::Global;
use crate::deploy::application::{ApplicationError, Applications, Running};
use crate::deploy::consent::{Consent, Declined};
use crate::deploy::document::{Deployed, PlanDocument};
use crate::deploy::execute::{self, Engine, Outcomes, StackError};
use crate::deploy::plan::{Current, Plan};
use crate::deploy::{self, preflight, state};
use crate::failure::{Exit, Failure};
use crate::lifetime;
use crate::local::{self, flink::Machine};
use crate::project::Project;
use crate::report::{Document as _, Report};
use crate::target::Session;

/// Build, upload and deploy the environment, and say what came of it
///
/// Run it again at any time: what is as it shall be is left alone, and what was interrupted goes on.
#[derive(Debug, Args)]
pub struct Deploy {
    /// Deploy this stack and those that it needs only. May be given several times.
    #[arg(long = "stack", value_name = "STACK")]
    stacks: Vec<String>,
    /// When `cleanup --expired` may remove it: a day (UTC), or an age such as 3d, rounded up to a day.
    #[arg(long, value_name = "DAY|AGE", value_parser = lifetime::parse)]
    expires: Option<Expiry>,
    /// Agree to lose what this resource holds: `stack.LogicalId`. May be given several times.
    #[arg(long, value_name = "RESOURCE")]
    allow_data_loss: Vec<String>,
}

impl Deploy {
    pub async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let project = Project::locate();
        let (model, environment) = project.load_until(global, self.expires)?;
        let stacks = stacks::synthesize(&Inputs { model: &model, environment: &environment });
        let stacks = deploy::choose(stacks, &self.stacks)?;
        let consent = Consent::to(&self.allow_data_loss);

        // Neither waits for the other. A wrong account ends the build at once.
        let code = deploy::artifacts(&stacks);
        let built = artifacts::make(&project, &environment, &model, &code, report);
        let read = reach(&project, &model, &environment, &stacks, global, report);
        let (archives, (session, current)) = futures::try_join!(built, read)?;

        let engine = Engine::new(&session, &consent, report);
        let plan = plan(&engine, &environment, &stacks, &archives, &current).await?;
        consent.require(&plan)?;
        confirm(&plan, &environment, global, report)?;
        let machine = Machine::of(&project, global, &session);
        let applications = Applications::new(&session, machine, report);
        applications.prepare(&plan).await?;
        let outcomes = execute::execute(&engine, &plan, interrupted()).await;
        let started = tokio::select! {
            started = applications.start_all(&plan, &outcomes) => started,
            () = interrupted() => return Err(detached()),
        };
        let concluded = conclude(&plan, &outcomes, started, report)?;
        super::dashboards::announce(&project, global, &session, report).await?;
        Ok(concluded)
    }
}

/// Connects, starting the local target when it does not run, and reads what is deployed.
async fn reach(
    project: &Project,
    model: &Model,
    environment: &Environment,
    stacks: &[Stack],
    global: &Global,
    report: &Report,
) -> Result<(Session, BTreeMap<String, Current>), Failure> {
    let endpoints = match (environment.target, local::running(project, global)) {
        (Target::Aws, _) => None,
        (Target::Local, Some(running)) => Some(running),
        (Target::Local, None) => Some(local::start(project, global, report).await?),
    };
    let session = Session::open(model.clone(), environment.clone(), endpoints).await?;
    let client = session.cloudformation();
    let names = stacks.iter().map(|stack| (stack.name.to_owned(), stack.stack_name.clone()));
    let open = async { preflight::timestream(&session, stacks).await.map_err(Failure::from) };
    let twin = async { preflight::twinmaker(&session, stacks).await.map_err(Failure::from) };
    let current = async { state::read(&client, names).await.map_err(Failure::from) };
    let prepared = async { preflight::bootstrapped(&session).await.map_err(Failure::from) };
    let ((), (), (), current) = futures::try_join!(prepared, open, twin, current)?;
    Ok((session, current))
}

async fn plan(
    engine: &Engine<'_>,
    environment: &Environment,
    stacks: &[Stack],
    archives: &BTreeMap<&'static str, Archive>,
    current: &BTreeMap<String, Current>,
) -> Result<Plan, Failure> {
    let desired = deploy::desired(environment, stacks, archives);
    let plan = deploy::plan::make(&desired, current).map_err(deploy::DeployError::from)?;
    deploy::settled_plan(engine, &desired, plan).await
}

/// Asks before AWS is changed. This machine is changed without asking.
fn confirm(plan: &Plan, environment: &Environment, global: &Global, report: &Report) -> Result<(), Declined> {
    if global.yes || plan.is_empty() || environment.target == Target::Local {
        return Ok(());
    }
    let name = environment.name.clone();
    if !report.interactive() {
        return Err(Declined::NobodyToAsk { what: "deploying to", environment: name });
    }
    let mut text = String::new();
    if PlanDocument::of(plan).text(&mut text).is_ok() {
        report.note(text.trim_end());
    }
    let agreed = match environment.on_delete {
        OnDelete::Retain => {
            report.ask(format_args!("Type {name} to deploy:")).as_deref() == Some(name.as_str())
        }
        OnDelete::Delete => {
            report.ask("Deploy? [y/N]").is_some_and(|answer| answer.eq_ignore_ascii_case("y"))
        }
    };
    if agreed { Ok(()) } else { Err(Declined::ByPerson) }
}

/// Completes when the person interrupts. When signals cannot be heard, it never does, and the signal
/// ends the process.
pub(super) async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// The person interrupted.
fn detached() -> Failure {
    Failure::new(Exit::Unexpected, "interrupted: what the services have begun goes on by itself")
        .hint("run the same command again: it waits for what is under way, then goes on")
}

fn conclude(
    plan: &Plan,
    outcomes: &Outcomes,
    started: Result<Vec<Running>, ApplicationError>,
    report: &Report,
) -> Outcome {
    let document = Deployed::of(plan, outcomes, &started);
    report.print(&document);
    if document.ok() {
        return Ok(Exit::Done);
    }
    let errors: Vec<&StackError> = outcomes
        .iter()
        .filter_map(|(_, outcome)| match outcome {
            execute::Outcome::Failed(error) => Some(error),
            _ => None,
        })
        .collect();
    if errors.is_empty() {
        return Err(started.err().map_or_else(detached, Failure::from));
    }
    if errors.iter().all(|error| matches!(error, StackError::Refused(_))) {
        return Err(Failure::new(Exit::Declined, "stacks were not changed, because data would be lost")
            .hint("`--allow-data-loss` with the names above agrees to it"));
    }
    let failed = errors.len();
    let noun = if failed == 1 { "stack" } else { "stacks" };
    Err(Failure::new(Exit::StackFailed, format_args!("{failed} {noun} failed"))
        .hint("once the cause is removed, deploy again: what succeeded is left alone"))
}
