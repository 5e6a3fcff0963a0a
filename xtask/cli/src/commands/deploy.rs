//! `deploy`.

mod ends;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use stacks::environment::{Environment, Expiry, OnDelete, Target, name};
use stacks::{Inputs, Stack};
use telemetry::Model;

use self::ends::{cancelled, conclude, detached};
use super::{Outcome, duration};
use crate::Global;
use crate::lifetime;
use crate::pages::deploy::{Next, PlanDocument, Refused, Way};
use crate::question::{Agreed, Question};
use crate::report::{Report, text};

use engine::consent::{Consent, Declined, Doing, Guard, Said};
use engine::deploy::application::Applications;
use engine::deploy::engine::{Binding, Engine};
use engine::deploy::execute;
use engine::deploy::moved::{self, Refusal};
use engine::deploy::options::{Options, selection};
use engine::deploy::plan::{Current, Plan, StackPlan};
use engine::deploy::preview::{Previews, Purpose};
use engine::deploy::saved::{SavedPlan, SavedPlanError};
use engine::deploy::storage::STORAGE;
use engine::deploy::{self, delivery, preflight, rollback, state};
use engine::destroy::find;
use local_target::flink::Machine;
use session::{Exit, Failure, Project, Session};

/// Build, upload and deploy the environment, and say what came of it
///
/// Run it again at any time: what is up to date is left alone, and what was interrupted goes on.
///
/// An environment that keeps its data (`on_delete = "retain"`) is deployed with a saved plan, or with its name
/// typed at a terminal; `--yes` alone is not enough.
#[derive(Debug, Args)]
pub struct Deploy {
    /// Execute exactly this plan, which `plan --out` saved, or nothing: builds nothing, and refuses when
    /// anything moved since. The environment is that of the plan.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["stacks", "expires"])]
    plan: Option<PathBuf>,
    /// Deploy this stack and those that it needs only. May be given several times.
    #[arg(long = "stack", value_name = "STACK")]
    stacks: Vec<String>,
    /// When `cleanup --expired` may remove it: a day (UTC), or an age such as 3d, rounded up to a day.
    #[arg(long, value_name = "DAY|AGE", value_parser = lifetime::parse)]
    expires: Option<Expiry>,
    /// Agree to lose what this resource holds: `stack.LogicalId`. May be given several times. A saved plan
    /// needs it too: who looks at a plan and who executes it may be different people.
    #[arg(long, value_name = "RESOURCE")]
    allow_data_loss: Vec<String>,
    /// Take the archives from this folder, which `build` wrote, instead of building them.
    #[arg(long, value_name = "DIR")]
    artifacts: Option<PathBuf>,
    /// How long the operations of others are waited for, for instance 10m [default: until they end].
    #[arg(long, value_name = "DURATION", value_parser = duration, conflicts_with = "plan")]
    wait_limit: Option<Duration>,
}

impl Deploy {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let project = Project::locate();
        let consent = Consent::to(&self.allow_data_loss);
        if let Some(path) = &self.plan {
            let built = self.artifacts.as_deref();
            return Box::pin(execute_saved(path, built, &project, &consent, global, report)).await;
        }
        let (model, environment) = global.load_until(&project, self.expires)?;
        let stacks = stacks::synthesize(&Inputs { model: &model, environment: &environment });
        let stacks = deploy::choose(stacks, &self.stacks)?;

        // Neither waits for the other. A wrong account ends the build at once.
        let code = deploy::artifacts(&stacks);
        let built =
            artifacts::provide(&project, &environment, &model, &code, self.artifacts.as_deref(), report);
        let read = reach(&project, &model, &environment, &stacks, global, report);
        let (archives, (session, current)) = futures::try_join!(built, read)?;

