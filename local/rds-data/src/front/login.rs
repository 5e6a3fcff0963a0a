//! Who logs in how, and the way of roles that have a token.
//!
//! The server knows passwords alone. That of a role of IAM nobody uses, so that the front gives it one which it has
//! thought of itself.

use std::io;

use bytes::BytesMut;
use postgres_protocol::{
    authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256},
    message::{backend::Message, frontend},
    password::scram_sha_256,
};
use tokio::{io::AsyncWriteExt as _, net::TcpStream, sync::Mutex};
use tokio_postgres::Client;

use super::message;
use crate::postgres::{OWNER, connect};

/// How a role shows who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// By its password, which the server asks for.
    Password,
    /// By a token.
    Token,
}

/// What the server says of a login.
pub(super) enum Login {
    /// The session has begun.
    Begun(TcpStream),
    /// Its error, as it is sent.
    Refused(Vec<u8>),
}

/// The roles of a server.
#[derive(Debug)]
pub(super) struct Roles {
    port: u16,
    owner_password: String,
    /// The password of every role of IAM.
    password: String,
    /// What the server keeps of it.
    verifier: String,
    owner: Mutex<Option<Client>>,
}

impl Roles {
    pub(super) fn new(port: u16, owner_password: String) -> Self {
        let password = crate::clusters::password();
        let verifier = scram_sha_256(password.as_bytes());
        Self { port, owner_password, password, verifier, owner: Mutex::default() }
    }

    /// How a role shows who it is. Of a role that does not exist, the server says so.
    ///
    /// RDS counts memberships that are inherited: whoever may grant a role is none of its members.
    pub(super) async fn proof(&self, user: &str) -> Result<Proof, tokio_postgres::Error> {
        let mut owner = self.owner.lock().await;
        let client = match owner.take().filter(|client| !client.is_closed()) {
            Some(client) => client,
            None => connect(self.port, OWNER, &self.owner_password, "postgres").await?,
        };
        let kept = "SELECT coalesce(rolpassword, '') FROM pg_authid WHERE rolname = $1 AND NOT rolsuper \
                    AND pg_has_role(oid, 'rds_iam', 'USAGE')";
        let member = client.query_opt(kept, &[&user]).await?;
        let proof = if member.is_some() { Proof::Token } else { Proof::Password };
        if member.is_some_and(|row| row.get::<_, String>(0) != self.verifier) {
            let name = user.replace('"', "\"\"");
            client.batch_execute(&format!("ALTER ROLE \"{name}\" PASSWORD '{}'", self.verifier)).await?;
        }
        *owner = Some(client);
        Ok(proof)
    }

    /// Begins the session of a role of IAM, whose first message this is.
    pub(super) async fn log_in(&self, startup: &[u8]) -> io::Result<Login> {
        let mut server = TcpStream::connect(("127.0.0.1", self.port)).await?;
        server.set_nodelay(true)?;
        server.write_all(startup).await?;
        let mut scram = ScramSha256::new(self.password.as_bytes(), ChannelBinding::unsupported());
        loop {
            let bytes = message::read(&mut server).await?;
            let mut answer = BytesMut::new();
            match Message::parse(&mut BytesMut::from(&bytes[..]))? {
                Some(Message::AuthenticationSasl(_)) => {
                    frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), &mut answer)?;
                }
                Some(Message::AuthenticationSaslContinue(body)) => {
                    scram.update(body.data())?;
                    frontend::sasl_response(scram.message(), &mut answer)?;
                }
                Some(Message::AuthenticationSaslFinal(body)) => scram.finish(body.data())?,
                Some(Message::AuthenticationOk) => return Ok(Login::Begun(server)),
                Some(Message::ErrorResponse(_)) => return Ok(Login::Refused(bytes)),
                // A notice, of which nobody has asked yet.
                _ => {}
            }
            server.write_all(&answer).await?;
        }
    }
}
