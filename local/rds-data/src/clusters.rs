//! The clusters: each a PostgreSQL server with its files, in a folder of its own.
//!
//! What RDS does when CloudFormation makes a cluster with `ManageMasterUserPassword`: a database, a master role that is
//! no superuser, and a secret with its password. A cluster is there once its record is; what was left by a making that
//! was interrupted is removed.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex as Plain, PoisonError, RwLock},
};

use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, mpsc};

use crate::{
    faults::Faults,
    front::{Behind, Certificate, Front},
    postgres::{self, OWNER, Programs, Server},
    secrets::{self, Credentials, Secrets},
};

const RECORD: &str = "cluster.json";
/// Characters of a password, of letters and digits.
const PASSWORD_LENGTH: usize = 32;

/// Whose clusters they are.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Region that stands in ARNs.
    pub region: String,
    /// Account that stands in ARNs.
    pub account: String,
}

/// What a cluster is asked to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Its identifier: lower-case letters, digits and hyphens.
    pub identifier: String,
    /// Its first database.
    pub database: String,
    /// Its master role.
    pub username: String,
}

/// What is written down of a cluster.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    #[serde(flatten)]
    wanted: Wanted,
    /// What tells it apart from another of its name.
    #[serde(default = "resource_id")]
    resource_id: String,
    /// The port of its server.
    port: u16,
    /// The port in front of it, that clients know.
    #[serde(default)]
    front_port: Option<u16>,
    secret_arn: String,
    owner_password: String,
}

/// What whoever made a cluster is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Description {
    /// Its ARN.
    pub arn: String,
    /// Its identifier.
    pub identifier: String,
    /// Its first database.
    pub database: String,
    /// What tells it apart from another of its name, as permissions to connect do.
    pub resource_id: String,
    /// The host by which PostgreSQL's clients reach it.
    pub address: String,
    /// The port by which they do.
    pub port: u16,
    /// The file of the authority that they have to trust.
    pub root_certificate: PathBuf,
    /// The secret of its master role.
    pub secret_arn: String,
}

/// A cluster that runs.
#[derive(Debug)]
pub struct Cluster {
    record: Record,
    /// Its server.
    pub server: Server,
    front: Front,
}

