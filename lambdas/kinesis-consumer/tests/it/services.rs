//! The store, the queue and the bucket as one HTTP server on a port of its own, with faults.
//!
//! It knows the wire and the rules of the services, and nothing of the code under test.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// What goes wrong. Chances are from 0 to 1.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// Chance that the store throttles a request.
    pub throttled: f64,
    /// The store throttles this request, by number from 1, and all that follow.
    pub throttled_from: Option<usize>,
    /// Requests that the store takes in a second; it throttles the others.
    pub capacity: Option<f64>,
    /// Chance that the store fails before it writes.
    pub internal: f64,
    /// Chance that the store writes and then fails.
    pub internal_after_write: f64,
    /// Chance that the store never answers.
    pub silent: f64,
    /// An error with which the store answers everything.
    pub always: Option<&'static str>,
    /// The store throttles every request with a record before this time, in nanoseconds.
    pub throttled_before: Option<i64>,
    /// Chance that the queue does not take a message for now.
    pub message_refused: f64,
    /// Bytes of the largest message, and of the largest request, that the queue takes, if it is less than
    /// the most.
    pub largest_message: Option<usize>,
    pub largest_request: Option<usize>,
    /// The queue refuses every request.
    pub queue_denied: bool,
    /// The bucket refuses every object.
    pub bucket_denied: bool,
}

/// The place of a row: dimensions, measure name, time.
pub type Place = (BTreeMap<String, String>, String, String);

/// A row: its version and its measures.
pub type Row = (i64, BTreeMap<String, String>);

/// What the services hold.
#[derive(Debug, Default)]
pub struct Held {
    pub faults: Faults,
    pub rows: BTreeMap<Place, Row>,
    pub messages: Vec<Value>,
    pub objects: BTreeMap<String, Vec<u8>>,
    /// Columns of the table, with their types. Whoever writes a measure first makes its column.
    pub columns: BTreeMap<String, String>,
    /// Sizes of the requests to the store.
    pub requests: Vec<usize>,
    /// Writes of a row that changed nothing.
    pub unchanged: usize,
    /// Invocations that Lambda's runtime API has for a function, and what the function answered.
    pub invocations: Vec<Vec<u8>>,
    pub answers: Vec<Value>,
    chance: fastrand::Rng,
    /// When the store took the latest request, as far as its capacity is limited.
    taken: Option<Instant>,
    /// Where the Data API is, in front of which this server is with its faults.
    data_api: Option<String>,
}

impl Held {
    fn happens(&mut self, chance: f64) -> bool {
        self.chance.f64() < chance
    }

    /// Whether the capacity of the store is used up for now.
    fn is_full(&mut self) -> bool {
        let Some(capacity) = self.faults.capacity else { return false };
        if self.taken.is_some_and(|taken| taken.elapsed().as_secs_f64() < 1.0 / capacity) {
            return true;
        }
        self.taken = Some(Instant::now());
        false
    }

    fn is_silent(&mut self) -> bool {
        let chance = self.faults.silent;
        self.happens(chance)
    }

    /// The fault of a request, before it is looked at.
    fn fault(&mut self) -> Option<Response> {
        if let Some(code) = self.faults.always {
            return Some(error(400, code, "as asked"));
        }
        let (throttled, internal) = (self.faults.throttled, self.faults.internal);
        let from = self.faults.throttled_from.is_some_and(|number| self.requests.len() >= number);
        if self.happens(throttled) || self.is_full() || from {
            return Some(error(400, "ThrottlingException", "too fast"));
        }
        self.happens(internal).then(|| error(500, "InternalServerException", "oops"))
    }

    /// Sequence numbers in quarantine.
    pub fn quarantined(&self) -> BTreeSet<String> {
        self.messages.iter().map(|message| text(&message["sequenceNumber"])).collect()
    }
}

/// The running server. It ends with the runtime of its test.
#[derive(Debug, Clone)]
pub struct Services {
    pub endpoint: String,
    held: Arc<Mutex<Held>>,
}

impl Services {
    pub async fn start(seed: u64, faults: Faults, data_api: Option<String>) -> Self {
        let chance = fastrand::Rng::with_seed(seed);
        let held = Arc::new(Mutex::new(Held { faults, chance, data_api, ..Held::default() }));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let router =
            Router::new().fallback(answer).layer(DefaultBodyLimit::disable()).with_state(Arc::clone(&held));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { endpoint, held }
    }

    pub fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().expect("no test panicked while it held the lock")
    }
}

