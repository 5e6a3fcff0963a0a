//! The pages of a destruction, as they are reviewed.

use std::collections::{BTreeMap, BTreeSet};

use engine::destroy::contents::Contents;
use engine::destroy::plan::{Found, make};
use engine::destroy::proof::{Asked, Left, Proof, Silent};
use engine::destroy::receipt::Receipt;
use engine::destroy::remove::{Emptied, Outcome, RemoveError};
use local_target::Stopped;
use serde_json::json;
use session::{Exit, Explain as _};

use super::*;
use crate::report::shown;

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
fn of_a_template_that_cannot_be_read_it_is_not_known_what_stays() {
    let yaml = Found { template: "Resources: {}".to_owned(), ..found("lake", "Delete") };
    let shown = shown(&make("test", &[yaml], &BTreeMap::new()).expect("no cycle"));
    assert!(
        shown.contains("nothing stays; of 2 resources it is not known") && !shown.contains("  stays"),
        "{shown}"
    );
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
    let gone = |objects, twins| Outcome::Gone(Emptied { objects, twins, ..Emptied::default() });
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
