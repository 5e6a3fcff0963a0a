//! What came of a deployment.

use std::fmt;

use serde::Serialize;

use super::{Outputs, deployed_markdown, outputs_text};
use crate::report::{BAD, CAUTION, Document, FAINT, GOOD, STRONG, paint};
use engine::deploy::application::{ApplicationError, Running};
use engine::deploy::engine::Binding;
use engine::deploy::events::RootCause;
use engine::deploy::execute::{Change, Outcome, Outcomes, StackError};
use engine::deploy::leftover::Leftover;
use engine::deploy::options::Options;
use engine::deploy::options::selection;
use engine::deploy::plan::{Loss, Plan, StackPlan};
use session::Annotation;

/// What came of a deployment.
#[derive(Debug, Serialize)]
pub struct Deployed<'a> {
    pub(super) environment: &'a str,
    pub(super) ok: bool,
    pub(super) stacks: Vec<DeployedStack<'a>>,
    /// Flink applications that run.
    #[serde(skip_serializing_if = "<[Running]>::is_empty")]
    pub(super) applications: &'a [Running],
    /// Why an application is not running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) not_started: Option<String>,
    pub(super) outputs: Outputs<'a>,
    /// What to do next: commands, and what each is for.
    pub(super) next: Vec<Step>,
}

/// How a plan came to be executed, and with it how what is left is done.
#[derive(Debug, Clone, Copy)]
pub struct Way<'a> {
    /// Whether it was saved.
    pub binding: Binding,
    /// What the command said that made it.
    pub options: &'a Options,
}

/// A command, and what it is for.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    pub command: String,
    pub does: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct DeployedStack<'a> {
    pub name: &'a str,
    pub stack_name: &'a str,
    pub action: Became,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<&'a RootCause>,
    /// The status that a stack which failed settled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'a str>,
    /// The stack that it waited for in vain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<&'a str>,
    /// What the update took out of the stack and could not delete.
    #[serde(skip_serializing_if = "<[Leftover]>::is_empty")]
    pub left: &'a [Leftover],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Became {
    Created,
    Updated,
    Unchanged,
    Failed,
    Unwatched,
    Declined,
    Skipped,
    Detached,
    NotBegun,
}

impl<'a> Deployed<'a> {
    /// What is told of the outcomes of a plan, and of the applications that were started after it.
    pub fn of(
        plan: &'a Plan,
        outcomes: &'a Outcomes,
        started: &'a Result<Vec<Running>, ApplicationError>,
        way: Way<'_>,
    ) -> Self {
        let stacks: Vec<DeployedStack> = plan
            .stacks
            .iter()
            .zip(outcomes)
            .map(|(stack, (_, outcome))| DeployedStack::of(stack, outcome))
            .collect();
        let outputs = outcomes.iter().filter_map(|(name, outcome)| match outcome {
            Outcome::Done(_, outputs, _) => Some((name.as_str(), outputs)),
            _ => None,
        });
        let outputs: Outputs = outputs.collect();
        let ok = started.is_ok() && outcomes.iter().all(|(_, outcome)| matches!(outcome, Outcome::Done(..)));
        let applications = started.as_deref().unwrap_or_default();
        let not_started = started.as_ref().err().map(ToString::to_string);
        let next = next(&plan.environment, ok, outcomes, &outputs, way);
        Self { environment: &plan.environment, ok, stacks, applications, not_started, outputs, next }
    }

    /// Whether every stack is as planned, and every application is running.
    pub fn ok(&self) -> bool {
        self.ok
    }

    /// The stacks that failed, or that nobody agreed to.
    pub(super) fn failed(&self) -> impl Iterator<Item = &DeployedStack<'a>> {
        self.stacks
            .iter()
            .filter(|stack| matches!(stack.action, Became::Failed | Became::Unwatched | Became::Declined))
    }

    /// Names of the stacks that were held because this one failed.
    pub(super) fn held_by(&self, name: &str) -> Vec<&'a str> {
        self.stacks.iter().filter(|stack| stack.because == Some(name)).map(|stack| stack.name).collect()
    }
}

