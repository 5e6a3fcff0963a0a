//! Requests against endpoints that stand in for Timestream and for CloudFormation's response URL,
//! over the real SDK and real HTTP.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_sdk_timestreamwrite::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use custom_resource::{MARGIN, NOT_CREATED, Responder};

use super::*;
use crate::resources::Resources;
use crate::twinmaker::TwinMaker;

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
}

async fn listen(app: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    endpoint
}

async fn run(mut request: Value, answers: Answers, time: Duration) -> Log {
    let log = Arc::new(Mutex::new(Log::default()));

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
    let cloud_formation = async move |body: axum::body::Bytes| {
        let answer = serde_json::from_slice(&body).expect("JSON");
        shared.lock().expect("no panic").answers.push(answer);
    };
    let url = listen(axum::Router::new().fallback(axum::routing::put(cloud_formation))).await;

    let config = aws_sdk_timestreamwrite::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint)
        .build();
    let resources = Resources {
        postgres: crate::postgres::Postgres::new(String::new()),
        timestream: Timestream::new(aws_sdk_timestreamwrite::Client::from_conf(config)),
        twinmaker: TwinMaker::new(crate::twinmaker::client(
            &SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build(),
            None,
        )),
    };
    request["ResponseURL"] = format!("{url}/answer?signature=x").into();
    let request: Request = serde_json::from_value(request).expect("a request");
    let responder = Responder::default();
    let deadline = SystemTime::now() + MARGIN + time;
    let service = Resources::service(&request);
    responder.answer(&request, service, resources.provision(&request), deadline).await.expect("an answer");
    std::mem::take(&mut *log.lock().expect("no panic"))
}

#[allow(clippy::needless_pass_by_value, reason = "the table reads better")]
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

/// A request that is met: its name, Timestream's answers, its calls, the physical id and the ARN.
type Case = (&'static str, Value, Answers, Vec<(&'static str, Value)>, &'static str, &'static str);

const DATABASE_ARN: &str = "arn:aws:timestream:eu-central-1:0:database/d";
const TABLE_ARN: &str = "arn:aws:timestream:eu-central-1:0:database/d/table/t";

