//! Servers that stand in for AWS in tests: real processes on free ports, gone with their value.

mod cloudformation;
mod http;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use session::{Endpoints, Project, Session};

pub use self::cloudformation::{CloudFormation, Fault, Verb};

/// How long a server may take to answer, in a build that shares its machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server that ends with this value.
pub struct Service {
    process: Child,
    port: u16,
    state: tempfile::TempDir,
}

impl Service {
    /// The emulator that the local target deploys to.
    pub fn emulator() -> Self {
        Self::start("/_ministack/health", |command, port, state| {
            command
                .args(["-m", "ministack"])
                .env("GATEWAY_PORT", port.to_string())
                .env("BIND_HOST", "127.0.0.1")
                .env("IOT_MTLS_PORT", free_port().to_string())
                .env("STATE_DIR", state)
                .env("PERSIST_STATE", "0");
        })
    }

    /// Another implementation of S3, which refuses to delete a bucket that is not empty.
    pub fn moto() -> Self {
        Self::start("/moto-api/", |command, port, _| {
            command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]);
        })
    }

    fn start(health: &str, arrange: impl FnOnce(&mut Command, u16, PathBuf)) -> Self {
        let python = std::env::var_os("SLUICE_PYTHON").expect(
            "SLUICE_PYTHON must name a Python that has ministack and moto; `cargo xtask test` sets it",
        );
        let state = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let mut command = Command::new(python);
        arrange(&mut command, port, state.path().join("state"));
        let process = command
            .current_dir(state.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the Python of SLUICE_PYTHON runs");
        let mut service = Self { process, port, state };
        let started = Instant::now();
        while !service.answers(health) {
            assert!(
                service.process.try_wait().is_ok_and(|ended| ended.is_none()),
                "the server ended at once"
            );
            assert!(started.elapsed() < PATIENCE, "the server does not answer on port {port}");
            std::thread::sleep(Duration::from_millis(50));
        }
        service
    }

    /// A session whose every service is this server, which has no TwinMaker.
    pub async fn session(&self) -> Session {
        session(self.port).await
    }

    /// A folder that goes with the server.
    pub fn folder(&self) -> &std::path::Path {
        self.state.path()
    }

    fn answers(&self, path: &str) -> bool {
        let ask = || -> std::io::Result<bool> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
            let mut head = [0; 12];
            stream.read_exact(&mut head)?;
            Ok(head.starts_with(b"HTTP/1.") && head.ends_with(b"200"))
        };
        ask().unwrap_or(false)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn session(port: u16) -> Session {
    let without_twin = [("twin.enabled".to_owned(), "false".to_owned())];
    let loaded = Project::locate().load_named("local", &without_twin);
    let (model, environment) = loaded.unwrap_or_else(|failure| panic!("{:#}", failure.error));
    let aws = format!("http://127.0.0.1:{port}");
    let endpoints =
        Endpoints { timestream: aws.clone(), twinmaker: aws.clone(), rds_data: None, aws, mqtt: 0 };
    let session = Session::open(model, environment, Some(endpoints)).await;
    session.unwrap_or_else(|failure| panic!("{:#}", failure.error))
}

/// A request as a [`Proxy`] sees it.
#[derive(Debug, Clone)]
pub struct Request {
    /// For instance `POST /`.
    pub line: String,
    /// What it carries.
    pub body: String,
}

impl Request {
    /// The operation of CloudFormation that it asks for.
    pub fn action(&self) -> &str {
        let rest = self.body.strip_prefix("Action=").unwrap_or_default();
        rest.split('&').next().unwrap_or_default()
    }
}

/// A server in front of a [`Service`], which answers some requests itself and hands the others on.
pub struct Proxy {
    port: u16,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Proxy {
    /// `answer` gives the status line and the body of its own answers.
    pub fn before(
        service: &Service,
        answer: impl Fn(&Request) -> Option<(&'static str, String)> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let (port, behind) = (listener.local_addr().expect("its address").port(), service.port);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (noted, answer) = (Arc::clone(&seen), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (noted, answer) = (Arc::clone(&noted), Arc::clone(&answer));
                // A client that goes away is no fault of the proxy's.
                std::thread::spawn(move || exchange(stream, behind, &noted, answer.as_ref()).ok());
            }
        });
        Self { port, seen }
    }

    /// A session whose every service is behind this proxy.
    pub async fn session(&self) -> Session {
        session(self.port).await
    }

    /// The requests until now.
    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().expect("the list").clone()
    }
}

/// One request and its answer, after which the connection ends.
fn exchange(
    mut stream: TcpStream,
    behind: u16,
    noted: &Mutex<Vec<Request>>,
    answer: &dyn Fn(&Request) -> Option<(&'static str, String)>,
) -> std::io::Result<()> {
    let http::Received { request, head, body } = http::receive(&stream)?;
    noted.lock().expect("the list").push(request.clone());
    if let Some((status, body)) = answer(&request) {
        return http::answer(&stream, status, &body, body.len());
    }
    let mut service = TcpStream::connect(("127.0.0.1", behind))?;
    service.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())?;
    service.write_all(&body)?;
    std::io::copy(&mut service, &mut stream).map(|_| ())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}
