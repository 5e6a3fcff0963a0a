//! The whole life of a local target, with the real services, on free ports and in a temporary folder.

mod alarms;
mod delivery;

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use super::*;

/// The environment `local`, with another kind of store where one is named.
fn environment(store: &str) -> Environment {
    let text = include_str!("../../../environments/local.toml");
    let kind = [("store.kind".to_owned(), store.to_owned())];
    stacks::environment::parse("local", "local.toml", text, &kind).expect("valid")
}

/// A folder of its own, whose processes end with the test even when it fails.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn location(&self, port: u16) -> Location {
        Location::new(&Project::locate(), Some(self.0.path()), port)
    }

    fn folder(&self) -> Folder {
        Folder::of(&self.location(0))
    }

    fn record(&self) -> Record {
        self.folder().record().expect("a record")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        process::sweep(self.0.path());
    }
}

fn kill(process: Process) {
    let pid = Pid::from_raw(i32::try_from(process.pid).expect("an id")).expect("an id");
    kill_process(pid, Signal::KILL).expect("it runs");
    while process.is_alive() {
        std::thread::yield_now();
    }
}

/// A record in which a process stands for each service.
fn record(ports: Ports, process: impl Fn() -> Process) -> Record {
    let needed = SERVICES.iter().filter(|service| service.needed == Needed::Always);
    let processes = needed.map(|service| (service.name.to_owned(), process())).collect();
    Record { ports, processes }
}

async fn start_in(home: &Home) -> Endpoints {
    start_with(home, "timestream").await
}

async fn start_with(home: &Home, store: &str) -> Endpoints {
    start(&Project::locate(), &home.location(0), &environment(store), &())
        .await
        .unwrap_or_else(|failure| panic!("{:?}", failure.error))
}

#[tokio::test]
async fn a_target_starts_once_is_repaired_and_stops_without_a_trace() {
    let home = Home::new();
    let location = home.location(0);
    assert_eq!(running(&location), None);

    let endpoints = start_in(&home).await;
    let first = home.record();
    let asked = Instant::now();
    assert_eq!(running(&location), Some(endpoints.clone()));
    assert!(asked.elapsed().as_millis() < 100, "{:?}", asked.elapsed());
    assert_eq!(start_in(&home).await, endpoints);
    assert_eq!(home.record(), first, "a second start changes nothing");
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, endpoints.mqtt));
    assert!(taken.is_err(), "the MQTT broker listens");

    let mut before = first;
    for name in ["timestream", "twinmaker"] {
        kill(before.processes[name]);
        assert_eq!(running(&location), None, "{name}");
        assert_eq!(start_in(&home).await, endpoints, "{name}");
        let after = home.record();
        assert_eq!(after.ports, before.ports);
        for (other, process) in &after.processes {
            assert_eq!(
                *process == before.processes[other],
                other != name,
                "{name} alone is started: {other}"
            );
        }
        before = after;
    }

    kill(before.processes[emulator::NAME]);
    assert_eq!(running(&location), None);
    start_in(&home).await;
    let last = home.record();
    for (name, process) in &before.processes {
        assert!(last.processes[name] != *process && !process.is_alive(), "it starts empty: {name}");
    }

    let stopped = stop(&location, &()).await.expect("it stops");
    let stopped: BTreeMap<&str, u32> = stopped.iter().map(|one| (one.name.as_str(), one.pid)).collect();
    let expected: BTreeMap<&str, u32> =
        last.processes.iter().map(|(name, process)| (name.as_str(), process.pid)).collect();
    assert_eq!(stopped, expected);
    assert_eq!(stopped.len(), SERVICES.len() - 1, "without PostgreSQL, which nothing needs");
    assert_eq!(process::sweep(home.0.path()), [0_u32; 0]);
    assert_eq!(home.folder().record(), None);
    assert_eq!(entries(home.0.path()), ["lock", "logs"], "logs stay, data does not");
    assert_eq!(stop(&location, &()).await.expect("again"), []);
}

#[tokio::test]
async fn postgres_is_started_when_a_store_needs_it_and_keeps_its_data() {
    let home = Home::new();
    let location = home.location(0);
    let before = start_in(&home).await;
    assert_eq!((before.rds_data.as_ref(), home.folder().data(services::RDS_DATA).exists()), (None, false));

    let endpoints = start_with(&home, "postgres").await;
    let url = endpoints.rds_data.clone().expect("the Data API");
    assert_eq!(Endpoints { rds_data: None, ..endpoints.clone() }, before, "what ran goes on");
    let port = url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let cluster = r#"{"identifier":"c","database":"d","username":"m"}"#;
    post(port, "/_local/clusters", cluster).await;
    let clusters = ready::get(port, "/_local/clusters").await.expect("a list");
    assert!(clusters.contains("arn:aws:secretsmanager:"), "its secret is the emulator's: {clusters}");

    kill(home.record().processes[services::RDS_DATA]);
    assert_eq!(running(&location), None, "it belongs to the target now");
    assert_eq!(start_in(&home).await, endpoints, "whoever deploys");
    assert_eq!(ready::get(port, "/_local/clusters").await.as_deref(), Some(clusters.as_str()));

    let stopped = stop(&location, &()).await.expect("it stops");
    assert_eq!(stopped.len(), SERVICES.len());
    assert_eq!(process::sweep(home.0.path()), [0_u32; 0], "no server is left");
    assert_eq!(entries(home.0.path()), ["lock", "logs"], "logs stay, data does not");
}

