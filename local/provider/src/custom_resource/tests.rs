//! Requests against endpoints that stand in for Timestream and for CloudFormation's response URL,
//! over the real SDK and real HTTP.

use std::sync::{Arc, Mutex};

use aws_sdk_timestreamwrite::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::*;

/// What Timestream answers to an operation. What is not named is done.
type Answers = &'static [(&'static str, Outcome)];

#[derive(Clone, Copy)]
enum Outcome {
    Refused(&'static str, &'static str),
    Silence,
}

/// What both endpoints were asked.
#[derive(Default)]
struct Log {
    /// Operations, with their bodies.
    calls: Vec<(String, Value)>,
    /// Bodies that were PUT to the response URL.
    answers: Vec<Value>,
    /// How many PUTs are refused before one is taken.
    deaf: usize,
}

async fn listen(app: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    endpoint
}

async fn run(mut request: Value, answers: Answers, deaf: usize, time: Duration) -> (Result<(), Error>, Log) {
    let log = Arc::new(Mutex::new(Log { deaf, ..Log::default() }));

    let shared = Arc::clone(&log);
    let timestream = async move |headers: HeaderMap, body: axum::body::Bytes| -> Response {
        let target = headers["x-amz-target"].to_str().expect("text");
        let operation = target.rsplit('.').next().expect("an operation").to_owned();
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        let arn = |kind: &str| format!("arn:aws:timestream:eu-central-1:0:{kind}");
        let answer = json!({
            "Database": {"Arn": arn("database/d"), "DatabaseName": body["DatabaseName"]},
            "Table": {"Arn": arn("database/d/table/t"), "TableName": body["TableName"]},
        });
        let outcome = answers.iter().find(|(name, _)| *name == operation).map(|(_, outcome)| *outcome);
        shared.lock().expect("no panic").calls.push((operation, body));
        match outcome {
            None => axum::Json(answer).into_response(),
            Some(Outcome::Refused(code, message)) => {
                (StatusCode::BAD_REQUEST, axum::Json(json!({"__type": code, "message": message})))
                    .into_response()
            }
            Some(Outcome::Silence) => std::future::pending().await,
        }
    };
    let endpoint = listen(axum::Router::new().fallback(timestream)).await;

    let shared = Arc::clone(&log);
    let cloud_formation = async move |headers: HeaderMap, body: axum::body::Bytes| {
        let mut log = shared.lock().expect("no panic");
        assert!(!headers.contains_key("content-type"));
        if log.deaf > 0 {
            log.deaf -= 1;
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        log.answers.push(serde_json::from_slice(&body).expect("JSON"));
        StatusCode::OK
    };
    let url = listen(axum::Router::new().fallback(axum::routing::put(cloud_formation))).await;

    let config = aws_sdk_timestreamwrite::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint)
        .build();
    let timestream = Timestream::new(aws_sdk_timestreamwrite::Client::from_conf(config));
    request["ResponseURL"] = format!("{url}/answer?signature=x").into();
    let request: Request = serde_json::from_value(request).expect("a request");
    let outcome = Responder::new()
        .expect("a client")
        .answer(&request, &timestream, SystemTime::now() + MARGIN + time)
        .await;
    let log = std::mem::take(&mut *log.lock().expect("no panic"));
    (outcome, log)
}

