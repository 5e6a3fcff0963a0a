//! What was set aside comes back, with the real program against the local target, on each store: a model that does not
//! suit the devices is corrected, and what it kept out is replayed, while its program is killed again and again. In the
//! end the store has what the right model would have stored at first, and the quarantine the rest, each once.

mod installation;

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use base64::prelude::*;
use serde_json::{Value, json};

use installation::{Pipeline, kinesis, put, sqs};

/// A store, and how it is asked for the instant of a row.
#[derive(Debug, Clone, Copy)]
struct Store {
    kind: &'static str,
    table: &'static str,
    time: &'static str,
}

const TIMESTREAM: Store =
    Store { kind: "timestream", table: "sluice_local.telemetry", time: "to_nanoseconds(time)" };

const POSTGRES: Store =
    Store { kind: "postgres", table: "telemetry", time: "sluice.nanoseconds(time, nanosecond)" };

/// Devices, each of which measures this far apart: the last are from before the memory store.
const DEVICES: u64 = 100;
const APART_MS: u64 = 20 * 60_000;

/// One event in ten is bad.
const BAD: u64 = 10;

/// Events that lie in the bucket, with a message that points to them; those that a rule could not hand on; and those of
/// a batch that was given up.
const POINTED: u64 = 40;
const RULES: u64 = 10;
const GIVEN_UP: u64 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_aside_comes_back_to_timestream() {
    replayed(TIMESTREAM, 10_000, 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_aside_comes_back_to_postgres() {
    replayed(POSTGRES, 1_000, 4).await;
}

/// What a device says, what the right model stores of it, and the codes that it has in quarantine before and after.
struct Sent {
    payload: String,
    row: Option<Value>,
    before: Option<&'static str>,
    after: Option<&'static str>,
}

/// The event with this number.
fn event(number: u64, first_ms: u64) -> Sent {
    let (device, at_ms) = (format!("d-{:02}", number % DEVICES), first_ms - number / DEVICES * APART_MS);
    let temperature = double(number % 97) / 7.0;
    let mut event = json!({
        "DeviceID": device, "Time": at_ms, "temperature_measure": temperature,
        "humidity_measure": 50, "voltage_measure": 40, "watt_measure": 300,
    });
    let (mut lux, mut switched, mut watt) = (Value::Null, Value::Null, json!(300.0));
    let (mut before, mut after) = (None, None);
    if number % BAD == 3 {
        match number / BAD % 5 {
            // A field that the model does not name.
            0 => {
                event["lux"] = json!(number);
                (lux, before) = (json!(double(number)), Some("undeclared_field"));
            }
            // A text with a unit.
            1 => {
                event["voltage_measure"] = json!("40 V");
                before = Some("type_mismatch");
            }
            // Another type.
            2 => {
                event["switched"] = json!("ON");
                (switched, before) = (json!(true), Some("type_mismatch"));
            }
            // A time that is written otherwise; half of them are bad for another reason then.
            3 => {
                event["Time"] = json!(written(at_ms));
                before = Some("time_unreadable");
                if (number / BAD / 5).is_multiple_of(2) {
                    event["watt_measure"] = json!("much");
                    (watt, after) = (Value::Null, Some("type_mismatch"));
                }
            }
            // Nobody's.
            _ => {
                let payload = format!("{{\"DeviceID\": \"{device}\", \"number\": {number}");
                return Sent { payload, row: None, before: Some("not_json"), after: Some("not_json") };
            }
        }
    }
    // What is written in seconds has no milliseconds.
    let at_ms = if before == Some("time_unreadable") { at_ms / 1_000 * 1_000 } else { at_ms };
    let row = json!([device, at_ms * 1_000_000, temperature, 50.0, 40.0, watt, lux, switched]);
    Sent { payload: event.to_string(), row: Some(row), before, after }
}

fn double(number: u64) -> f64 {
    f64::from(u32::try_from(number).expect("few"))
}

fn written(at_ms: u64) -> String {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(at_ms).expect("a time")).expect("a time");
    at.strftime("%d.%m.%Y %H:%M:%S").to_string()
}

/// The model before it is corrected, and after.
fn models(pipeline: &Pipeline) -> [String; 2] {
    let shipped = std::fs::read_to_string(pipeline.model()).expect("the model");
    let switched = "\n[[measure]]\nname = \"switched\"\nfield = \"switched\"\ntype = \"boolean\"\n";
    let wrong = shipped.replace("undeclared = \"ignore\"", "undeclared = \"quarantine\"") + switched;
    assert!(wrong.contains("undeclared = \"quarantine\""));
    let lux = "\n[[measure]]\nname = \"lux\"\nfield = \"lux\"\ntype = \"double\"\n";
    let right = wrong
        .replace("field = \"voltage_measure\"", "field = \"voltage_measure\"\nsuffix = \"V\"")
        .replace("unit = \"ms\"", "unit = \"ms\"\nformat = \"%d.%m.%Y %H:%M:%S\"")
        + "map = { ON = true, OFF = false }\n"
        + lux;
    [wrong, right]
}

async fn replayed(store: Store, events: u64, kills: u64) {
    let pipeline = Pipeline::new();
    pipeline.environment("local", |text| {
        text.replace("[store]\n", &format!("[store]\nkind = \"{}\"\n", store.kind))
    });
    let [wrong, right] = models(&pipeline);
    std::fs::write(pipeline.model(), &wrong).expect("written");
    let deploy = ["deploy", "--yes", "--stack", "ingest", "--stack", "consumer", "--format", "json"];
    let outputs = pipeline.xtask(&deploy).expect(0).json()["outputs"].clone();
    let status = pipeline.status();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let (aws, region) = (text(&status["endpoints"]["aws"]), text(&status["region"]));
    let places = Places {
        sqs: sqs(&aws, &region),
        s3: s3(&aws, &region),
        queue: text(&outputs["ingest"]["QuarantineUrl"]),
        bucket: text(&outputs["store"]["RejectedBucket"]),
    };

    let now = u64::try_from(jiff::Timestamp::now().as_millisecond()).expect("a time");
    let sent: Vec<Sent> = (0..events).map(|number| event(number, now)).collect();
    send(&kinesis(&aws, &region), &text(&outputs["ingest"]["StreamName"]), &sent).await;
    // One of them is too large for a message.
    let large = event(events + 13, now);
    let padded = large.payload.replace('{', &format!("{{{}", " ".repeat(800_000)));
    let large = Sent { payload: padded, ..large };
    send(&kinesis(&aws, &region), &text(&outputs["ingest"]["StreamName"]), std::slice::from_ref(&large))
        .await;
    let in_stream = sent.iter().chain([&large]).filter(|sent| sent.before.is_some()).count();
    pipeline.quarantine_when(i64::try_from(in_stream).expect("few"));
    let others = places.fill(events + 1_000, now).await;
    let all: Vec<&Sent> = sent.iter().chain([&large]).chain(&others).collect();

    what_is_there_is_told(&pipeline, &all);
    a_model_is_tried_before_it_is_deployed(&pipeline, &all, &right);
    pipeline.xtask(&deploy).expect(0);
    whatever_kills_it_the_same_command_goes_on(&pipeline, kills);

    let mut expected: Vec<Value> = all.iter().filter_map(|sent| sent.row.clone()).collect();
    expected.sort_by_key(ToString::to_string);
    let found = rows(&pipeline, store);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
    the_rest_is_there_once(&pipeline, &all);
    places.hold_no_more_than_the_rest().await;
}

/// Where things are set aside.
struct Places {
    sqs: aws_sdk_sqs::Client,
    s3: aws_sdk_s3::Client,
    queue: String,
    bucket: String,
}

fn s3(endpoint: &str, region: &str) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
        .region(aws_sdk_s3::config::Region::new(region.to_owned()))
        .credentials_provider(aws_sdk_s3::config::Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint)
        .force_path_style(true);
    aws_sdk_s3::Client::from_conf(config.build())
}

