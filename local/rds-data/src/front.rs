//! The way into a cluster by PostgreSQL's own protocol, as Aurora has it with `rds.force_ssl`: by TLS alone, and for
//! members of `rds_iam` with a token for a password.
//!
//! It reads who begins a session, and afterwards passes on what comes. What it does not answer itself, the server does:
//! who may log in by a password, and all that a session is asked.

mod certificate;
mod login;
mod message;
mod relay;
mod token;

use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    io::{self, Write as _},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
    time::timeout,
};

pub use certificate::{Certificate, Error as CertificateError};
use login::{Login, Proof, Roles};
use message::{Fatal, First};
use token::Purpose;

use crate::faults::Faults;

/// How a host of a cluster may be called: in its certificate, and in a token.
const HOSTS: [&str; 2] = ["localhost", "127.0.0.1"];

/// How long somebody may take to log in, as the server has it.
const LOGIN: Duration = Duration::from_mins(1);

/// What is behind a front.
#[derive(Debug)]
pub struct Behind {
    /// The port of the server.
    pub port: u16,
    /// The password of the server's owner.
    pub owner_password: String,
    /// The Region that tokens are of.
    pub region: String,
    /// Where it is written down why a token was refused.
    pub log: PathBuf,
    /// What goes wrong.
    pub faults: Arc<Mutex<Faults>>,
}

/// A port that is listened on until the value goes.
#[derive(Debug)]
pub struct Front {
    /// Where it listens, on the loopback interface.
    pub port: u16,
    listening: AbortHandle,
}

impl Drop for Front {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Front {
    /// Listens on this port, or on any free one where it is none or taken.
    pub async fn open(port: Option<u16>, certificate: Certificate, behind: Behind) -> io::Result<Self> {
        let wanted = match port {
            Some(port) => TcpListener::bind(("127.0.0.1", port)).await.ok(),
            None => None,
        };
        let listener = match wanted {
            Some(listener) => listener,
            None => TcpListener::bind(("127.0.0.1", 0)).await?,
        };
        let port = listener.local_addr()?.port();
        let roles = Roles::new(behind.port, behind.owner_password.clone());
        let door = Arc::new(Door { port, certificate, roles, behind });
        let listening = tokio::spawn(async move {
            // They end with it.
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    Ok((stream, _)) = listener.accept() => {
                        let door = Arc::clone(&door);
                        // Whoever goes away in the middle has nobody to be told.
                        connections.spawn(async move { drop(door.serve(stream).await) });
                    }
                    Some(_) = connections.join_next() => {}
                }
            }
        });
        Ok(Self { port, listening: listening.abort_handle() })
    }
}

struct Door {
    port: u16,
    certificate: Certificate,
    roles: Roles,
    behind: Behind,
}

/// A session that has not begun.
struct Beginning {
    startup: Vec<u8>,
    user: String,
    database: String,
}

impl Beginning {
    fn of(startup: Vec<u8>, mut parameters: BTreeMap<String, String>) -> Self {
        let user = parameters.remove("user").unwrap_or_default();
        let database = parameters.remove("database").unwrap_or_else(|| user.clone());
        Self { startup, user, database }
    }
}

impl Door {
    async fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let begun = timeout(LOGIN, async {
            loop {
                match First::read(&mut stream).await? {
                    First::Gss => stream.write_all(b"N").await?,
                    First::Tls => {
                        stream.write_all(b"S").await?;
                        break;
                    }
                    // Clients before PostgreSQL 17 ask so.
                    First::Cancel(request) => return self.cancel(&request).await.map(|()| None),
                    First::Startup(startup, parameters) => {
                        let Beginning { user, database, .. } = Beginning::of(startup, parameters);
                        let message = format!(
                            "no pg_hba.conf entry for host \"127.0.0.1\", user \"{user}\", database \"{database}\", no encryption"
                        );
                        stream.write_all(&Fatal { state: "28000", message }.bytes()).await?;
                        return Ok(None);
                    }
                }
            }
            let mut stream = self.certificate.acceptor.accept(stream).await?;
            match First::read(&mut stream).await? {
                First::Cancel(request) => self.cancel(&request).await.map(|()| None),
                First::Startup(startup, parameters) => {
                    let beginning = Beginning::of(startup, parameters);
                    let server = self.begin(&beginning, &mut stream).await?;
                    stream.flush().await?;
                    if server.is_none() {
                        stream.shutdown().await?;
                    }
                    Ok(server.map(|server| (stream, server, beginning.database)))
                }
                First::Tls | First::Gss => Ok(None),
            }
        });
        match begun.await.map_err(io::Error::other)?? {
            Some((client, server, database)) => {
                let faults = &self.behind.faults;
                let draw = || faults.lock().unwrap_or_else(PoisonError::into_inner).draw_request(&database);
                relay::relay(client, server, draw).await
            }
            None => Ok(()),
        }
    }

    /// The way to the server, once whoever logs in has shown a token, or is asked for a password by the server.
    async fn begin(
        &self,
        beginning: &Beginning,
        client: &mut (impl AsyncRead + AsyncWrite + Unpin),
    ) -> io::Result<Option<TcpStream>> {
        let Beginning { startup, user, database } = beginning;
        let is_refused = {
            let mut faults = self.behind.faults.lock().unwrap_or_else(PoisonError::into_inner);
            faults.draw_session(database)
        };
        if is_refused {
            let message = "the database system is starting up".to_owned();
            client.write_all(&Fatal { state: "57P03", message }.bytes()).await?;
            return Ok(None);
        }
        if self.roles.proof(user).await.map_err(io::Error::other)? == Proof::Password {
            let mut server = TcpStream::connect(("127.0.0.1", self.behind.port)).await?;
            server.set_nodelay(true)?;
            server.write_all(startup).await?;
            return Ok(Some(server));
        }
        if !self.has_token(user, client).await? {
            let message = format!("PAM authentication failed for user \"{user}\"");
            client.write_all(&Fatal { state: "28000", message }.bytes()).await?;
            return Ok(None);
        }
        match self.roles.log_in(startup).await? {
            Login::Begun(server) => {
                client.write_all(&message::message(b'R', &[0; 4])).await?;
                Ok(Some(server))
            }
            Login::Refused(error) => {
                client.write_all(&error).await?;
                Ok(None)
            }
        }
    }

    /// Asks for a password in clear text, as it is within TLS, and checks that it is a token.
    async fn has_token(
        &self,
        user: &str,
        client: &mut (impl AsyncRead + AsyncWrite + Unpin),
    ) -> io::Result<bool> {
        client.write_all(&message::message(b'R', &3_u32.to_be_bytes())).await?;
        client.flush().await?;
        let answer = message::read(client).await?;
        let [b'p', _, _, _, _, password @ .., 0] = &answer[..] else { return Ok(false) };
        let purpose = Purpose { hosts: &HOSTS, port: self.port, user, region: &self.behind.region };
        let Err(refusal) = token::check(&String::from_utf8_lossy(password), purpose, Timestamp::now()) else {
            return Ok(true);
        };
        let mut log = OpenOptions::new().create(true).append(true).open(&self.behind.log)?;
        writeln!(log, "LOG:  pam_authenticate failed for {user}: {refusal}")?;
        Ok(false)
    }

    /// Passes on that a statement is to be cancelled. The server answers nothing.
    async fn cancel(&self, request: &[u8]) -> io::Result<()> {
        let mut server = TcpStream::connect(("127.0.0.1", self.behind.port)).await?;
        server.write_all(request).await?;
        server.shutdown().await
    }
}
