//! Grafana on this machine, where there is one: the program, or Docker for the image of the stack.
//!
//! It gets the same files as the container on AWS, but for the address of Timestream. It is a service of
//! the local target like the others: it ends with it, and keeps its database in the target's folder.

use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stacks::environment::{Environment, Grafana, IMAGE};
use stacks::grafana::{self, File, PLUGIN, PROVISIONING, Place};
use telemetry::Model;
use tokio::time::{Instant, sleep, timeout};

use super::process::Process;
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
pub fn address(location: &Location) -> Option<String> {
    let running = read(&Folder::of(location))?;
    is_alive(&running.runner).then(|| url(running.port))
}

/// Writes the files, and starts Grafana with them where this machine can. One that runs reads changed
/// dashboards by itself; for data sources and alerts, which it reads when it starts, it is started again.
/// `None`: there is neither the program nor Docker, or the store is one that only its own roles may ask.
pub fn start(
    location: &Location,
    model: &Model,
    environment: &Environment,
    endpoints: &Endpoints,
) -> Result<Option<String>, Failure> {
    if environment.store.postgres().is_some() {
        return Ok(None);
    }
    let folder = Folder::of(location);
    let _lock = folder.lock().map_err(|source| at(&folder, source))?;
    folder.prepare(NAME).map_err(|source| at(&folder, source))?;
    let render = |inside: &str| {
        let place = Place { folder: inside, endpoint: Some(&endpoints.timestream) };
        grafana::files(model, environment, place)
    };
    let port = ensure(&folder, location, model, environment, render).map_err(|source| at(&folder, source))?;
    Ok(port.map(url))
}

/// Waits until the Grafana that was started answers. When it has ended, or is silent for too long: where it
/// says why.
pub async fn wait(location: &Location) -> Result<(), String> {
    let folder = Folder::of(location);
    let Some(Running { port, runner }) = read(&folder) else { return Ok(()) };
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

/// Has Grafana run with the files that `render` makes for the folder in which it sees them.
fn ensure(
    folder: &Folder,
    location: &Location,
    model: &Model,
    environment: &Environment,
    render: impl Fn(&str) -> Vec<File>,
) -> io::Result<Option<u16>> {
    let files = folder.data(NAME).join("files");
    let outside = files.display().to_string();
    let before = read(folder);
    if let Some(Running { port, runner }) = &before {
        if is_alive(runner) {
            let inside = match runner {
                Runner::Docker(_) => INSIDE,
                Runner::Process(_) => &outside,
            };
            let rendered = render(inside);
            let changes = Changes::of(&files, &rendered)?;
            if !changes.paths().any(is_read_at_start) {
                changes.apply(&files)?;
                return Ok(Some(*port));
            }
        }
        // Before the files are replaced: were it interrupted between, nobody would know that it is due. And
        // a container that has ended is kept with its log until here.
        end(runner);
    }
    let means = means();
    let inside = match means {
        Some(Means::Docker) => INSIDE,
        Some(Means::Program { .. }) | None => &outside,
    };
    folder::write(&files, &render(inside))?;
    let Some(means) = means else { return Ok(None) };
    let port = free_port(location, before.map(|before| before.port))?;
    match means {
        Means::Program { program, home } => {
            let runner = run_program(&program, &home, folder, &files, port, model, environment)?;
            write(folder, &Running { port, runner })?;
        }
        Means::Docker => {
            let name = format!("sluice-{}-grafana-{port}", environment.name);
            // A container does not bear the mark of what is started here, so that only the record tells of
            // it: also when this program is interrupted before Docker answers.
            write(folder, &Running { port, runner: Runner::Docker(name.clone()) })?;
            run_docker(&name, folder, &files, port, model, environment)?;
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
fn variables(files: &str, port: u16, model: &Model, environment: &Environment) -> Vec<(String, String)> {
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
    everywhere.into_iter().chain(own).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn run_program(
    program: &Path,
    home: &Path,
    folder: &Folder,
    files: &Path,
    port: u16,
    model: &Model,
    environment: &Environment,
) -> io::Result<Runner> {
    let own = |name: &str| folder.data(NAME).join(name);
    let mut command = Command::new(program);
    command
        .arg("server")
        .arg("--homepath")
        .arg(home)
        .envs(variables(&files.display().to_string(), port, model, environment))
        .env("GF_PATHS_DATA", own("data"))
        .env("GF_PATHS_LOGS", own("logs"))
        .env("GF_PATHS_PLUGINS", own("plugins"));
    Process::spawn(&mut command, folder.path(), &folder.log(NAME)).map(Runner::Process)
}

fn run_docker(
    name: &str,
    folder: &Folder,
    files: &Path,
    port: u16,
    model: &Model,
    environment: &Environment,
) -> io::Result<()> {
    // One of that name has lost its port, or the port would not be free.
    remove(name);
    let mut command = Command::new("docker");
    // On the host's network, so that it reaches the Timestream endpoint, which is on loopback alone.
    command.args(["run", "--detach", "--network", "host", "--name", name]);
    command.arg("--volume").arg(format!("{}:{INSIDE}:ro", files.display()));
    for (key, value) in variables(INSIDE, port, model, environment) {
        command.arg("--env").arg(format!("{key}={value}"));
    }
    let image = image(environment);
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
mod tests {
    use super::*;

    #[test]
    fn the_data_source_gets_the_credentials() {
        let text = include_str!("../../../environments/local.toml");
        let environment = stacks::environment::parse("local", "local.toml", text, &[]).expect("valid");
        let text = include_str!("../../../telemetry.toml");
        let model = stacks::model::parse("telemetry.toml", text).expect("valid");
        let variables = variables("/files", 3_001, &model, &environment);
        let value =
            |name: &str| variables.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        assert_eq!(value("GF_PLUGINS_FORWARD_HOST_ENV_VARS"), Some("grafana-timestream-datasource"));
        assert_eq!(value("AWS_ACCESS_KEY_ID"), Some("test"));
        assert_eq!(value("GF_PATHS_PROVISIONING"), Some("/files/provisioning"));
    }

    #[test]
    fn dashboards_are_read_again_and_the_rest_at_start() {
        for (path, at_start) in [
            ("dashboards/fleet.json", false),
            ("dashboards/shelly/fleet.json", false),
            ("provisioning/alerting/rules.yaml", true),
        ] {
            assert!(grafana::is_path(path), "{path}");
            assert_eq!(is_read_at_start(path), at_start, "{path}");
        }
    }
}
