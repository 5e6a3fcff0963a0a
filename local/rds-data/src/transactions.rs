//! Transactions: connections that stay with their caller between requests.
//!
//! One ends when it is committed or rolled back, by the first error in it, and when nobody has used it for
//! [three minutes](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.troubleshooting.html).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Mutex as Slot, OwnedMutexGuard},
    time::Instant,
};

use crate::{
    pool::Connection,
    wire::{Error, ErrorCode},
};

/// How long a transaction may be left alone.
const IDLE: Duration = Duration::from_mins(3);
/// How often those that were left alone are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Whose transaction it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The cluster.
    pub cluster: String,
    /// The secret of the role.
    pub secret: String,
}

#[derive(Debug)]
struct Transaction {
    owner: Owner,
    used: Mutex<Instant>,
    connection: Arc<Slot<Option<Connection>>>,
}

/// A transaction while a request uses it. It has no connection when it has just ended.
pub type Lease = OwnedMutexGuard<Option<Connection>>;

/// All transactions that have begun and not ended.
#[derive(Debug, Default)]
pub struct Transactions {
    open: Mutex<HashMap<String, Transaction>>,
}

impl Transactions {
    /// Keeps a connection on which a transaction has begun; returns its id.
    pub fn add(&self, owner: Owner, connection: Connection) -> String {
        let id: String = std::iter::repeat_with(fastrand::alphanumeric).take(64).collect();
        let used = Mutex::new(Instant::now());
        let connection = Arc::new(Slot::new(Some(connection)));
        self.open().insert(id.clone(), Transaction { owner, used, connection });
        id
    }

    /// The transaction of this id, for one request.
    pub fn lease(&self, id: &str, owner: &Owner) -> Result<Lease, Error> {
        let open = self.open();
        let Some(transaction) = open.get(id).filter(|transaction| transaction.owner == *owner) else {
            return Err(not_found(id));
        };
        let busy = |_| Error::new(ErrorCode::DatabaseError, "Transaction is still running a query");
        let lease = Arc::clone(&transaction.connection).try_lock_owned().map_err(busy)?;
        *transaction.used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        if lease.is_some() { Ok(lease) } else { Err(not_found(id)) }
    }

    /// Forgets a transaction that has ended.
    pub fn remove(&self, id: &str) {
        self.open().remove(id);
    }

    /// Rolls back whatever is open.
    pub fn close(&self) {
        self.open().clear();
    }

    /// Rolls back what was left alone, for as long as it is polled.
    pub async fn expire(&self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            self.open().retain(|_, transaction| {
                let used = *transaction.used.lock().unwrap_or_else(PoisonError::into_inner);
                // One that a request uses is not left alone.
                used.elapsed() < IDLE || transaction.connection.try_lock().is_err()
            });
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<String, Transaction>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_found(id: &str) -> Error {
    Error::new(ErrorCode::TransactionNotFound, format!("Transaction {id} is not found"))
}
