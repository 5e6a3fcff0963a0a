//! Records a second into a real `PostgreSQL`, in one run: by the wire protocol, through the Data API's stand-in, and
//! between what bounds them, a `COPY` into a bare table above and a tutorial's row by row below.
//!
//! `SLUICE_POSTGRES=/usr/lib/postgresql/15/bin cargo bench -p kinesis-consumer --bench postgres`; the stand-in is the
//! unoptimized one of the local target.

#![allow(clippy::print_stdout, reason = "a benchmark reports to its terminal")]

use std::fmt::Write as _;
use std::pin::pin;
use std::time::{Duration, Instant};

use aws_sdk_rdsdata::config::retry::RetryConfig;
use aws_sdk_rdsdata::config::{BehaviorVersion, Credentials, Region};
use data_api::Database;
use futures::{SinkExt as _, StreamExt as _, stream};
use kinesis_consumer::effect::Effect;
use kinesis_consumer::postgres::Table;
use local_rds_data::testing::{self, Instance};
use postgres::limits::REQUEST_ROWS;
use postgres::rows;
use postgres::schema::{Schema, WRITER};
use serde_json::json;
use telemetry::{DimensionValue, MeasureValue, Measured, Model, Record, Value};
use tokio_postgres::{Client, Config, NoTls};

const RECORDS: usize = 100_000;
/// Records of what is slow.
const FEW: usize = 5_000;
const DEVICES: usize = 1_000;
const CONNECTIONS: usize = 2;
/// Requests of one function at once.
const REQUESTS: usize = 4;
const PASSWORD: &str = "writes";
const MEASURES: [&str; 3] = ["temperature", "humidity", "pressure"];

fn model() -> Model {
    let measures = MEASURES.map(|name| json!({ "name": name, "field": name, "type": "double" }));
    serde_json::from_value(json!({
        "topic": "t/+",
        "device": { "dimension": "device", "field": "id" },
        "measures": measures,
        "record": { "layout": "multi", "name": "m" },
        "undeclared": "ignore",
    }))
    .expect("a model")
}

/// Records of today; those of another `run` have other times.
fn records(run: i64, count: usize) -> Vec<Record> {
    let now = jiff::Timestamp::now().as_nanosecond();
    let midnight = i64::try_from(now - now.rem_euclid(86_400_000_000_000)).expect("this century");
    let value = |name: &str, number: f64| MeasureValue { name: name.into(), value: Value::Double(number) };
    (0..count)
        .map(|index| {
            let number = f64::from(u32::try_from(index).expect("few"));
            Record {
                dimensions: [DimensionValue {
                    name: "device".into(),
                    value: format!("device-{:04}", index % DEVICES),
                }]
                .into(),
                measure_name: "m".into(),
                measured: Measured::Multi(MEASURES.map(|name| value(name, number / 7.0)).to_vec()),
                time: midnight + run * 1_000_000_000_000 + i64::try_from(index).expect("few") * 1_000_003,
                version: 1,
            }
        })
        .collect()
}

async fn connect(instance: &Instance, user: &str, password: &str) -> Client {
    let cluster = &instance.cluster;
    let (client, connection) = Config::new()
        .host("127.0.0.1")
        .port(cluster.port)
        .user(user)
        .password(password)
        .dbname(&cluster.database)
        .connect(NoTls)
        .await
        .expect("a connection");
    tokio::spawn(connection);
    client
}

/// Prints how many records a second something takes.
async fn measure(name: &str, count: usize, run: impl Future<Output = ()>) {
    let begun = Instant::now();
    run.await;
    let seconds = begun.elapsed().as_secs_f64();
    let rate = f64::from(u32::try_from(count).expect("few")) / seconds;
    println!("{name:<56} {rate:>10.0} records/s");
}

async fn by_wire(clients: &[Client], records: &[Record]) {
    let statement = "SELECT sluice.write($1::text::json)::text";
    let requests: Vec<&[Record]> = records.chunks(REQUEST_ROWS).collect();
    let shares = requests.chunks(requests.len().div_ceil(clients.len()));
    let writers = clients.iter().zip(shares).map(async |(client, share)| {
        let statement = client.prepare(statement).await.expect("a statement");
        for request in share {
            let rows = rows::text(&request.iter().collect::<Vec<_>>()).expect("JSON");
            let answer: String = client.query_one(&statement, &[&rows]).await.expect("an answer").get(0);
            let answer: rows::Answer = serde_json::from_str(&answer).expect("an answer");
            assert_eq!(answer, rows::Answer::default());
        }
    });
    futures::future::join_all(writers).await;
}

