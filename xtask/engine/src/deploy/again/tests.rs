//! A stack that fails because a role is too new is tried once more: a proxy in front of the emulator plays
//! the service that does not know the role yet.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::deploy::execute;
use crate::deploy::plan::Desired;
use crate::deploy::tests::engine::{Deployment, desired, queue, stack, words};
use test_service::{Proxy, Request, Service};

const STACK: &str = "sluice-local-ingest";
const TOO_NEW: &str = "Resource handler returned message: \"The role defined for the function cannot be assumed \
                       by Lambda. (Service: Lambda, Status Code: 400)\" (HandlerErrorCode: InvalidRequest)";

/// A proxy with which the first executions of change sets fail for this reason, and leave the stack in this
/// status.
fn failing(service: &Service, times: usize, status: &'static str, reason: &'static str) -> Proxy {
    // A deletion, or another execution, begins a new operation.
    let (executed, failed) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    Proxy::before(service, move |request: &Request| match request.action() {
        "ExecuteChangeSet" if executed.fetch_add(1, Ordering::SeqCst) < times => {
            failed.store(1, Ordering::SeqCst);
            Some(("200 OK", "<ExecuteChangeSetResponse/>".to_owned()))
        }
        "ExecuteChangeSet" | "DeleteStack" | "CreateChangeSet" => {
            failed.store(0, Ordering::SeqCst);
            None
        }
        "DescribeStackEvents" if failed.load(Ordering::SeqCst) == 1 => {
            let event = |id: &str,
                         logical_id: &str,
                         physical_id: &str,
                         kind: &str,
                         status: &str,
                         reason: &str| {
                format!(
                    "<member><EventId>{id}</EventId><StackId>arn:stack</StackId>\
                     <LogicalResourceId>{logical_id}</LogicalResourceId>\
                     <PhysicalResourceId>{physical_id}</PhysicalResourceId><ResourceType>{kind}</ResourceType>\
                     <ResourceStatus>{status}</ResourceStatus>\
                     <ResourceStatusReason>{reason}</ResourceStatusReason></member>"
                )
            };
            let stack = event("2", STACK, "arn:stack", "AWS::CloudFormation::Stack", status, "");
            let function = event("1", "Function", "", "AWS::Lambda::Function", "CREATE_FAILED", reason);
            let events = format!("<StackEvents>{stack}{function}</StackEvents>");
            let result = format!("<DescribeStackEventsResult>{events}</DescribeStackEventsResult>");
            Some(("200 OK", format!("<DescribeStackEventsResponse>{result}</DescribeStackEventsResponse>")))
        }
        _ => None,
    })
}

fn with(seconds: u32) -> Desired {
    desired(vec![stack("ingest", &queue(seconds), &[])])
}

/// What became of the stack, and the operations that were asked for.
async fn deploy(proxy: &Proxy, service: &Service, seconds: u32) -> (Vec<String>, Vec<String>) {
    let direct = Deployment::new(service).await;
    let plan = direct.plan(&with(seconds)).await;
    let deployment = Deployment { session: proxy.session().await, ..direct };
    let outcomes = execute::execute(&deployment.engine(), &plan, pending()).await;
    let operations = ["CreateChangeSet", "DeleteStack", "ExecuteChangeSet"];
    let seen = proxy.seen().into_iter().map(|request| request.action().to_owned());
    let mut seen: Vec<_> = seen.filter(|action| operations.contains(&action.as_str())).collect();
    // The change set that was only said to be executed is still there, and is made again.
    seen.dedup();
    (words(&outcomes), seen)
}

#[tokio::test]
async fn a_role_that_is_too_new_costs_one_more_try() {
    let once = ["CreateChangeSet", "ExecuteChangeSet"];
    let created_again =
        ["CreateChangeSet", "ExecuteChangeSet", "DeleteStack", "CreateChangeSet", "ExecuteChangeSet"];
    let updated_again = [once, once].concat();
    for (name, times, status, reason, became, operations) in [
        ("created", 1, "ROLLBACK_COMPLETE", TOO_NEW, "created", &created_again[..]),
        ("never told", 2, "ROLLBACK_COMPLETE", TOO_NEW, "failed", &created_again),
        ("another reason", 1, "ROLLBACK_COMPLETE", "the code is too large", "failed", &once),
        ("stuck", 1, "UPDATE_ROLLBACK_FAILED", TOO_NEW, "failed", &once),
    ] {
        let service = Service::emulator();
        let proxy = failing(&service, times, status, reason);
        let (words, seen) = deploy(&proxy, &service, 30).await;
        assert_eq!((words, seen), (vec![format!("ingest {became}")], strings(operations)), "{name}");
    }

    // A stack that is there goes on to be.
    let service = Service::emulator();
    let deployment = Deployment::new(&service).await;
    assert_eq!(words(&deployment.deploy(&with(30)).await), ["ingest created"]);
    let proxy = failing(&service, 1, "UPDATE_ROLLBACK_COMPLETE", TOO_NEW);
    let (words, seen) = deploy(&proxy, &service, 31).await;
    assert_eq!((words, seen), (vec!["ingest updated".to_owned()], strings(&updated_again)));
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
