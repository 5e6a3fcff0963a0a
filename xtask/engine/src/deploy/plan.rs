//! Everything that a deployment will do, as a value. Pure.
//!
//! A plan is computed from the desired state ([`Desired`]) and the current one ([`Current`]), printed by `plan`,
//! and executed by `deploy`. It holds the templates themselves and survives a round trip through
//! JSON, so that what was looked at is what is executed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stacks::environment::{Environment, OnDelete};

use super::difference::{self, Data, ResourceChange, Values};
use super::graph::{Cycle, Graph};
use super::property;
use super::recovery;
use super::security::{self, Security};
use artifacts::Archive;

/// The desired state of an environment.
#[derive(Debug, Clone)]
pub struct Desired {
    /// Name of the environment.
    pub environment: String,
    /// AWS Region.
    pub region: String,
    /// AWS account.
    pub account: String,
    /// Its stacks.
    pub stacks: Vec<DesiredStack>,
}

/// The desired state of a stack.
#[derive(Debug, Clone)]
pub struct DesiredStack {
    /// Name in the table of stacks, for instance `ingest`.
    pub name: String,
    /// Name in CloudFormation.
    pub stack_name: String,
    /// Stacks that are deployed before it.
    pub depends_on: Vec<String>,
    /// The template, JSON.
    pub template: String,
    /// Where its parameters come from.
    pub parameters: BTreeMap<String, Source>,
    /// Tags of the stack and of everything in it.
    pub tags: BTreeMap<String, String>,
    /// What must be in the bucket for archives first.
    pub archives: Vec<Archive>,
}

/// Where the value of a parameter comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// It is known.
    Value(String),
    /// It is an output of another stack.
    Output {
        /// The stack.
        stack: String,
        /// Its output.
        output: String,
    },
}

/// A stack as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Current {
    /// ARN of the stack.
    pub stack_id: String,
    /// Status, as CloudFormation spells it.
    pub status: String,
    /// The template that it was last deployed with.
    pub template: String,
    /// Values of its parameters.
    pub parameters: BTreeMap<String, String>,
    /// Its outputs.
    pub outputs: BTreeMap<String, String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// When it was last changed, as RFC 3339 has it.
    pub updated: Option<String>,
}

/// Everything that a deployment will do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Name of the environment.
    pub environment: String,
    /// AWS Region.
    pub region: String,
    /// AWS account.
    pub account: String,
    /// Stacks, each after those that it needs.
    pub stacks: Vec<StackPlan>,
}

/// What a deployment will do with one stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StackPlan {
    /// Name in the table of stacks.
    pub name: String,
    /// Name in CloudFormation.
    pub stack_name: String,
    /// ARN, of one that is there.
    pub stack_id: Option<String>,
    /// Status, of one that is there.
    pub status: Option<String>,
    /// What happens.
    pub action: Action,
    /// Stacks of the plan that come first.
    pub after: BTreeSet<String>,
    /// Resources that change.
    pub resources: Vec<ResourceChange>,
    /// What is permitted more or less than before.
    #[serde(default, skip_serializing_if = "Security::is_empty")]
    pub security: Security,
    /// Parameters.
    pub parameters: BTreeMap<String, Parameter>,
    /// Outputs that it has now.
    pub outputs: BTreeMap<String, String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Archives that must be in their bucket first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub archives: Vec<Archive>,
    /// ARN of the change set that was made for it and waits to be executed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_set: Option<String>,
    /// The template, JSON.
    pub template: String,
}

/// What happens to a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is created.
    Create,
    /// What is left of a creation that never succeeded is deleted, then it is created.
    Recreate,
    /// It is updated.
    Update,
    /// Nothing.
    None,
    /// It goes back to where it last was well, and the plan is made again.
    RollBack,
    /// Another operation is under way: it is waited for, and the plan made again.
    Wait,
    /// A state that takes a person.
    Blocked,
}

/// A parameter of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// Where its value comes from.
    pub source: Source,
    /// The value that is deployed.
    pub before: Option<String>,
    /// The value to be. `None`: known after the stack that gives it is deployed.
    pub after: Option<String>,
}

/// A resource whose data the plan would not leave where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// The stack.
    pub stack: String,
    /// The resource.
    pub logical_id: String,
    /// What becomes of the data.
    pub data: Data,
    /// What of it is lost, when the resource stays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<String>,
}

impl Loss {
    /// What a plan says of a resource's data. `None`: it stays where it is.
    pub fn of(stack: &str, change: &ResourceChange) -> Option<Self> {
        let (logical_id, lost) = (change.logical_id.clone(), change.lost.clone());
        Some(Self { stack: stack.to_owned(), logical_id, data: change.data?, lost })
    }
}

