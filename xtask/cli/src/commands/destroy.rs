//! `destroy`.

use std::fmt;
use std::time::Duration;

use clap::Args;
use futures::FutureExt as _;
use serde::Serialize;
use stacks::environment::Target;

use super::deploy::interrupted;
use super::{Outcome, duration};
use crate::Global;
use crate::question::Question;
use crate::report::{Document, Report, many, text};
use engine::consent::{Declined, Doing, Guard, Said};
use engine::deploy::options::selection;
use engine::destroy::plan::DestroyPlan;
use engine::destroy::proof::Proof;
use engine::destroy::receipt::Receipt;
use engine::destroy::{find, teardown};
use local_target::flink::Machine;
use session::{Exit, Failure, Project, Session};

/// Tear the environment down, with a receipt of what is gone and what was kept
///
/// An environment that keeps its data goes only when its name is typed, or given with `--confirm`.
#[derive(Debug, Args)]
pub struct Destroy {
    /// Show what would go and what would stay, and change nothing.
    #[arg(long)]
    plan: bool,
    /// End well, too, when there is nothing to destroy.
    #[arg(long)]
    missing_ok: bool,
    /// The environment's name, typed in advance.
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
    /// Destroy this stack and those that need it only. May be given several times.
    #[arg(long = "stack", value_name = "STACK")]
    stacks: Vec<String>,
    /// Leave this resource behind if it cannot be deleted: `stack.LogicalId`. May be given several times.
    #[arg(long, value_name = "RESOURCE")]
    abandon: Vec<String>,
    /// If all else fails, have CloudFormation delete the stacks whatever stays behind. The receipt lists it.
    #[arg(long)]
    force: bool,
    /// How long the operations of others are waited for, for instance 10m [default: until they end].
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    wait_limit: Option<Duration>,
}

impl Destroy {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let project = Project::locate();
        let (model, environment) = global.load(&project)?;
        let is_local = environment.target == Target::Local;
        let endpoints = if is_local { local_target::running(&global.location(&project)) } else { None };
        if is_local && endpoints.is_none() {
            return self.without_services(&project, global, report).await;
        }
        let session = Session::open(model, environment, endpoints).await?;
        let name = session.environment.name.clone();
        let plan = match teardown::plan(&session, report).await? {
            Some(plan) => plan.only(&self.stacks)?.abandoning(&self.abandon, self.force)?,
            // The processes of a target that has nothing are there all the same.
            None if is_local => DestroyPlan::empty(&name),
            None => return self.absent(&name, report),
        };
        if self.plan {
            report.print(&plan);
            return Ok(Exit::Done);
        }
        plan.unprotected()?;
        plan.uninhabited()?;
        self.confirm(&plan, &session, global, report)?;

        let machine = Machine::of(&project, &global.location(&project), &session);
        let interruption = interrupted().boxed().shared();
        let mut receipt =
            teardown::execute(&session, machine, &plan, report, &interruption, self.wait_limit).await?;
        if is_local && receipt.is_clean() && plan.staying.is_empty() {
            let others = find::environments(&session.cloudformation()).await?;
            if others.is_empty() {
                receipt.stopped(local_target::stop(&global.location(&project), report).await?);
            } else {
                let others = others.into_iter().collect::<Vec<_>>().join(", ");
                report.note(format_args!("The local target goes on running for {others}"));
            }
        }
        report.print(&receipt);
        conclude(&receipt)
    }

    /// The local target does not run, so nothing is deployed to it; of a part of it that still does, nothing is left
    /// afterwards.
    async fn without_services(&self, project: &Project, global: &Global, report: &Report) -> Outcome {
        let environment = global.environment();
        let stopped = if self.plan {
            Vec::new()
        } else {
            local_target::stop(&global.location(project), report).await?
        };
        if stopped.is_empty() {
            return self.absent(&environment, report);
        }
        let empty = DestroyPlan::empty(&environment);
        let mut receipt = Receipt::of(&empty, &[], Proof::default());
        receipt.stopped(stopped);
        report.print(&receipt);
        Ok(Exit::Done)
    }

    fn absent(&self, environment: &str, report: &Report) -> Outcome {
        if self.missing_ok {
            report.print(&Absent { environment, absent: true });
            return Ok(Exit::Done);
        }
        Err(Failure::new(Exit::NoEnvironment, format_args!("environment {environment} does not exist"))
            .hint(format!("`cargo xtask deploy{}` creates it", selection(environment))))
    }

    /// Asks before anything is lost that it takes an answer for.
    fn confirm(
        &self,
        plan: &DestroyPlan,
        session: &Session,
        global: &Global,
        report: &Report,
    ) -> Result<(), Declined> {
        let question = Question {
            doing: Doing::Destroy,
            guard: Guard::destroying(&session.environment, plan),
            environment: &session.environment.name,
            asked: "Destroy?",
            typed: "to destroy it",
        };
        let said = Said { confirm: self.confirm.as_deref(), yes: global.yes };
        question.settle(said, || text(plan), report).map(|_| ())
    }
}

/// Nothing of the environment is there.
#[derive(Debug, Serialize)]
struct Absent<'a> {
    environment: &'a str,
    absent: bool,
}

impl Document for Absent<'_> {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "{}: nothing to destroy", self.environment)
    }

    fn markdown(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(
            out,
            "### `{}`: nothing to destroy\n\nNo stack and no code of it is there.",
            self.environment
        )
    }
}

/// How the command ends, by its receipt.
pub(super) fn conclude(receipt: &Receipt) -> Outcome {
    match (receipt.failures(), receipt.full()) {
        (0, _) if receipt.is_clean() => Ok(Exit::Done),
        (0, Some(full)) => {
            Err(Failure::new(Exit::Unexpected, format_args!("all stacks are gone, and {full} is not empty"))
                .hint("run the same command again: it goes on with what is left"))
        }
        (0, None) => Err(Failure::new(Exit::Unexpected, "it is not proven that nothing is left")
            .hint("the receipt names what is there, and who did not answer; delete it by hand, or run the same command again")),
        _ if receipt.is_unwatched() => {
            Err(Failure::new(Exit::Unwatched, "what was begun goes on, and is not watched")
                .hint("run the same command again, after a new login if it takes one: it attaches to what goes on"))
        }
        (failed, _) => {
            let again = "run the same command again: it goes on with what is left";
            let stuck = receipt.failed.iter().flat_map(|failed| &failed.stuck);
            let abandon = stuck.fold(String::new(), |named, resource| named + " --abandon " + resource);
            let hint = if abandon.is_empty() {
                again.to_owned()
            } else {
                format!("{again}; with{abandon} what cannot be deleted is left behind")
            };
            let stacks = many(failed, "stack is", "stacks are");
            Err(Failure::new(Exit::StackFailed, format_args!("{stacks} still there")).hint(hint))
        }
    }
}
