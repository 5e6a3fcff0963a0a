//! The endpoint: which operation does what, over one store.
//!
//! Whatever is not in its tables of operations is refused by name. It knows nothing of HTTP.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::{
    arn::Identity,
    control::{database, table, tags},
    faults::{Failure, Faults, RecordFaults},
    query::Engine,
    store::Store,
    wire::{self, ErrorCode},
    write,
};

/// Minutes for which clients may remember the answer of `DescribeEndpoints`.
const ENDPOINT_CACHE_MINUTES: u32 = 1440;

/// Operations of the service that this endpoint does not do.
const UNSUPPORTED: [&str; 12] = [
    "CreateBatchLoadTask",
    "CreateScheduledQuery",
    "DeleteScheduledQuery",
    "DescribeAccountSettings",
    "DescribeBatchLoadTask",
    "DescribeScheduledQuery",
    "ExecuteScheduledQuery",
    "ListBatchLoadTasks",
    "ListScheduledQueries",
    "ResumeBatchLoadTask",
    "UpdateAccountSettings",
    "UpdateScheduledQuery",
];

/// Operations of the control plane.
const CONTROL: [(&str, Control); 13] = [
    ("CreateDatabase", database::create),
    ("CreateTable", table::create),
    ("DeleteDatabase", database::delete),
    ("DeleteTable", table::delete),
    ("DescribeDatabase", database::describe_one),
    ("DescribeTable", table::describe_one),
    ("ListDatabases", database::list),
    ("ListTables", table::list),
    ("ListTagsForResource", tags::list),
    ("TagResource", tags::tag),
    ("UntagResource", tags::untag),
    ("UpdateDatabase", database::update),
    ("UpdateTable", table::update),
];

/// Operations of the query engine.
const QUERY: [&str; 3] = ["CancelQuery", "PrepareQuery", "Query"];

const DESCRIBE_ENDPOINTS: &str = "DescribeEndpoints";
const WRITE_RECORDS: &str = "WriteRecords";

/// An operation of the control plane.
type Control = fn(&Store, &Identity, Value) -> Result<Value, wire::Error>;

/// Whether this endpoint does this operation.
pub fn does(operation: &str) -> bool {
    CONTROL.iter().any(|(name, _)| *name == operation)
        || QUERY.contains(&operation)
        || [DESCRIBE_ENDPOINTS, WRITE_RECORDS].contains(&operation)
}

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

fn refusal(operation: &str) -> wire::Error {
    if UNSUPPORTED.contains(&operation) {
        wire::Error::validation(format!("The operation {operation} is not supported by this local endpoint."))
    } else {
        wire::Error::new(ErrorCode::UnknownOperation, format!("The operation {operation} is unknown."))
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
