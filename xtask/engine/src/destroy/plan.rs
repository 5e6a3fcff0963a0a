//! What destroying an environment does, as a value. Pure.
//!
//! Only what carries the environment's tag is in it. What a template says to retain is listed, and
//! its buckets are not emptied.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::buckets;
use super::contents::Contents;
use super::why::{self, Why};
use super::workspace::Extra;
use crate::consent::named_in;
use crate::deploy::graph::{Cycle, Graph};
use crate::deploy::replacement::stands_for;
use crate::devices::UNNAMED;
use session::{Exit, Explain};
use stacks::cfn::ParameterSource;
use stacks::kinds::CLUSTER;

/// What stays of a cluster that goes with a final snapshot. No template has one.
pub(super) const SNAPSHOT: &str = "AWS::RDS::DBClusterSnapshot";

const WORKSPACE: &str = "AWS::IoTTwinMaker::Workspace";
const POLICY: &str = "AWS::IoT::Policy";
const THING_TYPE: &str = "AWS::IoT::ThingType";

/// A stack that was found, with what it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Name in the table of stacks; of one that is not in the table, what follows the environment's name.
    pub name: String,
    /// Name in CloudFormation.
    pub stack_name: String,
    /// ARN.
    pub stack_id: String,
    /// Status, as CloudFormation spells it.
    pub status: String,
    /// Whether CloudFormation refuses to delete it, because of its
    /// [termination protection](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-protect-stacks.html).
    pub protected: bool,
    /// The template that it was deployed with.
    pub template: String,
    /// Its resources.
    pub resources: Vec<Resource>,
}

/// A resource of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resource {
    /// Name in the template.
    pub logical_id: String,
    /// For instance `AWS::S3::Bucket`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Name in its service.
    pub physical_id: String,
}

/// A resource that stays behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Retained {
    /// What stays.
    #[serde(flatten)]
    pub resource: Resource,
    /// Why.
    #[serde(flatten)]
    pub why: Why,
}

impl Retained {
    /// The final snapshot of a cluster that goes: `CloudFormation` makes it, and names it after the stack.
    fn snapshot(resource: &Resource, stack_name: &str, environment: &str) -> Self {
        let logical_id = resource.logical_id.clone();
        let physical_id = format!("{stack_name}-snapshot-{}-*", logical_id.to_lowercase());
        let snapshot = Resource { logical_id, kind: SNAPSHOT.to_owned(), physical_id };
        Self { resource: snapshot, why: Why::snapshot(environment) }
    }

    /// Whether it is the final snapshot of something that goes.
    pub fn is_snapshot(&self) -> bool {
        self.resource.kind == SNAPSHOT
    }
}

/// Everything that goes, and everything that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DestroyPlan {
    /// The environment.
    pub environment: String,
    /// Stacks, in an order in which they can go.
    pub stacks: Vec<Removal>,
    /// Stacks of the environment that stay, when only some go.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub staying: Vec<Removal>,
    /// Its part of the account's bucket, where it has one: it is emptied when all stacks are gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared: Option<Contents>,
}

/// What goes and what stays of one stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Removal {
    /// Name in the table of stacks.
    pub name: String,
    /// Name in CloudFormation.
    pub stack_name: String,
    /// ARN.
    pub stack_id: String,
    /// Status, as CloudFormation spells it.
    pub status: String,
    /// Whether CloudFormation refuses to delete it, because of its termination protection.
    pub protected: bool,
    /// Stacks that go first, because they need this one.
    pub after: BTreeSet<String>,
    /// What goes with it.
    pub delete: Vec<Resource>,
    /// What stays behind. Of a template that cannot be read, it is not known whether it does.
    pub retain: Vec<Retained>,
    /// What its buckets hold, which goes with it. Log events are not counted.
    pub contents: Vec<Contents>,
    /// What its TwinMaker workspace has beyond the stack, which goes too.
    #[serde(skip_serializing_if = "Extra::is_empty")]
    pub extra: Extra,
    /// Devices that have an identity of the stack, active or not: it cannot go before they have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<String>,
    /// Logical ids of what is left behind, if it cannot be deleted otherwise.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub abandon: BTreeSet<String>,
    /// Whether it is deleted in the end whatever stays behind.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub forced: bool,
}