fn request(kind: &str, resource: &str, id: Option<&str>, properties: Value, old: Value) -> Value {
    json!({
        "RequestType": kind,
        "RequestId": "2f5e0c0e-6f3c-4f0a-9d7e-0a1b2c3d4e5f",
        "StackId": "arn:aws:cloudformation:eu-central-1:0:stack/sluice-local-store/0a1b",
        "ResourceType": format!("Custom::Timestream{resource}"),
        "LogicalResourceId": "Thing",
        "PhysicalResourceId": id,
        "ResourceProperties": properties,
        "OldResourceProperties": old,
    })
}

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn requests_become_calls_and_an_answer() {
    const GONE: Answers = &[
        ("DeleteDatabase", Outcome::Refused("ResourceNotFoundException", "no such database")),
        ("DeleteTable", Outcome::Refused("ResourceNotFoundException", "no such table")),
    ];
    let token = "arn:aws:lambda:eu-central-1:0:function:provider";
    let database = json!({"ServiceToken": token, "ServiceTimeout": "90", "DatabaseName": "d", "Tags": [{"Key": "k", "Value": "v"}]});
    let table = |hours: &str| {
        json!({
            "ServiceToken": token, "DatabaseName": "d", "TableName": "t",
            "RetentionProperties": {"MemoryStoreRetentionPeriodInHours": hours, "MagneticStoreRetentionPeriodInDays": "7"},
            "MagneticStoreWriteProperties": {
                "EnableMagneticStoreWrites": "true",
                "MagneticStoreRejectedDataLocation": {"S3Configuration": {"BucketName": "b", "EncryptionOption": "SSE_S3"}},
            },
            "Schema": {"CompositePartitionKey": [{"Type": "DIMENSION", "Name": "DeviceID", "EnforcementInRecord": "REQUIRED"}]},
        })
    };
    let sent_table = |hours: i64| {
        json!({
            "DatabaseName": "d", "TableName": "t",
            "RetentionProperties": {"MemoryStoreRetentionPeriodInHours": hours, "MagneticStoreRetentionPeriodInDays": 7},
            "MagneticStoreWriteProperties": {
                "EnableMagneticStoreWrites": true,
                "MagneticStoreRejectedDataLocation": {"S3Configuration": {"BucketName": "b", "EncryptionOption": "SSE_S3"}},
            },
            "Schema": {"CompositePartitionKey": [{"Type": "DIMENSION", "Name": "DeviceID", "EnforcementInRecord": "REQUIRED"}]},
        })
    };
    let created_table = {
        let mut sent = sent_table(24);
        sent["Tags"] = json!([]);
        sent
    };
    let database_arn = "arn:aws:timestream:eu-central-1:0:database/d";
    let table_arn = "arn:aws:timestream:eu-central-1:0:database/d/table/t";
    let generated = "sluice-local-store-Thing-2F5E0C0E6F3C";
    let none = || json!({});
    let tagged = |key: &str| json!({"DatabaseName": "d", "Tags": [{"Key": "same", "Value": "1"}, {"Key": key, "Value": "2"}]});

    // (name, request, Timestream's answers, calls, physical id, ARN)
    let cases: Vec<(&str, Value, Answers, Vec<(&str, Value)>, &str, &str)> = vec![
        (
            "create a database",
            request("Create", "Database", None, database.clone(), none()),
            &[],
            vec![("CreateDatabase", json!({"DatabaseName": "d", "Tags": [{"Key": "k", "Value": "v"}]}))],
            "d",
            database_arn,
        ),
        (
            "create a database without a name",
            request("Create", "Database", None, none(), none()),
            &[],
            vec![("CreateDatabase", json!({"DatabaseName": generated, "Tags": []}))],
            generated,
            database_arn,
        ),
        (
            "a new name is a new database",
            request(
                "Update",
                "Database",
                Some("old"),
                json!({"DatabaseName": "d"}),
                json!({"DatabaseName": "old"}),
            ),
            &[],
            vec![("CreateDatabase", json!({"DatabaseName": "d", "Tags": []}))],
            "d",
            database_arn,
        ),
        (
            "tags change in place",
            request("Update", "Database", Some("d"), tagged("new"), tagged("old")),
            &[],
            vec![
                ("DescribeDatabase", json!({"DatabaseName": "d"})),
                ("UntagResource", json!({"ResourceARN": database_arn, "TagKeys": ["old"]})),
                ("TagResource", json!({"ResourceARN": database_arn, "Tags": [{"Key": "new", "Value": "2"}]})),
            ],
            "d",
            database_arn,
        ),
        (
            "a key changes in place",
            request(
                "Update",
                "Database",
                Some("d"),
                json!({"DatabaseName": "d", "KmsKeyId": "k2"}),
                json!({"DatabaseName": "d", "KmsKeyId": "k1"}),
            ),
            &[],
            vec![("UpdateDatabase", json!({"DatabaseName": "d", "KmsKeyId": "k2"}))],
            "d",
            database_arn,
        ),
        (
            "create a table",
            request("Create", "Table", None, table("24"), none()),
            &[],
            vec![("CreateTable", created_table.clone())],
            "d|t",
            table_arn,
        ),
        (
            "retention changes in place",
            request("Update", "Table", Some("d|t"), table("48"), table("24")),
            &[],
            vec![("UpdateTable", sent_table(48))],
            "d|t",
            table_arn,
        ),
        (
            "another database is another table",
            request("Update", "Table", Some("other|t"), table("24"), table("24")),
            &[],
            vec![("CreateTable", created_table)],
            "d|t",
            table_arn,
        ),
        (
            "a table without a name keeps its own",
            request(
                "Update",
                "Table",
                Some("d|kept"),
                json!({"DatabaseName": "d"}),
                json!({"DatabaseName": "d"}),
            ),
            &[],
            vec![("UpdateTable", json!({"DatabaseName": "d", "TableName": "kept"}))],
            "d|kept",
            table_arn,
        ),
        (
            "delete a database",
            request("Delete", "Database", Some("d"), database.clone(), none()),
            &[],
            vec![("DeleteDatabase", json!({"DatabaseName": "d"}))],
            "d",
            "",
        ),
        (
            "delete a table",
            request("Delete", "Table", Some("d|t"), table("24"), none()),
            &[],
            vec![("DeleteTable", json!({"DatabaseName": "d", "TableName": "t"}))],
            "d|t",
            "",
        ),
        (
            "delete a database that is gone",
            request("Delete", "Database", Some("d"), database.clone(), none()),
            GONE,
            vec![("DeleteDatabase", json!({"DatabaseName": "d"}))],
            "d",
            "",
        ),
        (
            "delete a table that is gone",
            request("Delete", "Table", Some("d|t"), table("24"), none()),
            GONE,
            vec![("DeleteTable", json!({"DatabaseName": "d", "TableName": "t"}))],
            "d|t",
            "",
        ),
        (
            "delete what was never created",
            request("Delete", "Database", Some(NOT_CREATED), database, none()),
            &[],
            vec![],
            NOT_CREATED,
            "",
        ),
        (
            "delete a table that was never created",
            request("Delete", "Table", Some("2f5e0c0e"), json!({"nonsense": "1"}), none()),
            &[],
            vec![],
            "2f5e0c0e",
            "",
        ),
    ];
    for (name, request, answers, calls, physical_id, arn) in cases {
        let (outcome, log) = run(request, answers, 0, LONG).await;
        outcome.expect(name);
        let calls: Vec<_> = calls.into_iter().map(|(operation, body)| (operation.to_owned(), body)).collect();
        assert_eq!(log.calls, calls, "{name}");
        let [answer] = log.answers.as_slice() else { panic!("{name}: {:?}", log.answers) };
        assert_eq!(answer["Status"], "SUCCESS", "{name}: {answer}");
        assert_eq!(answer["PhysicalResourceId"], physical_id, "{name}");
        assert_eq!(answer["Data"]["Arn"].as_str().unwrap_or_default(), arn, "{name}");
        assert_eq!(answer["LogicalResourceId"], "Thing", "{name}");
        assert_eq!(answer["RequestId"], "2f5e0c0e-6f3c-4f0a-9d7e-0a1b2c3d4e5f", "{name}");
        assert_eq!(
            answer["StackId"], "arn:aws:cloudformation:eu-central-1:0:stack/sluice-local-store/0a1b",
            "{name}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_done_fails_with_its_reason() {
    const EXISTS: Answers = &[("CreateDatabase", Outcome::Refused("ConflictException", "d already exists"))];
    const FULL: Answers = &[("DeleteDatabase", Outcome::Refused("ValidationException", "d is not empty"))];
    const SILENT: Answers = &[("CreateDatabase", Outcome::Silence)];
    let named = || json!({"DatabaseName": "d"});
    let cases: Vec<(Value, Answers, &str, &str)> = vec![
        (
            request("Create", "Database", None, named(), json!({})),
            EXISTS,
            NOT_CREATED,
            "Timestream: ConflictException: d already exists",
        ),
        (
            request("Delete", "Database", Some("d"), named(), json!({})),
            FULL,
            "d",
            "Timestream: ValidationException: d is not empty",
        ),
        (
            request("Create", "Database", None, named(), json!({})),
            SILENT,
            NOT_CREATED,
            "Timestream gave no answer within 0 s",
        ),
        (
            request("Create", "Database", None, json!({"DatabaseNmae": "d"}), json!({})),
            &[],
            NOT_CREATED,
            "the properties of Custom::TimestreamDatabase are not understood: unknown field `DatabaseNmae`",
        ),
        (
            request(
                "Create",
                "Table",
                None,
                json!({"DatabaseName": "d", "RetentionProperties": {"MemoryStoreRetentionPeriodInHours": "many"}}),
                json!({}),
            ),
            &[],
            NOT_CREATED,
            "the properties of Custom::TimestreamTable are not understood: \"many\": invalid digit",
        ),
        (
            request("Create", "Workspace", None, json!({}), json!({})),
            &[],
            NOT_CREATED,
            "Custom::TimestreamWorkspace is not a type of this provider",
        ),
        (
            request("Update", "Database", None, named(), named()),
            &[],
            NOT_CREATED,
            "an update of Thing came without a physical id",
        ),
    ];
    for (request, answers, physical_id, reason) in cases {
        let (outcome, log) = run(request, answers, 0, Duration::from_millis(900)).await;
        outcome.expect(reason);
        let [answer] = log.answers.as_slice() else { panic!("{reason}: {:?}", log.answers) };
        assert_eq!(answer["Status"], "FAILED", "{reason}");
        assert_eq!(answer["PhysicalResourceId"], physical_id, "{reason}");
        let found = answer["Reason"].as_str().expect("a reason");
        assert!(found.starts_with(reason), "{found}");
    }
}

#[tokio::test]
async fn an_answer_is_offered_more_than_once() {
    let create = || request("Create", "Database", None, json!({"DatabaseName": "d"}), json!({}));
    for (deaf, delivered) in [(1, true), (2, true), (3, false)] {
        let (outcome, log) = run(create(), &[], deaf, LONG).await;
        assert_eq!(outcome.is_ok(), delivered, "{deaf}");
        assert_eq!(log.answers.len(), usize::from(delivered), "{deaf}");
        assert_eq!(log.calls.len(), 1, "{deaf}");
    }
}

#[test]
fn a_reason_is_no_longer_than_the_answer_may_be() {
    let request =
        serde_json::from_str(include_str!("../../tests/events/create-database.json")).expect("a request");
    let answer = answer(&request, Err("\u{1}".repeat(10_000)));
    assert!(serde_json::to_string(&answer).expect("JSON").len() <= 4096);
}
