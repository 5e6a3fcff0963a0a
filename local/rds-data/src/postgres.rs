//! A PostgreSQL server as a process of this one.
//!
//! It ends when this process ends, however that does: the server's standard input is a pipe, and a watcher that was
//! started with it asks it to stop when the pipe is closed. Its data is durable. As its standard output it holds a
//! lock, so that a server that has not ended yet is waited for before the next one takes its data.

use std::{
    fs::{File, OpenOptions},
    io,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    process::{ChildStdin, Command},
    sync::{mpsc, watch},
    time::{Instant, sleep, timeout},
};
use tokio_postgres::{Client, Config, NoTls, error::SqlState};

/// Who owns everything, as on AWS: nobody but this process has its password.
pub const OWNER: &str = "rdsadmin";

/// The oldest PostgreSQL that has what the schema needs (`NULLS NOT DISTINCT`).
const OLDEST: u32 = 15;

/// How long a server may take to recover and to answer.
const START: Duration = Duration::from_secs(50);
/// How long it may take to stop; afterwards it is killed.
const STOP: Duration = Duration::from_secs(3);

/// Lines of a log that are worth showing.
const TAIL: usize = 12;

/// PostgreSQL refuses to be run by root: root runs it as this user of a namespace of its own.
const UNPRIVILEGED: [&str; 3] = ["unshare", "--map-user=1000", "--map-group=1000"];

/// Becomes the program of its arguments, after it has started what stops that program when the pipe is closed.
const WATCHED: &str = r#"exec 3<&0
( trap '' INT TERM; { cat <&3 >/dev/null; kill -INT "$$"; } & )
exec "$@" 3<&- </dev/null"#;

/// The folder of PostgreSQL's programs.
#[derive(Debug, Clone)]
pub struct Programs(PathBuf);

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program is missing, or does not start.
    #[error("cannot run {program}: {source}{}", as_root(.source))]
    Program {
        /// The program.
        program: String,
        /// The cause.
        source: io::Error,
    },
    /// A program said no.
    #[error("{program} failed:\n{output}")]
    Failed {
        /// The program.
        program: String,
        /// The end of what it said.
        output: String,
    },
    /// It lacks what the schema needs.
    #[error("PostgreSQL in {folder} is {version}; {OLDEST} or later is needed")]
    TooOld {
        /// Where it is.
        folder: PathBuf,
        /// What it calls itself.
        version: String,
    },
    /// A file or a port is not to be had.
    #[error("cannot keep a PostgreSQL server in {folder}: {source}")]
    Folder {
        /// Its folder.
        folder: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// It answers, but not as it should.
    #[error("PostgreSQL refused: {0}")]
    Refused(#[from] tokio_postgres::Error),
}

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    /// Where it listens, on the loopback interface.
    pub port: u16,
    pipe: Mutex<Option<ChildStdin>>,
    ended: watch::Receiver<bool>,
    stopping: Arc<AtomicBool>,
    id: Option<u32>,
}

impl Programs {
    /// Those in a folder; an error when they are missing or too old.
    pub async fn new(folder: PathBuf) -> Result<Self, Error> {
        let programs = Self(folder);
        let version = run(programs.command("postgres").arg("--version"), "postgres").await?;
        let number = version.trim().rsplit(") ").next().unwrap_or_default();
        let major = number.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default();
        if major.parse::<u32>().is_ok_and(|major| major < OLDEST) {
            return Err(Error::TooOld { folder: programs.0, version: number.to_owned() });
        }
        Ok(programs)
    }

    fn command(&self, name: &str) -> Command {
        let program = self.0.join(name);
        if !rustix::process::geteuid().is_root() {
            return Command::new(program);
        }
        let mut command = Command::new(UNPRIVILEGED[0]);
        command.args(&UNPRIVILEGED[1..]).arg("--").arg(program);
        command
    }

    /// Makes the files of a server whose owner has this password.
    pub async fn initialize(&self, folder: &Path, password: &str) -> Result<(), Error> {
        let failed = |source| Error::Folder { folder: folder.to_owned(), source };
        let secret = folder.join("password");
        std::fs::write(&secret, password).map_err(failed)?;
        let mut command = self.command("initdb");
        command.arg("--pgdata").arg(data(folder)).arg("--pwfile").arg(&secret);
        command.args(["--username", OWNER, "--auth", "scram-sha-256"]);
        command.args(["--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions"]);
        let made = run(&mut command, "initdb").await;
        std::fs::remove_file(secret).map_err(failed)?;
        made.map(|_| ())
    }

