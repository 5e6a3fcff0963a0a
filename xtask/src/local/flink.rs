//! The Flink job of the local target: a process where the emulator only says RUNNING.
//!
//! It is made from the application as the emulator describes it, code and properties, and from nothing
//! else. It keeps its own record, so that any command may be killed at any moment: a process that runs
//! with what is described now is left alone, any other is stopped and started again, and its checkpoints
//! and savepoints stay for as long as the application does.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::Stopped;
pub use super::job::Job;
use super::process::Process;
use super::state::Folder;
use crate::artifacts::job::libraries;
use crate::cli::Global;
use crate::failure::{Exit, Explain};
use crate::jdk::{self, NoJdk};
use crate::project::Project;
use crate::report::Step;
use crate::sdk_error::sentence;
use crate::target::Session;

/// Name of its log, of its folder and in lists of processes.
pub const NAME: &str = "flink";

/// The job's entry point.
const MAIN: &str = "dev.sluice.flink.Main";

/// How long the job may take to run: a Java machine, a cluster in it, and its state restored.
const PATIENCE: Duration = Duration::from_mins(3);

/// How long it may take to end: its savepoint is written first.
const GRACE: Duration = Duration::from_mins(1);

/// How often the process is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Lines of its log that are worth showing.
const TAIL: usize = 12;

/// Packages of Java that Flink reaches into, as the service's machine lets it.
const OPENS: [&str; 3] = ["java.base/java.lang", "java.base/java.util", "java.base/java.time"];

/// Variables of the person's environment that a process cannot do without.
const KEPT: [&str; 5] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ"];

/// This machine, as far as it runs the job.
#[derive(Debug, Clone)]
pub struct Machine {
    folder: Folder,
    libraries: PathBuf,
    s3: aws_sdk_s3::Client,
    /// What the process is told of where the services are.
    environment: BTreeMap<&'static str, String>,
}

/// A process that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    process: Process,
    application: String,
    /// Hash of what it was made from.
    made_from: String,
}

/// What the job says of itself, in `status` of its folder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Said {
    status: String,
}

/// The job as it is, for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// What it does, in the words of the job, or ENDED.
    pub status: String,
    /// The process, while it runs.
    pub pid: Option<u32>,
    /// Port of its web page, once it has one.
    pub web_port: Option<u16>,
}

