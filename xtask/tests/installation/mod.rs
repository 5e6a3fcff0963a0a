//! An installation of the local target, used through the command line alone: on free ports, in a
//! temporary folder, gone with its value.
#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(clippy::print_stdout, reason = "what a failed test leaves behind is told with its failure")]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use serde_json::Value;

/// An installation of the local target that no other test shares.
pub struct Pipeline {
    pub folder: tempfile::TempDir,
    /// The model and the environments, which a test may change.
    configuration: tempfile::TempDir,
    program: Program,
}

/// The command line of a checkout.
pub struct Program {
    /// The executable.
    pub path: PathBuf,
    /// The checkout that it is for.
    pub checkout: PathBuf,
    /// Cargo's target folder of that checkout.
    pub target: PathBuf,
}

impl Program {
    /// That of this checkout.
    fn own() -> Self {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned();
        Self { path: env!("CARGO_BIN_EXE_xtask").into(), checkout, target: target() }
    }

    /// Runs it.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command
            .env("CARGO_MANIFEST_DIR", self.checkout.join("xtask"))
            .env("CARGO_TARGET_DIR", &self.target)
            .env_remove("SLUICE_ENV");
        command
    }
}

/// The target folder of this test.
pub fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a target folder").to_owned()
}

/// What a command printed, and its exit code.
pub struct Ran {
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// The one JSON document on standard output.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("not one JSON document: {error}\n{}\n{}", self.stdout, self.stderr)
        })
    }

    /// Fails the test unless the command ended with this code.
    pub fn expect(self, exit: i32) -> Self {
        assert_eq!(self.exit, exit, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

impl Pipeline {
    /// Nothing runs yet.
    pub fn new() -> Self {
        Self::of(Program::own())
    }

    /// That of another checkout.
    pub fn of(program: Program) -> Self {
        let folder = || tempfile::tempdir().expect("a temporary folder");
        let pipeline = Self { folder: folder(), configuration: folder(), program };
        let checkout = &pipeline.program.checkout;
        let environments = pipeline.configuration.path().join("environments");
        std::fs::create_dir(&environments).expect("a folder");
        std::fs::copy(checkout.join("environments/local.toml"), environments.join("local.toml"))
            .expect("a copy");
        std::fs::copy(checkout.join("telemetry.toml"), pipeline.model()).expect("a copy");
        pipeline
    }

    /// The file that says what a device sends.
    pub fn model(&self) -> PathBuf {
        self.configuration.path().join("telemetry.toml")
    }

    /// The folder of the model and the environments.
    pub fn configuration(&self) -> &Path {
        self.configuration.path()
    }

    /// Another environment, which is that of this machine with a change.
    pub fn environment(&self, name: &str, change: impl FnOnce(String) -> String) {
        let environments = self.configuration.path().join("environments");
        let text = std::fs::read_to_string(environments.join("local.toml")).expect("an environment");
        std::fs::write(environments.join(format!("{name}.toml")), change(text)).expect("written");
    }

    /// What a command answers a program.
    pub fn json(&self, arguments: &[&str]) -> Value {
        self.xtask(&[arguments, &["--format", "json"]].concat()).expect(0).json()
    }

    /// A command, which does not run yet.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program.command();
        command
            .args(arguments)
            .env("SLUICE_LOCAL_DIR", self.folder.path())
            .env("SLUICE_LOCAL_PORT", "0")
            .env("SLUICE_CONFIGURATION", self.configuration.path());
        command
    }

    /// Runs a command.
    pub fn xtask(&self, arguments: &[&str]) -> Ran {
        let Output { status, stdout, stderr } = self.command(arguments).output().expect("xtask runs");
        Ran {
            exit: status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }

    /// The answer to a query.
    pub fn query(&self, sql: &str) -> Value {
        self.xtask(&["query", sql, "--format", "json"]).expect(0).json()
    }

    /// Runs a query until `enough` says so of its rows, and gives them.
    pub fn rows_when(&self, sql: &str, enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let start = Instant::now();
        loop {
            let rows = self.query(sql)["rows"].as_array().cloned().unwrap_or_default();
            if enough(&rows) {
                return rows;
            }
            assert!(start.elapsed() < Duration::from_mins(2), "{sql}\n{rows:?}\n{}", self.logs());
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    /// What went wrong, for the message of a failed test.
    pub fn logs(&self) -> String {
        let ran = self.xtask(&["logs", "--filter", "ERROR"]);
        format!("{}{}", ran.stdout, ran.stderr)
    }

    /// The state of everything.
    pub fn status(&self) -> Value {
        self.xtask(&["status", "--format", "json"]).expect(0).json()
    }

    /// Waits until quarantine holds as much.
    pub fn quarantine_when(&self, depth: i64) {
        let start = Instant::now();
        loop {
            let now = self.status()["quarantine"].as_i64();
            if now == Some(depth) {
                return;
            }
            let patient = start.elapsed() < Duration::from_mins(2) && now.is_some_and(|now| now <= depth);
            assert!(patient, "quarantine holds {now:?}, not {depth}\n{}", self.logs());
            std::thread::sleep(Duration::from_millis(300));
        }
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        // Also when an assertion failed: no process stays behind.
        let destroyed = self.xtask(&["destroy", "--yes", "--format", "json"]);
        let left = processes_of(self.folder.path());
        if !left.is_empty() {
            // A target that is not proven to be empty goes on running, so that a person can look.
            let ids = left.iter().filter_map(|process| process.split(' ').next());
            let _ = Command::new("kill").arg("-9").args(ids).status();
            let said = format!("{left:?}\n{}\n{}", destroyed.stdout, destroyed.stderr);
            // Two panics would end the program before it says anything.
            assert!(std::thread::panicking(), "{said}");
            println!("{said}");
        }
    }
}

/// Processes whose command line or environment speaks of `folder`: the id and the command line of each.
pub fn processes_of(folder: &Path) -> Vec<String> {
    let needle = folder.display().to_string();
    let own = std::process::id().to_string();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter(|entry| {
            entry.file_name().to_str().is_some_and(|name| name.parse::<u32>().is_ok() && name != own)
        })
        .filter_map(|entry| {
            let command = std::fs::read(entry.path().join("cmdline")).ok()?;
            let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
            let all = String::from_utf8_lossy(&[command.clone(), environment].concat()).into_owned();
            let id = entry.file_name().to_string_lossy().into_owned();
            all.contains(&needle)
                .then(|| format!("{id} {}", String::from_utf8_lossy(&command).replace('\0', " ")))
        })
        .collect()
}

/// Its database.
pub const DATABASE: &str = "sluice_local";

/// A client of the stream on the local endpoint.
pub fn kinesis(endpoint: &str, region: &str) -> aws_sdk_kinesis::Client {
    let config = aws_sdk_kinesis::Config::builder()
        .behavior_version(aws_sdk_kinesis::config::BehaviorVersion::latest())
        .region(aws_sdk_kinesis::config::Region::new(region.to_owned()))
        .credentials_provider(aws_sdk_kinesis::config::Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint);
    aws_sdk_kinesis::Client::from_conf(config.build())
}

/// Puts records on a stream, so many in each request: it takes all of them.
pub async fn put(
    client: &aws_sdk_kinesis::Client,
    stream: &str,
    records: &[PutRecordsRequestEntry],
    at_once: usize,
) {
    for part in records.chunks(at_once) {
        let put = client.put_records().stream_name(stream).set_records(Some(part.to_vec())).send().await;
        assert_eq!(put.expect("the stream takes it").failed_record_count(), Some(0));
    }
}

/// A client of the queues on the local endpoint.
pub fn sqs(endpoint: &str, region: &str) -> aws_sdk_sqs::Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
        .region(aws_sdk_sqs::config::Region::new(region.to_owned()))
        .credentials_provider(aws_sdk_sqs::config::Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint);
    aws_sdk_sqs::Client::from_conf(config.build())
}

/// `GET path` of the emulator.
pub fn get(endpoint: &str, path: &str) -> Vec<u8> {
    let host = endpoint.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).expect("the emulator listens");
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n").expect("a request");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let head = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a header");
    answer.split_off(head + 4)
}

/// Publishes messages as a client that knows nothing of AWS, until each is acknowledged.
pub async fn publish(aws: &str, port: u16, topic: &str, messages: Vec<Vec<u8>>) {
    let authority = get(aws, "/_ministack/iot/ca.pem");
    let mut options = rumqttc::MqttOptions::new("a-real-device", "localhost", port);
    options.set_transport(rumqttc::Transport::tls(authority, None, None));
    let (client, mut events) = rumqttc::AsyncClient::new(options, 10);
    let mut left = messages.len();
    for message in messages {
        client.publish(topic, rumqttc::QoS::AtLeastOnce, false, message).await.expect("queued");
    }
    while left > 0 {
        let event = tokio::time::timeout(Duration::from_secs(20), events.poll()).await.expect("an answer");
        if let rumqttc::Event::Incoming(rumqttc::Packet::PubAck(_)) = event.expect("the connection holds") {
            left -= 1;
        }
    }
}
