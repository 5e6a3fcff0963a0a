//! A cluster that does not answer yet, and one that never will.

use std::time::{Duration, Instant};

use serde_json::json;
use store_setup::setup::Error;

use crate::bench::{Bench, measures};

#[tokio::test]
async fn a_cluster_that_resumes_is_waited_for() {
    let bench = Bench::new(&measures(&[("v", "double")])).await;
    bench.instance.faults(&json!({ "resuming_ms": 3_000 }));
    let begun = Instant::now();
    bench.provision("Create", Duration::from_secs(30)).await.expect("a schema");
    assert!(begun.elapsed() > Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_attempt_that_fails_leaves_nothing_behind() {
    let bench = Bench::new(&measures(&[("v", "double")])).await;
    // Of some thirty statements one fails nearly always; a commit whose answer is lost is one too.
    bench.instance.faults(&json!({ "seed": 7, "operations": { "*":
        { "throttle": 0.01, "internal": 0.02, "lost_answer": 0.02 } } }));
    for kind in ["Create", "Update", "Update"] {
        bench.provision(kind, Duration::from_mins(1)).await.expect(kind);
    }
}

#[tokio::test]
async fn what_does_not_become_done_in_time_says_why() {
    let bench = Bench::new(&measures(&[("v", "double")])).await;
    bench.instance.faults(&json!({ "resuming_ms": 30_000 }));
    let begun = Instant::now();
    let error = bench.provision("Create", Duration::from_secs(2)).await.expect_err("no time").to_string();
    assert!(begun.elapsed() < Duration::from_millis(2_500), "{:?}", begun.elapsed());
    assert!(error.starts_with("the database does not answer now"), "{error}");
    assert!(error.ends_with("deploy again when that has changed: nothing was done by half"), "{error}");
}

#[tokio::test]
async fn a_secret_that_is_none_is_named_and_not_shown() {
    let bench = Bench::new(&measures(&[("v", "double")])).await;
    let arn = &bench.arns[1];
    for text in [r#"{"username":"somebody","password":"hush"}"#, r#"{"password":"hush"}"#, "hush"] {
        bench.say(arn, text);
        let error = bench.provision("Create", Duration::from_mins(1)).await.expect_err(text);
        assert!(matches!(error, Error::Secret(_)), "{error:?}");
        assert!(error.to_string().contains(arn.as_str()) && !error.to_string().contains("hush"), "{error}");
    }
    bench.select("sluice", "SELECT 'sluice'::regnamespace::text").await.expect_err("nothing was begun");
}
