//! Waiting until a service answers, or saying what it wrote before it ended.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::process::Process;
use session::Explain;

/// How long a service may take. The first start of the emulator on a slow, busy machine takes some seconds.
const LIMIT: Duration = Duration::from_mins(1);

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Lines of a log that are worth showing.
const TAIL: usize = 12;

/// A service that does not come up.
#[derive(Debug, thiserror::Error)]
#[error("{service} {end}; the end of {}:\n{tail}", log.display())]
pub struct NotReady {
    service: &'static str,
    end: End,
    log: PathBuf,
    tail: String,
}

#[derive(Debug)]
enum End {
    Exited,
    Silent,
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exited => f.write_str("ended before it answered"),
            Self::Silent => write!(f, "did not answer within {} s", LIMIT.as_secs()),
        }
    }
}

impl Explain for NotReady {}

/// Waits until `GET path` answers 200; returns the body.
pub async fn answer(
    service: &'static str,
    process: Process,
    port: u16,
    path: &str,
    log: &Path,
) -> Result<String, NotReady> {
    let not_ready = |end| NotReady { service, end, log: log.to_path_buf(), tail: tail(log) };
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Ok(Some(body)) = timeout(PATIENCE, get(port, path)).await {
            return Ok(body);
        }
        if !process.is_alive() {
            return Err(not_ready(End::Exited));
        }
        if Instant::now() > deadline {
            return Err(not_ready(End::Silent));
        }
        sleep(Duration::from_millis(25)).await;
    }
}

/// The body of a 200; `None` for any other answer and for none. One question to a service of this
/// machine needs no HTTP client.
pub(super) async fn get(port: u16, path: &str) -> Option<String> {
    ask(port, &format!("GET {path}"), &[], "").await
}

/// The same of any request, by its method and path, its own headers, and its body.
pub(super) async fn ask(port: u16, what: &str, headers: &[(&str, &str)], body: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let length = body.len();
    let mut request = format!(
        "{what} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nContent-Length: {length}\r\n"
    );
    for (name, value) in headers {
        request.extend([name, ": ", value, "\r\n"]);
    }
    request.extend(["\r\n", body]);
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n")?;
    (head.split(' ').nth(1)? == "200").then(|| body.to_owned())
}

fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return "  (it is empty)".to_owned();
    }
    lines[lines.len().saturating_sub(TAIL)..]
        .iter()
        .map(|line| format!("  {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[tokio::test]
    async fn a_service_that_ends_is_reported_with_the_end_of_its_log() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log = folder.path().join("service.log");
        let script = "for i in $(seq 1 40); do echo line $i; done; echo no disk >&2; sleep 0.2";
        let process =
            Process::spawn(Command::new("sh").args(["-c", script]), folder.path(), &log).expect("spawn");
        let error = answer("the service", process, 1, "/health", &log).await.expect_err("it ended");
        let text = error.to_string();
        assert!(text.starts_with("the service ended before it answered; the end of "), "{text}");
        assert!(text.ends_with("\n  line 40\n  no disk"), "{text}");
        assert!(!text.contains("line 20\n"), "{text}");
    }
}
