//! `plan`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use stacks::environment::{Environment, Expiry, Target};
use stacks::{Inputs, Stack};
use telemetry::Model;

use super::deploy::{interrupted, prepared, tell_of_others, way};
use super::{Outcome, duration};
use crate::Global;
use crate::lifetime;
use crate::pages::deploy::{Next, PlanDocument};
use crate::report::Report;
use artifacts;
use engine::consent::Consent;
use engine::deploy::engine::Engine;
use engine::deploy::options::Options;
use engine::deploy::plan::{Current, Desired, Plan as Planned};
use engine::deploy::preview::{Previews, Purpose};
use engine::deploy::saved::{self, SavedPlan};
use engine::deploy::{self, DeployError, Settling, state};
use session::{Exit, Failure, Project, Session};

/// Show what deploy would do, per stack and resource
///
/// Builds the functions, because whether one changed shows in its code, and asks CloudFormation with change
/// sets, which are discarded again. Changes nothing. With `--out`, the change sets wait for `deploy --plan`. Ends with
/// exit code 4 when a stack is in a state that takes a person: docs/recovery.md says of each what it takes.
#[derive(Debug, Args)]
pub struct Plan {
    /// Plan this stack and those that it needs only. May be given several times.
    #[arg(long = "stack", value_name = "STACK")]
    stacks: Vec<String>,
    /// Take the archives from this folder, which `build` wrote, instead of building them.
    #[arg(long, value_name = "DIR")]
    artifacts: Option<PathBuf>,
    /// When `cleanup --expired` may remove it: a day (UTC), or an age such as 3d, rounded up to a day.
    #[arg(long, value_name = "DAY|AGE", value_parser = lifetime::parse)]
    expires: Option<Expiry>,
    /// Save the plan, for `deploy --plan` to execute exactly that. What it replaces or deletes of what holds
    /// data still needs `--allow-data-loss` there.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// End with exit code 8 when there is something to do.
    #[arg(long)]
    exit_code: bool,
    /// With `--out`: how long the operations of others are waited for, for instance 10m [default: until they end].
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "out")]
    wait_limit: Option<Duration>,
}

impl Plan {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let project = Project::locate();
        let (model, environment) = global.load_until(&project, self.expires)?;
        let stacks = stacks::synthesize(&Inputs { model: &model, environment: &environment });
        let stacks = deploy::choose(stacks, &self.stacks)?;

        let code = deploy::artifacts(&stacks);
        let built =
            artifacts::provide(&project, &environment, &model, &code, self.artifacts.as_deref(), report);
        let read = self.reach(&project, &model, &environment, &stacks, global);
        let (archives, (session, current)) = futures::try_join!(built, read)?;

        let desired = deploy::desired(&environment, &stacks, &archives);
        let plan = deploy::plan::make(&desired, &current).map_err(DeployError::from)?;
        let options = Options {
            overrides: global.set.clone(),
            stacks: self.stacks.clone(),
            expires: self.expires.map(|day| day.to_string()),
            artifacts: self.artifacts.clone(),
        };
        let out = self.out.as_deref();
        let conclusion = Conclusion { out, options, environment: &environment, project: &project, report };
        let plan = match session {
            // A target that does not run has nothing that could be asked.
            None => {
                conclusion.reach(&plan, &current)?;
                plan
            }
            Some(session) => {
                if self.stacks.is_empty() {
                    tell_of_others(&session, &stacks, report).await;
                }
                let consent = Consent::default();
                let engine =
                    Engine { wait_limit: self.wait_limit, ..Engine::new(&session, &consent, report) };
                let (plan, current) = self.settled(&engine, &desired, plan, current).await?;
                conclusion.preview(&engine, plan, &current).await?
            }
        };
        self.ends(&plan)
    }

    /// How the command ends by what its plan says.
    fn ends(&self, plan: &Planned) -> Outcome {
        if let Some(blocked) = DeployError::blocked(plan) {
            return Err(blocked.into());
        }
        Ok(if self.exit_code && !plan.is_empty() { Exit::Changes } else { Exit::Done })
    }

    /// Connects, and reads what is deployed. Starts nothing.
    async fn reach(
        &self,
        project: &Project,
        model: &Model,
        environment: &Environment,
        stacks: &[Stack],
        global: &Global,
    ) -> Result<(Option<Session>, BTreeMap<String, Current>), Failure> {
        let endpoints = match (environment.target, local_target::running(&global.location(project))) {
            (Target::Aws, _) => None,
            (Target::Local, None) => return Ok((None, BTreeMap::new())),
            (Target::Local, running) => running,
        };
        let session = Session::open(model.clone(), environment.clone(), endpoints).await?;
        if self.out.is_some() {
            prepared(&session, stacks).await?;
        }
        let names = stacks.iter().map(|stack| (stack.name.to_owned(), stack.stack_name.clone()));
        let current = state::read(&session.cloudformation(), names).await?;
        Ok((Some(session), current))
    }

    /// A plan that is to be executed waits for what is under way, and what it saw is what it was made from.
    async fn settled(
        &self,
        engine: &Engine<'_>,
        desired: &Desired,
        plan: Planned,
        current: BTreeMap<String, Current>,
    ) -> Result<(Planned, BTreeMap<String, Current>), Failure> {
        if self.out.is_none() {
            return Ok((plan, current));
        }
        let settled = deploy::settled_plan(engine, desired, plan.clone(), Settling::Waits).await?;
        if settled == plan {
            return Ok((plan, current));
        }
        let names = desired.stacks.iter().map(|stack| (stack.name.clone(), stack.stack_name.clone()));
        let current = state::read(&engine.cloudformation, names).await?;
        let plan = deploy::plan::make(desired, &current).map_err(DeployError::from)?;
        Ok((plan, current))
    }
}

