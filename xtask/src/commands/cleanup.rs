//! `cleanup`.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use futures::FutureExt as _;
use stacks::environment::{OnDelete, Target};

use super::Outcome;
use super::deploy::interrupted;
use crate::cleanup::artifacts::Rule;
use crate::cleanup::expired::{Expired, expired};
use crate::cleanup::findings::{Deed, Failed, Findings, Swept};
use crate::cleanup::scope::Scope;
use crate::cleanup::sweep::sweep;
use crate::cleanup::{find, live};
use crate::cli::Global;
use crate::deploy::consent::Declined;
use crate::destroy::plan::DestroyPlan;
use crate::destroy::receipt::Receipt;
use crate::destroy::teardown;
use crate::failure::{Exit, Failure, causes};
use crate::lifetime;
use crate::local::{self, Endpoints, flink::Machine};
use crate::project::Project;
use crate::report::{Document as _, Report};
use crate::target::Session;

/// Remove what no stack owns any more: stale artifacts, orphaned log groups, expired environments
///
/// Shows everything before it removes anything. Of an environment that has instances, all instances are
/// looked at unless one is named. What keeps its data when it is destroyed never goes.
#[derive(Debug, Args)]
pub struct Cleanup {
    /// Destroy environments whose day has come, too: the one of `--env`, or its instances.
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
}

/// An environment that goes, and what that means.
struct Going {
    session: Session,
    plan: DestroyPlan,
}

impl Cleanup {
    pub async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let project = Project::locate();
        let named = global.environment();
        let (model, environment) = project.load_sample(&named, &global.set)?;
        let scope = Scope::of(&named, &environment.name);
        let target = environment.target;
        let endpoints = local::running(&project, global).filter(|_| target == Target::Local);
        if target == Target::Local && endpoints.is_none() {
            // A target that does not run has nothing.
            let found = Findings { scope: scope.to_string(), ..Findings::default() };
            let nothing = Swept { deed: Deed::Shown, found, receipts: Vec::new(), failed: Vec::new() };
            return conclude(&nothing, report);
        }
        let session = Session::open(model, environment, endpoints.clone()).await?;
        let live = live::read(&session.cloudformation(), &scope).await?;
        let mut expired = if self.expired { expired(&live, lifetime::today()) } else { Vec::new() };
        let (going, mut failed) = plan(&project, global, endpoints.as_ref(), &mut expired, report).await;
        let rule = Rule { before: self.before(), keep: self.keep };
        let expiring: BTreeSet<&str> =
            going.iter().map(|going| going.session.environment.name.as_str()).collect();
        let mut found = find::find(&session, &scope, &live, &expiring, rule).await?;
        found.expired = expired;
        if self.dry_run || found.is_empty() {
            let swept = Swept { deed: Deed::Shown, found, receipts: Vec::new(), failed };
            return conclude(&swept, report);
        }
        confirm(&found, &going, target, global, report)?;

        failed.extend(sweep(&session, &found, report).await);
        let mut receipts = Vec::new();
        for going in going {
            let machine = Machine::of(&project, global, &going.session);
            let name = going.session.environment.name.clone();
            match destroy(&going, machine, report).await {
                Ok(receipt) => receipts.push(receipt),
                Err(failure) => failed.push(Failed { what: name, why: causes(failure.error.as_ref()) }),
            }
        }
        conclude(&Swept { deed: Deed::Removed, found, receipts, failed }, report)
    }

    /// The moment before which something is old, in seconds since 1970.
    fn before(&self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(now.saturating_sub(self.older_than).as_secs()).unwrap_or_default()
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
    let Some(plan) = teardown::plan(&session, report).await? else {
        return Ok(Err("it is gone already".to_owned()));
    };
    if plan.stacks.iter().any(|stack| !stack.retain.is_empty()) {
        return Ok(Err("its stacks were deployed with `on_delete = \"retain\"`".to_owned()));
    }
    Ok(Ok(Going { session, plan }))
}

async fn destroy(going: &Going, machine: Option<Machine>, report: &Report) -> Result<Receipt, Failure> {
    let Going { session, plan } = going;
    Ok(teardown::execute(session, machine, plan, report, || interrupted().boxed()).await?)
}

/// Asks before AWS is changed. This machine is changed without asking.
fn confirm(
    found: &Findings,
    going: &[Going],
    target: Target,
    global: &Global,
    report: &Report,
) -> Result<(), Declined> {
    let mut text = String::new();
    let shown = found.text(&mut text).is_ok() && going.iter().all(|going| going.plan.text(&mut text).is_ok());
    if shown {
        report.note(text.trim_end());
    }
    if global.yes || target == Target::Local {
        return Ok(());
    }
    if !report.interactive() {
        return Err(Declined::NobodyToAsk { what: "cleaning up", environment: found.scope.clone() });
    }
    match report.ask("Remove all of this? [y/N]") {
        Some(answer) if answer.eq_ignore_ascii_case("y") => Ok(()),
        _ => Err(Declined::ByPerson),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::types::Tag;
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Format};
    use crate::deploy::test_service::Service;

    /// Three environments whose day has come: one that goes, one that keeps its data, one that has no file.
    #[tokio::test]
    async fn what_keeps_its_data_stays_and_what_fails_holds_no_other() {
        let service = Service::emulator();
        let session = service.session().await;
        let tag = Tag::builder().key("sluice:environment").value("preview-1").build();
        let template = r#"{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}"#;
        let create = session.cloudformation().create_stack().stack_name("sluice-preview-1-lake").tags(tag);
        create.template_body(template).send().await.expect("a stack");

        let of = |environment: &str| Expired {
            environment: environment.to_owned(),
            expires: "2020-01-01".parse().expect("a day"),
            stacks: 1,
            kept: None,
        };
        let mut expired = ["elsewhere-1", "preview-1", "preview-2", "prod"].map(of);
        // The Region in which the emulator has the stack.
        let set = format!("region={}", session.environment.region);
        let global =
            Cli::parse_from(["xtask", "cleanup", "--set", "twin.enabled=false", "--set", &set]).global;
        let report = Report::new(Format::Json);
        let (going, failed) =
            plan(&Project::locate(), &global, session.endpoints.as_ref(), &mut expired, &report).await;
        let going: Vec<&str> = going.iter().map(|going| going.plan.environment.as_str()).collect();
        let failed: Vec<&str> = failed.iter().map(|failed| failed.what.as_str()).collect();
        assert_eq!((going, failed), (vec!["preview-1"], vec!["elsewhere-1"]));
        let kept = expired.map(|one| one.kept.unwrap_or_default());
        let expected = [
            "it cannot be planned",
            "",
            "it is gone already",
            "it keeps its data: `on_delete = \"retain\"` in environments/prod.toml",
        ];
        assert_eq!(kept, expected);
    }
}