impl Places {
    async fn send(&self, body: String) {
        self.sqs.send_message().queue_url(&self.queue).message_body(body).send().await.expect("sent");
    }

    async fn put(&self, key: &str, body: String) {
        let body = body.into_bytes().into();
        self.s3.put_object().bucket(&self.bucket).key(key).body(body).send().await.expect("put");
    }

    /// Sets aside what no consumer of this test does: as AWS documents it.
    async fn fill(&self, first: u64, now: u64) -> Vec<Sent> {
        let arrival = jiff::Timestamp::from_millisecond(i64::try_from(now).expect("a time")).expect("a time");
        let mut others = Vec::new();
        for index in 0..POINTED {
            let sent = event(first + 13 + index * 50, now);
            let key = format!("quarantine/{}/{index}", arrival.strftime("%Y-%m-%d"));
            self.put(&key, sent.payload.clone()).await;
            let message = json!({
                "reasons": [{"code": "type_mismatch", "field": "voltage_measure", "message": "m"}],
                "sequenceNumber": index.to_string(), "partitionKey": "dt/d/measures", "eventID": format!("s:{index}"),
                "arrival": format!("{arrival:.3}"),
                "object": {"bucket": self.bucket, "key": key, "bytes": sent.payload.len()},
            });
            self.send(message.to_string()).await;
            others.push(sent);
        }
        for index in 0..RULES {
            let sent = event(first + 5_000 + index, now);
            let failure = json!({
                "ruleName": "sluice_local_rule", "topic": "dt/d/measures", "cloudwatchTraceId": index.to_string(),
                "clientId": "d", "base64OriginalPayload": BASE64_STANDARD.encode(&sent.payload),
                "failures": [{"failedAction": "KinesisAction", "failedResource": "stream", "errorMessage": "throttled"}],
            });
            self.send(failure.to_string()).await;
            others.push(Sent { before: Some("rule_action_failed"), ..sent });
        }
        let batch: Vec<Sent> = (0..GIVEN_UP).map(|index| event(first + 6_000 + index, now)).collect();
        let records = batch.iter().enumerate().map(|(index, sent)| {
            json!({"eventID": format!("s:9{index}"), "kinesis": {
                "sequenceNumber": format!("9{index}"), "partitionKey": "dt/d/measures", "approximateArrivalTimestamp": double(now / 1_000),
                "data": BASE64_STANDARD.encode(&sent.payload),
            }})
        });
        let payload = json!({ "Records": records.collect::<Vec<_>>() }).to_string();
        let invocation = json!({
            "requestContext": {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 3},
            "version": "1.0", "payload": payload,
        });
        self.put("aws/lambda/mapping/shardId-0/2026/03/01/2026-03-01T12.00.00-u", invocation.to_string())
            .await;
        others.extend(batch.into_iter().map(|sent| Sent { before: Some("batch_given_up"), ..sent }));
        self.send("no message of anybody".to_owned()).await;
        others
    }

