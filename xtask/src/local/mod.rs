//! The local target: the emulator and the local services, as processes of this machine.
//!
//! [`start`] and [`stop`] hold the folder's lock, so any number of commands may call them at once, and
//! either may be killed at any moment: what runs is written down process by process, and what was
//! started before it could be written down carries a mark by which the next call finds it.
//!
//! The emulator keeps nothing on disk. When it has ended, everything that was deployed to it is gone,
//! so the target starts empty then; a Timestream endpoint that has ended alone comes back with its data.

mod emulator;
pub mod grafana;
mod ports;
mod process;
pub mod python;
mod ready;
mod state;
#[cfg(test)]
mod tests;
mod timestream;
pub mod venv;

use std::path::{Path, PathBuf};

use serde::Serialize;

pub use self::ports::{PortError, Ports};
use self::process::Process;
use self::ready::NotReady;
use self::state::{Folder, Lock, Record};
use self::venv::Venv;
use crate::cli::Global;
use crate::failure::{Exit, Explain, Failure};
use crate::project::Project;
use crate::report::Report;

/// Where the services of the local target listen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Endpoints {
    /// The emulator: every AWS API but Timestream's, for instance `http://127.0.0.1:4566`.
    pub aws: String,
    /// Timestream's write and query APIs.
    pub timestream: String,
    /// Port of the MQTT broker, TLS.
    pub mqtt: u16,
}

impl From<Ports> for Endpoints {
    fn from(ports: Ports) -> Self {
        Self {
            aws: format!("http://127.0.0.1:{}", ports.aws),
            timestream: format!("http://127.0.0.1:{}", ports.timestream),
            mqtt: ports.mqtt,
        }
    }
}

/// A process that [`stop`] ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stopped {
    /// What it was.
    pub name: &'static str,
    /// Its process id.
    pub pid: u32,
}

/// Why the local target does not start or stop.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// It runs, but elsewhere than the command line says.
    #[error("the local target in {folder} runs on port {actual} already, not on {asked}")]
    OtherPort {
        /// Its folder.
        folder: PathBuf,
        /// Where it runs.
        actual: u16,
        /// What `--local-port` says.
        asked: u16,
    },
    /// A file or folder of it cannot be used.
    #[error("cannot keep the local target's state in {folder}")]
    Folder {
        /// Its folder.
        folder: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A service does not start.
    #[error("cannot start {service}")]
    Spawn {
        /// The service.
        service: &'static str,
        /// The cause.
        source: std::io::Error,
    },
    /// The emulator answers, but its MQTT broker does not listen.
    #[error("the MQTT broker of the emulator does not listen on port {port}; its log is {log}")]
    NoBroker {
        /// The port.
        port: u16,
        /// The emulator's log.
        log: PathBuf,
    },
    /// Processes that cannot be ended.
    #[error("processes of the local target do not end: {}", .0.iter().map(u32::to_string).collect::<Vec<_>>().join(", "))]
    Immortal(Vec<u32>),
}

impl Explain for LocalError {
    fn exit(&self) -> Exit {
        match self {
            Self::OtherPort { .. } | Self::Folder { .. } => Exit::Configuration,
            _ => Exit::Unexpected,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::OtherPort { .. } => Some(
                "leave `--local-port` out to use it, remove it with `cargo xtask destroy`, or give a second \
                 target its own folder with `--local-dir`"
                    .to_owned(),
            ),
            Self::NoBroker { .. } => Some("another `--local-port` moves it too".to_owned()),
            Self::Folder { .. } => Some("`--local-dir` names another folder".to_owned()),
            Self::Spawn { .. } | Self::Immortal(_) => None,
        }
    }
}

/// The endpoints of the local target, when it runs. Takes a look at two processes, and asks neither.
pub fn running(project: &Project, global: &Global) -> Option<Endpoints> {
    let record = Folder::of(project, global).record()?;
    let alive = record.emulator.is_alive() && record.timestream.is_some_and(Process::is_alive);
    alive.then(|| record.ports.into())
}

