//! A deletion that CloudFormation refuses, in each way, through a proxy in front of the emulator: what a
//! person may miss is there afterwards.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_cloudformation::types::Tag;
use aws_sdk_s3::primitives::ByteStream;
use futures::FutureExt as _;
use serde_json::{Value, json};

use crate::destroy::contents::Contents;
use crate::destroy::plan::DestroyPlan;
use crate::destroy::teardown::{self, Untouched};
use session::Session;
use test_service::{Proxy, Request, Service};

const STACK: &str = "sluice-local-lake";

/// A bucket with versions, and an object in two of them; an application of Flink that runs.
async fn deploy(session: &Session) {
    let tag = Tag::builder().key("sluice:environment").value("local").build();
    let template = json!({"Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}},
        "Job": {"Type": "AWS::KinesisAnalyticsV2::Application", "Properties": {
            "RuntimeEnvironment": "FLINK-2_2",
            "ServiceExecutionRole": "arn:aws:iam::000000000000:role/x",
            "ApplicationConfiguration": {"ApplicationSnapshotConfiguration": {"SnapshotsEnabled": true}},
        }},
    }});
    let create = session.cloudformation().create_stack().stack_name(STACK).tags(tag);
    create.template_body(template.to_string()).send().await.expect("a stack");
    let plan = loop {
        let plan = plan(session).await;
        if plan.stacks[0].status == "CREATE_COMPLETE" {
            break plan;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    let bucket = plan.stacks[0].buckets().next().expect("a bucket");
    for content in ["one", "two"] {
        let body = ByteStream::from_static(content.as_bytes());
        session.s3().put_object().bucket(bucket).key("data").body(body).send().await.expect("an object");
    }
    session.flink().start_application().application_name(job(&plan)).send().await.expect("it starts");
}

async fn plan(session: &Session) -> DestroyPlan {
    let plan = teardown::plan(session, &()).await;
    plan.unwrap_or_else(|failure| panic!("{:#}", failure.error)).expect("it is there")
}

fn job(plan: &DestroyPlan) -> &str {
    let job = plan.stacks[0].delete.iter().find(|resource| resource.logical_id == "Job");
    &job.expect("an application").physical_id
}

/// What is there of the stack: versions in its bucket, and what its application does.
async fn there(session: &Session, plan: &DestroyPlan) -> (usize, String) {
    let bucket = plan.stacks[0].buckets().next().expect("a bucket");
    let contents = Contents::of(&session.s3(), bucket, "").await.expect("an answer");
    let application = session.flink().describe_application().application_name(job(plan)).send().await;
    let status = application.ok().and_then(|answer| answer.application_detail);
    let status = status.map(|detail| detail.application_status().as_str().to_owned());
    (contents.all(), status.unwrap_or_default())
}

async fn destroy(session: &Session, plan: &DestroyPlan) -> Value {
    let never = pending().boxed().shared();
    let receipt = teardown::execute(session, None, plan, &(), &never, None).await.expect("a receipt");
    serde_json::to_value(receipt).expect("JSON")
}

fn error(status: &'static str, code: &str, message: &str) -> (&'static str, String) {
    let error = format!("<Code>{code}</Code><Message>{message}</Message>");
    (status, format!("<ErrorResponse><Error>{error}</Error></ErrorResponse>"))
}

fn deletion_begins() -> (&'static str, String) {
    ("200 OK", "<DeleteStackResponse><ResponseMetadata/></DeleteStackResponse>".to_owned())
}

/// An answer of `DescribeStackEvents`: resource, type, status and reason of each event, newest first.
fn events(plan: &DestroyPlan, events: &[(&str, &str, &str)]) -> (&'static str, String) {
    let stack = &plan.stacks[0];
    let member = |(number, (logical_id, status, reason)): (usize, &(&str, &str, &str))| {
        let resource = stack.delete.iter().find(|resource| resource.logical_id == *logical_id);
        let (kind, physical_id) = resource
            .map_or(("AWS::CloudFormation::Stack", &stack.stack_id), |resource| {
                (resource.kind.as_str(), &resource.physical_id)
            });
        format!(
            "<member><EventId>refused-{number}</EventId><StackId>{}</StackId>\
             <LogicalResourceId>{logical_id}</LogicalResourceId>\
             <PhysicalResourceId>{physical_id}</PhysicalResourceId><ResourceType>{kind}</ResourceType>\
             <ResourceStatus>{status}</ResourceStatus>\
             <ResourceStatusReason>{reason}</ResourceStatusReason></member>",
            stack.stack_id
        )
    };
    let members: String = events.iter().enumerate().map(member).collect();
    let events = format!("<StackEvents>{members}</StackEvents>");
    let result = format!("<DescribeStackEventsResult>{events}</DescribeStackEventsResult>");
    ("200 OK", format!("<DescribeStackEventsResponse>{result}</DescribeStackEventsResponse>"))
}

const FULL: (&str, &str, &str) = (
    "Bucket",
    "DELETE_FAILED",
    "The bucket you tried to delete is not empty (Service: S3, Status Code: 409)",
);

/// How the proxy answers once a deletion was asked for; and whether the application runs afterwards.
struct Case {
    name: &'static str,
    delete: (&'static str, String),
    after: Option<(&'static str, String)>,
    job: &'static str,
    reason: &'static str,
}

fn cases(plan: &DestroyPlan) -> Vec<Case> {
    let stack = |status, reason| (STACK, status, reason);
    let case = |name, delete, after, job, reason| Case { name, delete, after, job, reason };
    vec![
        case(
            "denied",
            error(
                "403 Forbidden",
                "AccessDenied",
                "x is not authorized to perform: cloudformation:DeleteStack",
            ),
            None,
            "RUNNING",
            "CloudFormation refuses to delete it: AccessDenied",
        ),
        case(
            "protected since it was planned",
            error("400 Bad Request", "ValidationError", "TerminationProtection is enabled"),
            None,
            "RUNNING",
            "CloudFormation refuses to delete it: ValidationError",
        ),
        case(
            "nobody may watch",
            deletion_begins(),
            Some(error("403 Forbidden", "ExpiredToken", "the token has expired")),
            "READY",
            "it goes on, but CloudFormation does not say how: ExpiredToken",
        ),
        case(
            "another stack imports an export",
            deletion_begins(),
            Some(events(plan, &[stack("CREATE_COMPLETE", "Delete canceled. Cannot delete export X")])),
            "RUNNING",
            "Cannot delete export X",
        ),
        case(
            "something else stays too",
            deletion_begins(),
            Some(events(
                plan,
                &[
                    stack("DELETE_FAILED", "The following resource(s) failed to delete: [Bucket, Job]."),
                    FULL,
                    (
                        "Job",
                        "DELETE_FAILED",
                        "x is not authorized to perform: kinesisanalytics:DeleteApplication",
                    ),
                ],
            )),
            "READY",
            "not authorized to perform: kinesisanalytics:DeleteApplication",
        ),
    ]
}

#[tokio::test]
async fn a_refused_deletion_empties_nothing_and_stops_nothing_for_good() {
    let service = Service::emulator();
    let direct = service.session().await;
    deploy(&direct).await;
    let plan = plan(&direct).await;
    let application = job(&plan);
    for Case { name, delete, after, job, reason } in cases(&plan) {
        let asked = AtomicUsize::new(0);
        let proxy = Proxy::before(&service, move |request: &Request| match request.action() {
            "DeleteStack" => {
                asked.fetch_add(1, Ordering::SeqCst);
                Some(delete.clone())
            }
            "DescribeStackEvents" if asked.load(Ordering::SeqCst) > 0 => after.clone(),
            _ => None,
        });
        let receipt = destroy(&proxy.session().await, &plan).await;
        let told = receipt["failed"][0]["reason"].as_str().unwrap_or_default();
        assert!(told.contains(reason), "{name}: {told}");
        assert_eq!(there(&direct, &plan).await, (2, job.to_owned()), "{name}");
        let emptied = proxy.seen().iter().any(|request| request.line.contains("?delete"));
        assert!(!emptied, "{name}: what is there may be there again");
        // As it was, for the next case.
        direct.flink().start_application().application_name(application).send().await.ok();
    }
}

#[tokio::test]
async fn a_stack_whose_events_are_not_told_is_not_touched() {
    let service = Service::emulator();
    let direct = service.session().await;
    deploy(&direct).await;
    let plan = plan(&direct).await;
    let proxy = Proxy::before(&service, |request| match request.action() {
        "DescribeStackEvents" => Some(error("403 Forbidden", "AccessDenied", "not you")),
        _ => None,
    });
    let receipt = destroy(&proxy.session().await, &plan).await;
    let told = receipt["failed"][0]["reason"].as_str().unwrap_or_default();
    assert!(told.starts_with("nothing was begun"), "{told}");
    assert_eq!(there(&direct, &plan).await, (2, "RUNNING".to_owned()));
    assert!(!proxy.seen().iter().any(|request| request.action() == "DeleteStack"));
}

#[tokio::test]
async fn a_protected_stack_holds_the_whole_environment() {
    let service = Service::emulator();
    let session = service.session().await;
    deploy(&session).await;
    let protect = session.cloudformation().update_termination_protection().stack_name(STACK);
    protect.enable_termination_protection(true).send().await.expect("it is protected");
    let plan = plan(&session).await;
    let never = pending().boxed().shared();
    let refused = teardown::execute(&session, None, &plan, &(), &never, None).await;
    assert!(matches!(refused, Err(Untouched::Protected(_))), "{refused:?}");
    assert_eq!(there(&session, &plan).await, (2, "RUNNING".to_owned()));
}

/// As AWS does it: what can be deleted is, then the bucket turns out to be full.
#[tokio::test]
async fn a_bucket_is_emptied_once_nothing_else_is_in_the_way() {
    let service = Service::emulator();
    let direct = service.session().await;
    deploy(&direct).await;
    let plan = plan(&direct).await;
    let failed = events(&plan, &[(STACK, "DELETE_FAILED", "[Bucket] failed to delete."), FULL]);
    let asked = AtomicUsize::new(0);
    let proxy = Proxy::before(&service, move |request: &Request| match request.action() {
        "DeleteStack" if asked.fetch_add(1, Ordering::SeqCst) == 0 => Some(deletion_begins()),
        "DescribeStackEvents" if asked.load(Ordering::SeqCst) == 1 => Some(failed.clone()),
        _ => None,
    });
    let receipt = destroy(&proxy.session().await, &plan).await;
    assert_eq!(
        (&receipt["failed"], &receipt["deleted"][0]["objects"]),
        (&Value::Null, &json!(2)),
        "{receipt}"
    );
    let step = |request: &Request| match request.action() {
        "DeleteStack" => Some("delete"),
        _ => request.line.contains("?delete").then_some("empty"),
    };
    let steps: Vec<&str> = proxy.seen().iter().filter_map(step).collect();
    assert_eq!(steps, ["delete", "empty", "delete"]);
}
