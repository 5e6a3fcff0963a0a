//! The whole pipeline on this machine with the Flink job as its consumer, for each store: deployed, proven,
//! exchanged for the function and back under load, and killed ten times. Whatever happens to a consumer, the store
//! and the quarantine hold what the domain makes of the stream, and nothing else.
//!
//! Without a JDK it fails; `cargo xtask test` leaves out what needs one where there is none.

mod installation;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_kinesis::types::{PutRecordsRequestEntry, ShardIteratorType};
use serde_json::{Value, json};
use telemetry::{Arrival, Decoder, Measured, Model};

use installation::{Pipeline, kinesis, processes_of, put, sqs};

/// A store, and how it is asked.
#[derive(Debug, Clone, Copy)]
struct Store {
    /// What it is called in an environment.
    kind: &'static str,
    /// The table.
    table: &'static str,
    /// The instant of a row.
    time: &'static str,
    /// An instant, in nanoseconds since 1970, as it answers.
    instant: fn(i64) -> Value,
}

const TIMESTREAM: Store =
    Store { kind: "timestream", table: "sluice_local.telemetry", time: "time", instant: timestamp };

const POSTGRES: Store = Store {
    kind: "postgres",
    table: "sluice.telemetry",
    time: "sluice.nanoseconds(time, nanosecond)",
    instant: |nanoseconds| json!(nanoseconds),
};

/// Events a second while a consumer is exchanged or killed: all of them are read again at the end.
const RATE: u64 = 40;

const KILLS: usize = 10;

/// Both at the same time, since each of them waits most of its own. A command blocks the thread of its store, and the
/// load goes on.
#[test]
fn needs_jdk_nothing_is_lost_or_doubled_whatever_happens_to_the_consumer() {
    std::thread::scope(|scope| {
        for store in [TIMESTREAM, POSTGRES] {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            scope.spawn(move || runtime.block_on(nothing_is_lost_in(store)));
        }
    });
}

async fn nothing_is_lost_in(store: Store) {
    let pipeline = Pipeline::new();
    let deploy = |consumer: &str| deploy(&pipeline, store, consumer);

    // One command deploys and starts it; again, there is nothing to do.
    let first = deploy("flink");
    assert_eq!(first["applications"][0]["before"], false, "{first}");
    let again = deploy("flink");
    assert_eq!(again["applications"][0]["before"], true, "{again}");
    for stack in again["stacks"].as_array().expect("stacks") {
        assert_eq!(stack["action"], "unchanged", "{again}");
    }
    let application = pipeline.status()["parts"]
        .as_array()
        .and_then(|parts| parts.iter().find(|part| part["kind"] == "application").cloned())
        .expect("an application");
    assert_eq!((&application["state"], &application["health"]), (&json!("RUNNING"), &json!("good")));
    let logs = pipeline.xtask(&["logs", "consumer", "--format", "json"]).expect(0).json();
    assert!(logs["lines"].as_array().is_some_and(|lines| !lines.is_empty()), "{logs}");

    let proof = pipeline.xtask(&["verify", "--format", "json"]).expect(0).json();
    assert_eq!((&proof["ok"], &proof["lost"]), (&json!(true), &json!(0)), "{proof}");

    let stream = Stream::of(&pipeline, &first);
    let mut seen = BTreeSet::new();
    let load = Load::start(&stream);
    exchanged_for_the_function_and_back(&pipeline, deploy);
    let sent = load.stop().await;
    assert!(sent > 100, "{sent} events are no load");
    everything_is_where_the_domain_puts_it(&pipeline, store, &stream, &mut seen).await;

    let load = Load::start(&stream);
    for kill in 0..KILLS {
        // At another moment between two checkpoints each time.
        std::thread::sleep(Duration::from_millis(300 * (1 + kill as u64)));
        kill_the_job(&pipeline);
        let restarted = deploy("flink");
        assert_eq!(restarted["applications"][0]["before"], false, "kill {kill}: {restarted}");
        let said = read(&pipeline, "flink/state/status");
        assert!(said["restoredFrom"].is_string(), "kill {kill}: {said}");
    }
    load.stop().await;
    everything_is_where_the_domain_puts_it(&pipeline, store, &stream, &mut seen).await;

    let receipt = pipeline.xtask(&["destroy", "--yes", "--format", "json"]).expect(0).json();
    assert_eq!((&receipt["left"], &receipt["retained"]), (&json!([]), &json!([])), "{receipt}");
    assert_eq!(processes_of(pipeline.folder.path()), Vec::<String>::new());
}

fn deploy(pipeline: &Pipeline, store: Store, consumer: &str) -> Value {
    let (store, consumer) = (format!("store.kind={}", store.kind), format!("consumer.kind={consumer}"));
    pipeline.json(&["deploy", "--set", &store, "--set", &consumer])
}

