//! Plans and what came of them, for people and for programs.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::application::{ApplicationError, Running};
use super::difference::{self, Data, ResourceChange};
use super::events::RootCause;
use super::execute::{Change, Outcome, Outcomes, StackError};
use super::plan::{Action, Parameter, Plan, StackPlan};
use super::replacement::stands_for;
use crate::github::annotation::Annotation;
use crate::report::{BAD, CAUTION, Document, FAINT, GOOD, STRONG, paint};

/// A plan, without the templates that it holds.
#[derive(Debug, Serialize)]
pub struct PlanDocument<'a> {
    environment: &'a str,
    region: &'a str,
    account: &'a str,
    /// Whether there is nothing to do.
    unchanged: bool,
    stacks: Vec<PlannedStack<'a>>,
}

#[derive(Debug, Serialize)]
struct PlannedStack<'a> {
    name: &'a str,
    stack_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    action: Action,
    resources: Vec<PlannedResource<'a>>,
    parameters: BTreeMap<&'a str, &'a Parameter>,
}

#[derive(Debug, Serialize)]
struct PlannedResource<'a> {
    #[serde(flatten)]
    change: &'a ResourceChange,
    /// Whether it decides who may do what.
    iam: bool,
}

impl<'a> PlanDocument<'a> {
    /// What is told of a plan.
    pub fn of(plan: &'a Plan) -> Self {
        let stack = |stack: &'a StackPlan| PlannedStack {
            name: &stack.name,
            stack_name: &stack.stack_name,
            status: stack.status.as_deref(),
            action: stack.action,
            resources: stack
                .resources
                .iter()
                .map(|change| PlannedResource { change, iam: is_iam(change) })
                .collect(),
            parameters: stack
                .parameters
                .iter()
                .filter(|(_, parameter)| parameter.before != parameter.after || parameter.after.is_none())
                .map(|(name, parameter)| (name.as_str(), parameter))
                .collect(),
        };
        Self {
            environment: &plan.environment,
            region: &plan.region,
            account: &plan.account,
            unchanged: plan.is_empty(),
            stacks: plan.stacks.iter().map(stack).collect(),
        }
    }
}

/// Whether a resource decides who may do what.
fn is_iam(change: &ResourceChange) -> bool {
    let kind = change.kind.as_str();
    kind.starts_with("AWS::IAM::")
        || matches!(kind, "AWS::Lambda::Permission" | "AWS::S3::BucketPolicy" | "AWS::SQS::QueuePolicy")
}

impl Document for PlanDocument<'_> {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let Self { environment, region, account, unchanged, stacks } = self;
        if *unchanged {
            return writeln!(out, "{} is as it shall be: nothing to do", paint(STRONG, environment));
        }
        writeln!(out, "{} in {region}, account {account}", paint(STRONG, environment))?;
        for stack in stacks {
            stack.text(out)?;
        }
        Ok(())
    }
}

impl PlannedStack<'_> {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let Self { name, status, action, resources, parameters, .. } = self;
        let status = status.unwrap_or_default();
        let what = match action {
            Action::Create => paint(GOOD, "create"),
            Action::Recreate => paint(CAUTION, format_args!("create anew, as it never succeeded ({status})")),
            Action::Update => paint(CAUTION, "update"),
            Action::None => paint(FAINT, "unchanged"),
            Action::Wait => paint(CAUTION, format_args!("wait for another operation ({status})")),
            Action::Blocked => paint(BAD, format_args!("blocked in {status}")),
        };
        writeln!(out, "  {} {what}", paint(STRONG, format_args!("{name:<10}")))?;
        if *action == Action::None {
            return Ok(());
        }
        for (name, parameter) in parameters {
            let after = parameter.after.as_deref().unwrap_or("known after deployment");
            writeln!(out, "      {}", paint(FAINT, format_args!("{name} = {after}")))?;
        }
        let (iam, others): (Vec<_>, Vec<_>) = resources.iter().partition(|resource| resource.iam);
        for resource in others {
            line(out, resource.change)?;
        }
        if !iam.is_empty() {
            writeln!(out, "    who may do what:")?;
        }
        for resource in iam {
            line(out, resource.change)?;
        }
        let moves = |resource: &&PlannedResource| {
            resource.change.change == difference::Change::Remove
                && stands_for(&resource.change.kind) == "AWS::IoTTwinMaker::ComponentType"
        };
        if resources.iter().any(|resource| moves(&resource)) {
            let remark =
                "the entities of this stack move to the new component types, all others by `twin sync`";
            writeln!(out, "    {}", paint(FAINT, remark))?;
        }
        Ok(())
    }
}

fn line(out: &mut dyn fmt::Write, change: &ResourceChange) -> fmt::Result {
    let ResourceChange { logical_id, kind, properties, data, .. } = change;
    let (style, sign) = match change.change {
        difference::Change::Add => (GOOD, "+"),
        difference::Change::Modify => (CAUTION, "~"),
        difference::Change::MayReplace | difference::Change::Replace => (BAD, "±"),
        difference::Change::Remove => (BAD, "-"),
    };
    let properties = properties.iter().map(|property| property.path.as_str()).collect::<Vec<_>>().join(", ");
    let data = match data {
        Some(Data::Lost) => paint(BAD, "  what it holds is lost"),
        Some(Data::Retained) => paint(CAUTION, "  the old one stays behind"),
        None => String::new(),
    };
    writeln!(out, "    {} {logical_id} {} {properties}{data}", paint(style, sign), paint(FAINT, kind))
}

