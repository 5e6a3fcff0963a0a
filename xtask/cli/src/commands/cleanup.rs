//! `cleanup`.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use clap::Args;
use futures::FutureExt as _;
use stacks::environment::{OnDelete, Target, name};

use super::Outcome;
use super::deploy::interrupted;
use crate::Global;
use crate::github::Run;
use crate::lifetime;
use crate::question::Question;
use crate::report::{Report, text};
use engine::cleanup::artifacts::Rule;
use engine::cleanup::expired::{Expired, expired};
use engine::cleanup::findings::{Deed, Failed, Findings, Swept};
use engine::cleanup::scope::Scope;
use engine::cleanup::sweep::sweep;
use engine::cleanup::{find, live};
use engine::consent::{Declined, Doing, Guard, Said};
use engine::destroy::plan::{DestroyPlan, Retained};
use engine::destroy::receipt::Receipt;
use engine::destroy::teardown::{self, Interruption};
use local_target::flink::Machine;
use session::Endpoints;
use session::{Exit, Failure, Project, Session, causes};

/// Remove what no stack owns any more: stale artifacts, orphaned log groups, expired environments
///
/// Shows everything before it removes anything. Of an environment that has instances, all instances are
/// looked at unless one is named. What keeps its data when it is destroyed never goes. Change sets that
/// nobody executed go after 30 days.
///
/// A step of GitHub Actions with `--expired --dry-run` has the output `expired`: the ids of the instances that
/// would go, as a list in JSON such as `["12","13"]`.
#[derive(Debug, Args)]
pub struct Cleanup {
    /// Also destroy environments that have expired: the one of `--env`, or its instances.
    #[arg(long)]
    expired: bool,
    /// Show what would go, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// How many of the latest of each archive and template stay, though no stack uses them.
    #[arg(long, value_name = "N", default_value_t = 0)]
    keep: usize,
    /// What is newer stays: a deployment under way may need it.
    #[arg(long, value_name = "AGE", default_value = "1d", value_parser = lifetime::age)]
    older_than: Duration,
    /// Change sets that are newer stay: a plan may wait that long for an approval.
    #[arg(long, value_name = "AGE", default_value = "30d", value_parser = lifetime::age)]
    change_sets_older_than: Duration,
}

/// An environment that goes, and what that means.
struct Going {
    session: Session,
    plan: DestroyPlan,
}

impl Cleanup {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let project = Project::locate();
        let named = global.environment();
        let (model, environment) = project.load_sample(&named, &global.set)?;
        let scope = Scope::of(&named, &environment.name);
        let target = environment.target;
        let endpoints = local_target::running(&global.location(&project)).filter(|_| target == Target::Local);
        if target == Target::Local && endpoints.is_none() {
            // A target that does not run has nothing.
            let found = Findings { scope: scope.to_string(), ..Findings::default() };
            let nothing = Swept { deed: Deed::Shown, found, receipts: Vec::new(), failed: Vec::new() };
            return self.show(&nothing, report);
        }
        let session = Session::open(model, environment, endpoints.clone()).await?;
        let live = live::read(&session.cloudformation(), &scope).await?;
        let mut expired = if self.expired { expired(&live, lifetime::today()) } else { Vec::new() };
        let (going, mut failed) = plan(&project, global, endpoints.as_ref(), &mut expired, report).await;
        let mut found = self.look(&session, &scope, &going).await?;
        found.expired = expired;
        if self.dry_run || found.is_empty() {
            let swept = Swept { deed: Deed::Shown, found, receipts: Vec::new(), failed };
            return self.show(&swept, report);
        }
        confirm(&found, &going, target, global, report)?;

        // A person took their time: what somebody uses now is not swept.
        let mut found = self.look(&session, &scope, &going).await?.still(&found);
        let interruption = interrupted().boxed().shared();
        tokio::select! {
            biased;
            () = interruption.clone() => failed.push(not_touched(&found.scope)),
            swept = sweep(&session, &found, report) => failed.extend(swept),
        }
        let environments: Vec<String> = going.into_iter().map(|going| going.plan.environment).collect();
        let context = Context { project: &project, global, endpoints: endpoints.as_ref(), report };
        let (receipts, more) = context.destroy_all(&environments, &mut found.expired, &interruption).await;
        failed.extend(more);
        conclude(&Swept { deed: Deed::Removed, found, receipts, failed }, report)
    }

    /// What no stack owns now, but what goes with its environment.
    async fn look(
        &self,
        session: &Session,
        scope: &Scope,
        going: &[Going],
    ) -> Result<Findings, engine::destroy::find::FindError> {
        let rule = Rule {
            before: before(self.older_than),
            keep: self.keep,
            change_sets_before: before(self.change_sets_older_than),
        };
        let expiring: BTreeSet<&str> = going.iter().map(|going| going.plan.environment.as_str()).collect();
        let live = live::read(&session.cloudformation(), scope).await?;
        find::find(session, scope, &live, &expiring, rule).await
    }

    /// Shows what would go, to the steps that follow in a run of GitHub Actions too.
    fn show(&self, swept: &Swept, report: &Report) -> Outcome {
        if let Some(run) = Run::current().filter(|_| self.expired && self.dry_run) {
            let instances: Vec<&str> =
                swept.found.going().filter_map(|going| name::split(&going.environment).1).collect();
            let list = serde_json::json!(instances).to_string();
            run.output("expired", &list).context("the output of this step cannot be written")?;
        }
        conclude(swept, report)
    }
}

/// The moment before which something is of this age, in seconds since 1970.
fn before(age: Duration) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.saturating_sub(age).as_secs()).unwrap_or_default()
}

