//! The local target: the emulator and the local services, as processes of this machine.
//!
//! [`start`] and [`stop`] hold the folder's lock, so any number of commands may call them at once, and
//! either may be killed at any moment: what runs is written down process by process, and what was
//! started before it could be written down carries a mark by which the next call finds it.
//!
//! The emulator keeps nothing on disk. When it has ended, everything that was deployed to it is gone,
//! so the target starts empty then; any other service that has ended alone comes back with its data.

mod broker;
mod emulator;
pub mod flink;
pub mod folder;
pub mod grafana;
mod job;
mod ports;
mod process;
mod ready;
mod services;
mod state;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use futures::future::try_join_all;
use serde::Serialize;

pub use self::broker::{Broker, Message, NAME as BROKER, authority};
pub use self::ports::{PortError, Ports};
use self::process::Process;
use self::services::{Needed, SERVICES, Service, Setting};
pub use self::state::Location;
use self::state::{Folder, Lock, Record};
use session::{Endpoints, Exit, Explain, Failure, Observer, Project};
use stacks::environment::Environment;

/// How often to look whether the port of a service that has ended is free, and how long to wait in between.
const PORT_LOOKS: u32 = 50;
const PORT_PAUSE: Duration = Duration::from_millis(200);

fn endpoints(record: &Record) -> Endpoints {
    let ports = record.ports;
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    Endpoints {
        aws: url(ports.aws),
        timestream: url(ports.timestream),
        twinmaker: url(ports.twinmaker),
        rds_data: record.processes.contains_key(services::RDS_DATA).then(|| url(ports.rds_data)),
        mqtt: ports.mqtt,
    }
}

/// A process that [`stop`] ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stopped {
    /// What it was.
    pub name: String,
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

/// The endpoints of the local target, when it runs. Takes a look at its processes, and asks none.
pub fn running(location: &Location) -> Option<Endpoints> {
    let record = Folder::of(location).record()?;
    let mut services = SERVICES.iter().filter(|service| record.has(service));
    services.all(|service| record.runs(service.name)).then(|| endpoints(&record))
}

/// The processes of the local target that run, by name.
pub fn processes(location: &Location) -> Vec<(String, u32)> {
    let folder = Folder::of(location);
    let services = folder.record().into_iter().flat_map(|record| record.processes);
    let job = flink::process(&folder).map(|process| (flink::NAME.to_owned(), process));
    let alive = services.chain(job).filter(|(_, process)| process.is_alive());
    alive.map(|(name, process)| (name, process.pid)).collect()
}

/// The ports that a start would take for what every environment needs, when nothing else has them.
pub fn free_ports(location: &Location) -> Result<Ports, PortError> {
    let always: Vec<&Service> = SERVICES.iter().filter(|service| service.needed == Needed::Always).collect();
    free_ports_for(location, &always)
}

fn free_ports_for(location: &Location, services: &[&Service]) -> Result<Ports, PortError> {
    let ports = Ports::choose(location.port)?;
    require_free(ports, services).map(|()| ports)
}

fn require_free(ports: Ports, services: &[&Service]) -> Result<(), PortError> {
    for service in services {
        ports::require_free((service.port)(ports), service.title)?;
    }
    ports::require_free(ports.mqtt, "the MQTT broker")
}

/// Waits until a port that one of the services had is free again: while nobody listens on it, the system
/// may lend it to a connection of anybody's, which mostly ends soon.
async fn free_again(port: u16, service: &'static str) -> Result<(), PortError> {
    for _ in 0..PORT_LOOKS {
        if ports::require_free(port, service).is_ok() {
            return Ok(());
        }
        tokio::time::sleep(PORT_PAUSE).await;
    }
    ports::require_free(port, service)
}

/// Starts what this environment needs and does not run yet, and waits until it answers.
pub async fn start(
    project: &Project,
    location: &Location,
    environment: &Environment,
    observer: &dyn Observer,
) -> Result<Endpoints, Failure> {
    let folder = Folder::of(location);
    let lock = folder.lock().map_err(|source| at(&folder, source))?;
    let record = folder.record();
    let Some(mut record) = record.clone().filter(|record| record.runs(emulator::NAME)) else {
        if record.is_some() {
            observer.warn(
                "the emulator had ended, and with it what was deployed to it: the local target starts empty",
            );
        }
        return start_from_nothing(project, location, environment, observer, &folder, &lock).await;
    };
    let ports = record.ports;
    if ![0, ports::ENDPOINT, ports.aws].contains(&location.port) {
        let (folder, actual) = (folder.path().to_path_buf(), ports.aws);
        return Err(LocalError::OtherPort { folder, actual, asked: location.port }.into());
    }
    let wanted = SERVICES.iter().filter(|service| service.is_needed(environment) || record.has(service));
    let missing: Vec<&Service> = wanted.filter(|service| !record.runs(service.name)).collect();
    if missing.is_empty() {
        return Ok(endpoints(&record));
    }
    for service in &missing {
        if record.processes.contains_key(service.name) {
            observer.note(format_args!("{} had ended: it is started again with its data", service.title));
        }
        free_again((service.port)(ports), service.title).await?;
    }
    let region = &environment.region;
    let setting = Setting::prepare(project, observer, &folder, ports, region, &missing).await?;
    if let Err(failure) = launch(&setting, &lock, &mut record, &missing).await {
        for process in missing.iter().filter_map(|service| record.processes.get(service.name)) {
            process.stop();
        }
        return Err(failure);
    }
    Ok(endpoints(&record))
}

