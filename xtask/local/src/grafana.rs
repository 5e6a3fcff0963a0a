//! Grafana on this machine, where there is one: the program, or Docker for the image of the stack.
//!
//! It gets the same files as the container on AWS, but for the address of Timestream and the authority by which it
//! knows PostgreSQL. It is a service of the local target like the others: it ends with it, and keeps its database in
//! the target's folder. A password reaches it as it reaches the container, as a variable, and is in no file.

mod login;

use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use artifacts::digest::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use stacks::environment::{Environment, Grafana, IMAGE};
use stacks::grafana::{self, File, PLUGIN, PROVISIONING, Place};
use telemetry::Model;
use tokio::time::{Instant, sleep, timeout};

pub use self::login::{Login, NoLogin};
use super::process::Process;
use super::services::RDS_DATA;
use super::state::{Folder, Location};
use super::{Endpoints, at, ready};
use crate::folder::{self, Changes};
use session::Failure;

/// Name of its log and folder.
pub(super) const NAME: &str = "grafana";
/// Where Grafana listens by default.
const USUAL_PORT: u16 = 3_000;
/// Administrator of a Grafana that only this machine reaches.
pub const PASSWORD: &str = "sluice";
/// How long it may take until it answers: the first start fetches the plugin, and makes the database.
const LIMIT: Duration = Duration::from_mins(1);
/// How long one question may take, and the pause between two.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(500);
/// Where packages install what Grafana needs beside its program.
const HOMES: [&str; 3] =
    ["/usr/share/grafana", "/usr/local/share/grafana", "/opt/homebrew/opt/grafana/share/grafana"];
/// The folder of the files in a container, and the authority that certifies PostgreSQL.
const INSIDE: &str = "/etc/sluice";
const AUTHORITY_INSIDE: &str = "/etc/sluice-authority.pem";
/// The file with that authority, in the folder of PostgreSQL.
const AUTHORITY: &str = "ca.pem";

/// A Grafana that runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Running {
    port: u16,
    runner: Runner,
    /// Hash of what it was told beside the files.
    #[serde(default)]
    told: String,
}

/// What Grafana is made from.
#[derive(Debug, Clone, Copy)]
struct Source<'a> {
    model: &'a Model,
    environment: &'a Environment,
    endpoints: &'a Endpoints,
    /// How it reaches PostgreSQL, where that is the store.
    login: Option<&'a Login>,
}

/// Where Grafana finds its files.
#[derive(Debug, Clone, Copy)]
struct Seen<'a> {
    files: &'a str,
    authority: &'a str,
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
pub fn address(location: &Location) -> Option<String> {
    let running = read(&Folder::of(location))?;
    is_alive(&running.runner).then(|| url(running.port))
}

/// Writes the files, and starts Grafana with them where this machine can. One that runs reads changed
/// dashboards by itself; for data sources, alerts and a password, which it reads when it starts, it is started again.
/// `login` is how it reaches PostgreSQL, where that is the store. `None`: there is neither the program nor Docker.
pub fn start(
    location: &Location,
    model: &Model,
    environment: &Environment,
    endpoints: &Endpoints,
    login: Option<&Login>,
) -> Result<Option<String>, Failure> {
    let folder = Folder::of(location);
    let _lock = folder.lock().map_err(|source| at(&folder, source))?;
    folder.prepare(NAME).map_err(|source| at(&folder, source))?;
    let source = Source { model, environment, endpoints, login };
    let port = ensure(&folder, location, source).map_err(|source| at(&folder, source))?;
    Ok(port.map(url))
}

/// Waits until the Grafana that was started answers. When it has ended, or is silent for too long: where it
/// says why.
pub async fn wait(location: &Location) -> Result<(), String> {
    let folder = Folder::of(location);
    let Some(Running { port, runner, .. }) = read(&folder) else { return Ok(()) };
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Ok(Some(_)) = timeout(PATIENCE, ready::get(port, "/api/health")).await {
            return Ok(());
        }
        if !is_alive(&runner) || Instant::now() > deadline {
            return Err(match runner {
                Runner::Process(_) => folder.log(NAME).display().to_string(),
                Runner::Docker(name) => format!("`docker logs {name}`"),
            });
        }
        sleep(PAUSE).await;
    }
}

impl Source<'_> {
    /// The files of a Grafana that sees them there.
    fn render(&self, seen: Seen<'_>) -> Vec<File> {
        let place = Place {
            folder: seen.files,
            endpoint: Some(&self.endpoints.timestream),
            root_certificate: Some(seen.authority),
        };
        grafana::files(self.model, self.environment, place)
    }

    /// What it is told beside them. Nobody can tell a password from it.
    fn told(&self) -> String {
        let said: Vec<_> =
            variables("", 0, self).into_iter().map(|(name, value)| name + "=" + &value).collect();
        hex(&Sha256::digest(said.join("\n")))
    }
}