/// What was interrupted before it began.
fn not_touched(what: &str) -> Failed {
    Failed { what: what.to_owned(), why: "interrupted: not touched".to_owned() }
}

/// What every destruction needs.
struct Context<'a> {
    project: &'a Project,
    global: &'a Global,
    endpoints: Option<&'a Endpoints>,
    report: &'a Report,
}

impl Context<'_> {
    /// Destroys these environments, one after the other, until a person interrupts. Each is looked at and
    /// planned again before: one that somebody deploys meanwhile stays.
    async fn destroy_all(
        &self,
        environments: &[String],
        expired: &mut [Expired],
        interruption: &Interruption,
    ) -> (Vec<Receipt>, Vec<Failed>) {
        let (mut receipts, mut failed) = (Vec::new(), Vec::new());
        for environment in environments {
            let planned = tokio::select! {
                biased;
                () = interruption.clone() => {
                    failed.push(not_touched(environment));
                    continue;
                }
                planned = plan_one(self.project, self.global, self.endpoints, environment, self.report) => planned,
            };
            let ended = match planned {
                Ok(Ok(going)) => {
                    self.destroy(&going, interruption).await.map(|receipt| receipts.push(receipt))
                }
                Ok(Err(kept)) => {
                    if let Some(one) = expired.iter_mut().find(|one| one.environment == *environment) {
                        one.kept = Some(kept);
                    }
                    Ok(())
                }
                Err(failure) => Err(failure),
            };
            if let Err(failure) = ended {
                failed.push(Failed { what: environment.clone(), why: causes(failure.error.as_ref()) });
            }
        }
        (receipts, failed)
    }

    async fn destroy(&self, going: &Going, interruption: &Interruption) -> Result<Receipt, Failure> {
        let Going { session, plan } = going;
        let machine = Machine::of(self.project, &self.global.location(self.project), session);
        Ok(teardown::execute(session, machine, plan, self.report, interruption, None).await?)
    }
}

fn conclude(swept: &Swept, report: &Report) -> Outcome {
    report.print(swept);
    if swept.is_clean() {
        return Ok(Exit::Done);
    }
    let stack_failed = swept.receipts.iter().any(|receipt| receipt.failures() > 0);
    let exit = if stack_failed { Exit::StackFailed } else { Exit::Unexpected };
    Err(Failure::new(exit, "something was not removed")
        .hint("run the same command again: it goes on with what is left"))
}

/// The plans of the expired environments that go, and what cannot be planned, which holds no other. Why one
/// stays is told in `expired`.
async fn plan(
    project: &Project,
    global: &Global,
    endpoints: Option<&Endpoints>,
    expired: &mut [Expired],
    report: &Report,
) -> (Vec<Going>, Vec<Failed>) {
    let (mut going, mut failed) = (Vec::new(), Vec::new());
    for one in expired {
        match plan_one(project, global, endpoints, &one.environment, report).await {
            Ok(Ok(plan)) => going.push(plan),
            Ok(Err(kept)) => one.kept = Some(kept),
            Err(failure) => {
                one.kept = Some("it cannot be planned".to_owned());
                failed.push(Failed { what: one.environment.clone(), why: causes(failure.error.as_ref()) });
            }
        }
    }
    (going, failed)
}

/// The plan of an environment, or why it stays.
async fn plan_one(
    project: &Project,
    global: &Global,
    endpoints: Option<&Endpoints>,
    environment: &str,
    report: &Report,
) -> Result<Result<Going, String>, Failure> {
    let (model, environment) = project.load_named(environment, &global.set)?;
    if environment.on_delete == OnDelete::Retain {
        let file = environment.file_name();
        return Ok(Err(format!("it keeps its data: `on_delete = \"retain\"` in environments/{file}.toml")));
    }
    let session = Session::open(model, environment, endpoints.cloned()).await?;
    let name = session.environment.name.clone();
    let live = live::read(&session.cloudformation(), &Scope::One(name)).await?;
    if let Some(busy) = live.iter().find(|stack| stack.is_busy()) {
        return Ok(Err(format!("{} is in {}", busy.stack_name, busy.status)));
    }
    if !live.is_empty() && expired(&live, lifetime::today()).is_empty() {
        return Ok(Err("it was deployed again, and has not expired".to_owned()));
    }
    let Some(plan) = teardown::plan(&session, report).await? else {
        return Ok(Err("it is gone already".to_owned()));
    };
    if let Some(protected) = plan.stacks.iter().find(|stack| stack.protected) {
        return Ok(Err(format!("{} is protected against its deletion", protected.stack_name)));
    }
    if plan.stacks.iter().any(|stack| stack.retain.len() > stack.stays().count()) {
        return Ok(Err("the template of one of its stacks cannot be read".to_owned()));
    }
    if plan.stacks.iter().any(|stack| !stack.retain.iter().all(Retained::is_snapshot)) {
        return Ok(Err("its stacks were deployed with `on_delete = \"retain\"`".to_owned()));
    }
    Ok(Ok(Going { session, plan }))
}

/// Asks before AWS is changed. This machine is changed without asking.
fn confirm(
    found: &Findings,
    going: &[Going],
    target: Target,
    global: &Global,
    report: &Report,
) -> Result<(), Declined> {
    let mut page = text(found);
    page.extend(going.iter().map(|going| text(&going.plan)));
    report.note(page.trim_end());
    let question = Question {
        doing: Doing::CleanUp,
        guard: Guard::of(target, false),
        environment: &found.scope,
        asked: "Remove all of this?",
        typed: "",
    };
    let said = Said { confirm: None, yes: global.yes };
    question.settle(said, String::new, report).map(|_| ())
}

#[cfg(test)]
mod tests;
