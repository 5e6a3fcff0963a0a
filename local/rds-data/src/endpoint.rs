//! The endpoint: which operation does what, over the clusters.
//!
//! It knows nothing of HTTP. A statement that has begun goes on when its caller goes away, as on AWS.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{task::JoinHandle, time::timeout};
use tokio_postgres::{CancelToken, NoTls};

use crate::{
    clusters::Clusters,
    faults::{Failure, Faults},
    operations::Operation,
    parameter::Parameter,
    pool::{Connection, Key, Pool},
    statement::{Form, Statement},
    transactions::{Owner, Transactions},
    wire::{self, Error, ErrorCode},
};

/// How long a statement may run.
pub const STATEMENT_TIME: Duration = Duration::from_secs(45);

/// The Data API over the clusters.
#[derive(Debug)]
pub struct Endpoint {
    clusters: Clusters,
    pool: Arc<Pool>,
    transactions: Arc<Transactions>,
    statement_time: Duration,
}

/// A request, with the members of all operations.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    resource_arn: String,
    secret_arn: String,
    database: Option<String>,
    schema: Option<String>,
    transaction_id: Option<String>,
    sql: Option<String>,
    #[serde(default)]
    parameters: Vec<Parameter>,
    #[serde(default)]
    parameter_sets: Vec<Vec<Parameter>>,
    #[serde(flatten)]
    form: Form,
}

impl Request {
    fn owner(&self) -> Owner {
        Owner { cluster: self.resource_arn.clone(), secret: self.secret_arn.clone() }
    }

    fn key(&self) -> Key {
        Key {
            cluster: self.resource_arn.clone(),
            secret: self.secret_arn.clone(),
            database: self.database.clone(),
        }
    }

    fn transaction(&self) -> Result<&str, Error> {
        let missing = || Error::bad_request("The member transactionId is missing.");
        self.transaction_id.as_deref().ok_or_else(missing)
    }

    fn statement(&self, sets: &[Vec<Parameter>]) -> Result<Statement, Error> {
        let text = self.sql.as_deref().filter(|text| !text.trim().is_empty());
        Statement::new(text.ok_or_else(|| Error::bad_request("The member sql is missing."))?, sets)
    }
}

impl Endpoint {
    /// An endpoint over these clusters, without faults, whose statements may run for so long.
    pub fn new(clusters: Clusters, statement_time: Duration) -> Self {
        Self { clusters, pool: Arc::default(), transactions: Arc::default(), statement_time }
    }

    /// The clusters.
    pub fn clusters(&self) -> &Clusters {
        &self.clusters
    }

    /// The faults that are asked for.
    pub fn faults(&self) -> &Mutex<Faults> {
        self.clusters.faults()
    }

    /// Rolls back what was left alone, for as long as it is polled.
    pub async fn expire(&self) {
        self.transactions.expire().await;
    }

    /// Ends all connections, and then all servers.
    pub async fn stop(&self) {
        self.transactions.close();
        self.pool.close();
        self.clusters.stop().await;
    }

    /// Answers an operation, with the faults that are asked for.
    pub async fn handle(&self, operation: Operation, body: &[u8]) -> Result<Value, Error> {
        let drawn = self.faults().lock().unwrap_or_else(PoisonError::into_inner).draw(operation.name());
        tokio::time::sleep(drawn.delay).await;
        match drawn.failure {
            None => self.answer(operation, body).await,
            Some(failure @ Failure::LostAnswer) => {
                self.answer(operation, body).await?;
                Err(failure.error())
            }
            Some(failure) => Err(failure.error()),
        }
    }