/// The old consumer's resources go, the new one begins with the oldest record.
fn exchanged_for_the_function_and_back(pipeline: &Pipeline, deploy: impl Fn(&str) -> Value) {
    let kinds = || -> BTreeSet<String> {
        let status = pipeline.status();
        let parts = status["parts"].as_array().expect("parts").clone();
        let consumers = ["application", "mapping"];
        let kinds = parts.iter().filter_map(|part| part["kind"].as_str().map(str::to_owned));
        kinds.filter(|kind| consumers.contains(&kind.as_str())).collect()
    };
    assert!(kinds().contains("application"));
    deploy("lambda");
    assert!(!kinds().contains("application"), "{:?}", kinds());
    let jobs = processes_of(pipeline.folder.path());
    assert!(!jobs.iter().any(|command| command.contains("dev.sluice.flink")), "{jobs:?}");
    std::thread::sleep(Duration::from_secs(3));
    let back = deploy("flink");
    assert_eq!(back["applications"][0]["before"], false, "{back}");
    assert!(kinds().contains("application"));
    std::thread::sleep(Duration::from_secs(3));
}

fn kill_the_job(pipeline: &Pipeline) {
    let record = read(pipeline, "flink/process.json");
    let pid = record["process"]["pid"].as_u64().expect("a process id").to_string();
    let killed = std::process::Command::new("kill").args(["-9", &pid]).status().expect("kill runs");
    assert!(killed.success(), "process {pid} was not there");
}

/// A JSON file of the local target.
fn read(pipeline: &Pipeline, file: &str) -> Value {
    let bytes = std::fs::read(pipeline.folder.path().join(file)).expect("a file");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// The stream, and a client of everything.
#[derive(Clone)]
struct Stream {
    kinesis: aws_sdk_kinesis::Client,
    sqs: aws_sdk_sqs::Client,
    name: String,
    quarantine: String,
}

impl Stream {
    fn of(pipeline: &Pipeline, deployed: &Value) -> Self {
        let status = pipeline.status();
        let endpoint = status["endpoints"]["aws"].as_str().expect("an endpoint");
        let region = status["region"].as_str().expect("a region");
        let output = |name: &str| deployed["outputs"]["ingest"][name].as_str().expect("an output").to_owned();
        Self {
            kinesis: kinesis(endpoint, region),
            sqs: sqs(endpoint, region),
            name: output("StreamName"),
            quarantine: output("QuarantineUrl"),
        }
    }

    /// Every event that is in the stream, with its arrival.
    async fn events(&self) -> Vec<(String, i64, Vec<u8>)> {
        let shards = self.kinesis.list_shards().stream_name(&self.name).send().await.expect("shards");
        let mut events = Vec::new();
        for shard in shards.shards() {
            let iterator =
                self.kinesis.get_shard_iterator().stream_name(&self.name).shard_id(shard.shard_id());
            let iterator = iterator.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await;
            let mut next = iterator.expect("an iterator").shard_iterator;
            while let Some(iterator) = next {
                let page = self.kinesis.get_records().shard_iterator(iterator).send().await.expect("records");
                if page.records().is_empty() {
                    break;
                }
                for record in page.records() {
                    let arrival = record.approximate_arrival_timestamp().expect("an arrival").as_secs_f64();
                    #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970")]
                    let arrival = (arrival * 1000.0).round() as i64;
                    let data = record.data().clone().into_inner();
                    events.push((record.sequence_number().to_owned(), arrival, data));
                }
                next = page.next_shard_iterator;
            }
        }
        events
    }

    /// Sequence numbers of everything that is in quarantine. An event may be there more than once.
    async fn quarantined(&self) -> BTreeSet<String> {
        let mut numbers = BTreeSet::new();
        loop {
            let request = self.sqs.receive_message().queue_url(&self.quarantine).max_number_of_messages(10);
            // Until they are seen again, messages are nobody's: all are read once.
            let answer = request.visibility_timeout(600).send().await.expect("messages");
            if answer.messages().is_empty() {
                return numbers;
            }
            for message in answer.messages() {
                let body: Value =
                    serde_json::from_str(message.body().expect("a body")).expect("the message is JSON");
                assert!(body["reasons"].as_array().is_some_and(|reasons| !reasons.is_empty()), "{body}");
                numbers.insert(body["sequenceNumber"].as_str().expect("a number").to_owned());
            }
        }
    }
}

/// Events that come all the time: most of them good, some with no time, some from the future, some poison.
struct Load {
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<usize>,
}

/// Numbers the events of the whole test, so that no two are of one device and instant.
static NUMBER: AtomicUsize = AtomicUsize::new(0);

impl Load {
    fn start(stream: &Stream) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stream, stopped) = (stream.clone(), Arc::clone(&stop));
        let task = tokio::spawn(async move {
            let mut sent = 0;
            let mut ticks = tokio::time::interval(Duration::from_millis(250));
            while !stopped.load(Ordering::Relaxed) {
                ticks.tick().await;
                let events: Vec<_> =
                    (0..RATE / 4).map(|_| event(NUMBER.fetch_add(1, Ordering::Relaxed))).collect();
                sent += events.len();
                put(&stream.kinesis, &stream.name, &events, events.len()).await;
            }
            sent
        });
        Self { stop, task }
    }

    async fn stop(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.expect("the load went on")
    }
}

