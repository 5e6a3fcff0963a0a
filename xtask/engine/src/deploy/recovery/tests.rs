//! Every cell of the table, against a CloudFormation that reaches every status.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{pending, ready};
use std::time::Duration;

use aws_sdk_cloudformation::types::StackStatus;
use serde_json::{Value, json};

use super::*;
use crate::consent::Consent;
use crate::deploy::application::Applications;
use crate::deploy::events::Poller;
use crate::deploy::execute::{self, Outcome, StackError};
use crate::deploy::plan::Desired;
use crate::deploy::tests::engine::{desired, queue, stack, words};
use crate::deploy::tests::fake::Against;
use crate::deploy::{Settling, agreed_plan, plan, rollback, settled_plan};
use crate::destroy::plan::{self as destruction, DestroyPlan};
use crate::destroy::{find, remove};
use session::Exit;
use test_service::{Fault, Verb};

const STACK: &str = "sluice-local-ingest";

fn ingest(seconds: u32) -> Desired {
    desired(vec![stack("ingest", &queue(seconds), &[])])
}

/// Every status that AWS has, and two that it does not have yet.
fn statuses() -> impl Iterator<Item = &'static str> {
    StackStatus::values().iter().copied().chain(["PAUSED", "EXPRESS_IN_PROGRESS"])
}

/// A service with a stack in this status.
async fn there(status: &str) -> Against {
    let against = Against::fake().await;
    against.fake.put(STACK, status, &queue(30));
    if status == "UPDATE_ROLLBACK_FAILED" {
        against.fake.mark(STACK, "Queue", "UPDATE_FAILED", "busy");
    }
    against
}

/// Whether nothing was asked for that changes something.
fn is_untouched(against: &Against) -> bool {
    let reads = |action: &str| ["Describe", "Get", "List"].iter().any(|verb| action.starts_with(verb));
    against.fake.seen().iter().all(|request| reads(request.action()))
}

async fn destroying(against: &Against) -> DestroyPlan {
    let (client, environment) = (against.session.cloudformation(), &against.session.environment);
    let found = find::stacks(&client, environment).await.expect("an answer");
    destruction::make("local", &found.ours, &BTreeMap::new()).expect("no cycle")
}

async fn destroy(against: &Against, plan: &DestroyPlan) -> Vec<remove::Outcome> {
    let applications = Applications::new(&against.session, None, &());
    remove::execute(&against.engine(), &applications, plan, pending()).await
}

#[test]
fn every_status_of_the_service_has_a_row_and_only_those() {
    let rows: BTreeSet<&str> =
        ROWS.iter().map(|row| row.status).filter(|status| !status.starts_with('*')).collect();
    assert_eq!(rows, StackStatus::values().iter().copied().collect());
    assert_eq!((of("PAUSED").status, of("EXPRESS_IN_PROGRESS").status), ("*", "*_IN_PROGRESS"));
}

#[test]
fn the_page_is_written_from_the_table() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/recovery.md");
    if std::env::var_os("SLUICE_WRITE_DOCS").is_some() {
        std::fs::write(&path, page()).expect("the page");
    }
    let written = std::fs::read_to_string(path).expect("the page");
    assert!(written == page(), "docs/recovery.md: SLUICE_WRITE_DOCS=1 with this test writes it");
}

#[test]
fn where_nothing_is_done_something_is_said() {
    for row in ROWS {
        let hint = row.deploy.hint(" --env dev", "store");
        assert_eq!(
            hint.is_some(),
            matches!(row.deploy.action(), Action::Blocked | Action::RollBack),
            "{}",
            row.status
        );
        // No hint names a command that CloudFormation refuses in that status.
        let continues = hint.is_some_and(|hint| hint.contains("rollback --env"));
        let takes = matches!(row.status, "UPDATE_ROLLBACK_FAILED" | "UPDATE_FAILED");
        assert_eq!(continues, takes, "{}", row.status);
    }
}

#[tokio::test]
async fn plan_shows_what_deploy_does_and_changes_nothing() {
    for status in statuses() {
        let against = there(status).await;
        // Otherwise each question is a moment that passes.
        against.fake.hold(STACK, true);
        let engine = against.engine();
        let planned =
            plan(&engine, &ingest(31)).await.unwrap_or_else(|failure| panic!("{:#}", failure.error));
        assert_eq!(planned.stacks[0].action, of(status).deploy.action(), "{status}");
        assert!(is_untouched(&against), "{status}");
        // A plan that is saved waits at most, and changes nothing either.
        if of(status).deploy.action() != Action::Wait {
            let settled = settled_plan(&engine, &ingest(31), planned, Settling::Waits).await;
            let blocked = matches!(of(status).deploy.action(), Action::Blocked | Action::RollBack);
            assert_eq!(
                settled.err().map(|failure| failure.exit),
                blocked.then_some(Exit::StackFailed),
                "{status}"
            );
            assert!(is_untouched(&against), "{status}");
        }
    }
}

