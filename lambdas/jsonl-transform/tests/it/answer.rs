//! The answer as Firehose reads it: parsed by another library, its base64 decoded by another.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    records: Vec<Raw>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Raw {
    record_id: String,
    result: String,
    data: String,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Metadata {
    partition_keys: PartitionKeys,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartitionKeys {
    kind: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub id: String,
    pub result: String,
    pub data: Vec<u8>,
    /// Where Firehose files it.
    pub kind: Option<String>,
}

pub fn read(body: &[u8]) -> Vec<Record> {
    let answer: Answer = serde_json::from_slice(body).expect("an answer in Firehose's form");
    let record = |Raw { record_id: id, result, data, metadata }| {
        let data = BASE64_STANDARD.decode(data).expect("canonical base64");
        Record { id, result, data, kind: metadata.map(|metadata| metadata.partition_keys.kind) }
    };
    answer.records.into_iter().map(record).collect()
}

pub fn ok(id: &str, line: &str) -> Record {
    Record { id: id.to_owned(), result: "Ok".to_owned(), data: line.as_bytes().to_vec(), kind: None }
}

pub fn failed(id: &str, data: &[u8]) -> Record {
    Record { id: id.to_owned(), result: "ProcessingFailed".to_owned(), data: data.to_vec(), kind: None }
}

pub fn filed(line: &str, kind: &str) -> Record {
    Record { kind: Some(kind.to_owned()), ..ok("1", line) }
}