/// The processes of the local target that run, by name.
pub fn processes(project: &Project, global: &Global) -> Vec<(&'static str, u32)> {
    let Some(record) = Folder::of(project, global).record() else { return Vec::new() };
    [(emulator::NAME, Some(record.emulator)), (timestream::NAME, record.timestream)]
        .into_iter()
        .filter_map(|(name, process)| {
            process.filter(|process| process.is_alive()).map(|process| (name, process.pid))
        })
        .collect()
}

/// The ports that a start would take, when nothing else has them.
pub fn free_ports(global: &Global) -> Result<Ports, PortError> {
    let ports = Ports::choose(global.local_port)?;
    require_free(ports).map(|()| ports)
}

fn require_free(ports: Ports) -> Result<(), PortError> {
    ports::require_free(ports.aws, emulator::TITLE)?;
    ports::require_free(ports.timestream, timestream::TITLE)?;
    ports::require_free(ports.mqtt, "the MQTT broker")
}

/// Starts what does not run yet, and waits until it answers.
pub async fn start(project: &Project, global: &Global, report: &Report) -> Result<Endpoints, Failure> {
    let folder = Folder::of(project, global);
    let lock = folder.lock().map_err(|source| at(&folder, source))?;
    let record = folder.record();
    let Some(record) = record.filter(|record| record.emulator.is_alive()) else {
        if record.is_some() {
            report.warn(
                "the emulator had ended, and with it what was deployed to it: the local target starts empty",
            );
        }
        return start_anew(project, global, report, &folder, &lock).await;
    };
    if ![0, ports::ENDPOINT, record.ports.aws].contains(&global.local_port) {
        let (folder, actual) = (folder.path().to_path_buf(), record.ports.aws);
        return Err(LocalError::OtherPort { folder, actual, asked: global.local_port }.into());
    }
    if record.timestream.is_some_and(Process::is_alive) {
        return Ok(record.ports.into());
    }
    report.note("The Timestream endpoint had ended and is started again with its data.");
    let program = timestream::build(project, report).await?;
    ports::require_free(record.ports.timestream, timestream::TITLE)?;
    let process = start_timestream(&program, &folder, record.ports).await?;
    let record = Record { timestream: Some(process), ..record };
    folder.write(&record, &lock).map_err(|source| at(&folder, source))?;
    Ok(record.ports.into())
}

/// Stops every process of the local target and forgets what its services kept; logs stay. Returns what
/// it stopped, which is nothing when nothing ran.
#[expect(clippy::unused_async, reason = "a command awaits what starts and what stops alike")]
pub async fn stop(project: &Project, global: &Global, report: &Report) -> Result<Vec<Stopped>, Failure> {
    let folder = Folder::of(project, global);
    if !folder.path().exists() {
        return Ok(Vec::new());
    }
    let lock = folder.lock().map_err(|source| at(&folder, source))?;
    let step = report.step("Stopping the local target");
    let stopped = halt(&folder, &lock)?;
    step.done(match stopped.len() {
        0 => "nothing was running".to_owned(),
        _ => stopped.iter().map(|one| format!("{} ({})", one.name, one.pid)).collect::<Vec<_>>().join(", "),
    });
    Ok(stopped)
}

async fn start_anew(
    project: &Project,
    global: &Global,
    report: &Report,
    folder: &Folder,
    lock: &Lock,
) -> Result<Endpoints, Failure> {
    let (_, environment) = project.load(global)?;
    // What is left of a target that ended badly would hold the ports.
    halt(folder, lock)?;
    let mut ports = free_ports(global)?;
    let venv = async { Venv::ensure(project, report).await.map_err(Failure::from) };
    let program = async { timestream::build(project, report).await.map_err(Failure::from) };
    let (venv, program) = futures::try_join!(venv, program)?;

    let step = report.step("Starting the local target");
    let mut attempts = 3;
    while let Err(failure) = launch(&venv, &program, folder, lock, ports, &environment.region).await {
        // The first failure is the one to tell.
        let _stopped = halt(folder, lock);
        attempts -= 1;
        let lost = global.local_port == 0 && require_free(ports).is_err();
        if attempts == 0 || !lost {
            return Err(failure);
        }
        // Between the choice of a free port and its use, another process may take it.
        ports = free_ports(global)?;
    }
    let endpoints = Endpoints::from(ports);
    step.done(format_args!("{} (MQTT {})", endpoints.aws, ports.mqtt));
    Ok(endpoints)
}

