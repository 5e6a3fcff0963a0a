//! Connections to the servers, kept for the next request of the same role.
//!
//! A connection goes back as it came: whatever a statement set or locked is reset.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::Client;

use crate::{
    clusters::{Cluster, Clusters},
    wire::{Error, ErrorCode},
};

/// Connections at a time, below what PostgreSQL takes (100).
const CONNECTIONS: usize = 80;

/// Whom a connection is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The cluster.
    pub cluster: String,
    /// The secret of the role.
    pub secret: String,
    /// The database; that of the cluster when none is named.
    pub database: Option<String>,
}

/// A connection that belongs to one request or one transaction.
#[derive(Debug)]
pub struct Connection {
    key: Key,
    /// The way to the server.
    pub client: Client,
    /// The process of the server that answers it.
    pub id: i32,
    permit: OwnedSemaphorePermit,
}

/// A connection that nobody uses at the moment.
#[derive(Debug)]
struct Idle {
    client: Client,
    id: i32,
}

/// The connections.
#[derive(Debug)]
pub struct Pool {
    idle: Mutex<HashMap<Key, Vec<Idle>>>,
    /// One for each connection that is used.
    permits: Arc<Semaphore>,
}

impl Default for Pool {
    fn default() -> Self {
        Self { idle: Mutex::default(), permits: Arc::new(Semaphore::new(CONNECTIONS)) }
    }
}

impl Pool {
    /// A connection for the role whose credentials the secret holds.
    pub async fn take(&self, clusters: &Clusters, key: Key) -> Result<Connection, Error> {
        let cluster = cluster(clusters, &key.cluster)?;
        let ends = |_| Error::new(ErrorCode::DatabaseUnavailable, "The service ends.");
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(ends)?;
        if let Some(Idle { client, id }) = self.idle_for(&key) {
            return Ok(Connection { key, client, id, permit });
        }
        let credentials = clusters.secrets().get(&key.secret).await?;
        let database = key.database.as_deref().unwrap_or_else(|| cluster.database());
        let client = cluster.server.connect(&credentials.username, &credentials.password, database).await?;
        let id = client.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
        Ok(Connection { key, client, id, permit })
    }

    /// Gives a connection back, which may take a moment.
    pub fn give(self: &Arc<Self>, connection: Connection) {
        let pool = Arc::clone(self);
        tokio::spawn(async move {
            let Connection { key, client, id, permit } = connection;
            if client.batch_execute("DISCARD ALL").await.is_ok() {
                pool.idle().entry(key).or_default().push(Idle { client, id });
            }
            // Whoever waits for it finds the connection.
            drop(permit);
        });
    }

    /// Closes what nobody uses.
    pub fn close(&self) {
        self.idle().clear();
    }

    /// A connection that nobody uses. Where there is none of this key, those of others make room for one.
    fn idle_for(&self, key: &Key) -> Option<Idle> {
        let mut idle = self.idle();
        while let Some(found) = idle.get_mut(key).and_then(Vec::pop) {
            if !found.client.is_closed() {
                return Some(found);
            }
        }
        let unused: usize = idle.values().map(Vec::len).sum();
        if unused > self.permits.available_permits() {
            idle.clear();
        }
        None
    }

    fn idle(&self) -> MutexGuard<'_, HashMap<Key, Vec<Idle>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The cluster of this ARN.
fn cluster(clusters: &Clusters, arn: &str) -> Result<Arc<Cluster>, Error> {
    clusters.get(arn).ok_or_else(|| {
        let message =
            format!("HttpEndpoint is not enabled for cluster {arn}: there is no such cluster here.");
        Error::new(ErrorCode::HttpEndpointNotEnabled, message)
    })
}
