//! Invocations against a stream that misbehaves on request, over the real SDK and real HTTP.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use aws_sdk_kinesis::config::{BehaviorVersion, Credentials, Region};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::*;

const MODEL: &str = r#"{
    "topic": "dt/+/measures",
    "device": {"dimension": "DeviceID", "field": "DeviceID"},
    "time": {"field": "Time", "unit": "ms"},
    "measures": [{"name": "temperature", "field": "temperature_measure", "type": "double", "normal": {"min": 10, "max": 15}}],
    "record": {"layout": "single"},
    "undeclared": "ignore"
}"#;

/// What the stream does with a request.
#[derive(Clone, Copy)]
enum Mood {
    Takes,
    /// Refuses the records at these places, counted from 0.
    Refuses(&'static [usize]),
    RefusesAll,
    Fails(StatusCode, &'static str),
}

/// A stream that takes requests in `moods`, the last one for ever.
struct Stream {
    moods: &'static [Mood],
    requests: usize,
    taken: Vec<Value>,
}

impl Stream {
    fn answer(&mut self, body: &Value) -> Response {
        let mood = self.moods[self.requests.min(self.moods.len() - 1)];
        self.requests += 1;
        let records = body["Records"].as_array().expect("records");
        assert!(records.len() <= 500);
        let refused = |index: usize| match mood {
            Mood::Refuses(places) => places.contains(&index),
            Mood::RefusesAll => true,
            Mood::Takes | Mood::Fails(..) => false,
        };
        if let Mood::Fails(status, code) = mood {
            return (status, axum::Json(json!({"__type": code}))).into_response();
        }
        let results: Vec<_> = (0..records.len())
            .map(|index| {
                if refused(index) {
                    json!({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded"})
                } else {
                    self.taken.push(records[index].clone());
                    json!({"SequenceNumber": "1", "ShardId": "shardId-000000000000"})
                }
            })
            .collect();
        let failed = (0..records.len()).filter(|index| refused(*index)).count();
        axum::Json(json!({"FailedRecordCount": failed, "Records": results})).into_response()
    }
}

async fn serve(moods: &'static [Mood]) -> (Client, Arc<Mutex<Stream>>) {
    let stream = Arc::new(Mutex::new(Stream { moods, requests: 0, taken: Vec::new() }));
    let shared = Arc::clone(&stream);
    let app = axum::Router::new().fallback(async move |body: axum::body::Bytes| {
        let body = serde_json::from_slice(&body).expect("JSON");
        shared.lock().expect("no panic").answer(&body)
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let config = aws_sdk_kinesis::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::for_tests())
        .endpoint_url(endpoint)
        .build();
    (Client::from_conf(config), stream)
}

fn simulator(client: Client, devices: u32) -> Simulator {
    let model = serde_json::from_str(MODEL).expect("a model");
    let variables = BTreeMap::from([("STREAM_NAME", "events".to_owned()), ("DEVICES", devices.to_string())]);
    Simulator {
        model,
        settings: Settings::read(|name| variables.get(name).cloned()).expect("settings"),
        client,
    }
}

fn schedule() -> Schedule {
    serde_json::from_str(r#"{"time": "2026-11-21T08:00:00Z", "detail-type": "Scheduled Event"}"#)
        .expect("a schedule")
}

async fn run(moods: &'static [Mood], devices: u32, seconds: u64) -> (Result<Report, Error>, Vec<Value>) {
    let (client, stream) = serve(moods).await;
    let deadline = SystemTime::now() + MARGIN + Duration::from_secs(seconds);
    let report = simulator(client, devices).run(schedule(), deadline, &mut Rng::with_seed(1)).await;
    let taken = std::mem::take(&mut stream.lock().expect("no panic").taken);
    (report, taken)
}

#[tokio::test]
async fn what_the_stream_refuses_is_sent_again() {
    use Mood::{Fails, Refuses, Takes};
    let cases: [(&str, &'static [Mood], u32, Report); 5] = [
        ("all at once", &[Takes], 50, Report { sent: 500, failed: 0, retried: 0, requests: 1 }),
        (
            "more than a request holds",
            &[Takes],
            123,
            Report { sent: 1230, failed: 0, retried: 0, requests: 3 },
        ),
        (
            "some, then some of these",
            &[Refuses(&[0, 7, 499]), Refuses(&[1]), Takes],
            50,
            Report { sent: 500, failed: 0, retried: 4, requests: 3 },
        ),
        (
            "the SDK repeats a request that failed",
            &[Fails(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure"), Takes],
            50,
            Report { sent: 500, failed: 0, retried: 0, requests: 1 },
        ),
        ("no devices", &[Takes], 0, Report::default()),
    ];
    for (name, moods, devices, expected) in cases {
        let (report, taken) = run(moods, devices, 30).await;
        assert_eq!(report.expect(name), expected, "{name}");
        let distinct: BTreeSet<_> = taken.iter().map(Value::to_string).collect();
        assert_eq!((taken.len(), distinct.len()), (expected.sent, expected.sent), "{name}: lost or doubled");
    }
}

#[tokio::test]
async fn the_time_that_is_left_ends_the_repetitions() {
    let (report, taken) = run(&[Mood::Refuses(&[3]), Mood::RefusesAll], 1, 1).await;
    let report = report.expect("something was sent");
    assert_eq!((report.sent, report.failed, taken.len()), (9, 1, 9));
    assert!(report.retried >= 1, "{report:?}");
}

#[tokio::test]
async fn a_stream_that_takes_nothing_fails_the_invocation() {
    let cases: [&'static [Mood]; 2] =
        [&[Mood::RefusesAll], &[Mood::Fails(StatusCode::BAD_REQUEST, "ResourceNotFoundException")]];
    for moods in cases {
        let (report, _) = run(moods, 1, 1).await;
        let error = report.expect_err("nothing was sent");
        assert_eq!(error.to_string(), "the stream events took none of 10 events; the log has the reasons");
    }
}

#[tokio::test]
async fn a_minute_is_spread_and_repeatable() {
    let (client, _) = serve(&[Mood::Takes]).await;
    let simulator = simulator(client, 2);
    let end: Timestamp = "2026-11-21T08:00:00Z".parse().expect("a time");
    let events = simulator.minute(end);
    let times: Vec<_> = events.iter().map(|event| (event.time - end.as_microsecond()) / 1_000_000).collect();
    assert_eq!(
        times,
        [-54, -54, -48, -48, -42, -42, -36, -36, -30, -30, -24, -24, -18, -18, -12, -12, -6, -6, 0, 0]
    );
    assert_eq!(events, simulator.minute(end));
    let later: Timestamp = "2026-11-21T08:01:00Z".parse().expect("a time");
    assert_ne!(events[0].payload, simulator.minute(later)[0].payload);
}
