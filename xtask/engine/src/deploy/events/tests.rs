//! What is heard of stacks: from recorded answers, and from an endpoint that refuses.

use std::time::Duration;

use aws_sdk_cloudformation::Client;
use serde::Deserialize;

use super::{Event, Poller, Since, Update, root_cause};
use crate::deploy::pace;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Recorded {
    stack_events: Vec<Event>,
}

/// Recorded answers of `DescribeStackEvents`, newest first.
fn recorded(text: &str) -> Vec<Event> {
    let mut events = serde_json::from_str::<Recorded>(text).expect("a recorded answer").stack_events;
    events.reverse();
    events
}

/// An endpoint that answers every request so.
fn endpoint(status: &'static str, code: &'static str) -> String {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let body = format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>");
            let length = body.len();
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all((head + &body).as_bytes());
        }
    });
    url
}

#[tokio::test]
async fn expired_credentials_end_the_watch_and_throttling_does_not() {
    use aws_sdk_cloudformation::config::{BehaviorVersion, Config, Credentials, Region, retry::RetryConfig};
    for (status, code, ends) in
        [("403 Forbidden", "ExpiredToken", true), ("400 Bad Request", "Throttling", false)]
    {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .endpoint_url(endpoint(status, code));
        let pace = pace::MACHINE;
        let poller = Poller::start(Client::from_conf(config.build()), pace);
        let mut updates = poller.watch("sluice-test", Since::LatestOperation);
        let refused = async {
            while let Some(update) = updates.recv().await {
                assert!(matches!(&update, Update::Trouble(cause) | Update::Refused(cause) if cause == code));
                if matches!(update, Update::Refused(_)) {
                    return true;
                }
            }
            false
        };
        let refused = tokio::time::timeout(Duration::from_secs(if ends { 30 } else { 4 }), refused).await;
        assert_eq!(refused.is_ok(), ends, "{code}");
    }
}

#[test]
fn the_first_failure_that_is_not_a_consequence() {
    type Cause<'a> = (&'a str, Option<&'a str>, &'a str);
    let table: [(&str, Option<Cause>); 5] = [
        (
            include_str!("recorded/cancelled-first.json"),
            Some(("LakeBucket", Some("AlreadyExists"), "taken-name already exists")),
        ),
        (
            include_str!("recorded/update-rolled-back.json"),
            Some(("Function", Some("InvalidRequest"), "MemorySize")),
        ),
        (include_str!("recorded/delete-failed.json"), Some(("LakeBucket", None, "not empty"))),
        (
            include_str!("recorded/cancelled-by-person.json"),
            Some(("sluice-dev-ingest", None, "User Initiated")),
        ),
        (include_str!("recorded/created.json"), None),
    ];
    for (text, expected) in table {
        let found = root_cause(&recorded(text));
        match (found, expected) {
            (None, None) => {}
            (Some(found), Some((logical_id, code, reason))) => {
                assert_eq!((found.logical_id.as_str(), found.code.as_deref()), (logical_id, code));
                assert!(found.reason.contains(reason), "{}", found.reason);
            }
            (found, expected) => panic!("{found:?} is not {expected:?}"),
        }
    }
}
