//! What is deleted, what is emptied and what stays, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use stacks::cfn::{LogicalId, ParameterSource};
use stacks::kinds;
use stacks::{Inputs, Stack};

use super::{Found, Removal, Resource, make};
use crate::destroy::ask::is_of;
use crate::destroy::proof::Proof;
use crate::destroy::receipt::Receipt;
use crate::destroy::remove::{Emptied, Outcome};
use session::Project;

#[test]
fn nothing_is_emptied_of_a_template_that_cannot_be_read() {
    let yaml = Found { template: "Resources: {}".to_owned(), ..found("lake", "Delete") };
    let plan = make("test", &[yaml], &BTreeMap::new()).expect("no cycle");
    assert!(plan.stacks[0].delete.is_empty());
    let why: Vec<&str> = plan.stacks[0].retain.iter().map(|kept| kept.why.reason.as_str()).collect();
    assert_eq!(why, ["not known whether it stays: the stack's template cannot be read"; 2]);
    // CloudFormation may read it, and delete what it has: the proof looks for it.
    assert_eq!(plan.stacks[0].stays().count(), 0);
}

fn found(name: &str, policy: &str) -> Found {
    Found {
        name: name.to_owned(),
        stack_name: format!("sluice-test-{name}"),
        stack_id: format!("arn:{name}"),
        status: "CREATE_COMPLETE".to_owned(),
        protected: false,
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

/// Settings of a command line are not known when their environment goes.
#[test]
fn stacks_go_after_those_that_were_given_their_outputs() {
    let found = |name, stack| {
        let source = ParameterSource::Output { stack, output: LogicalId::new("VpcId") };
        let template = json!({"Parameters": {"VpcId": {"Description": source.to_string()}}}).to_string();
        Found { template, ..found(name, "Delete") }
    };
    let stacks = [found("ingest", "store"), found("store", "nothing")];
    let needs = BTreeMap::from(["ingest", "store"].map(|name| (name.to_owned(), BTreeSet::new())));
    let plan = make("test", &stacks, &needs).expect("no cycle");
    assert!(plan.stacks[1].name == "store" && plan.stacks[1].after.contains("ingest"));
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
        let kept: Vec<&str> = stack.retain.iter().map(|kept| kept.resource.physical_id.as_str()).collect();
        assert_eq!(kept, retained, "{policy}");
    }
}

/// A cluster goes, its final snapshot stays, and the proof does not take it for the cluster.
#[test]
fn a_final_snapshot_is_told_and_is_expected() {
    let mut store = found("store", "Delete");
    store.template = json!({"Resources": {
        "Cluster": {"Type": "AWS::RDS::DBCluster", "DeletionPolicy": "Snapshot"},
    }})
    .to_string();
    store.resources = vec![resource("Cluster", "AWS::RDS::DBCluster")];
    let plan = make("test-1", &[store], &needs()).expect("no cycle");
    let stack = &plan.stacks[0];
    let gone: Vec<&str> = stack.delete.iter().map(|gone| gone.physical_id.as_str()).collect();
    assert_eq!(gone, ["the-cluster"]);
    let [snapshot] = stack.retain.as_slice() else { panic!("{:?}", stack.retain) };
    assert!(snapshot.is_snapshot() && snapshot.why.is_known() && snapshot.why.remove.is_some());
    assert!(snapshot.why.reason.contains("`final_snapshot = true` in environments/test.toml"));
    for (name, is_it) in [
        ("cluster-snapshot:sluice-test-store-snapshot-cluster-1a2b3c", true),
        ("cluster-snapshot:sluice-test2-store-snapshot-cluster-1a2b3c", false),
        ("cluster-snapshot:rds:the-cluster-2026-11-30", false),
        ("cluster:the-cluster", false),
    ] {
        let arn = format!("arn:aws:rds:eu-central-1:111122223333:{name}");
        assert_eq!(is_of(&arn, &snapshot.resource), is_it, "{arn}");
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
        protected: false,
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
        .map(|(kind, physical_id)| Resource { physical_id: physical_id.to_owned(), ..resource("Id", kind) })
        .into(),
        ..make("test", &[found("twin", "Delete")], &BTreeMap::new()).expect("no cycle").stacks.remove(0)
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
    let receipt = serde_json::to_value(Receipt::of(&plan, &outcomes, Proof::default())).expect("JSON");
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
    let of_pipeline =
        |kept: &&str| expected.iter().any(|expected| kept.split('.').next() == expected.split('.').next());
    // Stacks that are added keep data of their own.
    assert_eq!(kept.into_iter().filter(of_pipeline).collect::<BTreeSet<_>>(), BTreeSet::from(expected));
}

/// Each thing that production keeps says why, what it costs, and how it goes; what is part of one stays with it.
#[test]
fn what_production_keeps_says_why_and_how_to_remove_it() {
    let plan = make("prod", &deployed("prod"), &BTreeMap::new()).expect("no cycle");
    for kept in plan.stacks.iter().flat_map(|stack| &stack.retain) {
        let (kind, why) = (&kept.resource.kind, &kept.why);
        assert_eq!(
            why.reason,
            "`DeletionPolicy: RetainExceptOnCreate`, from `on_delete = \"retain\"` in environments/prod.toml"
        );
        let goes_along = !kinds::of(kind).expect("a row").holds_data();
        assert_eq!((why.cost.is_none(), why.remove.is_none()), (goes_along, goes_along), "{kind}");
    }
}
