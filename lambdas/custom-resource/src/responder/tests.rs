//! Answers, put to an endpoint that stands in for `CloudFormation`'s URL.

use std::sync::{Arc, Mutex};

use axum::http::{HeaderMap, StatusCode};
use axum::routing::put;

use super::*;

/// What the endpoint was given, and how many answers it refuses before it takes one.
#[derive(Default)]
struct Endpoint {
    answers: Vec<Value>,
    refusals: usize,
}

fn request() -> Request {
    serde_json::from_str(include_str!("../../tests/events/create.json")).expect("a request")
}

/// Answers a request with what comes of `provision` in that time, and gives what the endpoint took.
async fn answer(
    provision: impl Future<Output = Result<Provisioned, String>>,
    time: Duration,
    refusals: usize,
) -> (Result<(), Error>, Vec<Value>) {
    let endpoint = Arc::new(Mutex::new(Endpoint { refusals, ..Endpoint::default() }));
    let shared = Arc::clone(&endpoint);
    let take = async move |headers: HeaderMap, body: String| {
        let mut endpoint = shared.lock().expect("no panic");
        assert!(!headers.contains_key("content-type"));
        assert_eq!(headers["content-length"], body.len().to_string(), "S3 takes nothing of unknown length");
        if endpoint.refusals > 0 {
            endpoint.refusals -= 1;
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        endpoint.answers.push(serde_json::from_str(&body).expect("JSON"));
        StatusCode::OK
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/answer?signature=x", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(put(take))).await });

    let request = Request { response_url: url, ..request() };
    let deadline = SystemTime::now() + MARGIN + time;
    let outcome = Responder::default().answer(&request, "the service", provision, deadline).await;
    let answers = endpoint.lock().expect("no panic").answers.clone();
    (outcome, answers)
}

#[expect(clippy::unnecessary_wraps, reason = "it is what a provision gives")]
fn made() -> Result<Provisioned, String> {
    Ok(Provisioned { physical_id: "d".to_owned(), attributes: vec![("Arn", "arn".to_owned())] })
}

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn what_there_is_and_what_failed_are_told() {
    let (outcome, answers) = answer(async { made() }, LONG, 0).await;
    outcome.expect("an answer");
    let [told] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!(
        *told,
        serde_json::json!({
            "Status": "SUCCESS", "PhysicalResourceId": "d", "LogicalResourceId": "Database",
            "StackId": request().stack_id, "RequestId": request().request_id, "Data": { "Arn": "arn" },
        })
    );
    for (provision, time, reason) in [
        (Some(Err("no such thing".to_owned())), LONG, "no such thing"),
        (None, Duration::from_millis(100), "the service gave no answer within 0 s"),
    ] {
        let provision = async {
            match provision {
                Some(outcome) => outcome,
                None => std::future::pending().await,
            }
        };
        let (outcome, answers) = answer(provision, time, 0).await;
        outcome.expect(reason);
        let told = |name: &str| answers[0][name].as_str().unwrap_or_default();
        assert_eq!(
            (told("Status"), told("Reason"), told("PhysicalResourceId")),
            ("FAILED", reason, NOT_CREATED)
        );
    }
}

#[tokio::test]
async fn an_answer_is_offered_more_than_once() {
    for (refusals, delivered) in [(1, true), (2, true), (3, false)] {
        let (outcome, answers) = answer(async { made() }, LONG, refusals).await;
        assert_eq!(answers.len(), usize::from(delivered), "{refusals}");
        match outcome {
            Ok(()) => assert!(delivered, "{refusals}"),
            Err(error) => {
                assert!(!delivered, "{refusals}");
                assert_eq!(
                    error.to_string(),
                    "CloudFormation did not take the answer for Database: status 503"
                );
            }
        }
    }
}

#[test]
fn a_reason_is_no_longer_than_the_answer_may_be() {
    let request = request();
    let answer = response(&request, Err("\u{1}".repeat(10_000)));
    assert!(serde_json::to_string(&answer).expect("JSON").len() <= 4096);
}