    async fn answer(&self, operation: Operation, body: &[u8]) -> Result<Value, Error> {
        let request: Request = wire::parse(body)?;
        if request.schema.is_some() {
            return Err(Error::bad_request("The parameter schema isn't supported."));
        }
        match operation {
            Operation::ExecuteStatement => {
                let statement = request.statement(std::slice::from_ref(&request.parameters))?;
                self.run(&request, statement).await
            }
            Operation::BatchExecuteStatement => {
                let sets = &request.parameter_sets;
                let sets = if sets.is_empty() { &vec![Vec::new()] } else { sets };
                self.run(&request, request.statement(sets)?).await?;
                let results = vec![json!({ "generatedFields": [] }); sets.len()];
                Ok(json!({ "updateResults": results }))
            }
            Operation::BeginTransaction => {
                let connection = self.pool.take(&self.clusters, request.key()).await?;
                connection.client.batch_execute("BEGIN").await?;
                Ok(json!({ "transactionId": self.transactions.add(request.owner(), connection) }))
            }
            Operation::CommitTransaction => self.end(&request, "COMMIT", "Transaction Committed").await,
            Operation::RollbackTransaction => self.end(&request, "ROLLBACK", "Rollback Complete").await,
        }
    }

    async fn end(&self, request: &Request, command: &str, status: &str) -> Result<Value, Error> {
        let id = request.transaction()?;
        let mut lease = self.transactions.lease(id, &request.owner())?;
        self.transactions.remove(id);
        if let Some(connection) = lease.take() {
            connection.client.batch_execute(command).await?;
            self.pool.give(connection);
        }
        Ok(json!({ "transactionStatus": status }))
    }

    async fn run(&self, request: &Request, statement: Statement) -> Result<Value, Error> {
        let form = request.form.clone();
        let goes_on = form.continue_after_timeout;
        if let Some(id) = request.transaction_id.clone() {
            let mut lease = self.transactions.lease(&id, &request.owner())?;
            let way = lease.as_ref().map(Way::of);
            let transactions = Arc::clone(&self.transactions);
            let running = tokio::spawn(async move {
                let Some(connection) = lease.as_ref() else { return Ok(Value::Null) };
                let outcome = statement.run(connection, &form).await;
                if outcome.is_err() {
                    // The server rolls back what a connection leaves open.
                    lease.take();
                    transactions.remove(&id);
                }
                outcome
            });
            return self.wait(running, way, goes_on).await;
        }
        let connection = self.pool.take(&self.clusters, request.key()).await?;
        let way = Some(Way::of(&connection));
        let pool = Arc::clone(&self.pool);
        let running = tokio::spawn(async move {
            let outcome = alone(&connection, &statement, &form).await;
            pool.give(connection);
            outcome
        });
        self.wait(running, way, goes_on).await
    }

    /// Waits for as long as a statement may run. What nobody waits for any longer is cancelled, unless it is to go on.
    async fn wait(
        &self,
        mut running: JoinHandle<Result<Value, Error>>,
        way: Option<Way>,
        goes_on: bool,
    ) -> Result<Value, Error> {
        if let Ok(ended) = timeout(self.statement_time, &mut running).await {
            let broke_off = |cause| {
                Error::new(ErrorCode::InternalServerError, format!("The statement broke off: {cause}."))
            };
            return ended.unwrap_or_else(|cause| Err(broke_off(cause)));
        }
        let message = if goes_on {
            "The statement timed out. It goes on running."
        } else {
            "The statement timed out. It is cancelled."
        };
        let mut error = Error::new(ErrorCode::StatementTimeout, message);
        if let Some(way) = way {
            error.connection = Some(way.id);
            if !goes_on {
                // A statement that has just ended cannot be cancelled, and need not be.
                let _ended = way.cancel.cancel_query(NoTls).await;
            }
        }
        Err(error)
    }
}

/// How a statement that runs is reached.
struct Way {
    cancel: CancelToken,
    id: i32,
}

impl Way {
    fn of(connection: &Connection) -> Self {
        Self { cancel: connection.client.cancel_token(), id: connection.id }
    }
}

/// Runs a statement outside of any transaction of the caller's: all of its runs are kept, or none is.
async fn alone(connection: &Connection, statement: &Statement, form: &Form) -> Result<Value, Error> {
    if statement.runs() < 2 {
        return statement.run(connection, form).await;
    }
    connection.client.batch_execute("BEGIN").await?;
    let outcome = statement.run(connection, form).await;
    let end = if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" };
    connection.client.batch_execute(end).await?;
    outcome
}