async fn answer(
    State(held): State<Arc<Mutex<Held>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target =
        headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default().to_owned();
    let lock = || held.lock().expect("no handler panicked");
    let is_write = target == "Timestream_20181101.WriteRecords" || uri.path() == "/Execute";
    if is_write && lock().is_silent() {
        tokio::time::sleep(Duration::from_hours(1)).await;
    }
    match target.as_str() {
        _ if uri.path() == "/Execute" => execute(&held, &body).await,
        "Timestream_20181101.WriteRecords" => {
            write_records(&mut lock(), &serde_json::from_slice(&body).expect("a JSON request"))
        }
        "AmazonSQS.SendMessageBatch" => {
            send_messages(&mut lock(), &serde_json::from_slice(&body).expect("a JSON request"))
        }
        _ if uri.path().starts_with("/2018-06-01/runtime/") => {
            runtime(&held, &method, uri.path(), &body).await
        }
        _ if method == Method::PUT => put_object(&mut lock(), uri.path(), &body),
        other => panic!("nothing serves {method} {uri} {other}"),
    }
}

/// The [runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).
async fn runtime(held: &Mutex<Held>, method: &Method, path: &str, body: &[u8]) -> Response {
    if method == Method::POST {
        assert!(path.ends_with("/response"), "the function failed: {path} {}", body.escape_ascii());
        held.lock()
            .expect("no handler panicked")
            .answers
            .push(serde_json::from_slice(body).expect("a JSON answer"));
        return StatusCode::ACCEPTED.into_response();
    }
    let invocation = held.lock().expect("no handler panicked").invocations.pop();
    let Some(invocation) = invocation else {
        // As Lambda does, it waits for work.
        tokio::time::sleep(Duration::from_hours(1)).await;
        return StatusCode::GONE.into_response();
    };
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock") + Duration::from_secs(30);
    let headers = [
        ("lambda-runtime-aws-request-id", "request-1".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-west-1:123456789012:function:consumer".to_owned(),
        ),
    ];
    (headers, invocation).into_response()
}

fn error(status: u16, code: &str, message: &str) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (
        status,
        Json(json!({ "__type": format!("com.amazonaws#{code}"), "message": message, "Message": message })),
    )
        .into_response()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn dimensions(record: &Value) -> Vec<(String, String)> {
    let pair = |one: &Value| (text(&one["Name"]), text(&one["Value"]));
    record["Dimensions"].as_array().map_or_else(Vec::new, |all| all.iter().map(pair).collect())
}

/// A time that is too far ahead of any test.
const TOO_FAR: i64 = 4_000_000_000_000_000_000;

/// The rules of the store, as far as they matter here: limits, versions, types, a window of time, and
/// what makes a whole request invalid.
fn write_records(held: &mut Held, request: &Value) -> Response {
    let records = request["Records"].as_array().expect("records");
    held.requests.push(records.len());
    if let Some(fault) = held.fault() {
        return fault;
    }
    let after = held.faults.internal_after_write;
    let before = held.faults.throttled_before.unwrap_or(i64::MIN);
    let is_late = |record: &Value| text(&record["Time"]).parse::<i64>().is_ok_and(|time| time < before);
    if records.iter().any(is_late) {
        return error(400, "ThrottlingException", "too fast");
    }
    let (mut rejected, mut accepted, mut places) = (Vec::new(), Vec::new(), BTreeSet::new());
    if records.is_empty() || records.len() > 100 {
        return error(400, "ValidationException", "1 to 100 records");
    }
    let common = &request["CommonAttributes"];
    let either = |record: &Value, key: &str| {
        if record[key].is_null() { common[key].clone() } else { record[key].clone() }
    };
    for (index, record) in records.iter().enumerate() {
        let all: Vec<_> = dimensions(common).into_iter().chain(dimensions(record)).collect();
        let unique: BTreeMap<_, _> = all.iter().cloned().collect();
        if unique.len() != all.len() || unique.is_empty() {
            return error(400, "ValidationException", "a dimension is there twice, or none");
        }
        if unique.values().any(|value| value == "poison" || value.is_empty()) {
            return error(400, "ValidationException", "a record is invalid");
        }
        assert_eq!(either(record, "TimeUnit"), "NANOSECONDS");
        let measures: BTreeMap<String, String> = match record["MeasureValues"].as_array() {
            Some(values) => values.iter().map(|one| (text(&one["Name"]), text(&one["Value"]))).collect(),
            None => [("measure_value".to_owned(), text(&record["MeasureValue"]))].into(),
        };
        let version = either(record, "Version").as_i64().expect("a version");
        let place = (unique, text(&either(record, "MeasureName")), text(&record["Time"]));
        assert!(places.insert(place.clone()), "a request has two records for one place: {place:?}");
        let time: i64 = place.2.parse().expect("a time");
        let outside = !(1_000_000_000..TOO_FAR).contains(&time);
        let reason = if outside {
            Some("outside of the retention".to_owned())
        } else {
            other_type(&mut held.columns, record)
        };
        if let Some(reason) = reason {
            rejected.push(json!({ "RecordIndex": index, "Reason": reason }));
            continue;
        }
        match held.rows.get(&place) {
            Some((existing, there))
                if *existing > version || (*existing == version && *there != measures) =>
            {
                rejected.push(json!({ "RecordIndex": index, "Reason": "a higher version is there", "ExistingVersion": existing }));
            }
            _ => accepted.push((place, (version, measures))),
        }
    }
    for (place, row) in accepted {
        let before = held.rows.insert(place, row.clone());
        held.unchanged += usize::from(before == Some(row));
    }
    if held.happens(after) {
        return error(500, "InternalServerException", "it was written all the same");
    }
    if rejected.is_empty() {
        return Json(json!({ "RecordsIngested": { "Total": records.len() } })).into_response();
    }
    let body = json!({ "__type": "com.amazonaws#RejectedRecordsException", "Message": "some", "RejectedRecords": rejected });
    (StatusCode::from_u16(419).expect("a status"), Json(body)).into_response()
}

