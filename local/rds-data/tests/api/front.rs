//! PostgreSQL's own protocol, as its clients speak it: one in Rust, and psql where there is one with TLS; with tokens
//! that boto3 made.

use std::{
    collections::BTreeMap, error::Error as _, path::Path, process::Command, sync::Arc, time::Duration,
};

use local_rds_data::{
    clusters::Description,
    front::Certificate,
    testing::{self, DATABASE, MASTER},
};
use serde_json::json;
use tokio_postgres::{Client, Config, NoTls, config::SslMode, error::SqlState};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::client::{Fixture, start};

/// A role that logs in with a token.
const DEVICE: &str = "device";

/// TLS that trusts this authority.
fn tls(authority: &Path) -> MakeRustlsConnect {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority).expect("a certificate")).expect("a root");
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    MakeRustlsConnect::new(config)
}

fn config(cluster: &Description, user: &str, password: &str) -> Config {
    let mut config = Config::new();
    config.host("localhost").port(cluster.port).user(user).password(password).dbname(&cluster.database);
    config.ssl_mode(SslMode::Require);
    config
}

async fn connect(cluster: &Description, user: &str, password: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) =
        config(cluster, user, password).connect(tls(&cluster.root_certificate)).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// The state and the words of what the database says no with.
fn told(error: &tokio_postgres::Error) -> (String, String) {
    let told = error.as_db_error().unwrap_or_else(|| panic!("{error:?}"));
    (told.code().code().to_owned(), told.message().to_owned())
}

impl Fixture {
    /// A cluster with a role of IAM, and tokens of all kinds for it.
    async fn with_tokens() -> (Self, BTreeMap<String, String>) {
        let fixture = Self::new();
        fixture.run(&format!("CREATE ROLE {DEVICE} LOGIN")).await;
        fixture.run(&format!("GRANT rds_iam TO {DEVICE}")).await;
        let file = fixture.state.path().join("tokens.json");
        let port = fixture.instance.cluster.port.to_string();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/boto3_tokens.py");
        local_harness::python::run(script, &[&file.display().to_string(), &port, DEVICE]);
        let tokens = serde_json::from_slice(&std::fs::read(file).expect("a file")).expect("JSON");
        (fixture, tokens)
    }
}

