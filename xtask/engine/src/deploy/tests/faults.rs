//! What goes wrong on the way to CloudFormation, and what a deployment makes of it: a failure of the way is no
//! failure of the stack.

use serde_json::json;

use crate::consent::Consent;
use crate::deploy::change_set::ChangeSetError;
use crate::deploy::events::Tokens;
use crate::deploy::execute::{Outcome, Outcomes, StackError};
use crate::deploy::plan::Desired;
use crate::deploy::preview::{Previews, Purpose};
use crate::deploy::tests::engine::{desired, pair, queue, stack, words};
use crate::deploy::tests::fake::Against;
use artifacts::archive::{self, Entry};
use test_service::{Fault, Verb};

const STACK: &str = "sluice-local-ingest";

/// More often than the SDK tries.
const MORE: usize = 12;

fn ingest(seconds: u32) -> Desired {
    desired(vec![stack("ingest", &queue(seconds), &[])])
}

fn failed(outcomes: &Outcomes) -> &StackError {
    match &outcomes[0].1 {
        Outcome::Failed(error) => error,
        other => panic!("{other:?}"),
    }
}

/// A stack that is there, and the plan to change it.
async fn deployed() -> Against {
    let against = Against::fake().await;
    assert_eq!(words(&against.deploy(&ingest(30)).await), ["ingest created"]);
    against
}

#[tokio::test]
async fn the_end_of_an_earlier_operation_is_not_that_of_this_one() {
    let against = deployed().await;
    let plan = against.plan(&ingest(31)).await;
    against.fake.fail("Queue", Verb::Update, 1, "no");
    // The last that is heard before it begins is from the middle of the creation.
    against.fake.fault("DescribeStackEvents", Fault::Late(2));
    let outcomes = against.execute(&plan).await;
    let StackError::Failed { status, cause: Some(cause) } = failed(&outcomes) else { panic!("{outcomes:?}") };
    assert_eq!((status.as_str(), cause.reason.as_str()), ("UPDATE_ROLLBACK_COMPLETE", "no"));

    // Nor is it when the last event cannot be asked for.
    let plan = against.plan(&ingest(32)).await;
    for fault in [Fault::Internal, Fault::Throttled, Fault::Reset, Fault::Truncated].repeat(MORE / 3) {
        against.fake.fault("DescribeStackEvents", fault);
    }
    assert_eq!(words(&against.execute(&plan).await), ["ingest updated"]);
}

#[tokio::test]
async fn a_stack_that_succeeded_has_succeeded() {
    let against = deployed().await;
    let plan = against.plan(&ingest(31)).await;
    for _ in 0..MORE {
        against.fake.fault("DescribeStacks", Fault::Throttled);
    }
    let outcomes = against.execute(&plan).await;
    assert_eq!(words(&outcomes), ["ingest updated"]);
    assert!(against.fake.times("DescribeStacks") > MORE);
}

#[tokio::test]
async fn trouble_while_a_change_set_is_made_is_no_failure_of_the_stack() {
    let against = deployed().await;
    for (seconds, action) in [(31, "CreateChangeSet"), (32, "DescribeChangeSet")] {
        let plan = against.plan(&ingest(seconds)).await;
        for fault in [Fault::Throttled, Fault::Internal, Fault::Reset, Fault::Lost].repeat(MORE / 4) {
            against.fake.fault(action, fault);
        }
        assert_eq!(words(&against.execute(&plan).await), ["ingest updated"], "{action}");
    }
}

#[tokio::test]
async fn a_change_set_that_goes_or_stands_still_is_not_waited_for() {
    let against = deployed().await;
    for status in ["DELETE_PENDING", "DELETE_IN_PROGRESS", "DELETE_COMPLETE", "DELETE_FAILED"] {
        let plan = against.plan(&ingest(31)).await;
        against.fake.fault("DescribeChangeSet", Fault::ChangeSetIn(status));
        let outcomes = against.execute(&plan).await;
        let error = failed(&outcomes);
        assert!(matches!(error, StackError::ChangeSet(ChangeSetError::Gone)), "{status}: {error}");
    }
    let plan = against.plan(&ingest(31)).await;
    for _ in 0..1000 {
        against.fake.fault("DescribeChangeSet", Fault::ChangeSetIn("PAUSED"));
    }
    let outcomes = against.execute(&plan).await;
    assert_eq!(
        failed(&outcomes).to_string(),
        "the change set stays in PAUSED, a status that is not known here"
    );
}