async fn by_data_api(table: &Table, records: &[Record]) {
    let requests = stream::iter(records.chunks(REQUEST_ROWS));
    let sent = requests.map(async |request| table.send(&request.iter().collect::<Vec<_>>()).await);
    let effects: Vec<Effect> = sent.buffer_unordered(REQUESTS).collect().await;
    assert!(effects.iter().all(|effect| *effect == Effect::Stored), "{effects:?}");
}

async fn by_copy(client: &Client, records: &[Record]) {
    let sink = client.copy_in("COPY bare FROM STDIN").await.expect("a copy");
    let mut sink = pin!(sink);
    for request in records.chunks(REQUEST_ROWS) {
        let mut text = String::new();
        for record in request {
            let Measured::Multi(values) = &record.measured else { unreachable!("all are of several") };
            let _ = write!(text, "{}\tm\t{}\t1", record.dimensions[0].value, record.time);
            for value in values {
                let _ = write!(text, "\t{}", value.value.text());
            }
            text.push('\n');
        }
        sink.send(bytes::Bytes::from(text)).await.expect("rows");
    }
    sink.close().await.expect("an end");
}

async fn row_by_row(client: &Client, records: &[Record]) {
    let insert = client.prepare("INSERT INTO naive VALUES ($1, 'm', $2, 1, $3, $4, $5)").await.expect("it");
    for record in records {
        let Measured::Multi(values) = &record.measured else { unreachable!("all are of several") };
        let [Value::Double(a), Value::Double(b), Value::Double(c)] =
            [&values[0].value, &values[1].value, &values[2].value]
        else {
            unreachable!("all are doubles")
        };
        let device = &record.dimensions[0].value;
        client.execute(&insert, &[device, &record.time, a, b, c]).await.expect("a row");
    }
}

#[tokio::main]
async fn main() {
    let state = tempfile::tempdir().expect("a folder");
    let instance = testing::start(state.path());
    let master = instance.credentials(&instance.cluster.secret_arn);
    let owner = connect(&instance, &master.username, &master.password).await;
    let mut statements = Schema::of(&model(), "telemetry", 31).statements(&[]).expect("a schema");
    let columns = "(device text, measure_name text, time bigint, version bigint, \
                   temperature double precision, humidity double precision, pressure double precision)";
    statements.extend([
        "SELECT sluice.maintain()".to_owned(),
        format!("ALTER ROLE {WRITER} PASSWORD '{PASSWORD}'"),
        format!("CREATE TABLE sluice.bare {columns}"),
        format!("CREATE TABLE sluice.naive {columns}"),
        "CREATE INDEX ON sluice.naive (device, time)".to_owned(),
        "SET search_path = sluice".to_owned(),
    ]);
    for statement in &statements {
        owner.batch_execute(statement).await.expect(statement);
    }
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        clients.push(connect(&instance, WRITER, PASSWORD).await);
    }
    let secret_arn = instance.secret(WRITER, PASSWORD);
    let config = aws_sdk_rdsdata::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(instance.url())
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .build();
    let database = Database {
        client: aws_sdk_rdsdata::Client::from_conf(config),
        cluster_arn: instance.cluster.arn.clone(),
        secret_arn,
        name: instance.cluster.database.clone(),
    };
    let table = Table { database, table: "telemetry".to_owned() };

    let all = [records(0, RECORDS), records(1, RECORDS), records(2, RECORDS)];
    tokio::time::sleep(Duration::from_secs(1)).await;
    measure("COPY into a bare table, the limit", RECORDS, by_copy(&owner, &all[0])).await;
    measure("sluice.write by the wire protocol, 2 connections", RECORDS, by_wire(&clients, &all[0])).await;
    measure("the same again: a replay", RECORDS, by_wire(&clients, &all[0])).await;
    measure("sluice.write by the wire protocol, 1 connection", RECORDS, by_wire(&clients[..1], &all[1]))
        .await;
    measure("sluice.write by the Data API, 4 requests at once", RECORDS, by_data_api(&table, &all[2])).await;
    measure("a tutorial's INSERT row by row", FEW, row_by_row(&owner, &all[0][..FEW])).await;
}
