//! What is refused, and how.

use local_rds_data::testing::MASTER;

use crate::client::{Fixture, refused};

#[tokio::test]
async fn what_the_database_refuses_carries_its_state() {
    let fixture = Fixture::new();
    fixture.run("CREATE TABLE t (id bigint PRIMARY KEY, n smallint CHECK (n > 0))").await;
    fixture.run("INSERT INTO t VALUES (1, 1)").await;
    for (sql, state, part) in [
        ("INSERT INTO t VALUES (1, 1)", "23505", "Detail: Key (id)=(1) already exists."),
        ("INSERT INTO t VALUES (2, 0)", "23514", "violates check constraint"),
        ("INSERT INTO t VALUES (2, 99999)", "22003", "smallint out of range"),
        ("SELECT * FROM nowhere", "42P01", "ERROR: relation \"nowhere\" does not exist\n  Position: 15"),
        ("SELEC", "42601", "syntax error"),
        ("SELECT 1/0", "22012", "division by zero"),
        ("SELECT 1; SELECT 2", "42601", "multiple commands"),
        ("CREATE ROLE x SUPERUSER", "42501", ""),
    ] {
        let (code, message) = fixture.refusal(sql).await;
        assert_eq!(code, "DatabaseErrorException", "{sql}: {message}");
        assert!(
            message.ends_with(&format!("; SQLState: {state}")) && message.contains(part),
            "{sql}: {message}"
        );
    }
}

#[tokio::test]
async fn a_role_may_do_what_it_was_granted() {
    let fixture = Fixture::new();
    for sql in [
        "CREATE TABLE t (n int)",
        "INSERT INTO t VALUES (7)",
        "CREATE ROLE reader LOGIN PASSWORD 'as-it-should-be'",
        "GRANT SELECT ON t TO reader",
        "ALTER ROLE reader SET statement_timeout = '100ms'",
    ] {
        fixture.run(sql).await;
    }
    let cluster = &fixture.instance.cluster;
    let run = async |secret: &str, sql: &str| {
        fixture.client.execute_statement().resource_arn(&cluster.arn).secret_arn(secret).sql(sql).send().await
    };
    let reader = fixture.instance.secret("reader", "as-it-should-be");
    let read = run(&reader, "SELECT n, current_user FROM t").await.expect("it may read");
    assert_eq!(read.records().len(), 1);
    for (sql, state) in [
        ("INSERT INTO t VALUES (8)", "42501"),
        ("DROP TABLE t", "42501"),
        ("SELECT pg_read_file('PG_VERSION')", "42501"),
        ("SELECT pg_sleep(5)", "57014"),
    ] {
        let (code, message) = refused(run(&reader, sql).await);
        assert!(code == "DatabaseErrorException" && message.ends_with(state), "{sql}: {message}");
    }
    let stranger = fixture.instance.secret(MASTER, "guessed");
    let (code, message) = refused(run(&stranger, "SELECT 1").await);
    assert!(
        code == "DatabaseErrorException" && message.starts_with("FATAL: password authentication failed"),
        "{message}"
    );
}

#[tokio::test]
async fn what_is_not_there_is_said_to_be_missing() {
    let fixture = Fixture::new();
    let statement = || fixture.statement("SELECT 1");
    let elsewhere = fixture.instance.cluster.arn.replace("sluice-test-store", "another");
    assert_eq!(
        refused(statement().resource_arn(elsewhere).send().await).0,
        "HttpEndpointNotEnabledException"
    );
    let secret = "arn:aws:secretsmanager:us-east-1:000000000000:secret:none";
    assert_eq!(refused(statement().secret_arn(secret).send().await).0, "SecretsErrorException");
    let (code, message) = refused(statement().database("another").send().await);
    assert!(code == "DatabaseErrorException" && message.ends_with("SQLState: 3D000"), "{message}");
    let (code, message) = refused(statement().schema("sluice").send().await);
    assert!(code == "BadRequestException" && message.contains("schema"), "{message}");
    let (code, message) = fixture.refusal("SELECT :a").await;
    assert!(code == "BadRequestException" && message.contains("\"a\" has no value"), "{message}");

    let process = fixture.instance.process();
    let (status, body) = process.request("POST", "/ExecuteSql", &[], "{}");
    assert_eq!(status, 404, "{body}");
    let (status, body) = process.request("POST", "/Execute", &[], "{");
    assert_eq!(status, 400, "{body}");
}