    async fn objects(&self) -> Vec<String> {
        let listed = self.s3.list_objects_v2().bucket(&self.bucket).send().await.expect("a list");
        listed.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect()
    }

    /// A program that was killed may leave an object that nothing points to, never a batch.
    async fn hold_no_more_than_the_rest(&self) {
        let left = self.objects().await;
        assert!(left.iter().all(|key| key.starts_with("quarantine/")), "{left:?}");
        assert!(left.len() < 10, "{left:?}");
    }
}

async fn send(client: &aws_sdk_kinesis::Client, stream: &str, events: &[Sent]) {
    let entries = events.iter().map(|sent| {
        let data = Blob::new(sent.payload.as_bytes());
        PutRecordsRequestEntry::builder().partition_key("dt/d/measures").data(data).build().expect("an entry")
    });
    put(client, stream, &entries.collect::<Vec<_>>(), 500).await;
}

fn rows(pipeline: &Pipeline, Store { table, time, .. }: Store) -> Vec<Value> {
    let sql = format!(
        "SELECT \"DeviceID\", {time} AS nanoseconds, temperature, humidity, voltage, watt, lux, switched FROM {table}"
    );
    let mut rows = pipeline.query(&sql)["rows"].as_array().cloned().unwrap_or_default();
    rows.sort_by_key(ToString::to_string);
    rows
}

/// How many events have each code.
fn codes<'s>(codes: impl Iterator<Item = Option<&'s str>>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for code in codes.flatten() {
        *counts.entry(code.to_owned()).or_default() += 1;
    }
    counts
}

fn listed(pipeline: &Pipeline) -> (Value, BTreeMap<String, u64>) {
    let list = pipeline.json(&["quarantine", "list"]);
    let groups = list["reasons"].as_array().cloned().unwrap_or_default();
    let count = |group: &Value| {
        (group["name"].as_str().unwrap_or_default().to_owned(), group["events"].as_u64().unwrap_or_default())
    };
    let counts = groups.iter().map(count).collect();
    (list, counts)
}

fn what_is_there_is_told(pipeline: &Pipeline, all: &[&Sent]) {
    let (list, counts) = listed(pipeline);
    assert_eq!(counts, codes(all.iter().map(|sent| sent.before)), "{list}");
    assert_eq!(list["unreadable"].as_array().map(Vec::len), Some(1), "{list}");
    assert_eq!((&list["elsewhere"], &list["orphans"]["count"]), (&json!(0), &json!(0)), "{list}");

    let bad = all.iter().filter(|sent| sent.before.is_some_and(|code| code == "not_json"));
    let shown = pipeline.json(&["quarantine", "show", "--reason", "not_json", "--limit", "1000"]);
    let shown = shown["events"].as_array().cloned().unwrap_or_default();
    let mut texts: Vec<&str> = shown.iter().filter_map(|event| event["text"].as_str()).collect();
    let mut payloads: Vec<&str> = bad.map(|sent| sent.payload.as_str()).collect();
    texts.sort_unstable();
    payloads.sort_unstable();
    assert_eq!(texts, payloads);
    let id = shown[0]["id"].as_str().expect("an id");
    let page = pipeline.xtask(&["quarantine", "show", &id[..8]]).expect(0).stdout;
    assert!(
        page.contains("today it would stay") && page.contains(payloads[0].split(':').next().expect("text")),
        "{page}"
    );
    pipeline.xtask(&["quarantine", "show", "no-such-id"]).expect(2);
    // Whoever looks holds nothing.
    assert_eq!(pipeline.json(&["quarantine", "list"])["elsewhere"], 0);
}

