//! Pages through the engine: sizes, tokens, the empty first page, cancellation.

use local_timestream::query::FirstPage;
use serde_json::{Value, json};

use crate::fixture::Fixture;

const SQL: &str = "SELECT a.time, b.temperature FROM iot_sensor_data.sensor_readings a \
                   CROSS JOIN iot_sensor_data.sensor_readings b ORDER BY 1, 2";

async fn pages(fixture: &Fixture, max_rows: u32) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut token = Value::Null;
    loop {
        let mut request = json!({ "QueryString": SQL, "MaxRows": max_rows });
        if !token.is_null() {
            request["NextToken"] = token;
        }
        let answer = fixture.engine.handle("Query", request).await.expect("a page");
        pages.push(answer["Rows"].as_array().expect("rows").clone());
        token = answer["NextToken"].clone();
        if token.is_null() {
            return pages;
        }
    }
}

#[tokio::test]
async fn all_rows_come_once_for_any_page_size() {
    let fixture = Fixture::new().await;
    let all = pages(&fixture, 1_000).await.concat();
    assert_eq!(all.len(), 64);
    for max_rows in [1, 2, 7, 63, 64, 65] {
        let cut = pages(&fixture, max_rows).await;
        assert!(cut.iter().all(|page| page.len() <= max_rows as usize && !page.is_empty()), "{max_rows}");
        assert_eq!(cut.concat(), all, "{max_rows}");
    }
}

#[tokio::test]
async fn the_first_page_may_be_empty() {
    let fixture = Fixture::new().await;
    let all = pages(&fixture, 10).await;
    let fixture = fixture.with_first_page(FirstPage::Empty);
    let cut = pages(&fixture, 10).await;
    assert!(cut[0].is_empty());
    assert_eq!(cut[1..], all[..]);
}

#[tokio::test]
async fn a_cancelled_query_does_not_go_on() {
    let fixture = Fixture::new().await;
    let request = json!({ "QueryString": SQL, "MaxRows": 1 });
    let answer = fixture.engine.handle("Query", request).await.expect("a page");
    let cancel = json!({ "QueryId": answer["QueryId"] });
    let cancelled = fixture.engine.handle("CancelQuery", cancel).await.expect("a message");
    assert!(cancelled["CancellationMessage"].is_string());
    let request = json!({ "QueryString": SQL, "NextToken": answer["NextToken"] });
    let error = fixture.engine.handle("Query", request).await.expect_err("a refusal");
    assert_eq!(error.message, "Invalid pagination token");
    let wrong = json!({ "QueryId": "not an id" });
    fixture.engine.handle("CancelQuery", wrong).await.expect_err("a refusal");
}