#[tokio::test]
async fn deploy_does_what_the_table_says_and_the_next_one_nothing() {
    for status in statuses().filter(|status| *status != "EXPRESS_IN_PROGRESS") {
        let against = there(status).await;
        let against = Against { consent: Consent::to(&["ingest.Queue".to_owned()]), ..against };
        let deploy = of(status).deploy;
        let planned = match against.try_plan(&ingest(31)).await {
            Ok(planned) => planned,
            Err(failure) => {
                assert_eq!((deploy.action(), failure.exit), (Action::Blocked, Exit::StackFailed), "{status}");
                assert_eq!(failure.hint, deploy.hint("", "ingest"), "{status}");
                assert!(is_untouched(&against), "{status}");
                continue;
            }
        };
        assert_ne!(deploy.action(), Action::Blocked, "{status}");
        let outcomes = against.execute(&planned).await;
        let gone = matches!(status, "DELETE_IN_PROGRESS" | "DELETE_COMPLETE");
        let creates = gone || deploy.action() == Action::Recreate || status == "ROLLBACK_IN_PROGRESS";
        let expected = if creates { "ingest created" } else { "ingest updated" };
        assert_eq!(words(&outcomes), [expected], "{status}");
        assert!(against.plan(&ingest(31)).await.is_empty(), "{status}");
        let asked = |action: &str| against.fake.times(action) > 0;
        assert_eq!(asked("ContinueUpdateRollback"), deploy == Deploy::Continue, "{status}");
        assert_eq!(asked("RollbackStack"), matches!(deploy, Deploy::RollBack | Deploy::Undo), "{status}");
        let deletes = matches!(deploy, Deploy::Recreate | Deploy::Undo) || status == "ROLLBACK_IN_PROGRESS";
        assert_eq!(asked("DeleteStack"), deletes, "{status}");
    }
}

#[tokio::test]
async fn destroy_does_what_the_table_says() {
    for status in statuses().filter(|status| *status != "EXPRESS_IN_PROGRESS") {
        let against = there(status).await;
        let plan = destroying(&against).await;
        assert_eq!(plan.stacks.is_empty(), of(status).destroy == Destroy::Nothing, "{status}");
        let outcomes = destroy(&against, &plan).await;
        assert!(outcomes.iter().all(|one| matches!(one, remove::Outcome::Gone(_))), "{status}: {outcomes:?}");
        assert_eq!(against.fake.status(STACK).as_deref(), Some("DELETE_COMPLETE"), "{status}");
        assert_eq!(against.fake.resources(STACK), [""; 0], "{status}");
    }
}

#[tokio::test]
async fn what_somebody_else_does_is_waited_for_until_the_limit() {
    for status in statuses().filter(|status| of(status).deploy == Deploy::Wait) {
        let against = there(status).await;
        against.fake.hold(STACK, true);
        let limit = Duration::from_millis(100);
        let mut engine = against.engine();
        engine.wait_limit = Some(limit);
        let planned =
            plan(&engine, &ingest(31)).await.unwrap_or_else(|failure| panic!("{:#}", failure.error));
        let failure =
            settled_plan(&engine, &ingest(31), planned, Settling::RollsBack).await.expect_err("it is held");
        assert_eq!(failure.exit, Exit::Unwatched, "{status}");
        assert!(failure.error.to_string().contains(status), "{:#}", failure.error);

        let plan = destroying(&against).await;
        let applications = Applications::new(&against.session, None, &());
        let outcomes = remove::execute(&engine, &applications, &plan, pending()).await;
        let [remove::Outcome::Failed(error)] = &outcomes[..] else { panic!("{outcomes:?}") };
        assert!(error.is_unwatched(), "{status}: {error}");
        assert!(is_untouched(&against), "{status}");
    }
}

