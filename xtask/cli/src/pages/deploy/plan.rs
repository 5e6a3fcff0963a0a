//! What is told of a plan: without the templates that it holds, and with what a reader asks first.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::wording::trails;
use super::{plan_markdown, plan_text};
use crate::report::Document;
use engine::deploy::difference::{Change, Data, ResourceChange};
use engine::deploy::options::selection;
use engine::deploy::options::{Options, quoted};
use engine::deploy::plan::{Action, Parameter, Plan, StackPlan};
use engine::deploy::security::Security;

/// A plan, as it is shown.
#[derive(Debug, Serialize)]
pub struct PlanDocument<'a> {
    pub(super) environment: &'a str,
    pub(super) region: &'a str,
    pub(super) account: &'a str,
    /// Whether there is nothing to do.
    pub(super) unchanged: bool,
    pub(super) counts: Counts,
    /// What holds data and does not stay as it is.
    pub(super) data_at_risk: Vec<AtRisk<'a>>,
    /// Who may do what, and who reaches whom, more or less than before, by stack.
    pub(super) security: BTreeMap<&'a str, &'a Security>,
    pub(super) stacks: Vec<PlannedStack<'a>>,
    /// Commands that carry it out; empty when there is nothing to do, or when somebody is asked.
    pub(super) next: Vec<String>,
}

/// How a plan is carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// By `deploy`, which makes the same plan again.
    Deploy,
    /// By saving it first: what deploys to this environment must be approved.
    Save,
    /// By executing the file that it is saved in.
    Saved(PathBuf),
    /// By the answer to a question that follows.
    Answer,
}

/// How much happens.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    /// Stacks by what happens to them.
    pub stacks: BTreeMap<String, usize>,
    /// Resources by what happens to them.
    pub resources: BTreeMap<String, usize>,
}

/// A resource that holds data and does not stay as it is.
#[derive(Debug, Serialize)]
pub(super) struct AtRisk<'a> {
    pub stack: &'a str,
    #[serde(flatten)]
    pub change: &'a ResourceChange,
    #[serde(skip)]
    pub data: Data,
    /// What agrees to it on the command line.
    pub allow: String,
}

/// A stack of the plan.
#[derive(Debug, Serialize)]
pub(super) struct PlannedStack<'a> {
    pub name: &'a str,
    pub stack_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'a str>,
    pub action: Action,
    pub resources: &'a [ResourceChange],
    /// Parameters that change, and those whose value is not known yet.
    pub parameters: BTreeMap<&'a str, &'a Parameter>,
}

/// What is counted of stacks and resources, in the order in which it is told.
pub(super) const ORDER: [&str; 9] = [
    "create",
    "update",
    "perhaps update",
    "perhaps replace",
    "replace",
    "remove",
    "roll back",
    "wait",
    "blocked",
];

impl<'a> PlanDocument<'a> {
    /// What is told of a plan that `deploy` carries out.
    pub fn of(plan: &'a Plan) -> Self {
        let stacks: Vec<PlannedStack> = plan.stacks.iter().map(PlannedStack::of).collect();
        let security = plan.stacks.iter().filter(|stack| !stack.security.is_empty());
        let document = Self {
            environment: &plan.environment,
            region: &plan.region,
            account: &plan.account,
            unchanged: plan.is_empty(),
            counts: Counts::of(&stacks),
            data_at_risk: stacks.iter().flat_map(at_risk).collect(),
            security: security.map(|stack| (stack.name.as_str(), &stack.security)).collect(),
            stacks,
            next: Vec::new(),
        };
        document.next(&Next::Deploy, &Options::default())
    }

    /// The same, carried out in this way by commands that say again what this one said.
    #[must_use]
    pub fn next(mut self, next: &Next, options: &Options) -> Self {
        let selection = selection(self.environment);
        let consent: String = self.data_at_risk.iter().flat_map(|risk| [" ", risk.allow.as_str()]).collect();
        let deploy = format!("cargo xtask deploy{selection}");
        let (planning, executing) = (options.planning(), options.executing());
        self.next = match next {
            // What is blocked says itself what it takes.
            _ if self.unchanged || self.counts.stacks.contains_key("blocked") => Vec::new(),
            Next::Answer => Vec::new(),
            Next::Deploy => vec![format!("{deploy}{planning}{consent}")],
            Next::Save => vec![
                format!("cargo xtask plan{selection}{planning} --out plan.json"),
                format!("{deploy} --plan plan.json{executing}{consent} --yes"),
            ],
            Next::Saved(file) => {
                let file = quoted(&file.to_string_lossy());
                vec![format!("{deploy} --plan {file}{executing}{consent} --yes")]
            }
        };
        self
    }