impl Removal {
    /// Names of its resources: `stack.LogicalId`.
    fn names(&self) -> impl Iterator<Item = String> {
        let retained = self.retain.iter().filter(|kept| !kept.is_snapshot()).map(|kept| &kept.resource);
        self.delete.iter().chain(retained).map(|resource| format!("{}.{}", self.name, resource.logical_id))
    }

    /// What is known to stay behind.
    pub fn stays(&self) -> impl Iterator<Item = &Retained> {
        self.retain.iter().filter(|retained| retained.why.is_known())
    }

    /// Whether a TwinMaker workspace goes with it, which must be empty before.
    pub fn has_workspace(&self) -> bool {
        self.delete.iter().any(|resource| stands_for(&resource.kind) == WORKSPACE)
    }

    /// The policy and the thing type of devices that go with it, by their names.
    pub fn identities(&self) -> Option<(&str, &str)> {
        let named = |kind: &str| {
            let found = self.delete.iter().find(|resource| resource.kind == kind)?;
            Some(found.physical_id.as_str()).filter(|name| !name.is_empty())
        };
        Some((named(POLICY)?, named(THING_TYPE)?))
    }

    /// Whether a function of the stack stands in for TwinMaker. The emulator deletes that function with the
    /// rest when the workspace cannot be deleted, and then nothing can.
    pub fn loses_its_provider(&self) -> bool {
        self.delete
            .iter()
            .any(|resource| resource.kind != WORKSPACE && stands_for(&resource.kind) == WORKSPACE)
    }

    /// Ids of the entities and component types that go with it. CloudFormation puts the workspace before
    /// them: `workspace|id`.
    pub fn of_twin(&self) -> BTreeSet<&str> {
        let retained = self.retain.iter().map(|retained| &retained.resource);
        let resources = self.delete.iter().chain(retained);
        resources
            .filter(|resource| stands_for(&resource.kind).starts_with("AWS::IoTTwinMaker::"))
            .map(|resource| resource.physical_id.rsplit('|').next().unwrap_or_default())
            .collect()
    }

    /// Buckets that must be empty before the stack can go.
    pub fn buckets(&self) -> impl Iterator<Item = &str> {
        self.delete
            .iter()
            .filter(|resource| resource.kind == buckets::TYPE && !resource.physical_id.is_empty())
            .map(|resource| resource.physical_id.as_str())
    }
}

/// Stacks are protected against their deletion, so nothing of the environment was touched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nothing was destroyed: termination protection is on for {}", .0.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "))]
pub struct Protected(Vec<(String, String)>);

impl Explain for Protected {
    fn exit(&self) -> Exit {
        Exit::Declined
    }

    fn hint(&self) -> Option<String> {
        let lift = |(name, id): &(String, String)| {
            // arn:aws:cloudformation:<region>:<account>:stack/<name>/<id>
            let region = id.split(':').nth(3).map(|region| format!(" --region {region}")).unwrap_or_default();
            format!(
                "`aws cloudformation update-termination-protection --no-enable-termination-protection \
                 --stack-name {name}{region}`"
            )
        };
        let commands: Vec<String> = self.0.iter().map(lift).collect();
        Some(format!("somebody turned it on; this lifts it: {}", commands.join("; ")))
    }
}

/// Devices have identities of the environment, so nothing of it was touched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nothing was destroyed: these still have an identity of it: {}", .0.join(", "))]
pub struct Inhabited(Vec<String>);

impl Explain for Inhabited {
    fn exit(&self) -> Exit {
        Exit::Declined
    }

    fn hint(&self) -> Option<String> {
        Some(match self.0.iter().find(|name| !name.starts_with(UNNAMED)) {
            Some(name) => format!("`cargo xtask device revoke {name} --delete` withdraws an identity"),
            None => {
                "`aws iot detach-policy` takes the policy from a certificate that is of no device".to_owned()
            }
        })
    }
}