    /// Starts the server of a folder on this port, or on any free one, and waits until it answers. When it ends
    /// without having been asked to, `folder` is sent to `ended`.
    pub async fn start(
        &self,
        folder: &Path,
        port: Option<u16>,
        password: &str,
        ended: mpsc::UnboundedSender<PathBuf>,
    ) -> Result<Server, Error> {
        let failed = |source| Error::Folder { folder: folder.to_owned(), source };
        let lock = locked(folder.join("lock")).await.map_err(failed)?;
        let port = free_port(port).map_err(failed)?;
        let log = log(folder);
        let errors = OpenOptions::new().create(true).append(true).open(&log).map_err(failed)?;
        let mut command = Command::new("sh");
        let server = self.command("postgres");
        command
            .args(["-c", WATCHED, "sh"])
            .arg(server.as_std().get_program())
            .args(server.as_std().get_args());
        command.arg("-D").arg(data(folder));
        for setting in [
            "listen_addresses=127.0.0.1",
            &format!("port={port}"),
            "unix_socket_directories=",
            "TimeZone=UTC",
            "log_timezone=UTC",
            "log_checkpoints=off",
            // What a statement says is nobody's business, and it may be a megabyte.
            "log_min_error_statement=panic",
        ] {
            command.args(["-c", setting]);
        }
        // A group of its own: it is told to end through the pipe alone.
        command.process_group(0).stdin(Stdio::piped()).stdout(lock).stderr(errors);
        let program = || "postgres".to_owned();
        let mut child = command.spawn().map_err(|source| Error::Program { program: program(), source })?;
        let (id, pipe) = (child.id(), child.stdin.take());
        let (tell, over) = watch::channel(false);
        let stopping = Arc::new(AtomicBool::new(false));
        let (asked, name) = (Arc::clone(&stopping), folder.to_owned());
        tokio::spawn(async move {
            let _status = child.wait().await;
            if !asked.load(Ordering::SeqCst) {
                // Nobody listens any more when this process ends too.
                let _ = ended.send(name);
            }
            let _ = tell.send(true);
        });
        let server = Server { port, pipe: Mutex::new(pipe), ended: over, stopping, id };
        server.answers(password, &log).await?;
        Ok(server)
    }
}

impl Server {
    async fn answers(&self, password: &str, log: &Path) -> Result<(), Error> {
        let deadline = Instant::now() + START;
        loop {
            match self.connect(OWNER, password, "postgres").await {
                Ok(_) => return Ok(()),
                Err(error) if refused_for_good(&error) => return Err(error.into()),
                Err(_) if *self.ended.borrow() || Instant::now() > deadline => {
                    return Err(Error::Failed { program: "postgres".to_owned(), output: tail(log) });
                }
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// A connection as this role.
    pub async fn connect(
        &self,
        user: &str,
        password: &str,
        database: &str,
    ) -> Result<Client, tokio_postgres::Error> {
        connect(self.port, user, password, database).await
    }

    /// Asks it to stop, and waits until it has.
    pub async fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        drop(self.pipe.lock().unwrap_or_else(PoisonError::into_inner).take());
        let mut ended = self.ended.clone();
        if timeout(STOP, ended.wait_for(|ended| *ended)).await.is_err()
            && let Some(pid) =
                self.id.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw)
        {
            // Its own processes end with it; what was committed is on disk.
            let _gone = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            let _ = timeout(STOP, ended.wait_for(|ended| *ended)).await;
        }
    }
}

/// A connection to the server on this port.
pub(crate) async fn connect(
    port: u16,
    user: &str,
    password: &str,
    database: &str,
) -> Result<Client, tokio_postgres::Error> {
    let mut config = Config::new();
    config.host("127.0.0.1").port(port).user(user).password(password).dbname(database);
    let (client, connection) = config.application_name("RDS Data API").connect(NoTls).await?;
    // Its errors reach the client too.
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}

/// Whether a server that answers so will not answer otherwise.
fn refused_for_good(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| {
        ![SqlState::CANNOT_CONNECT_NOW, SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN].contains(code)
    })
}

/// Where the server of a folder says what it does.
pub(crate) fn log(folder: &Path) -> PathBuf {
    folder.join("log")
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

/// The lock of a folder, once nobody else has it.
async fn locked(file: PathBuf) -> io::Result<File> {
    let wait = move || {
        let lock = File::create(file)?;
        lock.lock()?;
        Ok(lock)
    };
    tokio::task::spawn_blocking(wait).await.map_err(io::Error::other)?
}

fn free_port(wanted: Option<u16>) -> io::Result<u16> {
    let wanted = wanted.and_then(|port| TcpListener::bind(("127.0.0.1", port)).ok());
    let listener = wanted.map_or_else(|| TcpListener::bind(("127.0.0.1", 0)), Ok)?;
    Ok(listener.local_addr()?.port())
}

async fn run(command: &mut Command, program: &str) -> Result<String, Error> {
    let output = command.stdin(Stdio::null()).output().await;
    let output = output.map_err(|source| Error::Program { program: program.to_owned(), source })?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let said = said + &String::from_utf8_lossy(&output.stderr);
    Err(Error::Failed { program: program.to_owned(), output: last_lines(&said) })
}

fn tail(log: &Path) -> String {
    last_lines(&String::from_utf8_lossy(&std::fs::read(log).unwrap_or_default()))
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}

fn as_root(source: &io::Error) -> &'static str {
    if source.kind() == io::ErrorKind::NotFound && rustix::process::geteuid().is_root() {
        "; PostgreSQL does not run as root, and root needs `unshare` of util-linux to run it as somebody else"
    } else {
        ""
    }
}