#[tokio::test]
async fn an_execution_whose_answer_is_lost_is_followed() {
    for tokens in [Tokens::Told, Tokens::Untold] {
        let mut against = Against::fake().await;
        against.tokens = tokens;
        if tokens == Tokens::Untold {
            against.fake.forget_tokens();
        }
        against.deploy(&ingest(30)).await;
        let plan = against.plan(&ingest(31)).await;
        against.fake.fault("ExecuteChangeSet", Fault::Lost);
        assert_eq!(words(&against.execute(&plan).await), ["ingest updated"], "{tokens:?}");
        assert_eq!(against.fake.times("ExecuteChangeSet"), 3, "{tokens:?}");
    }
}

#[tokio::test]
async fn credentials_that_expire_fail_no_stack_and_the_next_run_attaches() {
    let against = Against::fake().await;
    // From the first request after the plan to the last: what was begun goes on, what was not is not begun.
    let mut unwatched = 0;
    for after in (0..24).step_by(2) {
        let stacks = pair(30 + after);
        let plan = against.plan(&stacks).await;
        against.fake.expire_after(usize::try_from(after).expect("a number"));
        let outcomes = against.execute(&plan).await;
        for (name, outcome) in &outcomes {
            let Outcome::Failed(error) = outcome else { continue };
            let status = against.fake.status(&format!("sluice-local-{name}"));
            let begun = against.fake.times("ExecuteChangeSet") > 0 && error.is_unwatched();
            assert!(begun || error.to_string().contains("ExpiredToken"), "{after}: {error} {status:?}");
            unwatched += usize::from(error.is_unwatched());
        }
        against.fake.log_in();
        let outcomes = against.deploy(&stacks).await;
        assert!(!words(&outcomes).iter().any(|word| word.ends_with("failed")), "{after}: {outcomes:?}");
        assert!(against.plan(&stacks).await.is_empty(), "{after}");
    }
    assert!(unwatched > 0);
}

#[tokio::test]
async fn what_an_update_cannot_delete_is_told() {
    let mut against = Against::fake().await;
    let both = json!({"Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Logs": {"Type": "AWS::Logs::LogGroup"},
        "Queue": {"Type": "AWS::SQS::Queue"},
    }});
    let one = json!({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}});
    let lake = |template| desired(vec![stack("lake", template, &[])]);
    against.consent = Consent::to(&["lake.Bucket".to_owned(), "lake.Logs".to_owned()]);
    against.deploy(&lake(&both)).await;
    let bucket = against.fake.physical_id("sluice-local-lake", "Bucket").expect("a bucket");
    against.fake.objects(&bucket, 1200);
    against.fake.fail("Logs", Verb::Delete, 1, "Access denied (HandlerErrorCode: AccessDenied)");
    let outcomes = against.deploy(&lake(&one)).await;
    let Outcome::Done(_, _, left) = &outcomes[0].1 else { panic!("{outcomes:?}") };
    assert_eq!(left.iter().map(|one| one.logical_id.as_str()).collect::<Vec<_>>(), ["Logs"]);
    assert!(
        against.told().contains("no stack has it any more: sluice-local-lake-logs"),
        "{}",
        against.told()
    );
    assert_eq!(against.fake.count(&bucket), None, "agreed to, so emptied and deleted");
}

#[tokio::test]
async fn a_bucket_that_an_update_removes_is_not_emptied_before_the_update_has_succeeded() {
    let mut against = Against::fake().await;
    let template = |seconds: Option<u32>| {
        let mut template = queue(seconds.unwrap_or(30));
        if seconds.is_none() {
            template["Resources"]["Bucket"] = json!({"Type": "AWS::S3::Bucket"});
        }
        desired(vec![stack("ingest", &template, &[])])
    };
    against.consent = Consent::to(&["Bucket".to_owned()]);
    against.deploy(&template(None)).await;
    let bucket = against.fake.physical_id(STACK, "Bucket").expect("a bucket");
    against.fake.objects(&bucket, 3);
    against.fake.fail("Queue", Verb::Update, 1, "no");
    failed(&against.deploy(&template(Some(31))).await);
    assert_eq!(against.fake.count(&bucket), Some(3));
}