/// `--stack` names something else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no stack `{name}` in this environment")]
pub struct UnknownStack {
    name: String,
    known: Vec<String>,
}

impl UnknownStack {
    /// Refuses names of which there is no stack.
    pub fn refuse<'a>(names: &[String], known: impl Iterator<Item = &'a str>) -> Result<(), Self> {
        let known: Vec<&str> = known.collect();
        match names.iter().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => {
                let known = known.into_iter().map(str::to_owned).collect();
                Err(Self { name: name.clone(), known })
            }
        }
    }
}

impl Explain for UnknownStack {
    fn exit(&self) -> Exit {
        Exit::Configuration
    }

    fn hint(&self) -> Option<String> {
        Some(format!("there are: {}", self.known.join(", ")))
    }
}

/// `--abandon` names something else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no stack that goes has a resource `{name}`")]
pub struct UnknownResource {
    name: String,
}

impl Explain for UnknownResource {
    fn exit(&self) -> Exit {
        Exit::Configuration
    }

    fn hint(&self) -> Option<String> {
        Some("resources are named `stack.LogicalId`, as `destroy --plan` lists them".to_owned())
    }
}

impl DestroyPlan {
    /// The plan for an environment of which nothing is there.
    pub fn empty(environment: &str) -> Self {
        Self { environment: environment.to_owned(), stacks: Vec::new(), staying: Vec::new(), shared: None }
    }

    /// The part of the plan that removes these stacks, and those that need them. All, when none is named.
    pub fn only(mut self, names: &[String]) -> Result<Self, UnknownStack> {
        if names.is_empty() {
            return Ok(self);
        }
        UnknownStack::refuse(names, self.stacks.iter().map(|stack| stack.name.as_str()))?;
        let mut going: BTreeSet<String> = names.iter().cloned().collect();
        // What goes first stands before what it needs.
        for stack in self.stacks.iter().rev() {
            if going.contains(&stack.name) {
                going.extend(stack.after.iter().cloned());
            }
        }
        (self.stacks, self.staying) = self.stacks.into_iter().partition(|stack| going.contains(&stack.name));
        if !self.staying.is_empty() {
            self.shared = None;
        }
        Ok(self)
    }

    /// The same, with what somebody agreed to leave behind if it cannot be deleted: resources, `stack.LogicalId`, and
    /// whether everything may be.
    pub fn abandoning(mut self, resources: &[String], forced: bool) -> Result<Self, UnknownResource> {
        let known: BTreeSet<String> = self.stacks.iter().flat_map(Removal::names).collect();
        if let Some(name) = resources.iter().find(|name| !known.contains(*name)) {
            return Err(UnknownResource { name: name.clone() });
        }
        for stack in &mut self.stacks {
            let of = |name: &String| named_in(name, &stack.name).map(str::to_owned);
            stack.abandon = resources.iter().filter_map(of).collect();
            stack.forced = forced;
        }
        Ok(self)
    }

    /// What was left behind after all is what stays.
    #[must_use]
    pub fn with_abandoned<'a>(
        mut self,
        abandoned: impl Iterator<Item = &'a BTreeMap<String, String>>,
    ) -> Self {
        for (stack, abandoned) in self.stacks.iter_mut().zip(abandoned) {
            let (left, delete): (Vec<_>, Vec<_>) = std::mem::take(&mut stack.delete)
                .into_iter()
                .partition(|resource| abandoned.contains_key(&resource.logical_id));
            stack.delete = delete;
            stack.retain.extend(left.into_iter().map(|resource| {
                let why = Why::abandoned(&resource, &abandoned[&resource.logical_id]);
                Retained { resource, why }
            }));
        }
        self
    }

    /// Refuses a plan of which CloudFormation would refuse a part: what goes before that part would be gone.
    pub fn unprotected(&self) -> Result<(), Protected> {
        let protected = self.stacks.iter().filter(|stack| stack.protected);
        let protected: Vec<_> =
            protected.map(|stack| (stack.stack_name.clone(), stack.stack_id.clone())).collect();
        if protected.is_empty() { Ok(()) } else { Err(Protected(protected)) }
    }

    /// Refuses a plan that takes their identity from devices: none is withdrawn unasked, and the service would refuse
    /// it once the rest is gone.
    pub fn uninhabited(&self) -> Result<(), Inhabited> {
        let devices: Vec<_> = self.stacks.iter().flat_map(|stack| stack.devices.iter().cloned()).collect();
        if devices.is_empty() { Ok(()) } else { Err(Inhabited(devices)) }
    }
}

