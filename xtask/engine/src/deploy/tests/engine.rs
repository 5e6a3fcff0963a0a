//! The engine against the emulator, with small stacks that are made for the case.

use std::collections::BTreeMap;
use std::future::{pending, ready};

use aws_sdk_cloudformation::types::ChangeSetType;
use serde_json::{Value, json};

use crate::consent::Consent;
use crate::deploy::application::Applications;
use crate::deploy::change_set::INLINE_LIMIT;
use crate::deploy::engine::Engine;
use crate::deploy::execute::{self, Change, Outcome, Outcomes, StackError};
use crate::deploy::plan::{Action, Desired, DesiredStack, Plan, Source};
use crate::deploy::{Settling, pace, plan, settled_plan};
use crate::destroy::plan as destruction;
use crate::destroy::proof::Proof;
use crate::destroy::{find, remove};
use artifacts::archive::{self, Entry};
use session::Session;
use test_service::Service;

/// What a test deploys with.
pub(crate) struct Deployment {
    pub session: Session,
    pub consent: Consent,
}

impl Deployment {
    pub async fn new(service: &Service) -> Self {
        let session = service.session().await;
        Self { session, consent: Consent::default() }
    }

    pub fn engine(&self) -> Engine<'_> {
        Engine::new(&self.session, &self.consent, &())
    }

    pub async fn plan(&self, desired: &Desired) -> Plan {
        let engine = self.engine();
        assert_eq!(engine.pace, pace::MACHINE);
        let planned = async {
            settled_plan(&engine, desired, plan(&engine, desired).await?, Settling::RollsBack).await
        };
        planned.await.unwrap_or_else(|failure| panic!("{:#}", failure.error))
    }

    pub async fn deploy(&self, desired: &Desired) -> Outcomes {
        let plan = self.plan(desired).await;
        execute::execute(&self.engine(), &plan, pending()).await
    }
}

/// `store` takes the name of `ingest`'s queue; `lake` needs nobody.
pub(crate) fn desired(stacks: Vec<DesiredStack>) -> Desired {
    Desired {
        environment: "local".to_owned(),
        region: "eu-west-1".to_owned(),
        account: "000000000000".to_owned(),
        stacks,
    }
}

pub(crate) fn stack(name: &str, template: &Value, parameters: &[(&str, Source)]) -> DesiredStack {
    DesiredStack {
        name: name.to_owned(),
        stack_name: format!("sluice-local-{name}"),
        depends_on: Vec::new(),
        template: template.to_string(),
        parameters: parameters.iter().map(|(name, source)| ((*name).to_owned(), source.clone())).collect(),
        tags: BTreeMap::from([("sluice:environment".to_owned(), "local".to_owned())]),
        archives: Vec::new(),
    }
}

pub(crate) fn queue(seconds: u32) -> Value {
    json!({
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": seconds}}},
        "Outputs": {"Name": {"Value": {"Fn::GetAtt": ["Queue", "QueueName"]}}},
    })
}

/// A log group that bears the name of another stack's queue.
pub(crate) fn named_after() -> Value {
    json!({
        "Parameters": {"Name": {"Type": "String"}},
        "Resources": {"Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {
            "LogGroupName": {"Fn::Sub": "/sluice/local/${Name}"}, "RetentionInDays": 1,
        }}},
        "Outputs": {"Logs": {"Value": {"Ref": "Logs"}}},
    })
}

/// A custom resource whose provider is not there.
fn broken() -> Value {
    json!({"Resources": {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Table": {"Type": "Custom::Table", "DependsOn": "Queue", "Properties": {
            "ServiceToken": "arn:aws:lambda:eu-west-1:000000000000:function:no-such-function",
        }},
    }})
}

pub(crate) fn name_of(stack: &str) -> Source {
    Source::Output { stack: stack.to_owned(), output: "Name".to_owned() }
}

pub(crate) fn pair(seconds: u32) -> Desired {
    desired(vec![
        stack("store", &named_after(), &[("Name", name_of("ingest"))]),
        stack("ingest", &queue(seconds), &[]),
    ])
}

/// One word per stack, in the order of the plan.
pub(crate) fn words(outcomes: &Outcomes) -> Vec<String> {
    let word = |(name, outcome): &(String, Outcome)| {
        let word = match outcome {
            Outcome::Done(Change::Created, ..) => "created",
            Outcome::Done(Change::Updated, ..) => "updated",
            Outcome::Done(Change::Unchanged, ..) => "unchanged",
            Outcome::Failed(_) => "failed",
            Outcome::Skipped(_) => "skipped",
            Outcome::Detached => "detached",
            Outcome::NotBegun => "not begun",
        };
        format!("{name} {word}")
    };
    outcomes.iter().map(word).collect()
}