impl Desired {
    /// Which stack waits for which: by declaration, and because it takes another one's output.
    pub fn graph(&self) -> Result<Graph, Cycle> {
        Graph::new(self.stacks.iter().map(|stack| {
            let outputs = stack.parameters.values().filter_map(|source| match source {
                Source::Output { stack, .. } => Some(stack.as_str()),
                Source::Value(_) => None,
            });
            (stack.name.as_str(), stack.depends_on.iter().map(String::as_str).chain(outputs))
        }))
    }
}

/// The plan that turns the current state into the desired one. `current` has the stacks that exist, by name in
/// the table of stacks.
pub fn make(desired: &Desired, current: &BTreeMap<String, Current>) -> Result<Plan, Cycle> {
    let graph = desired.graph()?;
    let mut stacks: Vec<StackPlan> = Vec::new();
    let mut outputs = Outputs::new();
    for name in graph.order() {
        let Some(stack) = desired.stacks.iter().find(|stack| stack.name == name) else { continue };
        let (planned, settled) = plan_stack(desired, stack, current.get(&name), &graph, &outputs);
        outputs.insert(name, settled);
        stacks.push(planned);
    }
    let Desired { environment, region, account, .. } = desired.clone();
    Ok(Plan { environment, region, account, stacks })
}

/// The outputs of stacks, as far as they are known before anything is deployed.
type Outputs = BTreeMap<String, BTreeMap<String, String>>;

/// What is done with a stack, and the outputs that it is known to have then.
fn plan_stack(
    desired: &Desired,
    stack: &DesiredStack,
    current: Option<&Current>,
    graph: &Graph,
    outputs: &Outputs,
) -> (StackPlan, BTreeMap<String, String>) {
    let action = current.map_or(Action::Create, |current| recovery::of(&current.status).deploy.action());
    // Outputs and parameters of what never succeeded mean nothing.
    let deployed = current.filter(|_| !matches!(action, Action::Create | Action::Recreate));
    let parameters: BTreeMap<String, Parameter> = stack
        .parameters
        .iter()
        .map(|(name, source)| {
            let before = deployed.and_then(|current| current.parameters.get(name)).cloned();
            (name.clone(), Parameter { after: known(source, outputs), source: source.clone(), before })
        })
        .collect();
    let versions = Versions::new(&stack.template, deployed, &parameters);
    let (resources, security) = versions.compared(&pseudo(desired, stack), &parameters);
    let mut planned = StackPlan {
        name: stack.name.clone(),
        stack_name: stack.stack_name.clone(),
        stack_id: current.map(|current| current.stack_id.clone()),
        status: current.map(|current| current.status.clone()),
        action,
        after: graph.needs(&stack.name).map(str::to_owned).collect(),
        resources,
        security,
        parameters,
        outputs: deployed.map(|current| current.outputs.clone()).unwrap_or_default(),
        tags: stack.tags.clone(),
        archives: stack.archives.clone(),
        change_set: None,
        template: stack.template.clone(),
    };
    if let (Action::Update, Some(current)) = (action, deployed)
        && unchanged(&planned, current)
    {
        planned.action = Action::None;
    }
    let outputs = match planned.action {
        Action::None => planned.outputs.clone(),
        _ => versions.settled(&planned),
    };
    (planned, outputs)
}

/// The value of a parameter as far as it is known before anything is deployed.
fn known(source: &Source, outputs: &Outputs) -> Option<String> {
    match source {
        Source::Value(value) => Some(value.clone()),
        Source::Output { stack, output } => outputs.get(stack)?.get(output).cloned(),
    }
}

/// The template that is deployed and the one to be, with the values of their parameters.
struct Versions {
    old: Value,
    before: Values,
    new: Value,
    after: Values,
}

impl Versions {
    fn new(template: &str, deployed: Option<&Current>, parameters: &BTreeMap<String, Parameter>) -> Self {
        let values = |current: &Current| {
            current.parameters.iter().map(|(name, value)| (name.clone(), Some(value.clone()))).collect()
        };
        Self {
            old: deployed.map_or(Value::Null, |current| parse(&current.template)),
            before: deployed.map(values).unwrap_or_default(),
            new: parse(template),
            after: parameters.iter().map(|(name, value)| (name.clone(), value.after.clone())).collect(),
        }
    }

