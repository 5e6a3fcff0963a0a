//! The endpoint: which operation does what, over one store.
//!
//! One table of operations; whatever is not in it is refused by name. It knows nothing of HTTP.

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

/// The Write and the Query API over one store.
pub struct Endpoint {
    store: Arc<Store>,
    engine: Engine,
    identity: Identity,
    faults: Mutex<Faults>,
}

/// An operation of the control plane.
type Control = fn(&Store, &Identity, Value) -> Result<Value, wire::Error>;

impl Endpoint {
    /// An endpoint over `store`, without faults.
    pub fn new(store: Arc<Store>, identity: Identity) -> Self {
        let engine = Engine::new(Arc::clone(&store));
        Self { store, engine, identity, faults: Mutex::default() }
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
        let control: Control = match operation {
            "DescribeEndpoints" => {
                let endpoint = json!({ "Address": address, "CachePeriodInMinutes": ENDPOINT_CACHE_MINUTES });
                return Ok(json!({ "Endpoints": [endpoint] }));
            }
            "Query" | "CancelQuery" | "PrepareQuery" => return self.engine.handle(operation, body).await,
            "WriteRecords" => {
                let store = Arc::clone(&self.store);
                return blocking(move || write::write_records(&store, &mut record_faults, body)).await;
            }
            "CreateDatabase" => database::create,
            "DescribeDatabase" => database::describe_one,
            "ListDatabases" => database::list,
            "UpdateDatabase" => database::update,
            "DeleteDatabase" => database::delete,
            "CreateTable" => table::create,
            "DescribeTable" => table::describe_one,
            "ListTables" => table::list,
            "UpdateTable" => table::update,
            "DeleteTable" => table::delete,
            "TagResource" => tags::tag,
            "UntagResource" => tags::untag,
            "ListTagsForResource" => tags::list,
            other => return Err(refusal(other)),
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