/// What came of a deployment.
#[derive(Debug, Serialize)]
pub struct Deployed<'a> {
    environment: &'a str,
    ok: bool,
    stacks: Vec<DeployedStack<'a>>,
    /// Flink applications that run.
    #[serde(skip_serializing_if = "<[Running]>::is_empty")]
    applications: &'a [Running],
    outputs: BTreeMap<&'a str, &'a BTreeMap<String, String>>,
}

#[derive(Debug, Serialize)]
struct DeployedStack<'a> {
    name: &'a str,
    stack_name: &'a str,
    action: Became,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a RootCause>,
    /// The stack that it waited for in vain.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'a str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Became {
    Created,
    Updated,
    Unchanged,
    Failed,
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
    ) -> Self {
        let stacks: Vec<DeployedStack> = plan
            .stacks
            .iter()
            .zip(outcomes)
            .map(|(stack, (_, outcome))| DeployedStack::of(stack, outcome))
            .collect();
        let outputs = outcomes.iter().filter_map(|(name, outcome)| match outcome {
            Outcome::Done(_, outputs) => Some((name.as_str(), outputs)),
            _ => None,
        });
        let ok = started.is_ok() && outcomes.iter().all(|(_, outcome)| matches!(outcome, Outcome::Done(..)));
        let applications = started.as_deref().unwrap_or_default();
        Self { environment: &plan.environment, ok, stacks, applications, outputs: outputs.collect() }
    }

    /// Whether every stack is as planned, and what shall run runs.
    pub fn ok(&self) -> bool {
        self.ok
    }
}

impl<'a> DeployedStack<'a> {
    fn of(stack: &'a StackPlan, outcome: &'a Outcome) -> Self {
        let mut of = Self {
            name: &stack.name,
            stack_name: &stack.stack_name,
            action: Became::NotBegun,
            error: None,
            cause: None,
            because: None,
        };
        match outcome {
            Outcome::Done(change, _) => {
                of.action = match change {
                    Change::Created => Became::Created,
                    Change::Updated => Became::Updated,
                    Change::Unchanged => Became::Unchanged,
                }
            }
            Outcome::Failed(error) => {
                of.action = Became::Failed;
                of.error = Some(error.to_string());
                if let StackError::Failed { cause, .. } = error {
                    of.cause = cause.as_ref();
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
}

impl Document for Deployed<'_> {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "{}", paint(STRONG, self.environment))?;
        for DeployedStack { name, action, error, because, .. } in &self.stacks {
            let became = match action {
                Became::Created => paint(GOOD, "created"),
                Became::Updated => paint(GOOD, "updated"),
                Became::Unchanged => paint(FAINT, "unchanged"),
                Became::Failed => {
                    paint(BAD, format_args!("failed: {}", error.as_deref().unwrap_or_default()))
                }
                Became::Skipped => {
                    paint(CAUTION, format_args!("not begun, because {} failed", because.unwrap_or_default()))
                }
                Became::Detached => paint(CAUTION, "interrupted: what CloudFormation has begun goes on"),
                Became::NotBegun => paint(CAUTION, "not begun"),
            };
            writeln!(out, "  {name:<10} {became}")?;
        }
        for Running { name, before } in self.applications {
            let state = if *before { paint(FAINT, "runs") } else { paint(GOOD, "started") };
            writeln!(out, "  {name} {state}")?;
        }
        outputs_text(out, &self.outputs)?;
        if self.ok {
            let environment = self.environment;
            let flag = if environment == "local" { String::new() } else { format!(" --env {environment}") };
            writeln!(out, "\n{}", paint(STRONG, "next"))?;
            writeln!(out, "  cargo xtask verify{flag:<32} proves that events arrive at every end")?;
            writeln!(out, "  cargo xtask simulate --for 10s{flag:<21} sends events")?;
            if self.outputs.contains_key("twin") {
                writeln!(
                    out,
                    "  cargo xtask twin sync{flag:<29} gives the devices entities of the digital twin"
                )?;
            }
            writeln!(out, "  cargo xtask status{flag:<32} shows what is there and how it is")?;
        }
        Ok(())
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
}

/// The outputs of stacks.
#[derive(Debug, Serialize)]
pub struct OutputsDocument<'a> {
    /// The environment.
    pub environment: &'a str,
    /// By stack and name.
    pub outputs: BTreeMap<&'a str, &'a BTreeMap<String, String>>,
}

impl Document for OutputsDocument<'_> {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        write!(out, "{}", paint(STRONG, self.environment))?;
        outputs_text(out, &self.outputs)
    }
}

fn outputs_text(
    out: &mut dyn fmt::Write,
    outputs: &BTreeMap<&str, &BTreeMap<String, String>>,
) -> fmt::Result {
    let width =
        outputs.values().flat_map(|outputs| outputs.keys()).map(String::len).max().unwrap_or_default();
    for (stack, outputs) in outputs.iter().filter(|(_, outputs)| !outputs.is_empty()) {
        writeln!(out, "\n{}", paint(STRONG, stack))?;
        for (name, value) in *outputs {
            writeln!(out, "  {name:<width$}  {value}")?;
        }
    }
    Ok(())
}
