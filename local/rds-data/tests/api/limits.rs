//! The limits of the service.

use std::time::{Duration, Instant};

use aws_sdk_rdsdata::{error::SdkError, operation::execute_statement::ExecuteStatementError, types::Field};
use local_rds_data::{server::REQUEST_BYTES, statement::STATEMENT_CHARACTERS};

use crate::client::{Fixture, parameter};

#[tokio::test]
async fn rows_answers_statements_and_requests_have_a_size() {
    let fixture = Fixture::new();
    let row = |bytes: usize| format!("SELECT repeat('x', {bytes})");
    assert!(matches!(fixture.one(&row(65_536)).await, Field::StringValue(text) if text.len() == 65_536));
    assert_eq!(
        fixture.refusal(&row(65_537)).await,
        ("BadRequestException".to_owned(), "Packet for query is too large".to_owned())
    );
    let rows = |count: usize| format!("SELECT repeat('x', 1000) FROM generate_series(1, {count})");
    assert_eq!(fixture.run(&rows(1_000)).await.records.expect("records").len(), 1_000);
    assert_eq!(
        fixture.refusal(&rows(1_100)).await,
        ("BadRequestException".to_owned(), "Database response exceeded size limit".to_owned())
    );
    let comment = |characters: usize| format!("SELECT 1 --{}", "x".repeat(characters - 11));
    fixture.run(&comment(STATEMENT_CHARACTERS)).await;
    assert_eq!(fixture.refusal(&comment(STATEMENT_CHARACTERS + 1)).await.0, "BadRequestException");
    for (bytes, fits) in [(REQUEST_BYTES - 1_000, true), (REQUEST_BYTES, false)] {
        let text = Field::StringValue("x".repeat(bytes));
        let sent = fixture.statement("SELECT length(:p)").parameters(parameter("p", text, None)).send().await;
        assert_eq!(sent.is_ok(), fits, "{bytes}");
    }
}

#[tokio::test]
async fn a_statement_is_waited_for_so_long() {
    let fixture = Fixture::with(&["--statement-seconds", "1"]);
    fixture.run("CREATE TABLE done (n int)").await;
    let count = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid() AND state = 'active'";
    // A transaction, so that a statement that is cancelled leaves nothing.
    let slow = |n: i32| format!("WITH w AS (SELECT pg_sleep(2)) INSERT INTO done SELECT {n} FROM w");
    for (goes_on, n) in [(false, 1), (true, 2)] {
        let began = Instant::now();
        let sent = fixture.statement(&slow(n)).continue_after_timeout(goes_on).send().await;
        let SdkError::ServiceError(error) = sent.expect_err("it takes longer") else { panic!("an answer") };
        let ExecuteStatementError::StatementTimeoutException(timeout) = error.err() else {
            panic!("{error:?}")
        };
        assert!(timeout.db_connection_id > 0, "{timeout:?}");
        assert!(began.elapsed() < Duration::from_millis(1_900), "{:?}", began.elapsed());
        let running = fixture.one(count).await;
        assert_eq!(running, Field::LongValue(i64::from(goes_on)), "it is cancelled, unless it is to go on");
    }
    while fixture.one(count).await != Field::LongValue(0) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(
        fixture.one("SELECT string_agg(n::text, ',') FROM done").await,
        Field::StringValue("2".to_owned())
    );
}

#[tokio::test]
async fn many_callers_at_once_are_all_answered() {
    let fixture = Fixture::new();
    let calls = (0..120).map(|_| fixture.statement("SELECT pg_sleep(0.05)").send());
    for answer in futures::future::join_all(calls).await {
        answer.expect("there is a connection for each, one after the other");
    }
}
