//! What destroying an environment does, as a value. Pure.
//!
//! Only what carries the environment's tag is in it. What a template says to retain is listed, and
//! its buckets are not emptied.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;
use stacks::cfn::Policy;

use super::workspace::Extra;
use crate::deploy::graph::{Cycle, Graph};
use crate::deploy::replacement::stands_for;

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

/// Everything that goes, and everything that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DestroyPlan {
    /// The environment.
    pub environment: String,
    /// Stacks, in an order in which they can go.
    pub stacks: Vec<Removal>,
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
    /// Stacks that go first, because they need this one.
    pub after: BTreeSet<String>,
    /// What goes with it.
    pub delete: Vec<Resource>,
    /// What stays behind.
    pub retain: Vec<Resource>,
    /// What its TwinMaker workspace has beyond the stack, which goes too.
    #[serde(skip_serializing_if = "Extra::is_empty")]
    pub extra: Extra,
}

impl Removal {
    /// Whether a TwinMaker workspace goes with it, which must be empty before.
    pub fn has_workspace(&self) -> bool {
        self.delete.iter().any(|resource| stands_for(&resource.kind) == "AWS::IoTTwinMaker::Workspace")
    }

    /// Ids of the entities and component types that go with it. CloudFormation puts the workspace before
    /// them: `workspace|id`.
    pub fn of_twin(&self) -> BTreeSet<&str> {
        let resources = self.delete.iter().chain(&self.retain);
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
        Some(removal(stack, graph.needs(&name).map(str::to_owned).collect()))
    };
    let stacks = graph.order().into_iter().filter_map(removal).collect();
    Ok(DestroyPlan { environment: environment.to_owned(), stacks })
}