fn a_model_is_tried_before_it_is_deployed(pipeline: &Pipeline, all: &[&Sent], right: &str) {
    let dry = ["quarantine", "replay", "--dry-run"];
    let before = pipeline.json(&dry);
    assert_eq!(before["is_deployed"], true, "{before}");
    std::fs::write(pipeline.model(), right).expect("written");
    let after = pipeline.json(&dry);
    let stays = codes(all.iter().map(|sent| sent.after));
    assert_eq!((&after["is_deployed"], &after["reasons"]), (&json!(false), &json!(stays)), "{after}");
    assert!(after["stored"].as_u64() > before["stored"].as_u64(), "{before} {after}");
    let refused = pipeline.xtask(&["quarantine", "replay"]).expect(2);
    assert!(refused.stderr.contains("cargo xtask deploy"), "{}", refused.stderr);

    // The same by a file, for whoever corrects the model.
    let file = pipeline.folder.path().join("aside.jsonl");
    let file = file.to_str().expect("a path");
    let exported = pipeline.json(&["quarantine", "export", "--out", file]);
    assert_eq!(exported["events"], after["events"], "{exported}");
    let model = pipeline.model();
    let tried = pipeline.xtask(&[
        "model",
        "try",
        file,
        "--model",
        model.to_str().expect("a path"),
        "--format",
        "json",
    ]);
    let attempts = tried.expect(6).json();
    let attempts = attempts["attempts"].as_array().cloned().unwrap_or_default();
    let stays = attempts.iter().filter(|attempt| attempt["quarantine"] != json!([])).count();
    assert_eq!(Some(stays as u64), after["stays"].as_u64());
    pipeline.xtask(&["quarantine", "export", "--out", file]).expect(2);
}

fn whatever_kills_it_the_same_command_goes_on(pipeline: &Pipeline, kills: u64) {
    let replay = ["quarantine", "replay", "--format", "json"];
    // From the first messages to the last deletions, as long as it takes on this machine.
    let start = Instant::now();
    pipeline.xtask(&["quarantine", "replay", "--dry-run"]).expect(0);
    let read = start.elapsed();
    let mut killed = 0;
    for kill in 0..kills {
        let mut command = pipeline.command(&replay);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("xtask runs");
        std::thread::sleep(read.mul_f64(0.3 + double(kill) / double(kills)));
        child.kill().expect("killed");
        killed += u64::from(child.wait().expect("a process").signal() == Some(9));
        // No message points to an object that is gone.
        if kill % 4 == 3 {
            let (list, _) = listed(pipeline);
            assert_eq!(list["unreadable"].as_array().map(Vec::len), Some(1), "{list}");
        }
    }
    assert!(killed * 2 > kills, "it was done before it was killed: {killed} of {kills}");
    // What a killed program had received and not written down is hidden for a while.
    let start = Instant::now();
    loop {
        let ran = pipeline.xtask(&replay).expect(6);
        let done = ran.json();
        if done["elsewhere"] == 0 {
            break;
        }
        assert!(start.elapsed() < Duration::from_mins(1), "{done}");
        std::thread::sleep(Duration::from_secs(1));
    }
}

fn the_rest_is_there_once(pipeline: &Pipeline, all: &[&Sent]) {
    let again = pipeline.xtask(&["quarantine", "replay", "--format", "json"]).expect(6).json();
    assert_eq!(
        (&again["stored"], &again["messages"], &again["changed"]),
        (&json!(0), &json!(0), &json!(0)),
        "{again}"
    );
    let (list, counts) = listed(pipeline);
    assert_eq!(counts, codes(all.iter().map(|sent| sent.after)), "{list}");
    assert_eq!(list["places"], list["events"], "{list}");
    assert_eq!(list["unreadable"].as_array().map(Vec::len), Some(1), "{list}");
    // The one that nobody can read is a message too.
    let depth = list["events"].as_i64().map(|events| events + 1);
    assert_eq!(pipeline.status()["quarantine"].as_i64(), depth);
}
