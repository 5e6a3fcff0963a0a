//! `rollback`.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use clap::Args;
use futures::future::join_all;
use serde::Serialize;
use stacks::environment::{Environment, OnDelete};

use super::{Outcome, duration};
use crate::Global;
use crate::question::Question;
use crate::report::{BAD, Document, GOOD, Report, STRONG, many, paint};
use engine::consent::{Consent, Declined, Doing, Guard, Said, named_in};
use engine::deploy::engine::Engine;
use engine::deploy::events::Poller;
use engine::deploy::options::selection;
use engine::deploy::rollback::{self, RollbackError};
use engine::destroy::find;
use engine::destroy::plan::{Found, UnknownStack};
use session::{Exit, Failure};

/// Take stacks that failed half-way back to where they last were well
///
/// Lets a rollback go on that stopped, rolls an update or a creation back that was left where it failed, and cancels
/// an update that goes on. Says what stops it once more; docs/recovery.md says what each state of a stack takes.
#[derive(Debug, Args)]
pub struct Rollback {
    /// This stack only. May be given several times [default: every one that failed half-way].
    #[arg(long = "stack", value_name = "STACK")]
    stacks: Vec<String>,
    /// Leave this resource as it is, if it stops the rollback of its stack: `stack.LogicalId`. May be given several
    /// times. CloudFormation then takes it for rolled back, whatever it is.
    #[arg(long, value_name = "RESOURCE")]
    skip: Vec<String>,
    /// How long it is watched, for instance 10m [default: until it ends].
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    wait_limit: Option<Duration>,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct RolledBack {
    environment: String,
    stacks: Vec<Attempt>,
}

#[derive(Debug, Serialize)]
struct Attempt {
    name: String,
    stack_name: String,
    /// The status that it had.
    before: String,
    /// The status that it has, when it is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip)]
    failure: Option<RollbackError>,
}

/// Asks before stacks of an environment, given with their statuses, are rolled back.
pub(super) fn agree<'a>(
    environment: &Environment,
    keeps: bool,
    stacks: impl Iterator<Item = (&'a str, &'a str)>,
    yes: bool,
    report: &Report,
) -> Result<(), Declined> {
    let question = Question {
        doing: Doing::RollBack,
        guard: Guard::of(environment.target, keeps),
        environment: &environment.name,
        asked: "Roll back?",
        typed: "to roll back",
    };
    let page = || {
        let lines: Vec<String> = stacks.map(|(name, status)| format!("{name} is in {status}")).collect();
        format!(
            "{}\nA rollback deletes what the operation that failed has made and its policy does not keep.",
            lines.join("\n")
        )
    };
    question.settle(Said { confirm: None, yes }, page, report).map(|_| ())
}

impl Rollback {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let session = global.connect().await?;
        let environment = &session.environment;
        let found = find::stacks(&session.cloudformation(), environment).await?.ours;
        let chosen = self.choose(&found)?;
        // What goes on is attached to, which changes nothing.
        let begun = chosen.iter().filter(|one| !rollback::goes_back(&one.status));
        let mut stacks = begun.map(|one| (one.stack_name.as_str(), one.status.as_str())).peekable();
        if stacks.peek().is_some() {
            let keeps = environment.on_delete == OnDelete::Retain;
            agree(environment, keeps, stacks, global.yes, report)?;
        }
        let consent = Consent::default();
        let engine = Engine { wait_limit: self.wait_limit, ..Engine::new(&session, &consent, report) };
        let poller = Poller::start(engine.cloudformation.clone(), engine.pace);
        let stacks = join_all(chosen.into_iter().map(|stack| self.back(&engine, &poller, stack))).await;
        let document = RolledBack { environment: environment.name.clone(), stacks };
        report.print(&document);
        document.ends()
    }

    /// The stacks that are named, or all that can go back.
    fn choose<'a>(&self, found: &'a [Found]) -> Result<Vec<&'a Found>, Failure> {
        UnknownStack::refuse(&self.stacks, found.iter().map(|stack| stack.name.as_str()))?;
        let named = |stack: &&Found| self.stacks.is_empty() || self.stacks.contains(&stack.name);
        // What goes on is cancelled only where somebody names it.
        let takes = |stack: &&Found| {
            if self.stacks.is_empty() {
                rollback::has_failed(&stack.status) || rollback::goes_back(&stack.status)
            } else {
                rollback::takes(&stack.status)
            }
        };
        let chosen: Vec<&Found> = found.iter().filter(named).filter(takes).collect();
        let has = |named: &String| {
            chosen.iter().any(|stack| {
                let id = named_in(named, &stack.name);
                stack.resources.iter().any(|resource| Some(resource.logical_id.as_str()) == id)
            })
        };
        if let Some(unknown) = self.skip.iter().find(|named| !has(named)) {
            let message = format!("no stack that is rolled back has a resource `{unknown}`");
            return Err(
                Failure::new(Exit::Configuration, message).hint("resources are named `stack.LogicalId`")
            );
        }
        Ok(chosen)
    }

    async fn back(&self, engine: &Engine<'_>, poller: &Poller, stack: &Found) -> Attempt {
        let of = |name: &String| named_in(name, &stack.name).map(str::to_owned);
        let skip: BTreeSet<String> = self.skip.iter().filter_map(of).collect();
        let step =
            engine.observer.step(format_args!("{} is in {}: rolling back", stack.stack_name, stack.status));
        let back = rollback::one(engine, poller, &stack.stack_id, &stack.status, &skip, &step).await;
        if let Ok(status) = &back {
            step.done(status);
        }
        let (status, failure) = (back.as_ref().ok().cloned(), back.err());
        Attempt {
            name: stack.name.clone(),
            stack_name: stack.stack_name.clone(),
            before: stack.status.clone(),
            status,
            error: failure.as_ref().map(ToString::to_string),
            failure,
        }
    }
}