async fn check(cases: Vec<Case>) {
    for (name, request, answers, calls, physical_id, arn) in cases {
        let log = run(request, answers, LONG).await;
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
async fn databases_are_created_and_updated() {
    let token = "arn:aws:lambda:eu-central-1:0:function:provider";
    let database = json!({"ServiceToken": token, "ServiceTimeout": "90", "DatabaseName": "d", "Tags": [{"Key": "k", "Value": "v"}]});
    let named = |name: &str| json!({"DatabaseName": name});
    let created = |name: &str| vec![("CreateDatabase", json!({"DatabaseName": name, "Tags": []}))];
    let generated = "sluice-local-store-Thing-2F5E0C0E6F3C";
    let tagged = |key: &str| json!({"DatabaseName": "d", "Tags": [{"Key": "same", "Value": "1"}, {"Key": key, "Value": "2"}]});
    let encrypted = |key: &str| json!({"DatabaseName": "d", "KmsKeyId": key});
    check(vec![
        (
            "create",
            request("Create", "Database", None, database, json!({})),
            &[],
            vec![("CreateDatabase", json!({"DatabaseName": "d", "Tags": [{"Key": "k", "Value": "v"}]}))],
            "d",
            DATABASE_ARN,
        ),
        (
            "no name",
            request("Create", "Database", None, json!({}), json!({})),
            &[],
            created(generated),
            generated,
            DATABASE_ARN,
        ),
        (
            "new name",
            request("Update", "Database", Some("old"), named("d"), named("old")),
            &[],
            created("d"),
            "d",
            DATABASE_ARN,
        ),
        (
            "tags",
            request("Update", "Database", Some("d"), tagged("new"), tagged("old")),
            &[],
            vec![
                ("DescribeDatabase", named("d")),
                ("UntagResource", json!({"ResourceARN": DATABASE_ARN, "TagKeys": ["old"]})),
                ("TagResource", json!({"ResourceARN": DATABASE_ARN, "Tags": [{"Key": "new", "Value": "2"}]})),
            ],
            "d",
            DATABASE_ARN,
        ),
        (
            "key",
            request("Update", "Database", Some("d"), encrypted("k2"), encrypted("k1")),
            &[],
            vec![("UpdateDatabase", encrypted("k2"))],
            "d",
            DATABASE_ARN,
        ),
    ])
    .await;
}

#[tokio::test]
async fn tables_are_created_and_updated() {
    // What is text in a request is a number or a boolean in a call.
    let table = |hours: Value, days: Value, magnetic: Value| {
        json!({
            "DatabaseName": "d",
            "TableName": "t",
            "RetentionProperties": {"MemoryStoreRetentionPeriodInHours": hours, "MagneticStoreRetentionPeriodInDays": days},
            "MagneticStoreWriteProperties": {
                "EnableMagneticStoreWrites": magnetic,
                "MagneticStoreRejectedDataLocation": {"S3Configuration": {"BucketName": "b", "EncryptionOption": "SSE_S3"}},
            },
            "Schema": {"CompositePartitionKey": [{"Type": "DIMENSION", "Name": "DeviceID", "EnforcementInRecord": "REQUIRED"}]},
        })
    };
    let wanted = |hours: &str| table(hours.into(), "7".into(), "true".into());
    let sent = |hours: i64| table(hours.into(), 7.into(), true.into());
    let mut created = sent(24);
    created["Tags"] = json!([]);
    let unnamed = || json!({"DatabaseName": "d"});
    let wrong = json!({"RetentionProperties": 1, "Tags": "none"});
    check(vec![
        (
            "create",
            request("Create", "Table", None, wanted("24"), json!({})),
            &[],
            vec![("CreateTable", created.clone())],
            "d|t",
            TABLE_ARN,
        ),
        (
            "retention",
            request("Update", "Table", Some("d|t"), wanted("48"), wanted("24")),
            &[],
            vec![("UpdateTable", sent(48))],
            "d|t",
            TABLE_ARN,
        ),
        (
            "a wrong update is rolled back",
            request("Update", "Table", Some("d|t"), wanted("24"), wrong),
            &[],
            vec![("UpdateTable", sent(24))],
            "d|t",
            TABLE_ARN,
        ),
        (
            "another database",
            request("Update", "Table", Some("other|t"), wanted("24"), wanted("24")),
            &[],
            vec![("CreateTable", created)],
            "d|t",
            TABLE_ARN,
        ),
        (
            "no name",
            request("Update", "Table", Some("d|kept"), unnamed(), unnamed()),
            &[],
            vec![("UpdateTable", json!({"DatabaseName": "d", "TableName": "kept"}))],
            "d|kept",
            TABLE_ARN,
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_is_deleted_is_gone_also_if_it_was_before() {
    const GONE: Answers = &[
        ("DeleteDatabase", Outcome::Refused("ResourceNotFoundException", "no such database")),
        ("DeleteTable", Outcome::Refused("ResourceNotFoundException", "no such table")),
    ];
    let delete =
        |kind: &str, id: &str| request("Delete", kind, Some(id), json!({"whatever": "1"}), json!({}));
    let database = || vec![("DeleteDatabase", json!({"DatabaseName": "d"}))];
    let table = || vec![("DeleteTable", json!({"DatabaseName": "d", "TableName": "t"}))];
    check(vec![
        ("database", delete("Database", "d"), &[], database(), "d", ""),
        ("table", delete("Table", "d|t"), &[], table(), "d|t", ""),
        ("lost database", delete("Database", "d"), GONE, database(), "d", ""),
        ("lost table", delete("Table", "d|t"), GONE, table(), "d|t", ""),
        ("database that never was", delete("Database", NOT_CREATED), &[], vec![], NOT_CREATED, ""),
        ("table that never was", delete("Table", NOT_CREATED), &[], vec![], NOT_CREATED, ""),
        ("table of an unanswered request", delete("Table", "2f5e0c0e"), &[], vec![], "2f5e0c0e", ""),
    ])
    .await;
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
        let log = run(request, answers, Duration::from_millis(900)).await;
        let [answer] = log.answers.as_slice() else { panic!("{reason}: {:?}", log.answers) };
        assert_eq!(answer["Status"], "FAILED", "{reason}");
        assert_eq!(answer["PhysicalResourceId"], physical_id, "{reason}");
        let found = answer["Reason"].as_str().expect("a reason");
        assert!(found.starts_with(reason), "{found}");
    }
}