#[tokio::test]
async fn a_rollback_that_stops_again_names_what_stops_it_and_goes_on_without_it() {
    let against = there("UPDATE_ROLLBACK_FAILED").await;
    against.fake.fail("Queue", Verb::Rollback, 1, "the queue is busy");
    let failure = against.try_plan(&ingest(31)).await.expect_err("it is stuck");
    assert_eq!(failure.exit, Exit::StackFailed);
    let said = failure.error.to_string();
    assert!(said.contains("Queue (AWS::SQS::Queue): the queue is busy [UPDATE_ROLLBACK_FAILED]"), "{said}");
    let hint = failure.hint.unwrap_or_default();
    assert!(hint.contains("`cargo xtask rollback --stack ingest --skip ingest.Queue`"), "{hint}");

    let engine = against.engine();
    let poller = Poller::start(engine.cloudformation.clone(), engine.pace);
    let step = engine.observer.step("test");
    let skip = BTreeSet::from(["Queue".to_owned()]);
    against.fake.fail("Queue", Verb::Rollback, 1, "the queue is busy");
    let back = rollback::one(&engine, &poller, STACK, "UPDATE_ROLLBACK_FAILED", &skip, &step).await;
    assert_eq!(back.expect("it is skipped"), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(words(&against.deploy(&ingest(31)).await), ["ingest updated"]);
}

#[tokio::test]
async fn a_rollback_whose_credentials_expire_goes_on_and_is_attached_to() {
    let against = there("UPDATE_ROLLBACK_FAILED").await;
    against.fake.hold(STACK, true);
    let engine = against.engine();
    let planned = plan(&engine, &ingest(31)).await.unwrap_or_else(|failure| panic!("{:#}", failure.error));
    // The last event, and the request itself.
    against.fake.expire_after(2);
    let failure =
        settled_plan(&engine, &ingest(31), planned, Settling::RollsBack).await.expect_err("expired");
    assert_eq!(failure.exit, Exit::Unwatched, "{:#}", failure.error);
    against.fake.log_in();
    against.fake.hold(STACK, false);
    assert_eq!(words(&against.deploy(&ingest(31)).await), ["ingest updated"]);
}

#[tokio::test]
async fn an_update_that_a_person_interrupts_twice_is_cancelled() {
    let against = Against::fake().await;
    against.deploy(&ingest(30)).await;
    let planned = against.plan(&ingest(31)).await;
    against.fake.hold(STACK, true);
    let engine = against.engine();
    let begun = async {
        while against.fake.times("ExecuteChangeSet") < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let outcomes = execute::execute(&engine, &planned, begun).await;
    assert_eq!(words(&outcomes), ["ingest detached"]);
    assert_eq!(rollback::cancel(&engine, &planned, &outcomes).await, [STACK]);
    against.fake.hold(STACK, false);
    let planned = against.plan(&ingest(31)).await;
    assert_eq!(planned.stacks[0].status.as_deref(), Some("UPDATE_ROLLBACK_COMPLETE"));
    // Nothing that can be cancelled goes on.
    let interrupted = execute::execute(&engine, &planned, ready(())).await;
    assert_eq!(rollback::cancel(&engine, &planned, &interrupted).await, [""; 0]);
}

/// A template whose queue is kept, once it is there, and bears a name of its own.
fn named() -> Value {
    json!({"Resources": {"Queue": {
        "Type": "AWS::SQS::Queue", "DeletionPolicy": "RetainExceptOnCreate", "Properties": {"QueueName": "one"},
    }}})
}

#[tokio::test]
async fn a_name_that_a_failed_creation_took_is_free_for_the_next_one() {
    let against = Against::fake().await;
    let against = Against { consent: Consent::to(&["ingest.Queue".to_owned()]), ..against };
    against.fake.put(STACK, "CREATE_FAILED", &named());
    let outcomes = against.deploy(&desired(vec![stack("ingest", &named(), &[])])).await;
    assert_eq!(words(&outcomes), ["ingest created"]);
    assert_eq!(against.fake.orphans(), [""; 0]);
}

#[tokio::test]
async fn what_a_failed_creation_holds_goes_only_when_somebody_agreed_and_else_nothing_does() {
    for status in ["CREATE_FAILED", "ROLLBACK_FAILED"] {
        for (kind, data) in [("AWS::S3::Bucket", 3), ("AWS::Kinesis::Stream", 0)] {
            let template =
                json!({"Resources": {"Data": {"Type": kind}, "Network": {"Type": "AWS::EC2::VPC"}}});
            let wanted = desired(vec![stack("ingest", &template, &[])]);
            let there = async |consent| {
                let against = Against { consent, ..Against::fake().await };
                against.fake.put(STACK, status, &template);
                let bucket = against.fake.physical_id(STACK, "Data").expect("it is there");
                if data > 0 {
                    against.fake.objects(&bucket, data);
                }
                (against, bucket)
            };
            let (against, bucket) = there(Consent::default()).await;
            let outcomes = against.deploy(&wanted).await;
            let Outcome::Failed(StackError::Refused(losses)) = &outcomes[0].1 else {
                panic!("{status} {kind}: {outcomes:?}")
            };
            assert_eq!((losses[0].stack.as_str(), losses[0].logical_id.as_str()), ("ingest", "Data"));
            assert_eq!(against.fake.status(STACK).as_deref(), Some(status), "{kind}");
            assert_eq!(against.fake.resources(STACK), ["Data", "Network"], "{status} {kind}");
            assert_eq!(against.fake.count(&bucket).unwrap_or_default(), data, "{status} {kind}");
            assert_eq!(against.fake.times("DeleteStack") + against.fake.times("RollbackStack"), 0);

            let (against, bucket) = there(Consent::to(&["ingest.Data".to_owned()])).await;
            assert_eq!(words(&against.deploy(&wanted).await), ["ingest created"], "{status} {kind}");
            assert_eq!(against.fake.count(&bucket), None, "{status} {kind}");
        }
    }
}

#[tokio::test]
async fn nothing_is_rolled_back_before_somebody_agreed() {
    for status in ["UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED"] {
        let against = there(status).await;
        let engine = against.engine();
        let asked = std::cell::RefCell::new(Vec::new());
        let declined = |failed: &[&crate::deploy::plan::StackPlan]| {
            asked.borrow_mut().extend(failed.iter().map(|stack| stack.stack_name.clone()));
            Err(session::Failure::new(Exit::Declined, "no"))
        };
        let planned =
            plan(&engine, &ingest(31)).await.unwrap_or_else(|failure| panic!("{:#}", failure.error));
        let failure = agreed_plan(&engine, &ingest(31), planned, declined).await.expect_err("declined");
        assert_eq!((failure.exit, asked.into_inner()), (Exit::Declined, vec![STACK.to_owned()]), "{status}");
        assert!(is_untouched(&against), "{status}");
    }
}

#[tokio::test]
async fn a_rollback_keeps_what_is_new_and_retained() {
    let against = Against::fake().await;
    let mut failed = queue(31);
    failed["Resources"]["Kept"] = json!({"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"});
    failed["Resources"]["Gone"] = json!({"Type": "AWS::S3::Bucket"});
    against.fake.put(STACK, "UPDATE_FAILED", &failed);
    against.fake.was(STACK, &queue(30));
    let bucket = against.fake.physical_id(STACK, "Kept").expect("a bucket");
    against.fake.objects(&bucket, 3);
    assert_eq!(words(&against.deploy(&ingest(31)).await), ["ingest updated"]);
    assert_eq!(against.fake.count(&bucket), Some(3));
    assert_eq!(
        (against.fake.orphans(), against.fake.resources(STACK)),
        (vec![bucket], vec!["Queue".to_owned()])
    );
}

#[tokio::test]
async fn a_bucket_that_a_failed_update_made_is_not_emptied_whatever_was_agreed_to() {
    let against = Against::fake().await;
    let against = Against { consent: Consent::to(&["ingest.Bucket".to_owned()]), ..against };
    against.deploy(&ingest(30)).await;
    let mut wanted = queue(31);
    wanted["Resources"]["Bucket"] =
        json!({"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "sluice-new"}});
    against.fake.objects("sluice-new", 3);
    against.fake.fail("Queue", Verb::Update, 9, "not now");
    against.fake.fail("Bucket", Verb::Delete, 9, "The bucket you tried to delete is not empty");
    let outcomes = against.deploy(&desired(vec![stack("ingest", &wanted, &[])])).await;
    assert_eq!(words(&outcomes), ["ingest failed"]);
    assert_eq!(against.fake.count("sluice-new"), Some(3));
    assert!(against.told().contains("Bucket (AWS::S3::Bucket) could not be deleted"), "{}", against.told());
}

#[tokio::test]
async fn a_rollback_that_goes_on_is_attached_to() {
    for status in ["UPDATE_ROLLBACK_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "IMPORT_ROLLBACK_IN_PROGRESS"] {
        let against = there(status).await;
        let engine = against.engine();
        let poller = Poller::start(engine.cloudformation.clone(), engine.pace);
        let step = engine.observer.step("test");
        assert!(rollback::takes(status));
        let back = rollback::one(&engine, &poller, STACK, status, &BTreeSet::new(), &step).await;
        assert_eq!(back.expect("it ends"), status.replace("IN_PROGRESS", "COMPLETE"));
        assert!(is_untouched(&against), "{status}");
    }
}

#[tokio::test]
async fn an_operation_that_tells_nothing_settles_in_the_status_of_its_stack() {
    let against = there("ROLLBACK_COMPLETE").await;
    let engine = against.engine();
    let poller = Poller::start(engine.cloudformation.clone(), engine.pace);
    let step = engine.observer.step("test");
    let since = engine.beginning(STACK).await.expect("it answers").since;
    let followed = execute::follow(&engine, &poller, STACK, since, None, &step);
    let followed = tokio::time::timeout(Duration::from_secs(20), followed).await.expect("it ends");
    assert_eq!(followed.expect("it is watched").status, "ROLLBACK_COMPLETE");
}

#[tokio::test]
async fn what_is_out_of_reach_for_longer_than_an_outage_is_not_begun() {
    let against = there("CREATE_COMPLETE").await;
    let mut engine = against.engine();
    engine.pace.outage = Duration::from_millis(50);
    for _ in 0..200 {
        against.fake.fault("DescribeStackEvents", Fault::Internal);
    }
    let begun = tokio::time::timeout(Duration::from_mins(1), engine.beginning(STACK)).await;
    assert!(begun.expect("it gives up").is_err());
}

fn pair() -> Value {
    json!({"Resources": {"Network": {"Type": "AWS::EC2::VPC"}, "Queue": {"Type": "AWS::SQS::Queue"}}})
}

#[tokio::test]
async fn a_deletion_that_fails_is_tried_again_then_without_what_may_stay_then_by_force() {
    const IN_USE: &str =
        "The vpc has dependencies and cannot be deleted (HandlerErrorCode: GeneralServiceException)";
    const DENIED: &str =
        "User: x is not authorized to perform: ec2:DeleteVpc (HandlerErrorCode: AccessDenied)";
    // How often it fails, why, what may be left behind, whether everything may; how often it is deleted, what stays.
    type Case<'a> = (usize, &'a str, &'a [&'a str], bool, usize, Option<&'a [&'a str]>);
    let table: [Case; 7] = [
        (1, IN_USE, &[], false, 2, Some(&[])),
        (9, IN_USE, &[], false, 2, None),
        (9, DENIED, &[], false, 1, None),
        (9, IN_USE, &["ingest.Queue"], false, 2, None),
        (9, IN_USE, &["ingest.Network"], false, 3, Some(&["Network"])),
        (9, DENIED, &["ingest.Network"], false, 2, Some(&["Network"])),
        (9, DENIED, &["ingest.Queue"], true, 2, Some(&["Network"])),
    ];
    for (times, reason, abandon, forced, deletions, left) in table {
        let against = Against::fake().await;
        against.fake.put(STACK, "CREATE_COMPLETE", &pair());
        against.fake.fail("Network", Verb::Delete, times, reason);
        let abandon: Vec<String> = abandon.iter().map(|one| (*one).to_owned()).collect();
        let plan = destroying(&against).await.abandoning(&abandon, forced).expect("they are there");
        assert!(plan.clone().abandoning(&["ingest.Nothing".to_owned()], forced).is_err());
        let outcomes = destroy(&against, &plan).await;
        let case = format!("{times} {reason} {abandon:?} {forced}");
        assert_eq!(against.fake.times("DeleteStack"), deletions, "{case}");
        match (&outcomes[0], left) {
            (remove::Outcome::Gone(emptied), Some(left)) => {
                assert_eq!(emptied.abandoned.keys().collect::<Vec<_>>(), left, "{case}");
                assert_eq!(against.fake.orphans().len(), left.len(), "{case}");
                let plan = plan.with_abandoned([&emptied.abandoned].into_iter());
                let told: Vec<&str> =
                    plan.stacks[0].stays().map(|kept| kept.resource.logical_id.as_str()).collect();
                assert_eq!(told, left, "{case}");
            }
            (remove::Outcome::Failed(remove::RemoveError::Failed { stuck, .. }), None) => {
                assert_eq!(stuck, &["Network"], "{case}");
            }
            (outcome, _) => panic!("{case}: {outcome:?}"),
        }
    }
}

#[tokio::test]
async fn a_stack_that_stopped_half_deleted_is_finished() {
    let against = Against::fake().await;
    against.fake.put(STACK, "DELETE_FAILED", &json!({"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}}));
    let bucket = against.fake.physical_id(STACK, "Bucket").expect("a bucket");
    against.fake.objects(&bucket, 1500);
    let outcomes = destroy(&against, &destroying(&against).await).await;
    let [remove::Outcome::Gone(emptied)] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert_eq!((emptied.objects, against.fake.count(&bucket)), (1500, None));
}

#[tokio::test]
async fn some_stacks_go_with_those_that_need_them() {
    let against = Against::fake().await;
    for name in ["artifacts", "ingest", "lake", "store"] {
        against.fake.put(&format!("sluice-local-{name}"), "CREATE_COMPLETE", &pair());
    }
    let found = find::stacks(&against.session.cloudformation(), &against.session.environment).await;
    let needs = [
        ("artifacts", None),
        ("ingest", Some("artifacts")),
        ("lake", Some("artifacts")),
        ("store", Some("ingest")),
    ];
    let needs = BTreeMap::from(needs.map(|(name, needed)| -> (String, BTreeSet<String>) {
        (name.to_owned(), needed.into_iter().map(str::to_owned).collect())
    }));
    let plan = destruction::make("local", &found.expect("an answer").ours, &needs).expect("no cycle");
    assert!(plan.clone().only(&["nowhere".to_owned()]).is_err());
    let plan = plan.only(&["ingest".to_owned()]).expect("it is there");
    let names =
        |stacks: &[destruction::Removal]| stacks.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&plan.stacks), ["store", "ingest"]);
    let staying: BTreeSet<String> = names(&plan.staying).into_iter().collect();
    assert_eq!(staying, BTreeSet::from(["artifacts".to_owned(), "lake".to_owned()]));
    destroy(&against, &plan).await;
    assert_eq!(against.fake.status("sluice-local-store").as_deref(), Some("DELETE_COMPLETE"));
    assert_eq!(against.fake.status("sluice-local-lake").as_deref(), Some("CREATE_COMPLETE"));
}

#[tokio::test]
async fn a_stack_that_the_environment_no_longer_has_is_found() {
    let against = Against::fake().await;
    for name in ["ingest", "queue"] {
        against.fake.put(&format!("sluice-local-{name}"), "CREATE_COMPLETE", &pair());
    }
    against.fake.put("sluice-local2-queue", "CREATE_COMPLETE", &pair());
    let (client, environment) = (against.session.cloudformation(), &against.session.environment);
    let others = find::no_longer(&client, environment, &[STACK.to_owned()].into()).await;
    assert_eq!(others.expect("an answer"), ["queue"]);
}

/// Whatever fails once on the way, the next runs end where they should.
#[tokio::test]
async fn again_until_settled() {
    let faults =
        [Fault::Throttled, Fault::Internal, Fault::Reset, Fault::Lost, Fault::Truncated, Fault::Stale];
    for (verb, action) in [(Verb::Create, "created"), (Verb::Update, "updated")] {
        for fault in faults {
            let against = Against::fake().await;
            if verb == Verb::Update {
                against.deploy(&ingest(30)).await;
            }
            against.fake.fail("Queue", verb, 1, "not now");
            if verb == Verb::Update {
                against.fake.fail("Queue", Verb::Rollback, 1, "nor back");
            }
            let failed = against.deploy(&ingest(31)).await;
            assert_eq!(words(&failed), ["ingest failed"], "{fault:?}");
            for action in [
                "DescribeStacks",
                "CreateChangeSet",
                "DescribeChangeSet",
                "ExecuteChangeSet",
                "DescribeStackEvents",
            ] {
                against.fake.fault(action, fault);
            }
            // What is read may be older than what was done, so that once may not be enough.
            let mut runs = Vec::new();
            for _ in 0..3 {
                let Ok(planned) = against.try_plan(&ingest(31)).await else { continue };
                runs.push(words(&against.execute(&planned).await).concat());
                if runs.last().is_some_and(|run| !run.ends_with("failed")) {
                    break;
                }
            }
            assert_eq!(
                runs.last(),
                Some(&format!("ingest {action}")),
                "{fault:?} {runs:?}: {}",
                against.told()
            );
            assert!(runs.len() == 1 || fault == Fault::Stale, "{fault:?} {runs:?}: {}", against.told());
            assert!(against.plan(&ingest(31)).await.is_empty(), "{fault:?}");
        }
    }
}
