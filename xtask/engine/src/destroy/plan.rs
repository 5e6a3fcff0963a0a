//! What destroying an environment does, as a value. Pure.
//!
//! Only what carries the environment's tag is in it. What a template says to retain is listed, and
//! its buckets are not emptied.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::contents::Contents;
use super::why::{self, Why};
use super::workspace::Extra;
use crate::deploy::graph::{Cycle, Graph};
use crate::deploy::replacement::stands_for;
use session::{Exit, Explain};

const WORKSPACE: &str = "AWS::IoTTwinMaker::Workspace";

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

/// Everything that goes, and everything that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DestroyPlan {
    /// The environment.
    pub environment: String,
    /// Stacks, in an order in which they can go.
    pub stacks: Vec<Removal>,
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
}

impl Removal {
    /// What is known to stay behind.
    pub fn stays(&self) -> impl Iterator<Item = &Retained> {
        self.retain.iter().filter(|retained| retained.why.is_known())
    }

    /// Whether a TwinMaker workspace goes with it, which must be empty before.
    pub fn has_workspace(&self) -> bool {
        self.delete.iter().any(|resource| stands_for(&resource.kind) == WORKSPACE)
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
            .filter(|resource| resource.kind == "AWS::S3::Bucket" && !resource.physical_id.is_empty())
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

impl DestroyPlan {
    /// Refuses a plan of which CloudFormation would refuse a part: what goes before that part would be gone.
    pub fn unprotected(&self) -> Result<(), Protected> {
        let protected = self.stacks.iter().filter(|stack| stack.protected);
        let protected: Vec<_> =
            protected.map(|stack| (stack.stack_name.clone(), stack.stack_id.clone())).collect();
        if protected.is_empty() { Ok(()) } else { Err(Protected(protected)) }
    }
}

/// The plan that removes these stacks. `needs` says which stack needs which; one that is not in it
/// is of an older version of the pipeline and goes first.
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
    let graph = Graph::new(found.iter().map(|stack| {
        let needed: Vec<&str> = match needs.get(&stack.name) {
            Some(needed) => needed.iter().map(String::as_str).collect(),
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
    Ok(DestroyPlan { environment: environment.to_owned(), stacks, shared: None })
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
    }
}

#[cfg(test)]
mod tests;