/// Why a cluster is not made or removed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is another of its name.
    #[error("the cluster {0} exists with another database or master role")]
    Exists(String),
    /// A name that cannot be one.
    #[error("{0:?} is no name: lower-case letters, digits, - and _ make one, and a letter begins it")]
    Name(String),
    /// Its server.
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
    /// Its secret.
    #[error(transparent)]
    Secret(#[from] secrets::Error),
    /// Its files.
    #[error("cannot keep a cluster in {folder}: {source}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// All clusters.
#[derive(Debug)]
pub struct Clusters {
    folder: PathBuf,
    programs: Programs,
    identity: Identity,
    secrets: Secrets,
    certificate: Certificate,
    faults: Arc<Plain<Faults>>,
    running: RwLock<BTreeMap<String, Arc<Cluster>>>,
    /// Held by whoever makes or removes one.
    changing: Mutex<()>,
    ended: mpsc::UnboundedSender<PathBuf>,
}

impl Cluster {
    /// What is to be known of it.
    pub fn describe(&self, identity: &Identity, root_certificate: &Path) -> Description {
        let Wanted { identifier, database, .. } = &self.record.wanted;
        Description {
            arn: identity.arn(identifier),
            identifier: identifier.clone(),
            database: database.clone(),
            resource_id: self.record.resource_id.clone(),
            address: "127.0.0.1".to_owned(),
            port: self.front.port,
            root_certificate: root_certificate.to_owned(),
            secret_arn: self.record.secret_arn.clone(),
        }
    }

    /// The database that a request is about that names none.
    pub fn database(&self) -> &str {
        &self.record.wanted.database
    }
}

impl Identity {
    fn arn(&self, identifier: &str) -> String {
        format!("arn:aws:rds:{}:{}:cluster:{identifier}", self.region, self.account)
    }
}

impl Clusters {
    /// Starts the clusters of a folder. The folder of a server that ends by itself comes out of the receiver.
    pub async fn open(
        folder: PathBuf,
        programs: Programs,
        identity: Identity,
        secrets: Secrets,
        certificate: Certificate,
    ) -> Result<(Self, mpsc::UnboundedReceiver<PathBuf>), Error> {
        let failed = |source| Error::Folder { folder: folder.clone(), source };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let (ended, receiver) = mpsc::unbounded_channel();
        let clusters = Self {
            folder: folder.clone(),
            programs,
            identity,
            secrets,
            certificate,
            faults: Arc::default(),
            running: RwLock::default(),
            changing: Mutex::default(),
            ended,
        };
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let Ok(text) = std::fs::read(path.join(RECORD)) else {
                std::fs::remove_dir_all(&path).map_err(failed)?;
                continue;
            };
            let record: Record = serde_json::from_slice(&text).map_err(|error| failed(error.into()))?;
            let (port, password) = (Some(record.port), &record.owner_password);
            let server = clusters.programs.start(&path, port, password, clusters.ended.clone()).await?;
            clusters.add(clusters.serve(&path, record, server).await?);
        }
        Ok((clusters, receiver))
    }

    /// What goes wrong with them.
    pub fn faults(&self) -> &Plain<Faults> {
        &self.faults
    }

    fn describe(&self, cluster: &Cluster) -> Description {
        cluster.describe(&self.identity, &self.certificate.authority)
    }

    fn add(&self, cluster: Cluster) -> Arc<Cluster> {
        let (arn, cluster) = (self.identity.arn(&cluster.record.wanted.identifier), Arc::new(cluster));
        self.running.write().unwrap_or_else(PoisonError::into_inner).insert(arn, Arc::clone(&cluster));
        cluster
    }

    /// The secrets that they are reached with.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// A cluster, by its ARN.
    pub fn get(&self, arn: &str) -> Option<Arc<Cluster>> {
        self.running.read().unwrap_or_else(PoisonError::into_inner).get(arn).cloned()
    }

    /// What is to be known of all of them.
    pub fn list(&self) -> Vec<Description> {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        running.values().map(|cluster| self.describe(cluster)).collect()
    }

    /// Makes a cluster, unless it is there as it is wanted.
    pub async fn create(&self, wanted: Wanted) -> Result<Description, Error> {
        for name in [&wanted.identifier, &wanted.database, &wanted.username] {
            let is_of_name = |letter: u8| {
                letter.is_ascii_lowercase() || letter.is_ascii_digit() || b"-_".contains(&letter)
            };
            if !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.bytes().all(is_of_name) {
                return Err(Error::Name(name.clone()));
            }
        }
        let _changing = self.changing.lock().await;
        let arn = self.identity.arn(&wanted.identifier);
        if let Some(cluster) = self.get(&arn) {
            let is_wanted = cluster.record.wanted == wanted;
            return if is_wanted {
                Ok(self.describe(&cluster))
            } else {
                Err(Error::Exists(wanted.identifier))
            };
        }
        let cluster = self.add(self.make(wanted).await?);
        Ok(self.describe(&cluster))
    }

    async fn make(&self, wanted: Wanted) -> Result<Cluster, Error> {
        let folder = self.folder.join(&wanted.identifier);
        let failed = |source| Error::Folder { folder: folder.clone(), source };
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(failed)?;
        }
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let owner_password = password();
        self.programs.initialize(&folder, &owner_password).await?;
        let server = self.programs.start(&folder, None, &owner_password, self.ended.clone()).await?;
        let master = Credentials { username: wanted.username.clone(), password: password() };
        let made = async {
            prepare(&server, &owner_password, &wanted.database, &master).await?;
            let name = format!("rds!cluster-{}", password().to_lowercase());
            Ok(self.secrets.create(&name, &master).await?)
        };
        let secret_arn = match made.await {
            Ok(arn) => arn,
            Err(error) => {
                server.stop().await;
                return Err(error);
            }
        };
        let (resource_id, port) = (resource_id(), server.port);
        let record = Record { wanted, resource_id, port, front_port: None, secret_arn, owner_password };
        self.serve(&folder, record, server).await
    }

    /// Lets clients reach the server of a folder, and writes down by which ports.
    async fn serve(&self, folder: &Path, mut record: Record, server: Server) -> Result<Cluster, Error> {
        let failed = |source| Error::Folder { folder: folder.to_owned(), source };
        know_iam(&server, &record.owner_password, &record.wanted.username).await?;
        let behind = Behind {
            port: server.port,
            owner_password: record.owner_password.clone(),
            region: self.identity.region.clone(),
            log: postgres::log(folder),
            faults: Arc::clone(&self.faults),
        };
        let front = Front::open(record.front_port, self.certificate.clone(), behind).await.map_err(failed)?;
        (record.port, record.front_port) = (server.port, Some(front.port));
        let draft = folder.join("cluster.json.new");
        let text = serde_json::to_vec_pretty(&record).map_err(|error| failed(error.into()))?;
        std::fs::write(&draft, text)
            .and_then(|()| std::fs::rename(draft, folder.join(RECORD)))
            .map_err(failed)?;
        Ok(Cluster { record, server, front })
    }

    /// Removes a cluster with its data. One that is gone is fine.
    pub async fn delete(&self, identifier: &str) -> Result<(), Error> {
        let _changing = self.changing.lock().await;
        let arn = self.identity.arn(identifier);
        let gone = self.running.write().unwrap_or_else(PoisonError::into_inner).remove(&arn);
        let Some(cluster) = gone else { return Ok(()) };
        cluster.server.stop().await;
        self.secrets.delete(&cluster.record.secret_arn).await?;
        let folder = self.folder.join(identifier);
        std::fs::remove_dir_all(&folder).map_err(|source| Error::Folder { folder, source })
    }

    /// Stops all servers.
    pub async fn stop(&self) {
        let running = std::mem::take(&mut *self.running.write().unwrap_or_else(PoisonError::into_inner));
        futures::future::join_all(running.values().map(|cluster| cluster.server.stop())).await;
    }
}