    /// What differs. A parameter whose value is known only after another stack is deployed is called by its
    /// source before and after: what is permitted on it goes over to the value to be.
    fn compared(
        &self,
        pseudo: &Values,
        parameters: &BTreeMap<String, Parameter>,
    ) -> (Vec<ResourceChange>, Security) {
        let resources = difference::resources(&self.old, &self.before, &self.new, &self.after);
        let unknown =
            parameters.iter().filter_map(|(name, parameter)| match (&parameter.source, &parameter.after) {
                (Source::Output { stack, output }, None) => {
                    Some((name.clone(), Some(format!("{stack}.{output}"))))
                }
                _ => None,
            });
        let unknown: Values = unknown.collect();
        let named = |values: &Values| {
            let values = pseudo.iter().chain(values).chain(&unknown);
            values.map(|(name, value)| (name.clone(), value.clone())).collect::<Values>()
        };
        let security = security::between(&self.old, &named(&self.before), &self.new, &named(&self.after));
        (resources, security)
    }

    /// The outputs that the stack is known to have after its update: those whose expression stays the same
    /// and names nothing that becomes another one.
    fn settled(&self, planned: &StackPlan) -> BTreeMap<String, String> {
        let moving =
            planned.resources.iter().filter(|resource| resource.change != difference::Change::Modify);
        let moving = moving.map(|resource| resource.logical_id.clone());
        let moving: BTreeSet<String> = moving.chain(difference::unknown(&self.after)).collect();
        let expression = |template: &Value, values: &Values, name: &str| {
            property::with_values(&template["Outputs"][name]["Value"], values)
        };
        let stays = |name: &str| {
            let new = expression(&self.new, &self.after, name);
            new == expression(&self.old, &self.before, name) && !property::mentions(&new, &moving)
        };
        let outputs = planned.outputs.iter().filter(|(name, _)| stays(name));
        outputs.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// What [pseudo parameters](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html)
/// stand for in a stack.
fn pseudo(desired: &Desired, stack: &DesiredStack) -> Values {
    let partition = match desired.region.split('-').take(2).collect::<Vec<_>>()[..] {
        ["cn", ..] => "aws-cn",
        ["us", "gov"] => "aws-us-gov",
        _ => "aws",
    };
    [
        ("AWS::AccountId", desired.account.as_str()),
        ("AWS::Partition", partition),
        ("AWS::Region", &desired.region),
        ("AWS::StackName", &stack.stack_name),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), Some(value.to_owned())))
    .collect()
}

/// What is to become of the data of an environment, as it says or as what is deployed says: whoever overrides
/// the one has not agreed to the other.
pub fn on_delete(environment: &Environment, current: &BTreeMap<String, Current>) -> OnDelete {
    let retained = current.values().any(|current| difference::retains(&parse(&current.template)));
    if retained { OnDelete::Retain } else { environment.on_delete }
}

fn unchanged(planned: &StackPlan, current: &Current) -> bool {
    let values: Option<BTreeMap<&String, &String>> =
        planned.parameters.iter().map(|(name, parameter)| Some((name, parameter.after.as_ref()?))).collect();
    values.is_some_and(|values| values == current.parameters.iter().collect())
        && planned.tags == current.tags
        && same_template(&planned.template, &current.template)
}

/// Whether two templates say the same. CloudFormation keeps a `?` for each character that is not ASCII.
fn same_template(new: &str, deployed: &str) -> bool {
    let ascii =
        |text: &str| text.chars().map(|char| if char.is_ascii() { char } else { '?' }).collect::<String>();
    let (new, deployed) = (ascii(new), ascii(deployed));
    if new == deployed {
        return true;
    }
    let (new, deployed) = (parse(&new), parse(&deployed));
    !new.is_null() && new == deployed
}

/// A template as a value. One that is not JSON, made by other means, differs from every one of ours.
fn parse(template: &str) -> Value {
    serde_json::from_str(template).unwrap_or_default()
}

impl Plan {
    /// Whether there is anything to do.
    pub fn is_empty(&self) -> bool {
        self.stacks.iter().all(|stack| stack.action == Action::None)
    }

    /// The resources whose data would not stay where it is.
    pub fn losses(&self) -> Vec<Loss> {
        let of = |stack: &StackPlan| {
            stack.resources.iter().filter_map(|change| Loss::of(&stack.name, change)).collect::<Vec<_>>()
        };
        self.stacks.iter().flat_map(of).collect()
    }

    /// The stacks in a state that this action stands for.
    pub fn with_action(&self, action: Action) -> impl Iterator<Item = &StackPlan> {
        self.stacks.iter().filter(move |stack| stack.action == action)
    }
}

#[cfg(test)]
mod tests;