/// The plan that removes these stacks. `needs` says which stack needs which, and so do the templates that were deployed,
/// perhaps by other settings; one that is not in it is of an older version of the pipeline and goes first.
pub fn make(
    environment: &str,
    found: &[Found],
    needs: &BTreeMap<String, BTreeSet<String>>,
) -> Result<DestroyPlan, Cycle> {
    let known: BTreeSet<&str> = needs
        .keys()
        .map(String::as_str)
        .filter(|name| found.iter().any(|stack| stack.name == *name))
        .collect();
    let deployed: Vec<BTreeSet<String>> = found.iter().map(sources).collect();
    let graph = Graph::new(found.iter().zip(&deployed).map(|(stack, sources)| {
        let needed: Vec<&str> = match needs.get(&stack.name) {
            Some(needed) => needed.iter().chain(sources).map(String::as_str).collect(),
            None => known.iter().copied().collect(),
        };
        (stack.name.as_str(), needed)
    }))?
    .reversed();
    let removal = |name: String| {
        let stack = found.iter().find(|stack| stack.name == name)?;
        Some(removal(environment, stack, graph.needs(&name).map(str::to_owned).collect()))
    };
    let stacks = graph.order().into_iter().filter_map(removal).collect();
    Ok(DestroyPlan { stacks, ..DestroyPlan::empty(environment) })
}

/// The stacks whose outputs a deployed one was given.
fn sources(stack: &Found) -> BTreeSet<String> {
    let template: Value = serde_json::from_str(&stack.template).unwrap_or_default();
    let parameters = template["Parameters"].as_object().into_iter().flatten();
    let descriptions = parameters.filter_map(|(_, parameter)| parameter["Description"].as_str());
    descriptions.filter_map(ParameterSource::stack_of).map(str::to_owned).collect()
}

fn removal(environment: &str, stack: &Found, after: BTreeSet<String>) -> Removal {
    let template: Value = serde_json::from_str(&stack.template).unwrap_or_default();
    let declared = template["Resources"].as_object();
    let (mut delete, mut retain) = (Vec::new(), Vec::new());
    for resource in stack.resources.iter().cloned() {
        let policy = declared.map(|declared| {
            let declared = declared.get(&resource.logical_id);
            declared.and_then(|declared| declared["DeletionPolicy"].as_str()).unwrap_or_default()
        });
        // Of a template that cannot be read, whatever hand wrote it, nothing is known to be deletable: no
        // bucket of it is emptied.
        if policy.is_none_or(why::keeps) {
            let why = Why::of(&resource, policy, environment);
            retain.push(Retained { resource, why });
        } else {
            if policy == Some(why::SNAPSHOT) && resource.kind == CLUSTER {
                retain.push(Retained::snapshot(&resource, &stack.stack_name, environment));
            }
            delete.push(resource);
        }
    }
    Removal {
        name: stack.name.clone(),
        stack_name: stack.stack_name.clone(),
        stack_id: stack.stack_id.clone(),
        status: stack.status.clone(),
        protected: stack.protected,
        after,
        delete,
        retain,
        contents: Vec::new(),
        extra: Extra::default(),
        devices: Vec::new(),
        abandon: BTreeSet::new(),
        forced: false,
    }
}

#[cfg(test)]
mod tests;