#[tokio::test]
async fn early_validation_is_read_to_its_end_also_when_it_only_warns() {
    let against = deployed().await;
    let names: Vec<String> = (0..6).map(|number| format!("Resource{number}")).collect();
    let found = |warns| {
        names.iter().map(|name| (name.as_str(), warns, "the bucket is not empty")).collect::<Vec<_>>()
    };
    against.fake.validation(&found(true));
    assert_eq!(words(&against.deploy(&ingest(31)).await), ["ingest updated"]);
    for name in &names {
        assert!(
            against.told().contains(&format!("{name} (/Resources/{name}/Properties): the bucket")),
            "{name}"
        );
    }
    against.fake.validation(&found(false));
    let outcomes = against.deploy(&ingest(32)).await;
    let error = failed(&outcomes).to_string();
    assert!(names.iter().all(|name| error.contains(name.as_str())), "{error}");

    // A plan tells them before anything is executed.
    against.fake.validation(&[("Lone", true, "a quota is near")]);
    let mut plan = against.plan(&ingest(33)).await;
    let previews = Previews::default();
    previews.add(&against.engine(), &mut plan, Purpose::Look).await.expect("change sets");
    previews.discard(&against.engine()).await;
    assert!(against.told().contains("a quota is near"));
}

#[tokio::test]
async fn archives_go_up_side_by_side_before_the_first_stack() {
    let against = Against::fake().await;
    let folder = tempfile::tempdir().expect("a folder");
    let bucket = json!({
        "Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}},
        "Outputs": {"ArtifactBucket": {"Value": {"Ref": "Bucket"}}},
    });
    let storage = stack("artifacts", &bucket, &[]);
    let consumer = |version: u8| {
        let mut consumer = stack("consumer", &queue(u32::from(version)), &[]);
        consumer.depends_on.push("artifacts".to_owned());
        for number in 0..20 {
            let program = vec![Entry::program("bootstrap", vec![version, number])];
            let name = format!("f{number}");
            consumer.archives.push(archive::pack(folder.path(), &name, program).expect("an archive"));
        }
        desired(vec![storage.clone(), consumer, stack("ingest", &queue(u32::from(version)), &[])])
    };
    assert!(!words(&against.deploy(&consumer(1)).await).iter().any(|word| word.ends_with("failed")));
    let before = against.fake.seen().len();
    against.deploy(&consumer(2)).await;
    let seen = &against.fake.seen()[before..];
    let uploads = |request: &test_service::Request| request.line.starts_with("PUT ");
    let last = seen.iter().rposition(uploads).expect("uploads");
    let first = seen.iter().position(|request| request.action() == "CreateChangeSet").expect("a change set");
    assert!(last < first, "{last} {first}");
    assert_eq!(seen.iter().filter(|request| uploads(request)).count(), 20);
    assert!((2..=8).contains(&against.fake.uploads_at_once()), "{}", against.fake.uploads_at_once());
}

#[tokio::test]
async fn the_first_cause_is_told_with_what_to_do_whoever_is_asked() {
    const TAKEN: &str =
        "Resource handler returned message: \"one already exists\" (HandlerErrorCode: AlreadyExists)";
    for denied in [false, true] {
        let against = Against::fake().await;
        let template = json!({"Resources": {
            "First": {"Type": "AWS::SQS::Queue"}, "Second": {"Type": "AWS::SQS::Queue"},
            "Third": {"Type": "AWS::SQS::Queue"},
        }});
        // An operation before this one failed for another reason.
        let wanted = desired(vec![stack("ingest", &template, &[])]);
        against.fake.fail("First", Verb::Create, 1, "another reason");
        failed(&against.deploy(&wanted).await);
        against.fake.fail("Second", Verb::Create, 1, TAKEN);
        for _ in 0..if denied { 4 } else { 0 } {
            against.fake.fault("DescribeEvents", Fault::Denied);
        }
        let outcomes = against.deploy(&wanted).await;
        let StackError::Failed { cause: Some(cause), .. } = failed(&outcomes) else { panic!("{outcomes:?}") };
        assert_eq!((cause.logical_id.as_str(), cause.reason.as_str()), ("Second", TAKEN), "{denied}");
        assert!(cause.remedy.as_deref().is_some_and(|remedy| remedy.contains("has that name")), "{denied}");
        assert!(against.fake.seen().iter().any(|request| request.body.contains("Filters.FailedEvents=true")));
    }
}