/// Stops every process of the local target and forgets what its services kept; logs stay. Returns what
/// it stopped, which is nothing when nothing ran.
#[expect(clippy::unused_async, reason = "a command awaits what starts and what stops alike")]
pub async fn stop(location: &Location, observer: &dyn Observer) -> Result<Vec<Stopped>, Failure> {
    let folder = Folder::of(location);
    if !folder.path().exists() {
        return Ok(Vec::new());
    }
    let lock = folder.lock().map_err(|source| at(&folder, source))?;
    let step = observer.step("Stopping the local target");
    let stopped = halt(&folder, &lock)?;
    step.done(match stopped.len() {
        0 => "nothing was running".to_owned(),
        _ => stopped.iter().map(|one| format!("{} ({})", one.name, one.pid)).collect::<Vec<_>>().join(", "),
    });
    Ok(stopped)
}

async fn start_from_nothing(
    project: &Project,
    location: &Location,
    environment: &Environment,
    observer: &dyn Observer,
    folder: &Folder,
    lock: &Lock,
) -> Result<Endpoints, Failure> {
    // What is left of a target that ended badly would hold the ports.
    halt(folder, lock)?;
    let services: Vec<&Service> = SERVICES.iter().filter(|service| service.is_needed(environment)).collect();
    let ports = free_ports_for(location, &services)?;
    let region = &environment.region;
    let mut setting = Setting::prepare(project, observer, folder, ports, region, &services).await?;

    let step = observer.step("Starting the local target");
    let mut attempts = 3;
    let endpoints = loop {
        let mut record = Record { ports: setting.ports, processes: BTreeMap::new() };
        let Err(failure) = launch(&setting, lock, &mut record, &services).await else {
            break endpoints(&record);
        };
        // The first failure is the one to tell.
        let _stopped = halt(folder, lock);
        attempts -= 1;
        let lost = location.port == 0 && require_free(setting.ports, &services).is_err();
        if attempts == 0 || !lost {
            return Err(failure);
        }
        // Between the choice of a free port and its use, another process may take it.
        setting.ports = free_ports_for(location, &services)?;
    };
    step.done(format_args!("{} (MQTT {})", endpoints.aws, endpoints.mqtt));
    Ok(endpoints)
}

/// Starts services, each written down as soon as it runs, and waits until all of them answer.
async fn launch(
    setting: &Setting<'_>,
    lock: &Lock,
    record: &mut Record,
    services: &[&Service],
) -> Result<(), Failure> {
    let folder = setting.folder;
    let mut started = Vec::new();
    for service in services {
        folder.prepare(service.name).map_err(|source| at(folder, source))?;
        let mut command = (service.command)(setting).map_err(|source| at(folder, source))?;
        let process = Process::spawn(&mut command, folder.path(), &folder.log(service.name))
            .map_err(|source| LocalError::Spawn { service: service.title, source })?;
        record.processes.insert(service.name.to_owned(), process);
        folder.write(record, lock).map_err(|source| at(folder, source))?;
        started.push((*service, process));
    }
    try_join_all(started.into_iter().map(|(service, process)| answers(service, process, setting))).await?;
    Ok(())
}

async fn answers(service: &Service, process: Process, setting: &Setting<'_>) -> Result<(), Failure> {
    let log = setting.folder.log(service.name);
    let port = (service.port)(setting.ports);
    let body = ready::answer(service.title, process, port, service.health, &log).await?;
    if service.name == emulator::NAME && !body.contains(emulator::MQTT_LISTENS) {
        return Err(LocalError::NoBroker { port: setting.ports.mqtt, log }.into());
    }
    Ok(())
}

/// Ends whatever runs for this folder, recorded or not, and removes what it kept.
fn halt(folder: &Folder, lock: &Lock) -> Result<Vec<Stopped>, LocalError> {
    let mut stopped: Vec<Stopped> = flink::halt(folder).into_iter().collect();
    let processes = folder.record().map(|record| record.processes).unwrap_or_default();
    let names = processes.keys().map(String::as_str).chain(SERVICES.iter().map(|service| service.name));
    let kept: BTreeSet<String> = names.chain([flink::NAME, grafana::NAME]).map(str::to_owned).collect();
    for (name, process) in processes {
        if process.stop() {
            stopped.push(Stopped { name, pid: process.pid });
        }
    }
    grafana::stop(folder);
    let immortal = process::sweep(folder.path());
    if !immortal.is_empty() {
        return Err(LocalError::Immortal(immortal));
    }
    for name in kept {
        folder.clear(&name).map_err(|source| at(folder, source))?;
    }
    folder.forget(lock).map_err(|source| at(folder, source))?;
    Ok(stopped)
}

fn at(folder: &Folder, source: std::io::Error) -> LocalError {
    LocalError::Folder { folder: folder.path().to_path_buf(), source }
}