impl RolledBack {
    /// How the command ends.
    fn ends(self) -> Outcome {
        let selection = selection(&self.environment);
        let failed = self.stacks.iter().filter_map(|stack| Some((stack, stack.failure.as_ref()?)));
        let failed: Vec<(&Attempt, &RollbackError)> = failed.collect();
        let Some((stack, first)) = failed.first() else { return Ok(Exit::Done) };
        let unwatched = failed.iter().all(|(_, error)| error.is_unwatched());
        let (exit, message) = if unwatched {
            (Exit::Unwatched, "the rollback goes on, and is not watched".to_owned())
        } else {
            let stacks = many(failed.len(), "stack is", "stacks are");
            (Exit::StackFailed, format!("{stacks} not rolled back"))
        };
        let failure = Failure::new(exit, message);
        Err(match first.hint(&selection, &stack.name) {
            Some(hint) => failure.hint(hint),
            None => failure,
        })
    }
}

impl Document for RolledBack {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        if self.stacks.is_empty() {
            return writeln!(out, "{}: nothing to roll back", self.environment);
        }
        writeln!(out, "{}", paint(STRONG, &self.environment))?;
        for Attempt { name, before, status, error, .. } in &self.stacks {
            let became = match (status, error) {
                (Some(status), _) => paint(GOOD, status),
                (None, error) => paint(BAD, error.as_deref().unwrap_or_default()),
            };
            writeln!(out, "  {name:<10} {before} → {became}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, status: &str) -> Found {
        Found {
            name: name.to_owned(),
            stack_name: format!("sluice-dev-{name}"),
            stack_id: String::new(),
            status: status.to_owned(),
            protected: false,
            template: String::new(),
            resources: Vec::new(),
        }
    }

    #[test]
    fn what_goes_on_is_cancelled_only_where_it_is_named() {
        let there = [
            found("artifacts", "UPDATE_COMPLETE"),
            found("ingest", "UPDATE_IN_PROGRESS"),
            found("lake", "UPDATE_FAILED"),
            found("store", "UPDATE_ROLLBACK_FAILED"),
            found("twin", "UPDATE_ROLLBACK_IN_PROGRESS"),
        ];
        let chosen = |names: &[&str]| {
            let stacks = names.iter().map(|name| (*name).to_owned()).collect();
            let command = Rollback { stacks, skip: Vec::new(), wait_limit: None };
            let chosen = command.choose(&there).map_err(|failure| failure.exit);
            chosen.map(|chosen| chosen.into_iter().map(|stack| stack.name.clone()).collect::<Vec<_>>())
        };
        assert_eq!(chosen(&[]), Ok(vec!["lake".to_owned(), "store".to_owned(), "twin".to_owned()]));
        assert_eq!(chosen(&["ingest"]), Ok(vec!["ingest".to_owned()]));
        assert_eq!(chosen(&["artifacts"]), Ok(vec![]));
        assert_eq!(chosen(&["nowhere"]), Err(Exit::Configuration));
        let command =
            Rollback { stacks: Vec::new(), skip: vec!["store.Nothing".to_owned()], wait_limit: None };
        assert_eq!(command.choose(&there).map_err(|failure| failure.exit).err(), Some(Exit::Configuration));
    }
}