/// How a plan ends: saved or not, and printed.
struct Conclusion<'a> {
    out: Option<&'a Path>,
    options: Options,
    environment: &'a Environment,
    project: &'a Project,
    report: &'a Report,
}

impl Conclusion<'_> {
    /// Asks CloudFormation what it would do. The change sets stay only when they are saved.
    async fn preview(
        &self,
        engine: &Engine<'_>,
        mut plan: Planned,
        current: &BTreeMap<String, Current>,
    ) -> Result<Planned, Failure> {
        let purpose = if self.out.is_some() { Purpose::Keep } else { Purpose::Look };
        let previews = Previews::default();
        let made = tokio::select! {
            made = previews.add(engine, &mut plan, purpose) => made.map_err(Failure::from),
            () = interrupted() => Err(Failure::new(Exit::Unexpected, "interrupted: nothing was changed")),
        };
        // Its change sets wait for nobody once another plan has its place.
        let older = self.out.and_then(|path| SavedPlan::read(path).ok());
        let older = older.filter(|older| older.fits(self.environment).is_ok());
        let concluded = made.and_then(|()| self.reach(&plan, current));
        if purpose == Purpose::Look || concluded.is_err() {
            previews.discard(engine).await;
        } else if let Some(older) = older {
            Previews::of(&older).discard(engine).await;
        }
        concluded.map(|()| plan)
    }

    /// Saves the plan, where it is to be saved, and prints it.
    fn reach(&self, plan: &Planned, current: &BTreeMap<String, Current>) -> Result<(), Failure> {
        let Self { options, environment, project, report, .. } = self;
        let Some(path) = self.out else {
            let way = way(deploy::plan::on_delete(environment, current));
            report.print(&PlanDocument::of(plan).next(&way, options));
            return Ok(());
        };
        let commit = saved::commit(project.root());
        SavedPlan::new(plan.clone(), current, options, commit, environment.shared_bucket()).write(path)?;
        report.print(&PlanDocument::of(plan).next(&Next::Saved(path.to_owned()), options));
        report.note(format_args!("The plan is saved in {}", path.display()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use engine::deploy::plan::{Action, StackPlan};

    use super::*;

    fn command(exit_code: bool) -> Plan {
        Plan { stacks: Vec::new(), artifacts: None, expires: None, out: None, exit_code, wait_limit: None }
    }

    fn planned(action: Action, status: Option<&str>) -> Planned {
        let stack: StackPlan = serde_json::from_value(serde_json::json!({
            "name": "store", "stack_name": "sluice-dev-store", "stack_id": null, "status": status, "action": action,
            "after": [], "resources": [], "parameters": {}, "outputs": {}, "tags": {}, "template": "{}",
        }))
        .expect("a plan");
        let (environment, region) = ("dev".to_owned(), "eu-central-1".to_owned());
        Planned { environment, region, account: "111122223333".to_owned(), stacks: vec![stack] }
    }

    #[test]
    fn a_plan_ends_by_what_it_says() {
        for (action, status, without, with) in [
            (Action::None, Some("CREATE_COMPLETE"), Exit::Done, Exit::Done),
            (Action::Create, None, Exit::Done, Exit::Changes),
            (Action::Update, Some("CREATE_COMPLETE"), Exit::Done, Exit::Changes),
            (Action::Wait, Some("UPDATE_IN_PROGRESS"), Exit::Done, Exit::Changes),
            (Action::RollBack, Some("UPDATE_ROLLBACK_FAILED"), Exit::Done, Exit::Changes),
            (Action::Blocked, Some("DELETE_FAILED"), Exit::StackFailed, Exit::StackFailed),
        ] {
            let plan = planned(action, status);
            let ends = |exit_code| command(exit_code).ends(&plan).unwrap_or_else(|failure| failure.exit);
            assert_eq!((ends(false), ends(true)), (without, with), "{action:?}");
        }
        let blocked = command(false).ends(&planned(Action::Blocked, Some("DELETE_FAILED")));
        let hint = blocked.err().and_then(|failure| failure.hint).unwrap_or_default();
        assert!(hint.starts_with("`cargo xtask destroy --env dev --stack store`"), "{hint}");
    }
}
