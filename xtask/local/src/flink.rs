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
pub use super::job::{Job, JobError};
use super::process::Process;
use super::state::{Folder, Location};
use artifacts::job::libraries;
use artifacts::toolchain::jdk;
use session::Step;
use session::sdk_error::sentence;
use session::{Project, Session};

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
    /// Why it failed, where it knows.
    cause: Option<String>,
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

impl Machine {
    /// This machine, where the session's services are on it.
    pub fn of(project: &Project, location: &Location, session: &Session) -> Option<Self> {
        let endpoints = session.endpoints.as_ref()?;
        let region = &session.environment.region;
        let environment = [
            ("AWS_ENDPOINT_URL", &endpoints.aws),
            ("AWS_ENDPOINT_URL_TIMESTREAM_WRITE", &endpoints.timestream),
            ("AWS_ENDPOINT_URL_RDS_DATA", endpoints.rds_data.as_ref().unwrap_or(&endpoints.aws)),
            ("AWS_REGION", region),
            ("AWS_DEFAULT_REGION", region),
            ("AWS_ACCESS_KEY_ID", &"test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", &"test".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", &"true".to_owned()),
        ];
        Some(Self {
            folder: Folder::of(location),
            libraries: libraries(project),
            s3: session.s3(),
            environment: environment.into_iter().map(|(name, value)| (name, value.clone())).collect(),
        })
    }

    /// Runs the job as it is described, and waits until it says so. `true`: it ran so before. A process
    /// that is there and does not come to run is replaced, once: a new one goes on from the last checkpoint.
    pub async fn run(&self, job: &Job, step: &Step<'_>) -> Result<bool, JobError> {
        // Held until it runs: two deployments start one job.
        let lock = self.folder.lock().map_err(|source| self.at(source))?;
        let record = record(&self.folder);
        if let Some(Record { process, .. }) =
            record.as_ref().filter(|record| record.made_from == job.hash() && record.process.is_alive())
        {
            let before = self.said().is_some_and(|said| said.status == RUNNING);
            // Why not is in its log, which is kept beside the one of the next.
            if self.runs(*process).await.is_ok() {
                return Ok(before);
            }
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

    /// Waits until the process says that it runs, or that it never will: one that failed may stay alive.
    async fn runs(&self, process: Process) -> Result<(), JobError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // In this order: what it says last is read after its end.
            let ended = !process.is_alive();
            let said = self.said();
            let status = said.as_ref().map(|said| said.status.as_str());
            if status == Some(RUNNING) && !ended {
                return Ok(());
            }
            if ended || status == Some(FAILED) || Instant::now() > deadline {
                let (status, cause) = said.map_or((None, None), |said| (Some(said.status), said.cause));
                let (log, tail) = (self.log(), self.tail());
                return Err(JobError::NotRunning { ended, status, cause, log, tail });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// What the job says when it reads the stream.
const RUNNING: &str = "RUNNING";

/// What it says when it cannot go on.
const FAILED: &str = "FAILED";

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

#[cfg(test)]
mod tests {
    use super::*;
    use session::Observer;

    /// A machine whose folder holds the job's code, or what passes for it, and a process that stays alive
    /// whatever it says of itself.
    fn machine_with_process(root: &Path, job: &Job, said: &str) -> (Machine, Process) {
        let folder = Folder::of(&Location::new(&Project::locate(), Some(&root.join("local")), 0));
        let s3 = aws_sdk_s3::Config::builder()
            .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
            .build();
        let machine = Machine {
            folder: folder.clone(),
            libraries: root.join("libraries"),
            s3: aws_sdk_s3::Client::from_conf(s3),
            environment: BTreeMap::new(),
        };
        let lock = folder.lock().expect("a lock");
        folder.prepare(NAME).expect("folders");
        std::fs::create_dir_all(machine.data()).expect("a folder");
        std::fs::write(machine.data().join("status"), said).expect("a status");
        std::fs::write(folder.data(NAME).join("job.jar"), "").expect("code");
        let mut command = Command::new("sh");
        command.args(["-c", "echo a first line; exec sleep 60"]);
        let process = Process::spawn(&mut command, folder.path(), &machine.log()).expect("a process");
        let record = Record { process, application: job.application.clone(), made_from: job.hash() };
        machine.write(&record).expect("a record");
        drop(lock);
        (machine, process)
    }

    fn job() -> Job {
        Job {
            application: "a@1".to_owned(),
            bucket: "artifacts".to_owned(),
            key: "flink-job/job.jar".to_owned(),
            properties: BTreeMap::new(),
        }
    }

    const SAID: &str = r#"{"status": "FAILED", "cause": "the savepoint is torn"}"#;

    #[tokio::test]
    async fn a_process_that_failed_is_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let (machine, process) = machine_with_process(folder.path(), &job(), SAID);
        let begun = Instant::now();
        let error = machine.runs(process).await.expect_err("it failed");
        assert!(begun.elapsed() < PATIENCE / 4, "{:?}", begun.elapsed());
        assert!(process.is_alive());
        let said = error.to_string();
        assert!(said.contains("it is FAILED, as the savepoint is torn"), "{said}");
        assert!(process.stop());
    }

    /// What comes in its place ends at once, as there are no libraries here, or does not start without Java.
    #[tokio::test]
    async fn a_process_that_does_not_come_to_run_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let (machine, process) = machine_with_process(folder.path(), &job(), SAID);
        let observer: &dyn Observer = &();
        let error = machine.run(&job(), &observer.step("Starting")).await.expect_err("there is no job");
        assert!(!process.is_alive());
        match error {
            JobError::Jdk(_) => {}
            JobError::NotRunning { ended, cause, .. } => assert_eq!((ended, cause), (true, None)),
            other => panic!("{other}"),
        }
    }

    #[tokio::test]
    async fn a_process_that_runs_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let (machine, process) = machine_with_process(folder.path(), &job(), r#"{"status": "RUNNING"}"#);
        let observer: &dyn Observer = &();
        assert!(machine.run(&job(), &observer.step("Starting")).await.expect("it runs"));
        assert!(process.is_alive());
        assert!(process.stop());
    }
}
