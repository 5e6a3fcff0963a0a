//! Batches against a stream that refuses on request, over the real SDK and real HTTP.

use std::sync::{Arc, Mutex};

use aws_sdk_kinesis::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::*;

/// What the stream does with a request.
#[derive(Clone, Copy)]
enum Mood {
    Takes,
    /// Refuses the records at these places, counted from 0.
    Refuses(&'static [usize]),
    Fails,
}

type Moods = &'static [Mood];

/// Takes requests in `moods`, the last one for ever; returns the bridge and the keys that were taken.
async fn bridge(moods: Moods) -> (Bridge, Arc<Mutex<Vec<String>>>) {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let requests = Arc::new(Mutex::new(0));
    let keys = Arc::clone(&taken);
    let app = axum::Router::new().fallback(async move |axum::Json(body): axum::Json<Value>| -> Response {
        let mut requests = requests.lock().expect("no panic");
        let mood = moods[(*requests).min(moods.len() - 1)];
        *requests += 1;
        if matches!(mood, Mood::Fails) {
            return (StatusCode::BAD_REQUEST, axum::Json(json!({"__type": "ResourceNotFoundException"})))
                .into_response();
        }
        let records = body["Records"].as_array().expect("records");
        assert!(records.len() <= 500);
        let results: Vec<_> = records
            .iter()
            .enumerate()
            .map(|(index, record)| match mood {
                Mood::Refuses(places) if places.contains(&index) => json!({"ErrorCode": "InternalFailure"}),
                _ => {
                    keys.lock()
                        .expect("no panic")
                        .push(record["PartitionKey"].as_str().expect("a key").to_owned());
                    json!({"SequenceNumber": "1", "ShardId": "shardId-000000000000"})
                }
            })
            .collect();
        axum::Json(json!({"Records": results})).into_response()
    });
    // The SDK sends `application/x-amz-json-1.1`, which is JSON to nobody else.
    let app = app.layer(axum::middleware::map_request(async |mut request: axum::extract::Request| {
        request
            .headers_mut()
            .insert("content-type", axum::http::HeaderValue::from_static("application/json"));
        request
    }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let config = aws_sdk_kinesis::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint)
        .build();
    let client = Client::from_conf(config);
    (Bridge { client, stream: "events".to_owned(), key_field: "DeviceID".to_owned() }, taken)
}

fn batch(messages: usize) -> Batch {
    let message =
        |index| Message { message_id: format!("m{index}"), body: format!(r#"{{"DeviceID": "d{index}"}}"#) };
    Batch { records: (0..messages).map(message).collect() }
}

fn soon() -> SystemTime {
    SystemTime::now() + Duration::from_secs(30)
}

#[tokio::test]
async fn what_the_stream_does_not_take_stays_in_the_queue() {
    let cases: [(&str, Moods, usize, usize, &[&str]); 6] = [
        ("all", &[Mood::Takes], 10, 10, &[]),
        ("more than a request holds", &[Mood::Takes], 1201, 1201, &[]),
        ("refused once", &[Mood::Refuses(&[0, 2]), Mood::Takes], 3, 3, &[]),
        ("refused for ever", &[Mood::Refuses(&[1]), Mood::Refuses(&[0])], 3, 2, &["m1"]),
        ("no stream", &[Mood::Fails], 2, 0, &["m0", "m1"]),
        ("nothing", &[Mood::Takes], 0, 0, &[]),
    ];
    for (name, moods, messages, expected, failed) in cases {
        let (bridge, taken) = bridge(moods).await;
        let answer = bridge.forward(batch(messages), soon()).await;
        let found: Vec<_> =
            answer.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect();
        assert_eq!(found, failed, "{name}");
        let mut keys = std::mem::take(&mut *taken.lock().expect("no panic"));
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), expected, "{name}: lost or doubled");
    }
}

#[tokio::test]
async fn without_time_everything_stays_in_the_queue() {
    let (bridge, taken) = bridge(&[Mood::Takes]).await;
    let answer = bridge.forward(batch(2), SystemTime::now()).await;
    assert_eq!(answer.batch_item_failures.len(), 2);
    assert!(taken.lock().expect("no panic").is_empty());
}

#[test]
fn failures_have_the_form_that_lambda_reads() {
    let answer = Answer { batch_item_failures: vec![Failure { item_identifier: "m1".to_owned() }] };
    let found = serde_json::to_value(&answer).expect("JSON");
    assert_eq!(found, json!({"batchItemFailures": [{"itemIdentifier": "m1"}]}));
}

#[test]
fn events_of_a_device_have_its_key() {
    let long = format!(r#"{{"DeviceID": "{}"}}"#, "x".repeat(257));
    let cases = [
        (r#"{"DeviceID": "d1", "x": 1}"#, Some("d1")),
        (r#"{"DeviceID": 17}"#, Some("17")),
        (r#"{"DeviceID": ""}"#, None),
        (r#"{"DeviceID": null}"#, None),
        (r#"{"device": "d1"}"#, None),
        (r#"["DeviceID"]"#, None),
        ("DeviceID", None),
        ("", None),
        (&long, None),
    ];
    for (body, expected) in cases {
        let (one, other) = (partition_key(body, "DeviceID"), partition_key(body, "DeviceID"));
        match expected {
            Some(key) => assert_eq!((one.as_str(), other.as_str()), (key, key), "{body:.40}"),
            None => assert!(one != other && one.len() == 32, "{body:.40}: {one}"),
        }
    }
}
