//! A service as the real process on a free port, for tests that talk to it as clients do.
//!
//! It ends with the value that stands for it, so that no test leaves one behind. What goes wrong is a panic.

use std::collections::BTreeMap;
use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::Mutex,
};

use serde_json::Value;

/// A running service.
#[derive(Debug)]
pub struct Process {
    child: Child,
    address: String,
}

/// The command that starts a program on a free port with its state in a folder.
pub fn command(program: impl AsRef<Path>, state: &Path) -> Command {
    let mut command = Command::new(program.as_ref());
    command.args(["--port", "0", "--state"]).arg(state);
    command
}

/// The program `name` of this workspace, for tests of another package, built as the sources are now: the unoptimized
/// one, which the local target has.
pub fn program(name: &str) -> PathBuf {
    static PROGRAMS: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut programs = PROGRAMS.lock().expect("no build panicked");
    if let Some(program) = programs.get(name) {
        return program.clone();
    }
    // A test is in `<target>/<profile>/deps`.
    let test = env::current_exe().expect("the test is a program");
    let profile = test.ancestors().nth(2).expect("the folder of a profile");
    let target = profile.parent().expect("the target folder");
    // A test runs in the folder of its package, whichever checkout this crate was compiled in.
    let mut build = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.args(["build", "--workspace", "--bin", name, "--target-dir"]).arg(target);
    assert!(build.status().expect("cargo runs").success(), "{name} is built");
    let program = target.join("debug").join(format!("{name}{}", env::consts::EXE_SUFFIX));
    programs.insert(name.to_owned(), program.clone());
    program
}

impl Process {
    /// Starts a process, and waits until it listens.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the process starts");
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
