//! The way by `PostgreSQL`'s own protocol, inside of the VPC: TLS whose other end is known, and an IAM token for a
//! password, made anew for each connection.
//!
//! Connections are kept. Lambda freezes a function between two invocations, and meanwhile a connection may go without
//! a trace: each is asked whether it is there before it is used, and one on which anything went wrong is not used again,
//! so that after a failover the next one finds the new writer.

mod token;

use std::error::Error as _;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use deadpool::Runtime;
use deadpool::managed::{self, Metrics, Object, Pool, PoolError, RecycleError, RecycleResult};
use postgres::schema::CONSUMER;
use postgres::state::{Meaning, meaning};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

use crate::effect::{Busy, Effect};
use crate::writer::CONCURRENT_REQUESTS;

/// What is asked of the database: the same as [by the Data API](postgres::schema::WRITE).
const WRITE: &str = "SELECT sluice.write($1::text::json)::text";

/// How long a connection that was not used for a while may take to say that it is there.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

/// What the way takes.
#[derive(Debug)]
pub struct Settings {
    /// Host of the cluster, by the name that its certificate has.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Name of the database.
    pub database: String,
    /// Region of the cluster.
    pub region: String,
    /// Roots of the cluster's certificate, as PEM.
    pub roots: String,
    /// Whoever may connect.
    pub credentials: SharedCredentialsProvider,
    /// How long a host may take to answer at all.
    pub connect: Duration,
    /// How long an attempt may take: a login, and a statement.
    pub attempt: Duration,
}

/// A database of a cluster, as the role of consumers.
#[derive(Clone)]
pub struct Database {
    pool: Pool<Manager>,
    attempt: Duration,
}

/// Why nothing can be trusted.
#[derive(Debug, thiserror::Error)]
pub enum RootsError {
    /// They are no PEM.
    #[error("the roots of the database's certificate are no certificates: {0}")]
    Form(#[from] pem::Error),
    /// One of them is none, or TLS cannot be had with them.
    #[error("the roots of the database's certificate do not serve: {0}")]
    Tls(#[from] rustls::Error),
    /// There is none.
    #[error("the roots of the database's certificate have no certificate")]
    None,
}

/// Why there is no connection, or no answer.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("there are no credentials for a token: {0}")]
    Credentials(#[from] CredentialsError),
    #[error("no token can be made: {0}")]
    Token(#[from] token::Error),
    #[error(transparent)]
    Database(#[from] tokio_postgres::Error),
    #[error("no answer in time")]
    Late,
}

/// A connection that stands.
struct Connection {
    client: Client,
    write: Statement,
    task: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        // It would wait for the answers that are missing.
        self.task.abort();
    }
}

/// Makes connections, and looks whether they are there.
struct Manager {
    settings: Settings,
    config: Config,
    tls: MakeRustlsConnect,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.pool.manager().settings).finish()
    }
}

impl Database {
    /// The way to a database. Nothing is asked of it yet.
    pub fn new(settings: Settings) -> Result<Self, RootsError> {
        let Settings { attempt, .. } = settings;
        let mut config = Config::new();
        config.host(&settings.host).port(settings.port).dbname(&settings.database).user(CONSUMER);
        config.ssl_mode(SslMode::Require).application_name("sluice-consumer");
        config.connect_timeout(settings.connect).tcp_user_timeout(attempt);
        // What nobody waits for any longer ends.
        config.options(format!("-c statement_timeout={}", attempt.as_millis()));
        let tls = MakeRustlsConnect::new(trusting(&settings.roots)?);
        let pool = Pool::builder(Manager { settings, config, tls })
            .max_size(CONCURRENT_REQUESTS)
            .create_timeout(Some(attempt))
            .recycle_timeout(Some(SIGN_OF_LIFE.min(attempt)))
            .runtime(Runtime::Tokio1)
            .build();
        // Timeouts without a runtime are the only thing that it fails for.
        let Ok(pool) = pool else { unreachable!("it has a runtime") };
        Ok(Self { pool, attempt })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.pool.manager().settings.database
    }