pub(crate) fn outputs<'a>(outcomes: &'a Outcomes, stack: &str) -> &'a BTreeMap<String, String> {
    match outcomes.iter().find(|(name, _)| name == stack) {
        Some((_, Outcome::Done(_, outputs, _))) => outputs,
        other => panic!("{stack} has no outputs: {other:?}"),
    }
}

#[tokio::test]
async fn create_then_nothing_then_update() {
    let service = Service::emulator();
    let deployment = Deployment::new(&service).await;

    let created = deployment.deploy(&pair(30)).await;
    assert_eq!(words(&created), ["ingest created", "store created"]);
    let queue = &outputs(&created, "ingest")["Name"];
    assert_eq!(outputs(&created, "store")["Logs"], format!("/sluice/local/{queue}"));

    assert!(deployment.plan(&pair(30)).await.is_empty());
    let again = deployment.deploy(&pair(30)).await;
    assert_eq!(words(&again), ["ingest unchanged", "store unchanged"]);
    assert_eq!(outputs(&again, "ingest"), outputs(&created, "ingest"));

    let updated = deployment.deploy(&pair(31)).await;
    assert_eq!(words(&updated), ["ingest updated", "store unchanged"]);
    assert_eq!(outputs(&updated, "store"), outputs(&created, "store"));
}

#[tokio::test]
async fn a_failure_takes_only_what_needs_it_and_the_next_run_creates_anew() {
    let service = Service::emulator();
    let deployment = Deployment::new(&service).await;
    let stacks = |ingest: &Value| {
        desired(vec![
            stack("ingest", ingest, &[]),
            stack("lake", &queue(1), &[]),
            stack("store", &named_after(), &[("Name", name_of("ingest"))]),
        ])
    };

    let plan = deployment.plan(&stacks(&broken())).await;
    let outcomes = execute::execute(&deployment.engine(), &plan, pending()).await;
    assert_eq!(words(&outcomes), ["ingest failed", "lake created", "store skipped"]);
    let Outcome::Failed(StackError::Failed { status, cause: Some(cause) }) = &outcomes[0].1 else {
        panic!("{:?}", outcomes[0]);
    };
    assert_eq!((status.as_str(), cause.logical_id.as_str()), ("ROLLBACK_COMPLETE", "Table"));
    assert_eq!(cause.kind, "Custom::Table");
    assert!(cause.reason.contains("no-such-function"), "{}", cause.reason);

    assert!(matches!(&outcomes[2].1, Outcome::Skipped(root) if root == "ingest"), "{:?}", outcomes[2]);

    let mended = stacks(&queue(2));
    assert_eq!(deployment.plan(&mended).await.stacks[0].action, Action::Recreate);
    let outcomes = deployment.deploy(&mended).await;
    assert_eq!(words(&outcomes), ["ingest created", "lake unchanged", "store created"]);
}

#[tokio::test]
async fn what_an_interrupted_run_left_behind_is_taken_up() {
    let service = Service::emulator();
    let deployment = Deployment::new(&service).await;
    let desired = pair(30);

    // A change set that nobody executed, so that its stack is in review.
    let left_behind = deployment
        .session
        .cloudformation()
        .create_change_set()
        .stack_name("sluice-local-ingest")
        .change_set_name("left-behind")
        .change_set_type(ChangeSetType::Create)
        .template_body(queue(1).to_string());
    left_behind.send().await.expect("a change set");
    let plan = deployment.plan(&desired).await;
    assert_eq!(plan.stacks[0].status.as_deref(), Some("REVIEW_IN_PROGRESS"));

    // Interrupted before anything was awaited.
    let interrupted = execute::execute(&deployment.engine(), &plan, ready(())).await;
    assert!(!words(&interrupted).iter().any(|word| word.ends_with("failed")), "{:?}", words(&interrupted));

    let outcomes = deployment.deploy(&desired).await;
    assert_eq!(outputs(&outcomes, "store").len(), 1);
    assert!(deployment.plan(&desired).await.is_empty());
}