/// The Data API with its faults: what is not one is the database's.
async fn execute(held: &Mutex<Held>, body: &[u8]) -> Response {
    let request: Value = serde_json::from_slice(body).expect("a JSON request");
    let rows = text(&request["parameters"][0]["value"]["stringValue"]);
    let sent: Vec<Value> = serde_json::from_str(&rows).expect("rows");
    let (upstream, after) = {
        let mut held = held.lock().expect("no handler panicked");
        held.requests.push(sent.len());
        if let Some(fault) = held.fault() {
            return fault;
        }
        if sent.iter().any(|row| row["device"] == "poison") {
            return error(400, "DatabaseErrorException", "ERROR: a row is invalid; SQLState: 22P05");
        }
        let chance = held.faults.internal_after_write;
        (held.data_api.clone().expect("a Data API"), held.happens(chance))
    };
    let address = upstream.trim_start_matches("http://").to_owned();
    let answer = forward(&address, body).await;
    if after { error(500, "InternalServerErrorException", "it was written all the same") } else { answer }
}

/// Hands a request on, and its answer back.
async fn forward(address: &str, body: &[u8]) -> Response {
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("the Data API listens");
    let head = format!(
        "POST /Execute HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.expect("a head");
    stream.write_all(body).await.expect("a body");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let kind = head.lines().find_map(|line| line.to_ascii_lowercase().find("x-amzn-errortype").map(|_| line));
    let kind = kind.and_then(|line| line.split_once(": ")).map_or("", |(_, kind)| kind);
    let status = StatusCode::from_u16(status).expect("a status");
    (status, [("x-amzn-errortype", kind.to_owned())], body.to_owned()).into_response()
}

/// Why a record does not fit into the columns of its table; makes those that are missing.
fn other_type(columns: &mut BTreeMap<String, String>, record: &Value) -> Option<String> {
    let values: Vec<(String, String)> = record["MeasureValues"].as_array().map_or_else(Vec::new, |all| {
        all.iter().map(|one| (text(&one["Name"]), text(&one["Type"]))).collect()
    });
    let wrong = values.iter().find_map(|(name, given)| {
        let there = columns.get(name).filter(|there| *there != given)?;
        Some(format!("The measure \"{name}\" has the data type {given}, but it already exists with the data type {there}."))
    });
    if wrong.is_none() {
        columns
            .extend(values.into_iter().filter(|(name, _)| !columns.contains_key(name)).collect::<Vec<_>>());
    }
    wrong
}

fn send_messages(held: &mut Held, request: &Value) -> Response {
    if held.faults.queue_denied {
        return error(403, "AccessDeniedException", "not yours");
    }
    let entries = request["Entries"].as_array().expect("entries");
    let bytes = |entry: &Value| text(&entry["MessageBody"]).len();
    let largest = |limit: Option<usize>| limit.unwrap_or(1 << 20);
    let request_bytes: usize = entries.iter().map(bytes).sum();
    if entries.is_empty() || entries.len() > 10 || request_bytes > largest(held.faults.largest_request) {
        return error(400, "BatchRequestTooLong", "too much");
    }
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        let body = text(&entry["MessageBody"]);
        let chance = held.faults.message_refused;
        if body.contains(['\u{FFFE}', '\u{FFFF}']) {
            failed.push(json!({ "Id": entry["Id"], "SenderFault": true, "Code": "InvalidMessageContents" }));
        } else if body.len() > largest(held.faults.largest_message) {
            failed.push(json!({ "Id": entry["Id"], "SenderFault": true, "Code": "InvalidParameterValue" }));
        } else if held.happens(chance) {
            failed.push(json!({ "Id": entry["Id"], "SenderFault": false, "Code": "InternalError" }));
        } else {
            held.messages.push(serde_json::from_str(&body).expect("a message in JSON"));
            successful.push(json!({ "Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "d" }));
        }
    }
    Json(json!({ "Successful": successful, "Failed": failed })).into_response()
}

fn put_object(held: &mut Held, path: &str, body: &[u8]) -> Response {
    if held.faults.bucket_denied {
        return (StatusCode::FORBIDDEN, "<Error><Code>AccessDenied</Code></Error>").into_response();
    }
    held.objects.insert(path.to_owned(), body.to_vec());
    StatusCode::OK.into_response()
}