        let engine = Engine { wait_limit: self.wait_limit, ..Engine::new(&session, &consent, report) };
        if self.stacks.is_empty() {
            tell_of_others(&session, &stacks, report).await;
        }
        let on_delete = deploy::plan::on_delete(&environment, &current);
        let desired = deploy::desired(&environment, &stacks, &archives);
        let plan = deploy::plan::make(&desired, &current).map_err(deploy::DeployError::from)?;
        let keeps = on_delete == OnDelete::Retain;
        let agree = |failed: &[&StackPlan]| {
            let failed = failed
                .iter()
                .map(|stack| (stack.stack_name.as_str(), stack.status.as_deref().unwrap_or_default()));
            super::rollback::agree(&environment, keeps, failed, global.yes, report)?;
            Ok(true)
        };
        let mut plan = deploy::agreed_plan(&engine, &desired, plan, agree).await?;
        let options = self.options(global);
        agreed(&plan, &consent, &way(on_delete), &options, report)?;
        let asking = Asking { on_delete, looked: Looked::Never, options: &options };
        let again = Way { binding: Binding::Loose, options: &options };
        if asking.guard(&plan, &environment, global) == Guard::Nothing || global.yes || !report.interactive()
        {
            confirm(&plan, &environment, &asking, global, report)?;
            return carry_out(&engine, &plan, again, &project, &session, global, report).await;
        }
        // A person is asked about what CloudFormation says, and that is what is executed.
        let previews = Previews::default();
        let shown = async {
            tokio::select! {
                made = previews.add(&engine, &mut plan, Purpose::Keep) => made.map_err(Failure::from)?,
                () = interrupted() => return Err(Failure::new(Exit::Unexpected, "interrupted: nothing was changed")),
            }
            agreed(&plan, &consent, &way(on_delete), &options, report)?;
            confirm(&plan, &environment, &asking, global, report)?;
            Ok(())
        };
        if let Err(declined) = shown.await {
            previews.discard(&engine).await;
            return Err(declined);
        }
        let engine = engine.bound();
        // The plan is bound to what was shown; the command is not, and plans again.
        let done = carry_out(&engine, &plan, again, &project, &session, global, report).await;
        if done.as_ref().is_err_and(|failure| failure.exit != Exit::Unwatched) {
            previews.discard(&engine).await;
        }
        done
    }

    fn options(&self, global: &Global) -> Options {
        Options {
            overrides: global.set.clone(),
            stacks: self.stacks.clone(),
            expires: self.expires.map(|day| day.to_string()),
            artifacts: self.artifacts.clone(),
        }
    }
}

/// Executes a saved plan, if everything is as it saw it.
async fn execute_saved(
    path: &Path,
    built: Option<&Path>,
    project: &Project,
    consent: &Consent,
    global: &Global,
    report: &Report,
) -> Outcome {
    let mut saved = SavedPlan::read(path)?;
    saved.options.artifacts = built.map(Path::to_path_buf);
    if !global.set.is_empty() {
        return Err(Failure::new(Exit::Configuration, "`--set` changes nothing of a plan that is saved")
            .hint("give it to `plan --out`, which saves it with the plan"));
    }
    let here = global.environment();
    let (_, instance) = name::split(&saved.environment);
    let other_instance = global.instance.is_some() && global.instance.as_deref() != instance;
    if (global.env_named && here != saved.environment) || other_instance {
        let planned = saved.environment;
        return Err(SavedPlanError::Elsewhere { what: "environment", planned, here }.into());
    }
    let (model, environment) = project.load_named(&saved.environment, &saved.options.overrides)?;
    saved.fits(&environment)?;
    let endpoints = match (environment.target, local_target::running(&global.location(project))) {
        (Target::Aws, _) => None,
        (Target::Local, running)
            if running.is_some() || saved.stacks.iter().all(|stack| stack.seen.is_none()) =>
        {
            Some(local_target::start(project, &global.location(project), &environment, report).await?)
        }
        (Target::Local, _) => {
            let gone = moved::moved(&saved, &BTreeMap::new(), &BTreeMap::new());
            return Err(refused(&saved, gone, report));
        }
    };
    let mut stacks = stacks::synthesize(&Inputs { model: &model, environment: &environment });
    // What the checkout has otherwise says nothing of the plan.
    stacks.retain(|stack| {
        let template = stack.template.to_json();
        saved.stacks.iter().any(|saved| saved.plan.name == stack.name && saved.plan.template == template)
    });
    let session = Session::open(model, environment, endpoints).await?;
    prepared(&session, &stacks).await?;
    let current = still(&session, &saved, report).await?;
    let on_delete = deploy::plan::on_delete(&session.environment, &current);

    let storage = saved.stacks.iter().find(|stack| stack.plan.name == STORAGE.0);
    let own = storage.and_then(|stack| stack.seen.as_ref()?.outputs.get(STORAGE.1)).cloned();
    let bucket = session.environment.shared_bucket().or(own);
    let folders = artifacts::places(project, built, &saved.environment)?;
    let files = delivery::find(&saved, &session.s3(), bucket.as_deref(), &folders).await?;
    let plan = saved.plan(&files);
    agreed(&plan, consent, &Next::Saved(path.to_owned()), &saved.options, report)?;
    let asking = Asking { on_delete, looked: Looked::AtPlan, options: &saved.options };
    if confirm(&plan, &session.environment, &asking, global, report)? == Agreed::Person {
        // Looking takes time.
        still(&session, &saved, report).await?;
    }
    let engine = Engine::new(&session, consent, report).bound();
    let way = Way { binding: engine.binding, options: &saved.options };
    carry_out(&engine, &plan, way, project, &session, global, report).await
}