#[tokio::test]
async fn data_is_not_replaced_without_consent() {
    let service = Service::emulator();
    let mut deployment = Deployment::new(&service).await;
    let named = |name: &str| {
        let queue = json!({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}});
        desired(vec![stack("ingest", &json!({"Resources": {"Queue": queue}}), &[])])
    };
    deployment.deploy(&named("one")).await;

    // The plan would have been declined before; the change set is the second guard.
    let plan = deployment.plan(&named("two")).await;
    assert!(deployment.consent.require(&plan).is_err());
    let refused = execute::execute(&deployment.engine(), &plan, pending()).await;
    let Outcome::Failed(StackError::Refused(losses)) = &refused[0].1 else { panic!("{:?}", refused[0]) };
    assert_eq!(losses[0].logical_id, "Queue");

    deployment.consent = Consent::to(&["ingest.Queue".to_owned()]);
    assert_eq!(deployment.consent.require(&plan), Ok(()));
    assert_eq!(words(&deployment.deploy(&named("two")).await), ["ingest updated"]);
}

#[tokio::test]
async fn archives_and_large_templates_go_through_the_bucket() {
    let service = Service::emulator();
    let deployment = Deployment::new(&service).await;
    let bucket = json!({
        "Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}},
        "Outputs": {"ArtifactBucket": {"Value": {"Ref": "Bucket"}}},
    });
    let mut large = queue(1);
    large["Metadata"] = json!({ "filling": "x".repeat(INLINE_LIMIT) });
    let mut consumer = stack("consumer", &large, &[]);
    consumer.depends_on.push("artifacts".to_owned());
    let program = vec![Entry::program("bootstrap", vec![1; 100])];
    consumer.archives.push(archive::pack(service.folder(), "consumer", program).expect("an archive"));
    let key = consumer.archives[0].key.clone();
    let desired = desired(vec![consumer, stack("artifacts", &bucket, &[])]);

    let outcomes = deployment.deploy(&desired).await;
    assert_eq!(words(&outcomes), ["artifacts created", "consumer created"]);
    let bucket = &outputs(&outcomes, "artifacts")["ArtifactBucket"];
    let there = deployment.session.s3().head_object().bucket(bucket).key(key).send().await;
    assert_eq!(
        there.expect("the archive").content_length(),
        Some(std::fs::metadata(&desired.stacks[0].archives[0].path).expect("the file").len().cast_signed())
    );
    assert!(deployment.plan(&desired).await.is_empty());
}

#[tokio::test]
async fn destroy_leaves_what_is_retained_and_finds_nothing_the_second_time() {
    let service = Service::emulator();
    let deployment = Deployment::new(&service).await;
    let kept = json!({"Resources": {
        "Kept": {"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain"},
        "Bucket": {"Type": "AWS::S3::Bucket"},
    }});
    let mut stacks = pair(30);
    stacks.stacks.push(stack("lake", &kept, &[]));
    deployment.deploy(&stacks).await;
    let (client, environment) = (deployment.session.cloudformation(), &deployment.session.environment);

    let found = find::stacks(&client, environment).await.expect("an answer");
    let needs = BTreeMap::from([
        ("ingest".to_owned(), ["artifacts".to_owned()].into()),
        ("lake".to_owned(), [].into()),
        ("store".to_owned(), ["ingest".to_owned()].into()),
    ]);
    let plan = destruction::make("local", &found.ours, &needs).expect("no cycle");
    assert_eq!(
        plan.stacks.iter().map(|stack| stack.name.as_str()).collect::<Vec<_>>(),
        ["lake", "store", "ingest"]
    );
    assert_eq!(plan.stacks[0].retain.len(), 1);
    let queue = plan.stacks[0].retain[0].resource.physical_id.rsplit('/').next().expect("a name").to_owned();

    let applications = Applications::new(&deployment.session, None, &());
    let outcomes = remove::execute(&deployment.engine(), &applications, &plan, pending()).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, remove::Outcome::Gone(_))), "{outcomes:?}");
    assert!(find::stacks(&client, environment).await.expect("an answer").ours.is_empty());
    let gone: Vec<_> = plan.stacks.iter().collect();
    let proof = Proof::of(&deployment.session, &plan, &gone, pace::MACHINE).await;
    assert!(proof.is_clean(), "{proof:?}");
    let queues = deployment.session.sqs().list_queues().send().await.expect("an answer");
    let names: Vec<_> = queues.queue_urls().iter().filter_map(|url| url.rsplit('/').next()).collect();
    assert_eq!(names, [queue]);
}

#[tokio::test]
async fn a_stack_of_somebody_else_is_left_alone() {
    let service = Service::emulator();
    let deployment = Deployment::new(&service).await;
    let mut stranger = pair(30);
    for stack in &mut stranger.stacks {
        stack.tags.clear();
    }
    deployment.deploy(&stranger).await;
    let session = &deployment.session;
    let found = find::stacks(&session.cloudformation(), &session.environment).await.expect("an answer");
    assert!(found.ours.is_empty());
    assert_eq!(found.strangers.len(), 2);
}
