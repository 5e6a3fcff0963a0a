//! The real process on a free port, for tests that talk to it as clients do.
//!
//! It ends with the value that stands for it, so that no test leaves one behind.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
};

use serde_json::Value;

/// A running endpoint.
pub struct Process {
    child: Child,
    address: String,
}

impl Process {
    /// Starts the process on the state in `state`, with Lambda at `lambda`, and waits until it listens.
    pub fn start(state: &Path, lambda: &str) -> Self {
        let mut child = command(state, lambda).stdout(Stdio::piped()).spawn().expect("the process starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output");
        BufReader::new(stdout).read_line(&mut line).expect("a line of output");
        let address = line.trim().strip_prefix("listening on http://").expect("its address").to_owned();
        Self { child, address }
    }

    /// Where it listens, for instance `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it as `kill -9` does: without any warning.
    pub fn kill(mut self) {
        self.child.kill().expect("the process can be killed");
        self.child.wait().expect("the process ends");
    }

    /// Asks it to end, with SIGTERM.
    pub fn terminate(mut self) -> ExitStatus {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().expect("kill runs");
        assert!(sent.success(), "SIGTERM is sent");
        self.child.wait().expect("the process ends")
    }

    /// Sends a request as it stands, and returns the status and the body as JSON.
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).expect("the process listens");
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n",
            self.address,
            body.len()
        );
        for (name, value) in headers {
            request.extend([name, ": ", value, "\r\n"]);
        }
        write!(stream, "{request}\r\n{body}").expect("the request is sent");
        let mut response = String::new();
        stream.read_to_string(&mut response).expect("a response");
        let (head, body) = response.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, if body.is_empty() { Value::Null } else { serde_json::from_str(body).expect("JSON") })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command that starts the process on a free port.
pub fn command(state: &Path, lambda: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local-twinmaker"));
    command.args(["--port", "0", "--state"]).arg(state).args(["--lambda-endpoint", lambda]);
    command
}
