//! The endpoint: which operation does what, over one store.
//!
//! Whatever is not in the tables of [`operations`](crate::operations) is refused by name. It knows nothing of
//! HTTP.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::{
    arn::Identity,
    faults::{Failure, Faults, RecordFaults},
    operations::{CONTROL, DESCRIBE_ENDPOINTS, QUERY, WRITE_RECORDS, refusal},
    query::Engine,
    store::Store,
    wire, write,
};

/// Minutes for which clients may remember the answer of `DescribeEndpoints`.
const ENDPOINT_CACHE_MINUTES: u32 = 1440;

/// The Write and the Query API over one store.
pub struct Endpoint {
    store: Arc<Store>,
    engine: Engine,
    identity: Identity,
    faults: Mutex<Faults>,
}

impl Endpoint {
    /// An endpoint over `store`, without faults.
    pub fn new(store: Arc<Store>, identity: Identity) -> Self {
        let engine = Engine::new(Arc::clone(&store));
        Self { store, engine, identity, faults: Mutex::default() }
    }

    /// The same endpoint, which keeps at most this many MB of results for their next pages.
    #[must_use]
    pub fn with_unfinished_mb(mut self, mb: u16) -> Self {
        self.engine = self.engine.with_unfinished_mb(mb);
        self
    }

    /// The store.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// The faults that are asked for.
    pub fn faults(&self) -> &Mutex<Faults> {
        &self.faults
    }

    /// Answers an operation, with the faults that are asked for. `address` is where the caller reaches
    /// this endpoint.
    pub async fn handle(
        self: &Arc<Self>,
        operation: &str,
        address: &str,
        body: Value,
    ) -> Result<Value, wire::Error> {
        let drawn = self.faults.lock().unwrap_or_else(PoisonError::into_inner).draw(operation);
        if !drawn.delay.is_zero() {
            tokio::time::sleep(drawn.delay).await;
        }
        match drawn.failure {
            Some(failure @ (Failure::Throttled | Failure::Internal)) => Err(failure.error()),
            Some(failure @ Failure::LostAnswer) => {
                self.answer(operation, address, body, drawn.records).await?;
                Err(failure.error())
            }
            None => self.answer(operation, address, body, drawn.records).await,
        }
    }

    async fn answer(
        self: &Arc<Self>,
        operation: &str,
        address: &str,
        body: Value,
        mut record_faults: RecordFaults,
    ) -> Result<Value, wire::Error> {
        if operation == DESCRIBE_ENDPOINTS {
            let endpoint = json!({ "Address": address, "CachePeriodInMinutes": ENDPOINT_CACHE_MINUTES });
            return Ok(json!({ "Endpoints": [endpoint] }));
        }
        if operation == WRITE_RECORDS {
            let store = Arc::clone(&self.store);
            return blocking(move || write::write_records(&store, &mut record_faults, body)).await;
        }
        if QUERY.contains(&operation) {
            return self.engine.handle(operation, body).await;
        }
        let Some((_, control)) = CONTROL.iter().find(|(name, _)| *name == operation) else {
            return Err(refusal(operation));
        };
        let endpoint = Arc::clone(self);
        blocking(move || control(&endpoint.store, &endpoint.identity, body)).await
    }
}

/// Runs what waits for the disk where it holds up nobody else.
async fn blocking(
    work: impl FnOnce() -> Result<Value, wire::Error> + Send + 'static,
) -> Result<Value, wire::Error> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|cause| Err(wire::Error::internal(format!("The operation broke off: {cause}."))))
}