/// Why the job does not run.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// There is nothing to run it with.
    #[error(transparent)]
    Jdk(#[from] NoJdk),
    /// Its folder cannot be used.
    #[error("cannot keep the Flink job's state in {}", folder.display())]
    Folder {
        /// Its folder.
        folder: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Its code is not where the application says.
    #[error("the Flink job's code cannot be read from {key} in bucket {bucket}: {cause}")]
    Code {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// What the SDK said.
        cause: String,
    },
    /// It does not come up.
    #[error("the Flink job {}; the end of {}:\n{}", if *.ended { "ended before it ran" } else { "does not run yet" }, log.display(), tail.join("\n"))]
    NotRunning {
        /// Whether its process is gone.
        ended: bool,
        /// Its log.
        log: PathBuf,
        /// The last lines of it.
        tail: Vec<String>,
    },
}

impl Explain for JobError {
    fn exit(&self) -> Exit {
        match self {
            Self::Jdk(error) => error.exit(),
            Self::Folder { .. } | Self::Code { .. } => Exit::Unexpected,
            Self::NotRunning { .. } => Exit::StackFailed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Jdk(error) => error.hint(),
            Self::Folder { .. } => Some("`--local-dir` names another folder".to_owned()),
            Self::Code { .. } => None,
            Self::NotRunning { .. } => Some("deploy again: it goes on from its last checkpoint".to_owned()),
        }
    }
}

impl Machine {
    /// This machine, where the session's services are on it.
    pub fn of(project: &Project, global: &Global, session: &Session) -> Option<Self> {
        let endpoints = session.endpoints.as_ref()?;
        let region = &session.environment.region;
        let environment = [
            ("AWS_ENDPOINT_URL", &endpoints.aws),
            ("AWS_ENDPOINT_URL_TIMESTREAM_WRITE", &endpoints.timestream),
            ("AWS_REGION", region),
            ("AWS_DEFAULT_REGION", region),
            ("AWS_ACCESS_KEY_ID", &"test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", &"test".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", &"true".to_owned()),
        ];
        Some(Self {
            folder: Folder::of(project, global),
            libraries: libraries(project),
            s3: session.s3(),
            environment: environment.into_iter().map(|(name, value)| (name, value.clone())).collect(),
        })
    }

    /// Runs the job as it is described, and waits until it says so. `true`: it ran so before.
    pub async fn run(&self, job: &Job, step: &Step<'_>) -> Result<bool, JobError> {
        // Held until it runs: two deployments start one job.
        let lock = self.folder.lock().map_err(|source| self.at(source))?;
        let record = record(&self.folder);
        if let Some(Record { process, .. }) =
            record.as_ref().filter(|record| record.made_from == job.hash() && record.process.is_alive())
        {
            let before = self.said().is_some_and(|said| said.status == RUNNING);
            self.runs(*process).await?;
            return Ok(before);
        }
        if let Some(record) = record {
            end(record.process).await;
            if record.application != job.application {
                self.folder.clear(NAME).map_err(|source| self.at(source))?;
            }
        }
        super::process::sweep_with(self.folder.path(), MAIN);
        step.update(format_args!("{}: a process of this machine", step.text()));
        self.folder.prepare(NAME).map_err(|source| self.at(source))?;
        let jar = self.code(job).await?;
        let process = self.spawn(job, &jar).await?;
        let record = Record { process, application: job.application.clone(), made_from: job.hash() };
        self.write(&record).map_err(|source| self.at(source))?;
        self.runs(process).await?;
        drop(lock);
        Ok(false)
    }

    /// Stops the job with a savepoint, if it runs.
    pub async fn stop(&self) -> Result<(), JobError> {
        if !self.folder.path().exists() {
            return Ok(());
        }
        let _lock = self.folder.lock().map_err(|source| self.at(source))?;
        if let Some(record) = record(&self.folder) {
            end(record.process).await;
        }
        Ok(())
    }

    /// How the job is.
    pub fn state(&self) -> State {
        let process = record(&self.folder).map(|record| record.process).filter(|process| process.is_alive());
        let Some(process) = process else {
            return State { status: "ENDED".to_owned(), pid: None, web_port: None };
        };
        let web_port = std::fs::read_to_string(self.data().join("web-port")).ok();
        State {
            status: self.said().map_or_else(|| "STARTING".to_owned(), |said| said.status),
            pid: Some(process.pid),
            web_port: web_port.and_then(|port| port.trim().parse().ok()),
        }
    }

    /// The last lines of its log.
    pub fn tail(&self) -> Vec<String> {
        let text = std::fs::read(self.log()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL)..].iter().map(|line| (*line).to_owned()).collect()
    }

    /// What it wrote, in the run before and in this one.
    pub fn log_text(&self) -> String {
        let read = |path: &Path| std::fs::read(path).unwrap_or_default();
        let text = [read(&before(&self.log())), read(&self.log())].concat();
        String::from_utf8_lossy(&text).into_owned()
    }

    fn log(&self) -> PathBuf {
        self.folder.log(NAME)
    }

    fn data(&self) -> PathBuf {
        self.folder.data(NAME).join("state")
    }

    fn said(&self) -> Option<Said> {
        serde_json::from_slice(&std::fs::read(self.data().join("status")).ok()?).ok()
    }

    fn at(&self, source: io::Error) -> JobError {
        JobError::Folder { folder: self.folder.path().to_path_buf(), source }
    }

    fn write(&self, record: &Record) -> io::Result<()> {
        let path = record_file(&self.folder);
        let draft = path.with_extension("json.new");
        std::fs::write(&draft, serde_json::to_vec_pretty(record)?)?;
        std::fs::rename(draft, path)
    }

    /// The code, as it lies where the application says. Its key is made from its content, so what is here
    /// already is the same.
    async fn code(&self, job: &Job) -> Result<PathBuf, JobError> {
        let name = job.key.rsplit('/').next().unwrap_or(&job.key);
        let path = self.folder.data(NAME).join(name);
        if path.exists() {
            return Ok(path);
        }
        let failed =
            |cause: String| JobError::Code { bucket: job.bucket.clone(), key: job.key.clone(), cause };
        let object = self.s3.get_object().bucket(&job.bucket).key(&job.key).send().await;
        let object = object.map_err(|error| failed(sentence(&error)))?;
        let bytes = object.body.collect().await.map_err(|error| failed(error.to_string()))?.into_bytes();
        let draft = path.with_extension("new");
        std::fs::write(&draft, bytes)
            .and_then(|()| std::fs::rename(&draft, &path))
            .map_err(|source| self.at(source))?;
        Ok(path)
    }

    async fn spawn(&self, job: &Job, jar: &Path) -> Result<Process, JobError> {
        let found = tokio::task::spawn_blocking(jdk::find).await;
        let jdk = found.map_err(|error| self.at(io::Error::other(error)))??;
        let properties = self.folder.data(NAME).join("application_properties.json");
        let arrange = || -> io::Result<()> {
            std::fs::create_dir_all(self.data())?;
            // What an earlier run said of itself is not what this one says.
            for stale in ["status", "web-port"] {
                super::state::absent_is_fine(std::fs::remove_file(self.data().join(stale)))?;
            }
            let log = self.log();
            super::state::absent_is_fine(std::fs::rename(&log, before(&log)))?;
            std::fs::write(&properties, job.properties_file())
        };
        arrange().map_err(|source| self.at(source))?;
        let mut classes = jar.as_os_str().to_owned();
        classes.push(":");
        classes.push(self.libraries.join("*"));
        let mut command = Command::new(jdk.java());
        command.current_dir(self.folder.data(NAME)).env_clear();
        command.envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.envs(&self.environment);
        command.args(OPENS.map(|package| format!("--add-opens={package}=ALL-UNNAMED")));
        command.arg("-cp").arg(classes).arg(MAIN).arg("--local");
        command
            .arg("--properties")
            .arg(&properties)
            .arg("--state")
            .arg(self.data())
            .args(["--web-port", "0"]);
        Process::spawn(&mut command, self.folder.path(), &self.log()).map_err(|source| self.at(source))
    }

    /// Waits until the process says that it runs.
    async fn runs(&self, process: Process) -> Result<(), JobError> {
        let deadline = Instant::now() + PATIENCE;
        while self.said().is_none_or(|said| said.status != RUNNING) {
            let ended = !process.is_alive();
            if ended || Instant::now() > deadline {
                return Err(JobError::NotRunning { ended, log: self.log(), tail: self.tail() });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }
}

/// What the job says when it reads the stream.
const RUNNING: &str = "RUNNING";

/// The log of the run before.
fn before(log: &Path) -> PathBuf {
    log.with_extension("log.1")
}

async fn end(process: Process) {
    // The only error is a panic of what waits, and then there is nothing to wait for.
    let _ = tokio::task::spawn_blocking(move || process.stop_within(GRACE)).await;
}

fn record_file(folder: &Folder) -> PathBuf {
    folder.data(NAME).join("process.json")
}

fn record(folder: &Folder) -> Option<Record> {
    serde_json::from_slice(&std::fs::read(record_file(folder)).ok()?).ok()
}

/// The job's process, while it runs.
pub(super) fn process(folder: &Folder) -> Option<Process> {
    record(folder).map(|record| record.process).filter(|process| process.is_alive())
}

/// Ends the job with its target, which is about to forget what it kept.
pub(super) fn halt(folder: &Folder) -> Option<Stopped> {
    let process = process(folder)?;
    process.stop().then_some(Stopped { name: NAME.to_owned(), pid: process.pid })
}
