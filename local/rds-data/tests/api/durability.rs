//! What is kept, and what ends with the process.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use aws_sdk_rdsdata::types::Field;

use crate::client::{Fixture, PROGRAM, connect, start};

/// Ids of the PostgreSQL servers whose data is in a folder.
fn servers(state: &Path) -> Vec<u32> {
    let output = Command::new("ps").args(["-eww", "-o", "pid=,args="]).output().expect("ps runs");
    let (text, data) = (String::from_utf8_lossy(&output.stdout).into_owned(), state.display().to_string());
    let lines = text.lines().filter(|line| line.contains(&data) && line.contains("postgres -D"));
    let lines = lines.filter(|line| !line.contains("sh -c"));
    lines.filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect()
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signal(signal: &str, pid: u32) {
    let status = Command::new("kill").args([signal, &pid.to_string()]).status().expect("kill runs");
    assert!(status.success());
}

/// Ten times killed while it writes: each row that was answered is there, and the server is never left behind.
#[tokio::test]
async fn what_was_answered_survives_ten_kills() {
    let Fixture { mut instance, mut client, state } = Fixture::new();
    let cluster = instance.cluster.clone();
    let run = async |client: &aws_sdk_rdsdata::Client, sql: String| {
        client
            .execute_statement()
            .resource_arn(&cluster.arn)
            .secret_arn(&cluster.secret_arn)
            .sql(sql)
            .send()
            .await
    };
    run(&client, "CREATE TABLE t (id bigint PRIMARY KEY)".to_owned()).await.expect("a table");
    let mut answered = 0_i64;
    for _ in 0..10 {
        let writer = client.clone();
        let first = answered;
        let run = &run;
        let written = async {
            let mut id = first;
            while run(&writer, format!("INSERT INTO t VALUES ({})", id + 1)).await.is_ok() {
                id += 1;
            }
            id
        };
        let killed = tokio::task::spawn_blocking(move || {
            std::thread::sleep(Duration::from_millis(150));
            instance.into_process().kill();
        });
        let (id, killed) = tokio::join!(written, killed);
        killed.expect("it is killed");
        answered = id;
        instance = start(state.path(), &[]);
        assert_eq!(instance.cluster, cluster, "its port stays");
        client = connect(&instance.url());
        let count = run(&client, "SELECT count(*), max(id) FROM t".to_owned()).await.expect("a count");
        let [Field::LongValue(count), Field::LongValue(last)] = count.records()[0][..] else {
            panic!("{count:?}")
        };
        // The last one may be there though its answer is lost.
        assert!(count == last && (answered..=answered + 1).contains(&last), "{answered}: {count} of {last}");
        answered = last;
    }
    assert!(answered > 0);
    assert_eq!(servers(state.path()).len(), 1);
    assert!(instance.into_process().terminate().success());
    assert_eq!(servers(state.path()), [0_u32; 0], "it ends before the process does");
}

#[test]
fn no_server_outlives_a_process_that_was_killed() {
    let Fixture { instance, state, .. } = Fixture::new();
    assert_eq!(servers(state.path()).len(), 1);
    instance.into_process().kill();
    wait_until("the server ends", || servers(state.path()).is_empty());
}

#[test]
fn the_process_ends_with_its_server() {
    let state = tempfile::tempdir().expect("a folder");
    let mut command = local_rds_data::testing::command(PROGRAM.as_ref(), state.path());
    command.stderr(std::process::Stdio::piped());
    let instance = local_rds_data::testing::Instance::of(command, state.path());
    let servers = servers(state.path());
    signal("-KILL", servers[0]);
    let url = instance.url();
    wait_until("the process ends", || {
        std::net::TcpStream::connect(url.trim_start_matches("http://")).is_err()
    });
    let again = start(state.path(), &[]);
    assert_eq!(again.cluster.arn, instance.cluster.arn, "it comes back with its data");
}