fn next(
    environment: &str,
    ok: bool,
    outcomes: &Outcomes,
    outputs: &Outputs,
    Way { binding, options }: Way<'_>,
) -> Vec<Step> {
    let selection = selection(environment);
    let step = |command: &str, does| Step { command: format!("cargo xtask {command}{selection}"), does };
    if !ok {
        let refused = outcomes.iter().filter_map(|(_, outcome)| match outcome {
            Outcome::Failed(StackError::Refused(losses)) => Some(losses),
            _ => None,
        });
        let allow = |loss: &Loss| format!(" --allow-data-loss {}.{}", loss.stack, loss.logical_id);
        let consent: String = refused.flatten().map(allow).collect();
        if binding == Binding::Exact {
            // It was executed in part, so it is no longer true.
            let mut plan = step("plan", "makes a new plan, once nothing goes on: it holds what is left");
            plan.command.extend([options.planning().as_str(), " --out plan.json"]);
            let mut deploy = step("deploy", "executes it; what succeeded is left alone");
            deploy.command.extend([" --plan plan.json", &options.executing(), &consent, " --yes"]);
            return vec![step("status", "shows what goes on, and what is there"), plan, deploy];
        }
        let failed =
            |(_, outcome): &(_, Outcome)| matches!(outcome, Outcome::Failed(error) if !error.is_refusal());
        let unwatched =
            |(_, outcome): &(_, Outcome)| matches!(outcome, Outcome::Failed(error) if error.is_unwatched());
        let does = if outcomes.iter().filter(|outcome| failed(outcome)).all(unwatched)
            && outcomes.iter().any(unwatched)
        {
            "attaches to what goes on, and does the rest"
        } else if outcomes.iter().any(failed) {
            "tries again once the cause is removed; what succeeded is left alone"
        } else if consent.is_empty() {
            "waits for what goes on, and does the rest"
        } else {
            "agrees to it; what succeeded is left alone"
        };
        let mut deploy = step("deploy", does);
        deploy.command.push_str(&options.planning());
        deploy.command.push_str(&consent);
        return vec![deploy, step("status", "shows what is there and how it is")];
    }
    let mut next = vec![
        step("verify", "proves that events arrive at every end"),
        step("simulate --for 10s", "sends events"),
    ];
    if outputs.contains_key("twin") {
        next.push(step("twin sync", "gives the devices entities of the digital twin"));
    }
    next.push(step("status", "shows what is there and how it is"));
    next
}

impl<'a> DeployedStack<'a> {
    fn of(stack: &'a StackPlan, outcome: &'a Outcome) -> Self {
        let mut of = Self {
            name: &stack.name,
            stack_name: &stack.stack_name,
            action: Became::NotBegun,
            error: None,
            cause: None,
            status: None,
            because: None,
            left: &[],
        };
        match outcome {
            Outcome::Done(change, _, left) => {
                of.left = left;
                of.action = match change {
                    Change::Created => Became::Created,
                    Change::Updated => Became::Updated,
                    Change::Unchanged => Became::Unchanged,
                }
            }
            Outcome::Failed(error) => {
                of.action = match error {
                    error if error.is_refusal() => Became::Declined,
                    error if error.is_unwatched() => Became::Unwatched,
                    _ => Became::Failed,
                };
                of.error = Some(error.to_string());
                if let StackError::Failed { cause, status } = error {
                    of.cause = cause.as_deref();
                    of.status = Some(status);
                }
            }
            Outcome::Skipped(because) => {
                of.action = Became::Skipped;
                of.because = Some(because);
            }
            Outcome::Detached => of.action = Became::Detached,
            Outcome::NotBegun => {}
        }
        of
    }