async fn post(port: u16, path: &str, body: &str) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.expect("it listens");
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: local\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_taken_port_is_told_before_anything_starts() {
    let (project, home) = (Project::locate(), Home::new());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("bind");
    let port = listener.local_addr().expect("address").port();
    let failure = start(&project, &home.location(port), &environment("timestream"), &())
        .await
        .expect_err("the port is taken");
    assert_eq!(failure.exit, Exit::Configuration);
    let text = failure.error.to_string();
    assert!(text.contains(&port.to_string()) && text.contains(&std::process::id().to_string()), "{text}");
    assert!(failure.hint.is_some_and(|hint| hint.contains("--local-port")));
    assert_eq!(home.folder().record(), None);
}

#[tokio::test]
async fn a_record_of_processes_that_are_gone_is_not_believed() {
    let home = Home::new();
    let folder = home.folder();
    // This test's own process, as if its id had belonged to the emulator before.
    let other = Process { pid: std::process::id(), started: 1_000_000_000 };
    let record = record(Ports { aws: 1, timestream: 2, twinmaker: 3, mqtt: 4, rds_data: 5 }, || other);
    let lock = folder.lock().expect("lock");
    folder.write(&record, &lock).expect("write");
    drop(lock);
    assert_eq!(running(&home.location(0)), None);
    assert_eq!(processes(&home.location(0)), []);
    assert_eq!(stop(&home.location(0), &()).await.expect("stop"), [], "nothing of ours ran");
    assert_eq!(folder.record(), None);
}

#[tokio::test]
async fn a_folder_with_files_of_others_is_left_alone() {
    let (project, home) = (Project::locate(), Home::new());
    let source = home.0.path().join("timestream");
    std::fs::create_dir(&source).expect("a folder");
    let failure = stop(&home.location(0), &()).await.expect_err("it is not a target's");
    assert_eq!(failure.exit, Exit::Configuration);
    assert_eq!(
        start(&project, &home.location(0), &environment("timestream"), &()).await.expect_err("nor now").exit,
        Exit::Configuration
    );
    assert!(source.exists());
}

#[tokio::test]
async fn what_a_start_was_interrupted_in_is_found_by_its_mark() {
    let home = Home::new();
    drop(home.folder().lock().expect("lock"));
    let log = home.0.path().join("log");
    let mut command = std::process::Command::new("sleep");
    let orphan = Process::spawn(command.arg("60"), home.0.path(), &log).expect("spawn");
    assert_eq!(stop(&home.location(0), &()).await.expect("stop"), []);
    assert!(!orphan.is_alive());
}

#[tokio::test]
async fn a_target_elsewhere_is_not_started_twice() {
    let (project, home) = (Project::locate(), Home::new());
    drop(home.folder().lock().expect("lock"));
    let sleeper = || {
        let mut command = std::process::Command::new("sleep");
        Process::spawn(command.arg("60"), home.0.path(), &home.0.path().join("log")).expect("spawn")
    };
    let record =
        record(Ports { aws: 5000, timestream: 5001, twinmaker: 5002, mqtt: 5003, rds_data: 5004 }, sleeper);
    let folder = home.folder();
    folder.write(&record, &folder.lock().expect("lock")).expect("write");
    for port in [0, 4566, 5000] {
        let endpoints =
            start(&project, &home.location(port), &environment("timestream"), &()).await.expect("it runs");
        assert_eq!(endpoints.aws, "http://127.0.0.1:5000");
    }
    let failure = start(&project, &home.location(6000), &environment("timestream"), &())
        .await
        .expect_err("it runs elsewhere");
    assert_eq!(failure.exit, Exit::Configuration);
    assert!(
        failure.error.to_string().ends_with("runs on port 5000 already, not on 6000"),
        "{:?}",
        failure.error
    );
}

#[test]
fn a_relative_folder_is_that_of_the_caller() {
    let location = Location::new(&Project::locate(), Some(Path::new("here")), 0);
    let expected = std::env::current_dir().expect("a folder").join("here");
    assert_eq!(Folder::of(&location).path(), expected);
}

fn entries(folder: &Path) -> Vec<String> {
    let entries =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