/// Makes sure that everything is as a plan saw it, and gives what is there.
async fn still(
    session: &Session,
    saved: &SavedPlan,
    report: &Report,
) -> Result<BTreeMap<String, Current>, Failure> {
    let (current, moved) = deploy::moved_since(&session.cloudformation(), saved).await?;
    if moved.is_empty() { Ok(current) } else { Err(refused(saved, moved, report)) }
}

/// Tells what moved.
fn refused(saved: &SavedPlan, moved: Vec<moved::Moved>, report: &Report) -> Failure {
    let SavedPlan { environment, made, options, .. } = saved.clone();
    let refusal = Refusal { environment, made, options, moved };
    let document = Refused::moved(&refusal);
    report.print(&document);
    Failure::new(Exit::Declined, document.message())
}

/// Makes sure that a person agreed to every loss. `next` is how the plan is carried out.
fn agreed(
    plan: &Plan,
    consent: &Consent,
    next: &Next,
    options: &Options,
    report: &Report,
) -> Result<(), Failure> {
    match consent.require(plan) {
        Err(Declined::Losses(losses)) => {
            let document = Refused::losses(plan, &losses, next, options);
            report.print(&document);
            Err(Failure::new(Exit::Declined, document.message()))
        }
        agreed => Ok(agreed?),
    }
}

/// Executes a plan that somebody agreed to, and everything that a deployment does after it.
async fn carry_out(
    engine: &Engine<'_>,
    plan: &Plan,
    way: Way<'_>,
    project: &Project,
    session: &Session,
    global: &Global,
    report: &Report,
) -> Outcome {
    let machine = Machine::of(project, &global.location(project), session);
    let applications = Applications::new(session, machine, report);
    applications.prepare(plan).await?;
    let outcomes = execute::execute(engine, plan, interrupted()).await;
    let goes_on = outcomes.iter().any(|(_, outcome)| matches!(outcome, execute::Outcome::Detached));
    if goes_on && report.interactive() {
        report.note("Detached: what CloudFormation has begun goes on. Ctrl-C once more, within three seconds, cancels the updates.");
        if tokio::time::timeout(SECOND_THOUGHT, interrupted()).await.is_ok() {
            return Err(cancelled(&rollback::cancel(engine, plan, &outcomes).await, plan));
        }
    }
    let started = tokio::select! {
        started = applications.start_all(plan, &outcomes) => started,
        () = interrupted() => return Err(detached(plan, way)),
    };
    let concluded = conclude(plan, &outcomes, started, way, report)?;
    super::dashboards::announce(project, global, session, report).await?;
    Ok(concluded)
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
    let endpoints = match environment.target {
        Target::Aws => None,
        // What runs may lack what this environment needs.
        Target::Local => {
            Some(local_target::start(project, &global.location(project), environment, report).await?)
        }
    };
    let session = Session::open(model.clone(), environment.clone(), endpoints).await?;
    let client = session.cloudformation();
    let names = stacks.iter().map(|stack| (stack.name.to_owned(), stack.stack_name.clone()));
    let current = async { state::read(&client, names).await.map_err(Failure::from) };
    let ((), current) = futures::try_join!(prepared(&session, stacks), current)?;
    Ok((session, current))
}