    /// What became of it, in words.
    pub fn became(&self) -> String {
        match self.action {
            Became::Created => "created".to_owned(),
            Became::Updated => "updated".to_owned(),
            Became::Unchanged => "unchanged".to_owned(),
            Became::Failed => match self.status {
                Some(status) => format!("failed: {status}"),
                None => "failed".to_owned(),
            },
            Became::Unwatched => "goes on, and is not watched".to_owned(),
            Became::Declined => "not changed, because nobody agreed to it".to_owned(),
            Became::Skipped => format!("not begun, because of {}", self.because.unwrap_or_default()),
            Became::Detached => "interrupted: what CloudFormation has begun goes on".to_owned(),
            Became::NotBegun => "not begun".to_owned(),
        }
    }
}

impl Document for Deployed<'_> {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "{}", paint(STRONG, self.environment))?;
        for stack in &self.stacks {
            let style = match stack.action {
                Became::Created | Became::Updated => GOOD,
                Became::Unchanged => FAINT,
                Became::Failed => BAD,
                Became::Unwatched
                | Became::Declined
                | Became::Skipped
                | Became::Detached
                | Became::NotBegun => CAUTION,
            };
            writeln!(out, "  {:<10} {}", stack.name, paint(style, stack.became()))?;
        }
        for Running { name, before } in self.applications {
            let state = if *before { paint(FAINT, "runs") } else { paint(GOOD, "started") };
            writeln!(out, "  {name} {state}")?;
        }
        for (stack, one) in
            self.stacks.iter().flat_map(|stack| stack.left.iter().map(move |one| (stack, one)))
        {
            let Leftover { logical_id, kind, physical_id, reason } = one;
            writeln!(
                out,
                "\n{} {}.{logical_id} {}",
                paint(CAUTION, "left behind:"),
                stack.name,
                paint(FAINT, kind)
            )?;
            writeln!(out, "  {physical_id}: {reason}")?;
        }
        for stack in self.failed() {
            failure_text(stack, &self.held_by(stack.name), out)?;
        }
        if let Some(error) = &self.not_started {
            writeln!(out, "\n{} {error}", paint(BAD, "not started:"))?;
        }
        outputs_text(out, &self.outputs)?;
        writeln!(out, "\n{}", paint(STRONG, "Next"))?;
        let width = self.next.iter().map(|step| step.command.len()).max().unwrap_or_default();
        self.next.iter().try_for_each(|Step { command, does }| writeln!(out, "  {command:<width$}  {does}"))
    }

    fn annotations(&self) -> Vec<Annotation> {
        let failed = self.stacks.iter().filter_map(|stack| Some((stack, stack.error.as_deref()?)));
        let annotation = |(stack, error): (&DeployedStack, &str)| {
            let annotation = match stack.cause {
                Some(RootCause { logical_id, kind, reason, .. }) => {
                    Annotation::error(format!("Stack {}: {logical_id} ({kind})", stack.name), reason)
                }
                None => Annotation::error(format!("Stack {}", stack.name), error),
            };
            annotation.in_environment(self.environment)
        };
        failed.map(annotation).collect()
    }

    fn markdown(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        deployed_markdown::write(self, out)
    }
}

fn failure_text(stack: &DeployedStack<'_>, held: &[&str], out: &mut dyn fmt::Write) -> fmt::Result {
    let became = match stack.action {
        Became::Declined => "is as it was",
        Became::Unwatched => "is not watched",
        _ => "failed",
    };
    writeln!(out, "\n{}", paint(BAD, format_args!("Why {} {became}", stack.name)))?;
    match stack.cause {
        Some(RootCause { logical_id, kind, reason, remedy, .. }) => {
            writeln!(out, "  {} {}", paint(STRONG, logical_id), paint(FAINT, kind))?;
            reason.lines().try_for_each(|line| writeln!(out, "  {line}"))?;
            if let Some(remedy) = remedy {
                writeln!(out, "  {} {remedy}", paint(GOOD, "hint:"))?;
            }
        }
        None => writeln!(out, "  {}", stack.error.as_deref().unwrap_or_default())?,
    }
    if held.is_empty() { Ok(()) } else { writeln!(out, "  held because of it: {}", held.join(", ")) }
}