/// Starts both services, each written down as soon as it runs.
async fn launch(
    venv: &Venv,
    program: &Path,
    folder: &Folder,
    lock: &Lock,
    ports: Ports,
    region: &str,
) -> Result<(), Failure> {
    let emulator = start_emulator(venv, folder, ports, region)?;
    let record = Record { ports, emulator, timestream: None };
    folder.write(&record, lock).map_err(|source| at(folder, source))?;
    let process = start_timestream(program, folder, ports).await?;
    let record = Record { timestream: Some(process), ..record };
    folder.write(&record, lock).map_err(|source| at(folder, source))?;
    emulator_answers(emulator, folder, ports).await
}

fn start_emulator(venv: &Venv, folder: &Folder, ports: Ports, region: &str) -> Result<Process, Failure> {
    folder.prepare(emulator::NAME).map_err(|source| at(folder, source))?;
    let mut command = emulator::command(venv, folder, ports, region).map_err(|source| at(folder, source))?;
    Process::spawn(&mut command, folder.path(), &folder.log(emulator::NAME))
        .map_err(|source| LocalError::Spawn { service: emulator::TITLE, source }.into())
}

async fn emulator_answers(process: Process, folder: &Folder, ports: Ports) -> Result<(), Failure> {
    let log = folder.log(emulator::NAME);
    let body = ready::answer(emulator::TITLE, process, ports.aws, emulator::HEALTH, &log).await?;
    if body.contains(emulator::MQTT_LISTENS) {
        return Ok(());
    }
    Err(LocalError::NoBroker { port: ports.mqtt, log }.into())
}

async fn start_timestream(program: &Path, folder: &Folder, ports: Ports) -> Result<Process, Failure> {
    folder.prepare(timestream::NAME).map_err(|source| at(folder, source))?;
    let log = folder.log(timestream::NAME);
    let process = Process::spawn(&mut timestream::command(program, folder, ports), folder.path(), &log)
        .map_err(|source| LocalError::Spawn { service: timestream::TITLE, source })?;
    let answered =
        ready::answer(timestream::TITLE, process, ports.timestream, timestream::HEALTH, &log).await;
    if let Err(error) = answered {
        process.stop();
        return Err(NotReady::into(error));
    }
    Ok(process)
}

/// Ends whatever runs for this folder, recorded or not, and removes what it kept.
fn halt(folder: &Folder, lock: &Lock) -> Result<Vec<Stopped>, LocalError> {
    let mut stopped = Vec::new();
    if let Some(record) = folder.record() {
        let named = [(emulator::NAME, Some(record.emulator)), (timestream::NAME, record.timestream)];
        for (name, process) in named {
            stopped.extend(
                process.filter(|process| process.stop()).map(|Process { pid, .. }| Stopped { name, pid }),
            );
        }
    }
    grafana::stop(folder);
    let immortal = process::sweep(folder.path());
    if !immortal.is_empty() {
        return Err(LocalError::Immortal(immortal));
    }
    for service in [emulator::NAME, timestream::NAME, grafana::NAME] {
        folder.clear(service).map_err(|source| at(folder, source))?;
    }
    folder.forget(lock).map_err(|source| at(folder, source))?;
    Ok(stopped)
}

fn at(folder: &Folder, source: std::io::Error) -> LocalError {
    LocalError::Folder { folder: folder.path().to_path_buf(), source }
}