/// Has Grafana run with its files.
fn ensure(folder: &Folder, location: &Location, source: Source<'_>) -> io::Result<Option<u16>> {
    let files = folder.data(NAME).join("files");
    let authority = folder.data(RDS_DATA).join(AUTHORITY);
    let (outside, authority) = (files.display().to_string(), authority.display().to_string());
    let outside = Seen { files: &outside, authority: &authority };
    let inside = Seen { files: INSIDE, authority: AUTHORITY_INSIDE };
    let told = source.told();
    let before = read(folder);
    if let Some(Running { port, runner, told: before }) = &before {
        if is_alive(runner) {
            let seen = match runner {
                Runner::Docker(_) => inside,
                Runner::Process(_) => outside,
            };
            let rendered = source.render(seen);
            let changes = Changes::of(&files, &rendered)?;
            if *before == told && !changes.paths().any(is_read_at_start) {
                changes.apply(&files)?;
                return Ok(Some(*port));
            }
        }
        // Before the files are replaced: were it interrupted between, nobody would know that it is due. And
        // a container that has ended is kept with its log until here.
        end(runner);
    }
    let means = means();
    let seen = match means {
        Some(Means::Docker) => inside,
        Some(Means::Program { .. }) | None => outside,
    };
    folder::write(&files, &source.render(seen))?;
    let Some(means) = means else { return Ok(None) };
    let port = free_port(location, before.map(|before| before.port))?;
    match means {
        Means::Program { program, home } => {
            let runner = run_program(&program, &home, folder, &files, port, source)?;
            write(folder, &Running { port, runner, told })?;
        }
        Means::Docker => {
            let name = format!("sluice-{}-grafana-{port}", source.environment.name);
            // A container does not bear the mark of what is started here, so that only the record tells of
            // it: also when this program is interrupted before Docker answers.
            write(folder, &Running { port, runner: Runner::Docker(name.clone()), told })?;
            run_docker(&name, folder, &files, port, source)?;
        }
    }
    Ok(Some(port))
}

/// Whether Grafana looks at a file when it starts, and not again.
fn is_read_at_start(path: &str) -> bool {
    Path::new(path).starts_with(PROVISIONING)
}

/// Ends the container, if there is one. A process ends with those of its target.
pub(super) fn stop(folder: &Folder) {
    if let Some(Running { runner: Runner::Docker(name), .. }) = read(folder) {
        remove(&name);
    }
}

/// Ends a Grafana, if it still runs.
fn end(runner: &Runner) {
    match runner {
        Runner::Process(process) => {
            process.stop();
        }
        Runner::Docker(name) => remove(name),
    }
}

/// Removes a container. It may be gone already.
fn remove(name: &str) {
    let _gone = Command::new("docker").args(["rm", "--force", name]).output();
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

fn write(folder: &Folder, running: &Running) -> io::Result<()> {
    std::fs::write(record(folder), serde_json::to_vec(running)?)
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

/// The data source without its version.
fn plugin_id() -> &'static str {
    PLUGIN.split_once('@').map_or(PLUGIN, |(id, _)| id)
}

/// What Grafana on this machine is told, beside what it is told everywhere.
fn variables(files: &str, port: u16, source: &Source<'_>) -> Vec<(String, String)> {
    let Source { model, environment, login, .. } = *source;
    let own = [
        ("GF_SERVER_HTTP_ADDR", "127.0.0.1".to_owned()),
        ("GF_SERVER_HTTP_PORT", port.to_string()),
        ("GF_SECURITY_ADMIN_PASSWORD", PASSWORD.to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("AWS_REGION", environment.region.clone()),
        // By itself it hands a plugin of AWS what leads to a role, but not keys.
        ("GF_PLUGINS_FORWARD_HOST_ENV_VARS", plugin_id().to_owned()),
    ];
    let everywhere = grafana::settings(files, model, environment);
    let store = login
        .into_iter()
        .flat_map(|login| grafana::login(login.host.clone(), login.port.clone(), login.password.clone()));
    everywhere.into_iter().chain(own).chain(store).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn run_program(
    program: &Path,
    home: &Path,
    folder: &Folder,
    files: &Path,
    port: u16,
    source: Source<'_>,
) -> io::Result<Runner> {
    let own = |name: &str| folder.data(NAME).join(name);
    let mut command = Command::new(program);
    command
        .arg("server")
        .arg("--homepath")
        .arg(home)
        .envs(variables(&files.display().to_string(), port, &source))
        .env("GF_PATHS_DATA", own("data"))
        .env("GF_PATHS_LOGS", own("logs"))
        .env("GF_PATHS_PLUGINS", own("plugins"));
    Process::spawn(&mut command, folder.path(), &folder.log(NAME)).map(Runner::Process)
}

fn run_docker(name: &str, folder: &Folder, files: &Path, port: u16, source: Source<'_>) -> io::Result<()> {
    // One of that name has lost its port, or the port would not be free.
    remove(name);
    let mut command = Command::new("docker");
    // On the host's network, so that it reaches the store, which is on loopback alone.
    command.args(["run", "--detach", "--network", "host", "--name", name]);
    command.arg("--volume").arg(format!("{}:{INSIDE}:ro", files.display()));
    if source.login.is_some() {
        let authority = folder.data(RDS_DATA).join(AUTHORITY);
        command.arg("--volume").arg(format!("{}:{AUTHORITY_INSIDE}:ro", authority.display()));
    }
    // By name alone: arguments can be read by everybody on this machine.
    for (key, value) in variables(INSIDE, port, &source) {
        command.arg("--env").arg(&key).env(key, value);
    }
    let image = image(source.environment);
    let output = command.arg(image).output()?;
    std::fs::write(folder.log(NAME), [&output.stdout[..], &output.stderr].concat())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(io::Error::other(format!("docker does not start {image}: {said}")))
}

/// The image that the environment's container has.
fn image(environment: &Environment) -> &str {
    match &environment.grafana {
        Grafana::Container(container) => container.image.as_str(),
        Grafana::Managed | Grafana::None => IMAGE,
    }
}

/// The port that it had before, or the usual one, when it is free and the target is not asked to take any.
fn free_port(location: &Location, before: Option<u16>) -> io::Result<u16> {
    let wanted = before.or((location.port != 0).then_some(USUAL_PORT));
    let wanted = wanted.and_then(|port| TcpListener::bind(("127.0.0.1", port)).ok());
    let listener = wanted.map_or_else(|| TcpListener::bind(("127.0.0.1", 0)), Ok)?;
    listener.local_addr().map(|address| address.port())
}

#[cfg(test)]
mod tests;