fn removal(stack: &Found, after: BTreeSet<String>) -> Removal {
    let template: Value = serde_json::from_str(&stack.template).unwrap_or_default();
    let declared = template["Resources"].as_object();
    // Of a template that cannot be read, whatever hand wrote it, nothing is known to be deletable: no
    // bucket of it is emptied.
    let retained = |resource: &&Resource| {
        declared.is_none_or(|declared| {
            let policy =
                declared.get(&resource.logical_id).and_then(|declared| declared["DeletionPolicy"].as_str());
            policy.is_some_and(Policy::is_retained)
        })
    };
    let (retain, delete): (Vec<&Resource>, Vec<&Resource>) =
        stack.resources.iter().partition(|resource| retained(resource));
    Removal {
        name: stack.name.clone(),
        stack_name: stack.stack_name.clone(),
        stack_id: stack.stack_id.clone(),
        status: stack.status.clone(),
        after,
        delete: delete.into_iter().cloned().collect(),
        retain: retain.into_iter().cloned().collect(),
        extra: Extra::default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use stacks::{Inputs, Stack};

    use super::*;
    use crate::destroy::find::Leftover;
    use crate::destroy::receipt::Receipt;
    use crate::destroy::remove::{Emptied, Outcome};
    use crate::project::Project;

    #[test]
    fn nothing_is_emptied_of_a_template_that_cannot_be_read() {
        let yaml = Found { template: "Resources: {}".to_owned(), ..found("lake", "Delete") };
        let removal = removal(&yaml, BTreeSet::new());
        assert!(removal.delete.is_empty());
        assert_eq!(removal.retain.len(), 2);
    }

    fn found(name: &str, policy: &str) -> Found {
        Found {
            name: name.to_owned(),
            stack_name: format!("sluice-test-{name}"),
            stack_id: format!("arn:{name}"),
            status: "CREATE_COMPLETE".to_owned(),
            template: json!({"Resources": {
                "Bucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": policy},
                "Role": {"Type": "AWS::IAM::Role"},
            }})
            .to_string(),
            resources: vec![resource("Bucket", "AWS::S3::Bucket"), resource("Role", "AWS::IAM::Role")],
        }
    }

    fn resource(logical_id: &str, kind: &str) -> Resource {
        let physical_id = format!("the-{}", logical_id.to_lowercase());
        Resource { logical_id: logical_id.to_owned(), kind: kind.to_owned(), physical_id }
    }

    fn needs() -> BTreeMap<String, BTreeSet<String>> {
        let line = |name: &str, needed: &[&str]| {
            (name.to_owned(), needed.iter().map(|need| (*need).to_owned()).collect())
        };
        BTreeMap::from([
            line("ingest", &[]),
            line("store", &[]),
            line("consumer", &["ingest", "store", "artifacts"]),
        ])
    }

    #[test]
    fn stacks_go_after_those_that_need_them_and_strangers_first() {
        let stacks = ["consumer", "grafana", "ingest", "store"].map(|name| found(name, "Delete"));
        let plan = make("test", &stacks, &needs()).expect("no cycle");
        let order: Vec<&str> = plan.stacks.iter().map(|stack| stack.name.as_str()).collect();
        assert_eq!(order, ["grafana", "consumer", "ingest", "store"]);
        assert!(plan.stacks[2].after.contains("consumer"));
    }

    #[test]
    fn what_is_retained_is_not_emptied() {
        let table: [(&str, &[&str], &[&str]); 4] = [
            ("Delete", &["the-bucket"], &[]),
            ("Snapshot", &["the-bucket"], &[]),
            ("Retain", &[], &["the-bucket"]),
            ("RetainExceptOnCreate", &[], &["the-bucket"]),
        ];
        for (policy, emptied, retained) in table {
            let plan = make("test", &[found("store", policy)], &needs()).expect("no cycle");
            let stack = &plan.stacks[0];
            assert_eq!(stack.buckets().collect::<Vec<_>>(), emptied, "{policy}");
            let kept: Vec<&str> = stack.retain.iter().map(|resource| resource.physical_id.as_str()).collect();
            assert_eq!(kept, retained, "{policy}");
        }
    }

    /// The stacks of a shipped environment as they are found once deployed.
    fn deployed(environment: &str) -> Vec<Found> {
        let loaded = Project::locate().load_named(environment, &[]);
        let (model, environment) = loaded.unwrap_or_else(|failure| panic!("{:#}", failure.error));
        let stacks = stacks::synthesize(&Inputs { model: &model, environment: &environment });
        let found = |stack: Stack| Found {
            name: stack.name.to_owned(),
            stack_name: stack.stack_name.clone(),
            stack_id: format!("arn:{}", stack.name),
            status: "CREATE_COMPLETE".to_owned(),
            template: stack.template.to_json(),
            resources: stack
                .template
                .resources()
                .iter()
                .map(|(id, resource)| Resource {
                    logical_id: id.to_string(),
                    kind: resource.kind().to_owned(),
                    physical_id: format!("{}.{id}", stack.name),
                })
                .collect(),
        };
        stacks.into_iter().map(found).collect()
    }

    #[test]
    fn what_is_the_stacks_of_a_workspace_is_known_by_its_last_name() {
        let removal = Removal {
            delete: [
                ("AWS::IoTTwinMaker::Workspace", "sluice-dev"),
                ("AWS::IoTTwinMaker::Entity", "sluice-dev|kitchen"),
                ("Custom::IoTTwinMakerComponentType", "sluice.telemetry.00000000"),
                ("AWS::S3::Bucket", "a-bucket"),
            ]
            .map(|(kind, physical_id)| Resource {
                physical_id: physical_id.to_owned(),
                ..resource("Id", kind)
            })
            .into(),
            ..removal(&found("twin", "Delete"), BTreeSet::new())
        };
        assert!(removal.has_workspace());
        assert_eq!(removal.of_twin(), ["sluice-dev", "kitchen", "sluice.telemetry.00000000"].into());
    }

    #[test]
    fn production_keeps_its_data() {
        let plan = make("prod", &deployed("prod"), &BTreeMap::new()).expect("no cycle");
        let emptied: Vec<&str> = plan.stacks.iter().flat_map(Removal::buckets).collect();
        assert_eq!(emptied, Vec::<&str>::new());

        let outcomes: Vec<Outcome> = plan.stacks.iter().map(|_| Outcome::Gone(Emptied::default())).collect();
        let left = Leftover { asked: vec!["S3"], resources: Vec::new() };
        let receipt = serde_json::to_value(Receipt::of(&plan, &outcomes, left)).expect("JSON");
        let kept: BTreeSet<&str> = receipt["retained"]
            .as_array()
            .expect("a list")
            .iter()
            // A policy stays with what it protects.
            .filter(|resource| !resource["type"].as_str().is_some_and(|kind| kind.ends_with("Policy")))
            .filter_map(|resource| resource["physical_id"].as_str())
            .collect();
        let expected = [
            "grafana.AdminSecret",
            "grafana.EncryptionKey",
            "grafana.Files",
            "ingest.EventStream",
            "ingest.QuarantineQueue",
            "lake.LakeBucket",
            "store.Database",
            "store.RejectedBucket",
            "store.Table",
            "twin.TwinBucket",
        ];
        assert_eq!(kept, BTreeSet::from(expected));
    }
}
