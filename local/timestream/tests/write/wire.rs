//! What no SDK sends or shows: health, foreign operations, broken requests, the shape of errors.

use serde_json::json;
use tempfile::TempDir;

use crate::process;

#[test]
fn health() {
    let state = TempDir::new().expect("a temporary folder");
    let process = process::start(state.path());
    assert_eq!(process.request("GET", "/health", &[], ""), (200, json!({ "status": "ok", "databases": 0 })));
}

#[test]
fn refusals() {
    let state = TempDir::new().expect("a temporary folder");
    let process = process::start(state.path());
    let list = "Timestream_20181101.ListDatabases";
    for (target, body, status, kind, message) in [
        ("Timestream_20181101.Fly", "{}", 400, "UnknownOperationException", "The operation Fly is unknown."),
        ("DynamoDB_20120810.ListTables", "{}", 400, "UnknownOperationException", "names no operation"),
        (
            "Timestream_20181101.CreateBatchLoadTask",
            "{}",
            400,
            "ValidationException",
            "CreateBatchLoadTask is not supported",
        ),
        (list, "{", 400, "SerializationException", "not JSON"),
        (list, "[]", 400, "ValidationException", "invalid"),
        (list, "{\"MaxResults\": 21}", 400, "ValidationException", "between 1 and 20"),
        ("Timestream_20181101.DescribeDatabase", "{}", 400, "ValidationException", "DatabaseName"),
        (
            "Timestream_20181101.DescribeDatabase",
            "{\"DatabaseName\": \"none\"}",
            400,
            "ResourceNotFoundException",
            "The database none does not exist.",
        ),
    ] {
        let (actual, error) = process::call(&process, target, body);
        assert_eq!(
            (actual, &error["__type"]),
            (status, &json!(format!("com.amazonaws.timestream.v20181101#{kind}"))),
            "{target} {body}"
        );
        let text = error["Message"].as_str().unwrap_or_default();
        assert!(text.contains(message), "{target} {body}: {text}");
    }
}

#[test]
fn the_endpoint_names_itself() {
    let state = TempDir::new().expect("a temporary folder");
    let process = process::start(state.path());
    let (status, answer) = process::call(&process, "Timestream_20181101.DescribeEndpoints", "{}");
    let address = process.url().replace("http://", "");
    assert_eq!((status, &answer["Endpoints"][0]["Address"]), (200, &json!(address)));
}
