//! Every file in `tests/vectors`: rows that are stored, a request, and what comes back.
//!
//! `nextToken: "..."` in a response stands for any token; a case with `pages` follows the tokens.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use twinmaker_connector::instant::Instant;

use crate::fixture::{FirstPage, Fixture, Row, Server, model};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vectors {
    /// What the file is about.
    #[serde(rename = "about")]
    _about: String,
    /// The time of every request.
    now: String,
    model: VectorModel,
    #[serde(default)]
    stored: Vec<Row>,
    /// A request that cases change.
    #[serde(default)]
    request: Value,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VectorModel {
    /// One or both of the layouts; every case holds for each.
    layouts: Vec<Value>,
    device: String,
    #[serde(default)]
    dimensions: Vec<String>,
    measures: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// Fields that replace those of the file's request; null removes one.
    #[serde(default)]
    request: BTreeMap<String, Value>,
    response: Option<Value>,
    /// The responses to the request and to its tokens, in turn.
    pages: Option<Vec<Value>>,
    error: Option<Expected>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    code: String,
    message: String,
}

#[tokio::test]
async fn every_vector_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("vectors").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    assert!(files.len() >= 10, "{files:?}");
    let servers = Server::each(FirstPage::Rows);
    let mut differences = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a file");
        let vectors: Vectors =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert!(!vectors.cases.is_empty(), "{}", file.display());
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for layout in &vectors.model.layouts {
            for server in &servers {
                let found = differing(server, &vectors, layout).await;
                let place = format!("{name} ({}, {})", layout["layout"], server.name());
                differences.extend(found.iter().map(|difference| format!("{place}: {difference}")));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

async fn differing(server: &Server, vectors: &Vectors, layout: &Value) -> Vec<String> {
    let VectorModel { device, dimensions, measures, .. } = &vectors.model;
    let dimensions: Vec<&str> = dimensions.iter().map(String::as_str).collect();
    let model = model(layout, device, &dimensions, measures);
    let fixture = Fixture::new(server, model).await;
    fixture.write(&vectors.stored).await;
    let now = Instant::parse(&vectors.now).expect("a time");
    let mut differences = Vec::new();
    for case in &vectors.cases {
        let mut request = vectors.request.clone();
        if request.is_null() {
            request = Value::Object(serde_json::Map::new());
        }
        for (name, value) in &case.request {
            request[name] = value.clone();
        }
        let expected = match (&case.response, &case.pages) {
            (Some(response), None) => std::slice::from_ref(response),
            (None, Some(pages)) => pages.as_slice(),
            _ => &[],
        };
        if let Some(expected) = &case.error {
            match fixture.answer_at(&request, now).await {
                Err(error) if error.code() == expected.code && error.to_string() == expected.message => {}
                found => {
                    differences
                        .push(format!("{}: expected {}, found {found:?}", case.name, expected.message));
                }
            }
            continue;
        }
        assert!(!expected.is_empty(), "{} expects nothing", case.name);
        for (number, expected) in expected.iter().enumerate() {
            match fixture.answer_at(&request, now).await {
                Ok(found) => {
                    if !same(&found, expected) {
                        differences
                            .push(format!("{} {number}: found\n{found}\nexpected\n{expected}", case.name));
                    }
                    request["nextToken"] = found["nextToken"].clone();
                }
                Err(error) => differences.push(format!("{} {number}: {error}", case.name)),
            }
        }
    }
    differences
}

/// Equal, where numbers are equal by value and `...` is any token.
fn same(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Number(found), Value::Number(expected)) => {
            found == expected || (found.is_f64() || expected.is_f64()) && found.as_f64() == expected.as_f64()
        }
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len()
                && found.iter().zip(expected).all(|(found, expected)| same(found, expected))
        }
        (Value::Object(found), Value::Object(expected)) => {
            found.len() == expected.len()
                && expected.iter().all(|(name, expected)| match (found.get(name), expected.as_str()) {
                    (Some(Value::String(_)), Some("...")) if name == "nextToken" => true,
                    (Some(found), _) => same(found, expected),
                    (None, _) => false,
                })
        }
        _ => found == expected,
    }
}
