//! Records a second into a real `PostgreSQL`, in one run: as the function writes them, by the wire protocol and by the
//! Data API, and between what bounds that, a `COPY` into a bare table above and a tutorial's row by row below.
//!
//! `SLUICE_POSTGRES=/usr/lib/postgresql/15/bin cargo bench -p kinesis-consumer --bench postgres`; the stand-ins are
//! optimized ones.

#![allow(clippy::print_stdout, reason = "a benchmark reports to its terminal")]

use std::fmt::Write as _;
use std::path::PathBuf;
use std::pin::pin;
use std::process::Command;
use std::time::{Duration, Instant};

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_rdsdata::config::retry::RetryConfig;
use aws_sdk_rdsdata::config::{BehaviorVersion, Credentials, Region};
use futures::{SinkExt as _, StreamExt as _, stream};
use kinesis_consumer::effect::Effect;
use kinesis_consumer::postgres::direct::{self, Settings};
use kinesis_consumer::postgres::{Database, Table};
use local_rds_data::testing::{self, Instance};
use postgres::limits::REQUEST_ROWS;
use postgres::schema::{Schema, WRITER};
use serde_json::json;
use telemetry::{DimensionValue, MeasureValue, Measured, Model, Record, Value};
use tokio_postgres::Client;
use tokio_postgres::config::{Config, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

const RECORDS: usize = 100_000;
/// Records of what is slow.
const FEW: usize = 5_000;
const DEVICES: usize = 1_000;
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

/// The program in front of the server, optimized.
fn program() -> PathBuf {
    let bench = std::env::current_exe().expect("this program");
    let profile = bench.ancestors().nth(2).expect("the folder of the profile");
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--release", "--workspace", "--bin", "local-rds-data", "--target-dir"]);
    build.arg(profile.parent().expect("the target folder"));
    assert!(build.status().expect("cargo runs").success(), "it is built");
    profile.with_file_name("release").join("local-rds-data")
}

/// A connection of the owner of everything.
async fn connect(instance: &Instance) -> Client {
    let cluster = &instance.cluster;
    let master = instance.credentials(&cluster.secret_arn);
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(&cluster.root_certificate).expect("a certificate"))
        .expect("a root");
    let tls = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut config = Config::new();
    config.host("localhost").port(cluster.port).user(master.username).password(master.password);
    config.dbname(&cluster.database).ssl_mode(SslMode::Require);
    let (client, connection) = config.connect(MakeRustlsConnect::new(tls)).await.expect("a connection");
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

/// Writes as the function does, so many requests at once.
async fn write(table: &Table, records: &[Record], at_once: usize) {
    let requests = stream::iter(records.chunks(REQUEST_ROWS));
    let sent = requests.map(async |request| table.send(&request.iter().collect::<Vec<_>>()).await);
    let effects: Vec<Effect> = sent.buffer_unordered(at_once).collect().await;
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
    let instance = Instance::of(testing::command(&program(), state.path()), state.path());
    let owner = connect(&instance).await;
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
    let table = |database| Table { database, table: "telemetry".to_owned() };
    let cluster = &instance.cluster;
    let credentials = Credentials::new("test", "test", None, None, "test");
    let settings = Settings {
        host: "localhost".to_owned(),
        port: cluster.port,
        database: cluster.database.clone(),
        region: "us-east-1".to_owned(),
        roots: std::fs::read_to_string(&cluster.root_certificate).expect("a certificate"),
        credentials: SharedCredentialsProvider::new(credentials.clone()),
        connect: Duration::from_secs(3),
        attempt: Duration::from_secs(10),
    };
    let wire = table(Database::Direct(direct::Database::new(settings).expect("a way to the database")));
    let config = aws_sdk_rdsdata::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(instance.url())
        .credentials_provider(credentials)
        .retry_config(RetryConfig::disabled())
        .build();
    let data_api = table(Database::DataApi(data_api::Database {
        client: aws_sdk_rdsdata::Client::from_conf(config),
        cluster_arn: cluster.arn.clone(),
        secret_arn: instance.secret(WRITER, PASSWORD),
        name: cluster.database.clone(),
    }));

    let all = [records(0, RECORDS), records(1, RECORDS), records(2, RECORDS)];
    let [first, second, third] = &all;
    tokio::time::sleep(Duration::from_secs(1)).await;
    measure("COPY into a bare table, the limit", RECORDS, by_copy(&owner, first)).await;
    measure("the function by the wire protocol, 4 requests at once", RECORDS, write(&wire, first, REQUESTS))
        .await;
    measure("the same again: a replay", RECORDS, write(&wire, first, REQUESTS)).await;
    measure("the function by the wire protocol, one by one", RECORDS, write(&wire, second, 1)).await;
    measure("the function by the Data API, 4 requests at once", RECORDS, write(&data_api, third, REQUESTS))
        .await;
    measure("a tutorial's INSERT row by row", FEW, row_by_row(&owner, &first[..FEW])).await;
}
