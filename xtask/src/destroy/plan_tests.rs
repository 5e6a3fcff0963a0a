//! What is deleted, what is emptied and what stays, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use stacks::{Inputs, Stack};

use super::contents::Contents;
use super::plan::{DestroyPlan, Found, Removal, Resource, make};
use super::proof::{Asked, Left, Proof, Silent};
use super::receipt::Receipt;
use super::remove::{Emptied, Outcome, RemoveError};
use crate::failure::{Exit, Explain as _};
use crate::local::Stopped;
use crate::project::Project;
use crate::report::shown;

#[test]
fn nothing_is_emptied_of_a_template_that_cannot_be_read() {
    let yaml = Found { template: "Resources: {}".to_owned(), ..found("lake", "Delete") };
    let plan = make("test", &[yaml], &BTreeMap::new()).expect("no cycle");
    assert!(plan.stacks[0].delete.is_empty());
    let why: Vec<&str> = plan.stacks[0].retain.iter().map(|kept| kept.why.reason.as_str()).collect();
    assert_eq!(why, ["not known whether it stays: the stack's template cannot be read"; 2]);
    // CloudFormation may read it, and delete what it has: the proof looks for it.
    assert_eq!(plan.stacks[0].stays().count(), 0);
    let shown = shown(&plan);
    assert!(
        shown.contains("nothing stays; of 2 resources it is not known") && !shown.contains("  stays"),
        "{shown}"
    );
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
    assert_eq!(kept, BTreeSet::from(expected));
}

/// Each thing that production keeps says why, what it costs, and how it goes; a policy stays with what it
/// protects.
#[test]
fn what_production_keeps_says_why_and_how_to_remove_it() {
    let plan = make("prod", &deployed("prod"), &BTreeMap::new()).expect("no cycle");
    for kept in plan.stacks.iter().flat_map(|stack| &stack.retain) {
        let (kind, why) = (&kept.resource.kind, &kept.why);
        assert_eq!(
            why.reason,
            "`DeletionPolicy: RetainExceptOnCreate`, from `on_delete = \"retain\"` in environments/prod.toml"
        );
        let is_policy = kind.ends_with("Policy");
        assert_eq!((why.cost.is_none(), why.remove.is_none()), (is_policy, is_policy), "{kind}");
    }
}

/// Two stacks that keep and hold something, as the documents show them.
fn example() -> DestroyPlan {
    let mut stacks = [found("store", "Retain"), found("lake", "Delete")];
    stacks[0].resources.push(resource("Alone", "AWS::SQS::Queue"));
    let mut plan = make("test", &stacks, &needs()).expect("no cycle");
    let contents = |bucket: &str, prefix: &str, objects, versions, bytes| Contents {
        bucket: bucket.to_owned(),
        prefix: prefix.to_owned(),
        objects,
        versions,
        bytes,
    };
    for stack in &mut plan.stacks {
        if stack.name == "lake" {
            stack.contents = vec![contents("the-bucket", "", 1_201, 3, 5_767_168)];
            stack.extra.entities = ["kitchen".to_owned(), "cellar".to_owned()].into();
        }
    }
    plan.shared = Some(contents("sluice-artifacts-111122223333-eu-west-1", "test/", 5, 0, 9_000_000));
    plan
}

fn asked() -> Vec<Asked> {
    vec![Asked { service: "CloudFormation", names: 2 }, Asked { service: "S3", names: 1 }]
}

#[test]
fn a_plan_is_as_reviewed() {
    insta::assert_snapshot!("plan", shown(&example()));
}

#[test]
fn what_is_protected_is_shown_and_refuses_everything() {
    let mut plan = example();
    assert_eq!(plan.unprotected(), Ok(()));
    plan.stacks[0].protected = true;
    plan.stacks[0].stack_id = "arn:aws:cloudformation:eu-west-1:1:stack/sluice-test-lake/0".to_owned();
    let refused = plan.unprotected().expect_err("it is protected");
    assert_eq!(refused.exit(), Exit::Declined);
    assert_eq!(
        (refused.to_string().as_str(), refused.hint().unwrap_or_default().as_str()),
        (
            "nothing was destroyed: termination protection is on for sluice-test-lake",
            "somebody turned it on; this lifts it: `aws cloudformation update-termination-protection \
             --no-enable-termination-protection --stack-name sluice-test-lake --region eu-west-1`"
        )
    );
    assert_eq!(serde_json::to_value(&plan).expect("JSON")["stacks"][0]["protected"], true);
    insta::assert_snapshot!("plan-protected", shown(&plan));
}

#[test]
fn receipts_are_as_reviewed() {
    let plan = example();
    let gone = |objects, twins| Outcome::Gone(Emptied { objects, twins });
    let proof = Proof { asked: asked(), ..Proof::default() };
    let mut receipt = Receipt::of(&plan, &[gone(1_204, 2), gone(0, 0)], proof);
    receipt.emptied("sluice-artifacts-111122223333-eu-west-1", "test/", 5);
    receipt.stopped(vec![Stopped { name: "ministack".to_owned(), pid: 4_711 }]);
    assert!(receipt.is_clean());
    insta::assert_snapshot!("receipt", shown(&receipt));

    let proof = Proof {
        asked: asked(),
        listed: vec!["arn:aws:ecs:eu-west-1:1:cluster/a".to_owned()],
        ..Proof::default()
    };
    let receipt = Receipt::of(&plan, &[gone(0, 0), gone(0, 0)], proof);
    assert!(receipt.is_clean(), "CloudFormation deleted what the Tagging API still lists");
    insta::assert_snapshot!("receipt-listed", shown(&receipt));

    let proof = Proof {
        asked: asked(),
        unknown: vec!["arn:aws:glue:eu-west-1:1:database/a".to_owned()],
        ..Proof::default()
    };
    let receipt = Receipt::of(&plan, &[gone(0, 0), gone(0, 0)], proof);
    assert!(!receipt.is_clean(), "nobody says that it is gone");
    insta::assert_snapshot!("receipt-unknown", shown(&receipt));

    // What is left of the account's bucket is no stack.
    let proof = Proof { asked: asked(), ..Proof::default() };
    let mut receipt = Receipt::of(&plan, &[gone(0, 0), gone(0, 0)], proof);
    receipt.not_emptied(
        "sluice-artifacts-111122223333-eu-west-1",
        "test/",
        "AccessDenied: not you".to_owned(),
    );
    assert_eq!((receipt.is_clean(), receipt.failures()), (false, 0));
    insta::assert_snapshot!("receipt-full", shown(&receipt));

    let failed = RemoveError::Refused("AccessDenied: not you".to_owned());
    let proof = Proof {
        asked: asked(),
        left: vec![Left { kind: "AWS::Logs::LogGroup".to_owned(), physical_id: "/sluice/test/x".to_owned() }],
        listed: Vec::new(),
        unknown: Vec::new(),
        silent: vec![Silent { service: "SQS", cause: "AccessDenied: a | b".to_owned() }],
    };
    let receipt = Receipt::of(&plan, &[Outcome::Failed(failed), Outcome::Kept("lake".to_owned())], proof);
    assert!(!receipt.is_clean());
    insta::assert_snapshot!("receipt-failed", shown(&receipt));
}