/// Tells of stacks that the environment no longer has: nothing but `destroy` removes them.
pub(super) async fn tell_of_others(session: &Session, stacks: &[Stack], report: &Report) {
    let names = stacks.iter().map(|stack| stack.stack_name.clone()).collect();
    // Who may not list stacks has nothing to do with them.
    let others = find::no_longer(&session.cloudformation(), &session.environment, &names).await;
    let selection = selection(&session.environment.name);
    for name in others.unwrap_or_default() {
        report.warn(format_args!(
            "stack {name} is there, and the environment no longer has it: \
             `cargo xtask destroy{selection} --stack {name}` removes it"
        ));
    }
}

/// What is to be executed must not fail at what can be known now.
pub(super) async fn prepared(session: &Session, stacks: &[Stack]) -> Result<(), Failure> {
    let ((), (), ()) = futures::try_join!(
        preflight::bootstrapped(session),
        preflight::timestream(session, stacks),
        preflight::twinmaker(session, stacks)
    )?;
    Ok(())
}

/// How a plan is carried out for an environment whose data ends so.
pub(super) fn way(on_delete: OnDelete) -> Next {
    match on_delete {
        OnDelete::Retain => Next::Save,
        OnDelete::Delete => Next::Deploy,
    }
}

/// Whether somebody has looked at a plan before it is executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Looked {
    /// It was saved, to be looked at.
    AtPlan,
    /// It was made a moment ago.
    Never,
}

/// What decides who is asked, and what they read.
#[derive(Debug)]
struct Asking<'a> {
    /// What becomes of the environment's data.
    on_delete: OnDelete,
    /// Whether somebody has looked at the plan.
    looked: Looked,
    /// What the command said.
    options: &'a Options,
}

impl Asking<'_> {
    /// What it takes to execute a plan.
    fn guard(&self, plan: &Plan, environment: &Environment, global: &Global) -> Guard {
        match Guard::of(environment.target, self.on_delete == OnDelete::Retain) {
            _ if plan.is_empty() => Guard::Nothing,
            // Somebody looked at it: an answer in advance is enough.
            Guard::Name if self.looked == Looked::AtPlan && global.yes => Guard::Nothing,
            guard => guard,
        }
    }
}

/// Asks before an environment is changed. One of this machine that keeps nothing is changed without asking.
fn confirm(
    plan: &Plan,
    environment: &Environment,
    asking: &Asking<'_>,
    global: &Global,
    report: &Report,
) -> Result<Agreed, Declined> {
    let Asking { looked, options, .. } = *asking;
    let guard = asking.guard(plan, environment, global);
    let name = &environment.name;
    if guard == Guard::Name && looked == Looked::Never && (global.yes || !report.interactive()) {
        return Err(Declined::NeedsPlan { environment: name.clone(), options: options.clone() });
    }
    let question =
        Question { doing: Doing::Deploy, guard, environment: name, asked: "Deploy?", typed: "to deploy" };
    let said = Said { confirm: None, yes: global.yes };
    question.settle(said, || text(&PlanDocument::of(plan).next(&Next::Answer, options)), report)
}

/// Completes when the person interrupts. When signals cannot be heard, it never does, and the signal
/// ends the process.
pub(super) async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// How long after an interruption another one cancels what goes on.
const SECOND_THOUGHT: Duration = Duration::from_secs(3);
