//! The service's errors, as the SDK reads them from the wire, and what they mean.
#![allow(missing_docs, reason = "tests are named, not documented")]

use aws_sdk_rdsdata::config::retry::RetryConfig;
use aws_sdk_rdsdata::config::timeout::TimeoutConfig;
use aws_sdk_rdsdata::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_rdsdata::{Client, Config};
use axum::Json;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use data_api::{Database, Failure};
use serde_json::{Value, json};

/// A database behind a server that answers everything with this.
async fn database(status: u16, code: &'static str, body: Value) -> Database {
    let answer = move || -> std::future::Ready<Response> {
        let status = StatusCode::from_u16(status).expect("a status");
        let mut response = (status, Json(body.clone())).into_response();
        response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(code));
        std::future::ready(response)
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
    of(&endpoint)
}

fn of(endpoint: &str) -> Database {
    let timeouts =
        TimeoutConfig::builder().operation_attempt_timeout(std::time::Duration::from_secs(10)).build();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .build();
    Database {
        client: Client::from_conf(config),
        cluster_arn: "arn:aws:rds:eu-west-1:0:cluster:c".to_owned(),
        secret_arn: "arn:aws:secretsmanager:eu-west-1:0:secret:s".to_owned(),
        name: "d".to_owned(),
    }
}

#[tokio::test]
async fn each_error_of_the_service_has_a_meaning() {
    let states = "ERROR: invalid input syntax for type json; SQLState: 22P02";
    let table: [(u16, &'static str, &str, Failure); 14] = [
        (400, "DatabaseResumingException", "m", Failure::Unavailable("m".into())),
        (504, "DatabaseUnavailableException", "m", Failure::Unavailable("m".into())),
        (400, "InvalidResourceStateException", "m", Failure::Unavailable("m".into())),
        (400, "StatementTimeoutException", "m", Failure::Unavailable("m".into())),
        (500, "InternalServerErrorException", "m", Failure::Unavailable("m".into())),
        (503, "ServiceUnavailableError", "m", Failure::Unavailable("m".into())),
        (502, "SomethingNew", "m", Failure::Unavailable("m".into())),
        (400, "ThrottlingException", "m", Failure::Throttled("m".into())),
        (429, "SomethingNew", "m", Failure::Throttled("m".into())),
        (
            400,
            "DatabaseErrorException",
            states,
            Failure::Refused { sql_state: Some("22P02".into()), message: states.into() },
        ),
        (400, "BadRequestException", "m", Failure::Refused { sql_state: None, message: "m".into() }),
        (413, "SomethingNew", "m", Failure::Refused { sql_state: None, message: "m".into() }),
        (
            400,
            "HttpEndpointNotEnabledException",
            "m",
            Failure::Unusable("m: the cluster needs EnableHttpEndpoint".into()),
        ),
        (
            404,
            "DatabaseNotFoundException",
            "m",
            Failure::Unusable("m: see that the cluster is there, in the Region of the caller".into()),
        ),
    ];
    for (status, code, message, expected) in table {
        let database = database(status, code, json!({ "message": message })).await;
        let failure = database.execute("SELECT 1", Vec::new()).await.expect_err(code);
        assert_eq!(failure, expected, "{code}");
        assert_eq!(database.begin().await.map(|_| ()), Err(expected), "{code}: whichever operation");
    }
    for code in ["ForbiddenException", "AccessDeniedException", "InvalidSecretException", "SomethingNew"] {
        let database = database(403, code, json!({ "message": "m" })).await;
        let failure = database.execute("SELECT 1", Vec::new()).await.expect_err(code);
        assert!(matches!(failure, Failure::Unusable(_)), "{code}: {failure:?}");
    }
}

#[tokio::test]
async fn a_service_that_is_not_reached_may_be_tried_again() {
    let failure = of("http://127.0.0.1:9").execute("SELECT 1", Vec::new()).await.expect_err("no answer");
    assert!(failure.is_passing(), "{failure:?}");
}

#[tokio::test]
async fn a_selected_text_is_read() {
    for (records, expected) in [
        (json!([[{ "stringValue": "t" }]]), Some("t")),
        (json!([[{ "longValue": 1 }]]), None),
        (json!([[{ "stringValue": "t" }, { "stringValue": "u" }]]), None),
        (json!([]), None),
    ] {
        let database = database(200, "", json!({ "records": records, "numberOfRecordsUpdated": 0 })).await;
        let answer = database.execute("SELECT :t", vec![data_api::text("t", "t".into())]).await;
        assert_eq!(data_api::only_text(&answer.expect("an answer")), expected, "{records}");
    }
}