fn event(number: usize) -> PutRecordsRequestEntry {
    let device = format!("load-{}", number % 7);
    let now = jiff::Timestamp::now().as_millisecond();
    // A nanosecond for each event: no two of a device are of one instant.
    let time = format!("{now}.{number:06}");
    let payload = match number % 20 {
        3 => json!({"DeviceID": device, "temperature_measure": number}),
        7 => json!({"DeviceID": device, "Time": now + 86_400_000, "temperature_measure": number}),
        11 => json!({"DeviceID": device, "Time": time, "temperature_measure": "warm"}),
        13 => json!("no event"),
        17 => json!({"DeviceID": device, "Time": time, "temperature_measure": number, "watt_measure": "?"}),
        _ => {
            json!({"DeviceID": device, "Time": time, "temperature_measure": number, "humidity_measure": 60.5})
        }
    };
    let data = payload.to_string().into_bytes();
    let entry = PutRecordsRequestEntry::builder().data(data.into()).partition_key(device);
    entry.build().expect("an entry")
}

/// A row of the store: device and time, then what was measured.
type Rows = BTreeMap<(String, String), Vec<Value>>;

/// Compares the store and the quarantine with what the domain makes of every event in the stream. `seen` is what was
/// in quarantine at earlier looks: a message that was read is not seen again for a while.
async fn everything_is_where_the_domain_puts_it(
    pipeline: &Pipeline,
    store: Store,
    stream: &Stream,
    seen: &mut BTreeSet<String>,
) {
    let domain = Decoder::new(&model(), timestream::LIMITS);
    let mut rows = Rows::new();
    let mut versions: BTreeMap<(String, String), i64> = BTreeMap::new();
    let mut quarantine = BTreeSet::new();
    for (number, time_ms, payload) in stream.events().await {
        let decoded =
            domain.decode(&payload, Arrival { time_ms, sequence_number: &number, partition_key: "" });
        if decoded.rejection.is_some() {
            quarantine.insert(number);
        }
        for record in decoded.records {
            let key = (record.dimensions[0].value.clone(), (store.instant)(record.time).to_string());
            let Measured::Multi(values) = &record.measured else { panic!("{record:?}") };
            if versions.get(&key).is_none_or(|version| *version <= record.version) {
                let value = |name: &str| {
                    let found = values.iter().find(|value| &*value.name == name);
                    found.map_or(Value::Null, |found| shown(store, &found.value))
                };
                versions.insert(key.clone(), record.version);
                rows.insert(key, MEASURES.iter().map(|name| value(name)).collect());
            }
        }
    }
    let start = Instant::now();
    loop {
        let found = stored(pipeline, store);
        if found == rows {
            break;
        }
        let patient = start.elapsed() < Duration::from_mins(2);
        let lost: Vec<_> = rows.iter().filter(|(key, _)| !found.contains_key(*key)).take(5).collect();
        let more: Vec<_> = found.iter().filter(|(key, row)| rows.get(*key) != Some(row)).take(5).collect();
        assert!(
            patient,
            "{} rows instead of {}; lost {lost:?}; too much or otherwise {more:?}\n{}",
            found.len(),
            rows.len(),
            pipeline.logs()
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    // Events go to quarantine before the job's position moves on, and the store has them all.
    let start = Instant::now();
    while *seen != quarantine {
        assert!(seen.is_subset(&quarantine), "{:?}", seen.difference(&quarantine).collect::<Vec<_>>());
        assert!(
            start.elapsed() < Duration::from_mins(1),
            "{} in quarantine instead of {}",
            seen.len(),
            quarantine.len()
        );
        seen.extend(stream.quarantined().await);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

const MEASURES: [&str; 6] = ["temperature", "humidity", "voltage", "watt", "original_time", "time_corrected"];

fn stored(pipeline: &Pipeline, store: Store) -> Rows {
    let Store { table, time, .. } = store;
    let sql = format!(r#"SELECT "DeviceID", {time}, {} FROM {table}"#, MEASURES.join(", "));
    let answer = pipeline.query(&sql);
    let rows = answer["rows"].as_array().expect("rows");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let stored: Rows = rows
        .iter()
        .map(|row| ((text(&row[0]), row[1].to_string()), row.as_array().expect("a row")[2..].to_vec()))
        .collect();
    assert_eq!(stored.len(), rows.len(), "two rows of one device and instant");
    stored
}

fn shown(store: Store, value: &telemetry::Value) -> Value {
    match value {
        telemetry::Value::Double(value) => json!(value),
        telemetry::Value::Bigint(value) => json!(value),
        telemetry::Value::Boolean(value) => json!(value),
        telemetry::Value::Varchar(value) => json!(value),
        telemetry::Value::Timestamp(value) => (store.instant)(*value),
    }
}

/// An instant as Timestream writes it.
fn timestamp(nanoseconds: i64) -> Value {
    let instant = jiff::Timestamp::from_nanosecond(i128::from(nanoseconds)).expect("an instant");
    instant.strftime("%Y-%m-%d %H:%M:%S.%9f").to_string().into()
}

/// The shipped model, as the local environment reads it.
fn model() -> Model {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../telemetry.toml"));
    stacks::model::parse("telemetry.toml", &text.expect("the model")).expect("the shipped model is valid")
}