/// Makes the database and the master role, which may make roles and owns the database.
async fn prepare(
    server: &Server,
    owner_password: &str,
    database: &str,
    master: &Credentials,
) -> Result<(), postgres::Error> {
    let owner = server.connect(OWNER, owner_password, "postgres").await?;
    let Credentials { username, password } = master;
    // All of them are names and passwords without quotes.
    owner
        .batch_execute(&format!("CREATE ROLE \"{username}\" LOGIN CREATEDB CREATEROLE PASSWORD '{password}'"))
        .await?;
    owner.batch_execute(&format!("CREATE DATABASE \"{database}\" OWNER \"{username}\"")).await?;
    Ok(())
}

/// Makes the role of whoever logs in with an IAM token, which the master may grant and is not a member of. Up to
/// PostgreSQL 15 it may grant every role. As on RDS, it may end sessions.
async fn know_iam(server: &Server, owner_password: &str, master: &str) -> Result<(), postgres::Error> {
    let owner = server.connect(OWNER, owner_password, "postgres").await?;
    let role = format!(
        "DO $$ BEGIN
           IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam') THEN CREATE ROLE rds_iam; END IF;
           IF current_setting('server_version_num')::integer >= 160000 THEN
             EXECUTE 'GRANT rds_iam TO \"{master}\" WITH ADMIN TRUE, INHERIT FALSE, SET FALSE';
           END IF;
           GRANT pg_signal_backend TO \"{master}\";
         END $$"
    );
    Ok(owner.batch_execute(&role).await?)
}

/// As RDS makes them up.
fn resource_id() -> String {
    let letters = std::iter::repeat_with(fastrand::alphanumeric).take(26);
    format!("cluster-{}", letters.collect::<String>().to_uppercase())
}

pub(crate) fn password() -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(PASSWORD_LENGTH).collect()
}
