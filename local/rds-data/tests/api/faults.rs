//! Faults on demand, as callers meet them.

use std::time::{Duration, Instant};

use aws_sdk_rdsdata::types::Field;
use serde_json::json;

use crate::client::Fixture;

#[tokio::test]
async fn failures_arrive_as_the_service_sends_them() {
    let fixture = Fixture::new();
    fixture.run("CREATE TABLE t (n int)").await;
    for (rates, expected, is_done) in [
        (json!({ "throttle": 1.0 }), "ThrottlingException", false),
        (json!({ "internal": 1.0 }), "InternalServerErrorException", false),
        (json!({ "lost_answer": 1.0 }), "InternalServerErrorException", true),
    ] {
        fixture.instance.faults(&json!({ "operations": { "ExecuteStatement": rates } }));
        assert_eq!(fixture.refusal("INSERT INTO t VALUES (1)").await.0, expected, "{rates}");
        fixture.instance.faults(&json!({}));
        let count = fixture.one("WITH gone AS (DELETE FROM t RETURNING n) SELECT count(*) FROM gone").await;
        assert_eq!(count, Field::LongValue(i64::from(is_done)), "{rates}");
    }
    let process = fixture.instance.process();
    let (status, answer) = process.request("POST", "/_local/faults", &[], r#"{"operations":{"Query":{}}}"#);
    assert!(status == 400 && answer["message"] == "Query is not an operation of this endpoint.", "{answer}");
}

#[tokio::test]
async fn a_paused_cluster_resumes() {
    let fixture = Fixture::new();
    fixture.instance.faults(&json!({ "resuming_ms": 300 }));
    let began = Instant::now();
    let (code, message) = fixture.refusal("SELECT 1").await;
    assert!(code == "DatabaseResumingException" && message.contains("auto-paused"), "{code}: {message}");
    while fixture.statement("SELECT 1").send().await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(began.elapsed() >= Duration::from_millis(290), "{:?}", began.elapsed());
}