#[tokio::test]
async fn a_cluster_is_reached_by_tls_alone_and_stays_the_same() {
    let fixture = Fixture::new();
    let cluster = fixture.instance.cluster.clone();
    let master = fixture.instance.credentials(&cluster.secret_arn);
    let client = connect(&cluster, MASTER, &master.password).await.expect("by its password");
    let row =
        client.query_one("SELECT current_user::text, current_database()::text", &[]).await.expect("a row");
    assert_eq!((row.get::<_, &str>(0), row.get::<_, &str>(1)), (MASTER, DATABASE));
    // The statement is the server's to cancel, and the way there is this one.
    let (cancel, way) = (client.cancel_token(), tls(&cluster.root_certificate));
    let sleep = tokio::spawn(async move { client.execute("SELECT pg_sleep(30)", &[]).await });
    while !sleep.is_finished() {
        cancel.cancel_query(way.clone()).await.expect("it is asked");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let cancelled = sleep.await.expect("no panic").expect_err("it is cancelled");
    assert_eq!(cancelled.code(), Some(&SqlState::QUERY_CANCELED));

    let plain = config(&cluster, MASTER, &master.password).ssl_mode(SslMode::Disable).connect(NoTls).await;
    let (state, message) = told(&plain.err().expect("no TLS"));
    assert!(state == "28000" && message.ends_with("no encryption"), "{state} {message}");
    let wrong = connect(&cluster, MASTER, "guessed").await.expect_err("no password of it");
    assert_eq!(wrong.code(), Some(&SqlState::INVALID_PASSWORD));
    let elsewhere = tempfile::tempdir().expect("a folder");
    let other = Certificate::open(elsewhere.path()).expect("a certificate").authority;
    let distrusted = config(&cluster, MASTER, &master.password).connect(tls(&other)).await;
    let why = distrusted.err().expect("another authority").source().map(ToString::to_string);
    assert!(why.as_ref().is_some_and(|why| why.contains("certificate")), "{why:?}");

    // It comes back as it was.
    fixture.instance.into_process().kill();
    let again = start(fixture.state.path(), &[]);
    assert_eq!(again.cluster, cluster);
    psql(&cluster, &cluster.root_certificate, MASTER, &master.password, Ok("sluice"));
    psql(&cluster, &other, MASTER, &master.password, Err("certificate verify failed"));
}

/// What psql says, of PostgreSQL's own programs; one that is not there, or knows no TLS, says nothing.
fn psql(cluster: &Description, authority: &Path, user: &str, password: &str, expected: Result<&str, &str>) {
    let program = testing::postgres().join("psql");
    if !program.exists() {
        return;
    }
    let target = format!(
        "host=localhost port={} user={user} dbname={} sslmode=verify-full sslrootcert={}",
        cluster.port,
        cluster.database,
        authority.display()
    );
    let output = Command::new(program)
        .args(["-X", "-A", "-t", "-c", "SELECT current_user", &target])
        .env("PGPASSWORD", password)
        .output()
        .expect("psql runs");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    match expected {
        _ if err.contains("SSL support is not compiled in") => {}
        Ok(expected) => assert_eq!(out.trim(), expected, "{err}"),
        Err(part) => assert!(err.contains(part), "{out}{err}"),
    }
}

#[tokio::test]
async fn a_member_of_rds_iam_shows_a_token_and_nothing_else() {
    let (fixture, tokens) = Fixture::with_tokens().await;
    let cluster = &fixture.instance.cluster;
    for (name, token) in &tokens {
        let connected = connect(cluster, DEVICE, token).await;
        if name.contains("another") {
            let (state, message) = told(&connected.expect_err(name));
            assert_eq!(
                (state.as_str(), message.as_str()),
                ("28000", "PAM authentication failed for user \"device\"")
            );
            continue;
        }
        let row = connected.expect(name).query_one("SELECT session_user::text", &[]).await.expect("a row");
        assert_eq!(row.get::<_, &str>(0), DEVICE);
    }
    psql(cluster, &cluster.root_certificate, DEVICE, &tokens["good"], Ok(DEVICE));
    fixture.run(&format!("ALTER ROLE {DEVICE} PASSWORD 'its own'")).await;
    let password = connect(cluster, DEVICE, "its own").await.expect_err("a password is no token");
    assert_eq!(told(&password).0, "28000");
    connect(cluster, DEVICE, &tokens["good"]).await.expect("and a token is one still");
    // What the server says of whoever has shown one, it says itself.
    let mut elsewhere = config(cluster, DEVICE, &tokens["good"]);
    let nowhere = elsewhere.dbname("nowhere").connect(tls(&cluster.root_certificate)).await;
    assert_eq!(told(&nowhere.err().expect("no such database")).0, "3D000");
    let log =
        std::fs::read_to_string(fixture.state.path().join("clusters/sluice-test-store/log")).expect("a log");
    for why in ["for the role sluice", "for the host db.example.com", "for the Region eu-west-1", "no token"]
    {
        assert!(log.contains(why), "{why} is not in {log}");
    }
}

#[tokio::test]
async fn sessions_break_as_they_are_asked_to() {
    let fixture = Fixture::new();
    fixture.run("CREATE TABLE t (n int)").await;
    let cluster = &fixture.instance.cluster;
    let master = fixture.instance.credentials(&cluster.secret_arn);
    let session = || connect(cluster, MASTER, &master.password);
    let (plenty, moment) = (Duration::from_secs(20), Duration::from_millis(200));
    for (rates, patience, state, is_done) in [
        (json!({ "killed": 1.0 }), plenty, Some("57P01"), false),
        (json!({ "dropped": 1.0 }), plenty, None, false),
        (json!({ "lost_answer": 1.0 }), plenty, None, true),
        (json!({ "silent": 1.0 }), moment, None, false),
    ] {
        let client = session().await.expect("a session");
        let insert = client.prepare("INSERT INTO t VALUES ($1)").await.expect("a statement");
        fixture.instance.faults(&json!({ "sessions": { DATABASE: rates } }));
        match tokio::time::timeout(patience, client.execute(&insert, &[&1])).await {
            Ok(broken) => {
                let broken = broken.expect_err("it breaks");
                assert_eq!(broken.code().map(SqlState::code), state, "{rates}: {broken:?}");
                // The client hears it a moment later than whoever asked.
                let closed = async {
                    while !client.is_closed() {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                };
                tokio::time::timeout(plenty, closed).await.unwrap_or_else(|_| panic!("{rates}: it is open"));
            }
            Err(_) => assert_eq!(patience, moment, "{rates}"),
        }
        fixture.instance.faults(&json!({}));
        let count = "WITH gone AS (DELETE FROM t RETURNING n) SELECT count(*) FROM gone";
        let count: i64 =
            session().await.expect("a session").query_one(count, &[]).await.expect("a row").get(0);
        assert_eq!(count, i64::from(is_done), "{rates}");
    }
    for plan in [json!({ "resuming_ms": 60_000 }), json!({ "sessions": { "*": { "refused": 1.0 } } })] {
        fixture.instance.faults(&plan);
        assert_eq!(told(&session().await.expect_err("none begins")).0, "57P03", "{plan}");
    }
    fixture.instance.faults(&json!({ "sessions": { "another": { "refused": 1.0 } } }));
    session().await.expect("another database is not this one");
}
