//! Grafana on this machine, where there is one: the program, or Docker for the image of the stack.
//!
//! It gets the same files as the container on AWS, but for the address of Timestream. It is a service of
//! the local target like the others: it ends with it, and keeps its database in the target's folder.

use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};
use stacks::environment::Environment;
use stacks::grafana::{self, IMAGE, Place};
use telemetry::Model;

use super::process::Process;
use super::state::Folder;
use super::{Endpoints, at};
use crate::cli::Global;
use crate::failure::Failure;
use crate::grafana::folder;
use crate::project::Project;

/// Name of its log and folder.
pub(super) const NAME: &str = "grafana";
/// Where Grafana listens by default.
const USUAL_PORT: u16 = 3_000;
/// Administrator of a Grafana that only this machine reaches.
pub const PASSWORD: &str = "sluice";
/// Where packages install what Grafana needs beside its program.
const HOMES: [&str; 3] =
    ["/usr/share/grafana", "/usr/local/share/grafana", "/opt/homebrew/opt/grafana/share/grafana"];
/// The folder of the files in a container.
const INSIDE: &str = "/etc/sluice";

/// A Grafana that runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Running {
    port: u16,
    runner: Runner,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Runner {
    Process(Process),
    /// Name of a container.
    Docker(String),
}

/// What of this machine can run Grafana.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Means {
    Program { program: PathBuf, home: PathBuf },
    Docker,
}

/// Where Grafana is on this machine, when it runs.
pub fn address(project: &Project, global: &Global) -> Option<String> {
    let running = read(&Folder::of(project, global))?;
    is_alive(&running.runner).then(|| url(running.port))
}

/// Writes the files, and starts Grafana with them where this machine can; one that runs reads changed
/// files by itself. `None`: there is neither the program nor Docker.
pub fn start(
    project: &Project,
    global: &Global,
    model: &Model,
    environment: &Environment,
    endpoints: &Endpoints,
) -> Result<Option<String>, Failure> {
    let folder = Folder::of(project, global);
    let _lock = folder.lock().map_err(|source| at(&folder, source))?;
    folder.prepare(NAME).map_err(|source| at(&folder, source))?;
    let files = folder.data(NAME).join("files");
    let means = means();
    let inside = match means {
        Some(Means::Docker) => INSIDE.to_owned(),
        Some(Means::Program { .. }) | None => files.display().to_string(),
    };
    let place = Place { folder: &inside, endpoint: Some(&endpoints.timestream) };
    folder::write(&files, &grafana::files(model, environment, place))
        .map_err(|source| at(&folder, source))?;
    if let Some(running) = read(&folder).filter(|running| is_alive(&running.runner)) {
        return Ok(Some(url(running.port)));
    }
    let Some(means) = means else { return Ok(None) };
    let port = free_port(global).map_err(|source| at(&folder, source))?;
    let runner = match means {
        Means::Program { program, home } => run_program(&program, &home, &folder, &files, port, environment),
        Means::Docker => run_docker(&folder, &files, port, environment),
    };
    let running = Running { port, runner: runner.map_err(|source| at(&folder, source))? };
    let text = serde_json::to_vec(&running).map_err(io::Error::other);
    text.and_then(|text| std::fs::write(record(&folder), text)).map_err(|source| at(&folder, source))?;
    Ok(Some(url(port)))
}

/// Ends the container, if there is one. A process ends with those of its target.
pub(super) fn stop(folder: &Folder) {
    if let Some(Running { runner: Runner::Docker(name), .. }) = read(folder) {
        // It may be gone already.
        let _gone = Command::new("docker").args(["rm", "--force", &name]).output();
    }
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}/")
}

fn record(folder: &Folder) -> PathBuf {
    folder.data(NAME).join("running.json")
}

fn read(folder: &Folder) -> Option<Running> {
    serde_json::from_slice(&std::fs::read(record(folder)).ok()?).ok()
}

fn is_alive(runner: &Runner) -> bool {
    match runner {
        Runner::Process(process) => process.is_alive(),
        Runner::Docker(name) => {
            let asked = ["inspect", "--format", "{{.State.Running}}", name.as_str()];
            Command::new("docker").args(asked).output().is_ok_and(|output| output.stdout.starts_with(b"true"))
        }
    }
}

/// The program is preferred: it needs no download.
fn means() -> Option<Means> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let program =
        std::env::split_paths(&paths).map(|folder| folder.join("grafana")).find(|path| path.is_file());
    let home = HOMES.into_iter().map(PathBuf::from).find(|home| home.join("conf").is_dir());
    if let (Some(program), Some(home)) = (program, home) {
        return Some(Means::Program { program, home });
    }
    // The client alone is not enough.
    let server = Command::new("docker").args(["info", "--format", "{{.ServerVersion}}"]).output();
    server.is_ok_and(|output| output.status.success()).then_some(Means::Docker)
}

/// What Grafana on this machine is told, beside what it is told everywhere.
fn variables(files: &str, port: u16, environment: &Environment) -> Vec<(String, String)> {
    let own = [
        ("GF_SERVER_HTTP_ADDR", "127.0.0.1".to_owned()),
        ("GF_SERVER_HTTP_PORT", port.to_string()),
        ("GF_SECURITY_ADMIN_PASSWORD", PASSWORD.to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("AWS_REGION", environment.region.clone()),
    ];
    let everywhere = grafana::settings(files);
    everywhere.into_iter().chain(own).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn run_program(
    program: &Path,
    home: &Path,
    folder: &Folder,
    files: &Path,
    port: u16,
    environment: &Environment,
) -> io::Result<Runner> {
    let own = |name: &str| folder.data(NAME).join(name);
    let mut command = Command::new(program);
    command
        .arg("server")
        .arg("--homepath")
        .arg(home)
        .envs(variables(&files.display().to_string(), port, environment))
        .env("GF_PATHS_DATA", own("data"))
        .env("GF_PATHS_LOGS", own("logs"))
        .env("GF_PATHS_PLUGINS", own("plugins"));
    Process::spawn(&mut command, folder.path(), &folder.log(NAME)).map(Runner::Process)
}

fn run_docker(folder: &Folder, files: &Path, port: u16, environment: &Environment) -> io::Result<Runner> {
    let name = format!("sluice-{}-grafana-{port}", environment.name);
    let mut command = Command::new("docker");
    // On the host's network, so that it reaches the Timestream endpoint, which is on loopback alone.
    command.args(["run", "--detach", "--rm", "--network", "host", "--name", &name]);
    command.arg("--volume").arg(format!("{}:{INSIDE}:ro", files.display()));
    for (key, value) in variables(INSIDE, port, environment) {
        command.arg("--env").arg(format!("{key}={value}"));
    }
    let output = command.arg(IMAGE).output()?;
    std::fs::write(folder.log(NAME), [&output.stdout[..], &output.stderr].concat())?;
    if output.status.success() {
        return Ok(Runner::Docker(name));
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(io::Error::other(format!("docker does not start {IMAGE}: {said}")))
}

/// The usual port when it is free, unless the target is asked to take any.
fn free_port(global: &Global) -> io::Result<u16> {
    let usual = (global.local_port != 0).then(|| TcpListener::bind(("127.0.0.1", USUAL_PORT)).ok()).flatten();
    let listener = usual.map_or_else(|| TcpListener::bind(("127.0.0.1", 0)), Ok)?;
    listener.local_addr().map(|address| address.port())
}