    /// Stacks to which something happens.
    pub(super) fn changing(&self) -> impl Iterator<Item = &PlannedStack<'a>> {
        self.stacks.iter().filter(|stack| stack.action != Action::None)
    }

    /// Names of the stacks that stay as they are.
    pub(super) fn staying(&self) -> Vec<&'a str> {
        self.stacks.iter().filter(|stack| stack.action == Action::None).map(|stack| stack.name).collect()
    }
}

fn at_risk<'a>(stack: &PlannedStack<'a>) -> Vec<AtRisk<'a>> {
    let name = stack.name;
    let risk = |change: &'a ResourceChange| {
        let allow = format!("--allow-data-loss {name}.{}", change.logical_id);
        Some(AtRisk { stack: name, change, data: change.data?, allow })
    };
    let mut risks: Vec<AtRisk> = stack.resources.iter().filter_map(risk).collect();
    risks.sort_by_key(|risk| !matches!(risk.data, Data::Lost | Data::Shortened));
    risks
}

impl AtRisk<'_> {
    /// What of it is lost, when the resource stays.
    pub fn lost(&self) -> &[String] {
        if self.data.stays() { &self.change.lost } else { &[] }
    }
}

impl<'a> PlannedStack<'a> {
    fn of(stack: &'a StackPlan) -> Self {
        Self {
            name: &stack.name,
            stack_name: &stack.stack_name,
            status: stack.status.as_deref(),
            action: stack.action,
            resources: if stack.action == Action::None { &[] } else { &stack.resources },
            parameters: stack
                .parameters
                .iter()
                .filter(|(_, parameter)| parameter.before != parameter.after || parameter.after.is_none())
                .map(|(name, parameter)| (name.as_str(), parameter))
                .collect(),
        }
    }

    /// Whether all of it is new, so that nothing of it has a value before.
    pub fn is_new(&self) -> bool {
        matches!(self.action, Action::Create | Action::Recreate)
    }

    /// Resources that are touched, if at all, only because they take values of others.
    pub fn trailing(&self) -> Vec<&'a str> {
        let trailing = self.resources.iter().filter(|change| trails(change));
        trailing.map(|change| change.logical_id.as_str()).collect()
    }

    /// All others.
    pub fn leading(&self) -> impl Iterator<Item = &'a ResourceChange> {
        self.resources.iter().filter(|change| !trails(change))
    }

    /// Parameters with a new value, without those whose value a property of a resource shows already.
    pub fn changed(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>, &'a str)> {
        let properties = self.resources.iter().flat_map(|change| &change.properties);
        let told: BTreeSet<&str> =
            properties.filter_map(|property| property.after.as_ref()?.as_str()).collect();
        self.parameters.iter().filter_map(move |(name, parameter)| {
            let after = parameter.after.as_deref().filter(|after| !told.contains(after))?;
            Some((*name, parameter.before.as_deref(), after))
        })
    }

    /// Names of the parameters whose value is known only after another stack is deployed.
    pub fn unknown(&self) -> impl Iterator<Item = &'a str> {
        self.parameters.iter().filter(|(_, parameter)| parameter.after.is_none()).map(|(name, _)| *name)
    }

    /// How many resources there are of each type.
    pub fn types(&self) -> BTreeMap<&'a str, usize> {
        let mut types = BTreeMap::new();
        for change in self.resources {
            *types.entry(change.kind.as_str()).or_default() += 1;
        }
        types
    }

    /// Whether it removes a component type, which other entities than its own may still have.
    pub fn moves_entities(&self) -> bool {
        self.resources.iter().any(|change| {
            change.change == Change::Remove
                && engine::deploy::replacement::stands_for(&change.kind) == "AWS::IoTTwinMaker::ComponentType"
        })
    }
}

impl Counts {
    fn of(stacks: &[PlannedStack]) -> Self {
        let mut counts = Self::default();
        for stack in stacks {
            let action = match stack.action {
                Action::Create | Action::Recreate => "create",
                Action::Update => "update",
                Action::None => "unchanged",
                Action::RollBack => "roll back",
                Action::Wait => "wait",
                Action::Blocked => "blocked",
            };
            *counts.stacks.entry(action.to_owned()).or_default() += 1;
            for change in stack.resources {
                *counts.resources.entry(super::wording::deed(change)).or_default() += 1;
            }
        }
        counts
    }
}

impl Document for PlanDocument<'_> {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        plan_text::write(self, out)
    }

    fn markdown(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        plan_markdown::write(self, out)
    }
}
