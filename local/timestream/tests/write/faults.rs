//! Faults on demand, as a consumer meets them.

use std::time::{Duration, Instant};

use aws_sdk_timestreamwrite::error::ProvideErrorMetadata;
use serde_json::{Value, json};

use crate::client::{Fixture, now, record};

fn set(fixture: &Fixture, operations: &Value) -> (u16, Value) {
    let plan = json!({ "seed": 7, "operations": operations });
    fixture.process.request("POST", "/_local/faults", &[], &plan.to_string())
}

/// Writes one record and says how that ended.
async fn write(fixture: &Fixture, time: i64, value: &str) -> String {
    let write = fixture.client.write_records().database_name("home").table_name("measures");
    match write.records(record("d1", time, value)).send().await {
        Ok(_) => "written".to_owned(),
        Err(error) => error.code().unwrap_or_default().to_owned(),
    }
}

#[tokio::test]
async fn failures_arrive_as_the_service_sends_them() {
    let fixture = Fixture::new().await;
    let time = now();
    for (number, (rates, expected, is_written)) in [
        (json!({ "throttle": 1.0 }), "ThrottlingException", false),
        (json!({ "internal": 1.0 }), "InternalServerException", false),
        (json!({ "lost_answer": 1.0 }), "InternalServerException", true),
        (json!({ "reject": 1.0 }), "RejectedRecordsException", false),
    ]
    .into_iter()
    .enumerate()
    {
        let time = time + i64::try_from(number).expect("a small number");
        assert_eq!(set(&fixture, &json!({ "WriteRecords": rates })).0, 200);
        assert_eq!(write(&fixture, time, "1").await, expected, "{rates}");
        fixture.client.list_databases().send().await.expect("other operations are left alone");
        assert_eq!(fixture.process.request("DELETE", "/_local/faults", &[], "").0, 204);
        // Another value is only accepted where the first was not written.
        let second = if is_written { "RejectedRecordsException" } else { "written" };
        assert_eq!(write(&fixture, time, "2").await, second, "{rates}");
    }
}

#[tokio::test]
async fn the_same_seed_fails_the_same_requests() {
    let fixture = Fixture::new().await;
    let time = now();
    let mut runs = Vec::new();
    for run in 0..2 {
        set(&fixture, &json!({ "*": { "throttle": 0.3, "internal": 0.2 } }));
        let mut outcomes = Vec::new();
        for number in 0..30 {
            outcomes.push(write(&fixture, time + run * 100 + number, "1").await);
        }
        runs.push(outcomes);
    }
    assert_eq!(runs[0], runs[1]);
    for expected in ["written", "ThrottlingException", "InternalServerException"] {
        assert!(runs[0].iter().any(|outcome| outcome == expected), "{expected} in {:?}", runs[0]);
    }
}

#[tokio::test]
async fn delays_and_refused_plans() {
    let fixture = Fixture::new().await;
    set(&fixture, &json!({ "WriteRecords": { "delay_ms": 300 } }));
    let (_, shown) = fixture.process.request("GET", "/_local/faults", &[], "");
    assert_eq!((&shown["seed"], &shown["operations"]["WriteRecords"]["delay_ms"]), (&json!(7), &json!(300)));
    let start = Instant::now();
    assert_eq!(write(&fixture, now(), "1").await, "written");
    assert!(start.elapsed() >= Duration::from_millis(300), "{:?}", start.elapsed());

    for (operations, part) in [
        (json!({ "Query": { "throttle": 2.0 } }), "from 0 to 1"),
        (json!({ "Query": { "throtle": 0.1 } }), "throtle"),
        (json!({ "Query": { "reject": 0.1 } }), "applies to WriteRecords"),
    ] {
        let (status, answer) = set(&fixture, &operations);
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(status == 400 && message.contains(part), "{operations}: {status} {message}");
    }
}
