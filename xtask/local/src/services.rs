//! The services of the local target: what each is called, where it listens, how it is started.
//!
//! [`SERVICES`] is the whole list. Whoever starts, stops or lists them walks it, so a further service is a
//! line here and a port in `ports`. One that no environment of the target needs is neither built nor started.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::emulator;
use super::ports::Ports;
use super::state::Folder;
use artifacts::toolchain::postgres;
use artifacts::toolchain::requirements::EMULATOR;
use artifacts::toolchain::venv::Venv;
use artifacts::toolchain::{self, ToolError};
use session::Observer;
use session::{Explain, Failure, Project};
use stacks::environment::Environment;

/// A process of the local target that answers on a port.
#[derive(Debug)]
pub struct Service {
    /// Name of its log, of its folder and in the record.
    pub name: &'static str,
    /// Name in messages.
    pub title: &'static str,
    /// Where it listens.
    pub port: fn(Ports) -> u16,
    /// Answers 200 when it is up.
    pub health: &'static str,
    /// Which environments need it.
    pub needed: Needed,
    /// The program of this workspace that it is, if it is one.
    pub program: Option<&'static str>,
    /// The command that runs it in the foreground. Its folder is prepared.
    pub command: fn(&Setting) -> io::Result<Command>,
}

/// Name of PostgreSQL with its Data API.
pub const RDS_DATA: &str = "rds-data";

/// Which environments need a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needed {
    /// All of them.
    Always,
    /// Those whose store is PostgreSQL.
    ByPostgres,
}

impl Service {
    /// Whether this environment needs it.
    pub fn is_needed(&self, environment: &Environment) -> bool {
        match self.needed {
            Needed::Always => true,
            Needed::ByPostgres => environment.store.postgres().is_some(),
        }
    }
}

/// What the services are started with.
#[derive(Debug)]
pub struct Setting<'a> {
    /// Where the emulator is installed.
    pub venv: Venv,
    /// Programs of this workspace, by name.
    pub programs: BTreeMap<String, PathBuf>,
    /// The folder of PostgreSQL's programs, where a service needs them.
    pub postgres: Option<PathBuf>,
    /// The target's folder.
    pub folder: &'a Folder,
    /// Where the services listen.
    pub ports: Ports,
    /// The environment's Region.
    pub region: &'a str,
}

/// Every service. The emulator is the first, as it takes longest to answer.
#[rustfmt::skip]
pub static SERVICES: &[Service] = &[
    Service { name: emulator::NAME, title: "the AWS emulator",         port: |ports| ports.aws,        health: emulator::HEALTH, needed: Needed::Always,     program: None,                     command: emulator::command },
    Service { name: "timestream",   title: "the Timestream endpoint",  port: |ports| ports.timestream, health: "/health",        needed: Needed::Always,     program: Some("local-timestream"), command: timestream },
    Service { name: "twinmaker",    title: "the TwinMaker endpoint",   port: |ports| ports.twinmaker,  health: "/health",        needed: Needed::Always,     program: Some("local-twinmaker"),  command: twinmaker },
    Service { name: RDS_DATA,       title: "PostgreSQL",               port: |ports| ports.rds_data,   health: "/health",        needed: Needed::ByPostgres, program: Some("local-rds-data"),   command: rds_data },
];

/// The services cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Cargo does not start, or the compiler said no.
    #[error(transparent)]
    Compile(#[from] ToolError),
    /// The build made no such program.
    #[error("the build made no executable `{0}`")]
    Missing(&'static str),
}

impl Explain for BuildError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Compile(error) => error.hint(),
            Self::Missing(_) => None,
        }
    }
}

impl<'a> Setting<'a> {
    /// Sets up what these services need, concurrently.
    pub async fn prepare(
        project: &Project,
        observer: &dyn Observer,
        folder: &'a Folder,
        ports: Ports,
        region: &'a str,
        services: &[&Service],
    ) -> Result<Self, Failure> {
        let venv = async { Venv::ensure_with(&EMULATOR, project, observer).await.map_err(Failure::from) };
        let programs = async { build(project, observer, services).await.map_err(Failure::from) };
        let postgres = async {
            if services.iter().all(|service| service.needed != Needed::ByPostgres) {
                return Ok(None);
            }
            postgres::ensure(project, observer).await.map(Some).map_err(Failure::from)
        };
        let (venv, programs, postgres) = futures::try_join!(venv, programs, postgres)?;
        Ok(Self { venv, programs, postgres, folder, ports, region })
    }

    /// The command of a program of this workspace, whose flags begin alike.
    fn program(&self, program: &str, name: &str, port: u16) -> Command {
        let path = self.programs.get(program).map_or_else(|| PathBuf::from(program), PathBuf::from);
        let mut command = Command::new(path);
        command.arg("--port").arg(port.to_string()).arg("--state").arg(self.folder.data(name));
        command
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the commands of the table have one form")]
fn timestream(setting: &Setting) -> io::Result<Command> {
    Ok(setting.program("local-timestream", "timestream", setting.ports.timestream))
}

#[expect(clippy::unnecessary_wraps, reason = "the commands of the table have one form")]
fn twinmaker(setting: &Setting) -> io::Result<Command> {
    let mut command = setting.program("local-twinmaker", "twinmaker", setting.ports.twinmaker);
    command.arg("--lambda-endpoint").arg(format!("http://127.0.0.1:{}", setting.ports.aws));
    command.arg("--region").arg(setting.region);
    Ok(command)
}

#[expect(clippy::unnecessary_wraps, reason = "the commands of the table have one form")]
fn rds_data(setting: &Setting) -> io::Result<Command> {
    let mut command = setting.program("local-rds-data", RDS_DATA, setting.ports.rds_data);
    command.arg("--postgres").arg(setting.postgres.as_deref().unwrap_or(Path::new("")));
    command.arg("--secrets-endpoint").arg(format!("http://127.0.0.1:{}", setting.ports.aws));
    command.arg("--region").arg(setting.region);
    Ok(command)
}

/// Builds the programs of these services with one call of cargo; returns their paths.
async fn build(
    project: &Project,
    observer: &dyn Observer,
    services: &[&Service],
) -> Result<BTreeMap<String, PathBuf>, BuildError> {
    let programs: Vec<&'static str> = services.iter().filter_map(|service| service.program).collect();
    if programs.is_empty() {
        return Ok(BTreeMap::new());
    }
    let step = observer.step("Building the local services");
    let mut command = toolchain::cargo(project);
    command.args(["build", "--workspace", "--message-format", "json-render-diagnostics"]);
    command.args(programs.iter().flat_map(|program| ["--bin", program]));
    let messages = toolchain::build(command, &step).await?;
    let built = toolchain::executables(&messages);
    if let Some(missing) = programs.iter().find(|program| !built.contains_key(**program)) {
        return Err(BuildError::Missing(missing));
    }
    step.done("");
    Ok(built)
}