    /// Writes rows in one attempt. Gives the database's answer.
    pub(super) async fn write(&self, rows: String) -> Result<String, Effect> {
        let connection = self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => effect(&error),
            // A login that takes too long.
            _ => effect(&Error::Late),
        })?;
        let asked = async { connection.client.query_one(&connection.write, &[&rows]).await };
        let answer = match timeout(self.attempt, asked).await {
            Ok(Ok(row)) => row.try_get(0).map_err(Error::from),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(Error::Late),
        };
        answer.map_err(|error| {
            let effect = effect(&error);
            if !matches!(effect, Effect::Invalid(_)) {
                drop(Object::take(connection));
            }
            effect
        })
    }
}

/// TLS that takes a host for what it is if one of these roots says so.
fn trusting(roots: &str) -> Result<ClientConfig, RootsError> {
    let mut store = RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(roots.as_bytes()) {
        store.add(root?)?;
    }
    if store.is_empty() {
        return Err(RootsError::None);
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    Ok(config.with_safe_default_protocol_versions()?.with_root_certificates(store).with_no_client_auth())
}

impl managed::Manager for Manager {
    type Type = Connection;
    type Error = Error;

    async fn create(&self) -> Result<Connection, Error> {
        let Settings { host, port, region, credentials, .. } = &self.settings;
        let credentials = credentials.provide_credentials().await?;
        let mut config = self.config.clone();
        config.password(token::token(host, *port, region, credentials, SystemTime::now())?);
        let (client, connection) = config.connect(self.tls.clone()).await?;
        // Its errors reach the client too.
        let task = tokio::spawn(async move { drop(connection.await) });
        let write = client.prepare(WRITE).await?;
        Ok(Connection { client, write, task })
    }

    async fn recycle(&self, connection: &mut Connection, _: &Metrics) -> RecycleResult<Error> {
        connection.client.check_connection().await.map_err(|error| RecycleError::Backend(error.into()))
    }
}

/// What an error means for the records.
fn effect(error: &Error) -> Effect {
    let Error::Database(database) = error else {
        return match error {
            Error::Token(_) => Effect::Unusable(error.to_string()),
            _ => busy(&error.to_string()),
        };
    };
    if distrusts(database) {
        return Effect::Unusable(format!(
            "{}: whoever answers is not the cluster, or its certificate is of a root that the function does not have; deploy the newest version, or name a file of roots in PGSSLROOTCERT",
            sentence(database)
        ));
    }
    let Some(told) = database.as_db_error() else { return busy(&sentence(database)) };
    let state = told.code().code();
    let message = format!("{}: {}; SQLState: {state}", told.severity(), told.message());
    match meaning(state) {
        Meaning::Passing => busy(&message),
        Meaning::Login => Effect::Unusable(format!(
            "{message}: the function's role needs rds-db:connect on the role {CONSUMER} of the cluster, which has to be a member of rds_iam; deploy the store and the consumer again"
        )),
        meaning @ (Meaning::Database | Meaning::Schema) => {
            Effect::Unusable(format!("{message}: {}", meaning.advice()))
        }
        Meaning::Refused => Effect::Invalid(message),
    }
}

/// A pause, a failover and a way that is closed look alike: what is told is all that there is to see.
fn busy(reason: &str) -> Effect {
    tracing::warn!(reason, "the database does not answer now");
    Effect::Busy(Busy::Unavailable)
}

/// An error with its causes.
fn sentence(error: &tokio_postgres::Error) -> String {
    let mut sentence = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let told = error.to_string();
        if !sentence.contains(&told) {
            sentence = format!("{sentence}: {told}");
        }
        cause = error.source();
    }
    sentence
}

/// Whether the other end showed a certificate of somebody else. An error of input and output holds its cause without
/// naming it as its source.
fn distrusts(error: &tokio_postgres::Error) -> bool {
    let is_certificate = |error: &rustls::Error| matches!(error, rustls::Error::InvalidCertificate(_));
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    let cause = cause.and_then(io::Error::get_ref).and_then(|cause| cause.downcast_ref());
    cause.is_some_and(is_certificate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_certificates() {
        trusting(postgres::certificates::ROOTS).expect("the roots of Amazon RDS");
        for (roots, expected) in [
            ("", "have no certificate"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "do not serve"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n", "no certificates"),
        ] {
            let error = trusting(roots).expect_err(expected).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
