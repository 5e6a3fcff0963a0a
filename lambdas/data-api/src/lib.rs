//! A PostgreSQL database behind the
//! [Data API](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.html): one statement a request,
//! over HTTPS and with the permissions of the caller's role, so that nobody needs a way into its VPC.
//!
//! Knows no statement, and makes one attempt of each: what an error means is said by [`Failure`], when to try
//! again is the caller's.

mod failure;
mod pages;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_rdsdata::Client;
use aws_sdk_rdsdata::config::Builder;
use aws_sdk_rdsdata::operation::execute_statement::ExecuteStatementOutput;
use aws_sdk_rdsdata::operation::execute_statement::builders::ExecuteStatementFluentBuilder;
use aws_sdk_rdsdata::types::{Field, SqlParameter};

pub use failure::Failure;
pub use pages::{Pages, Patience};

/// A database of a cluster, as one of its roles.
#[derive(Debug, Clone)]
pub struct Database {
    /// Makes one attempt of a request.
    pub client: Client,
    /// ARN of the cluster.
    pub cluster_arn: String,
    /// ARN of the secret with the name and the password of the role.
    pub secret_arn: String,
    /// Name of the database.
    pub name: String,
}

/// A transaction that is neither committed nor rolled back. The service rolls it back after
/// [three minutes](https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_BeginTransaction.html) without
/// a statement.
#[derive(Debug)]
pub struct Transaction<'a> {
    database: &'a Database,
    id: String,
}

/// A client without retries of its own.
pub fn client(config: &SdkConfig) -> Client {
    Client::from_conf(Builder::from(config).retry_config(RetryConfig::disabled()).build())
}

/// A parameter that is text.
pub fn text(name: &str, value: String) -> SqlParameter {
    SqlParameter::builder().name(name).value(Field::StringValue(value)).build()
}

/// The answer of a statement that selects one text.
pub fn only_text(answer: &ExecuteStatementOutput) -> Option<&str> {
    match answer.records() {
        [record] => match record.as_slice() {
            [Field::StringValue(text)] => Some(text),
            _ => None,
        },
        _ => None,
    }
}

impl Database {
    /// Executes a statement by itself
    /// ([ExecuteStatement](https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_ExecuteStatement.html)):
    /// it may have been executed although it failed, where [`Failure::is_passing`].
    pub async fn execute(
        &self,
        sql: &str,
        parameters: Vec<SqlParameter>,
    ) -> Result<ExecuteStatementOutput, Failure> {
        self.run(sql, parameters, None).await
    }

    /// Begins a transaction.
    pub async fn begin(&self) -> Result<Transaction<'_>, Failure> {
        let begin = self.client.begin_transaction();
        let begin = begin.resource_arn(&self.cluster_arn).secret_arn(&self.secret_arn).database(&self.name);
        let answer = begin.send().await.map_err(|error| Failure::of(&error))?;
        match answer.transaction_id {
            Some(id) => Ok(Transaction { database: self, id }),
            None => Err(Failure::Unavailable("the Data API began a transaction without an id".to_owned())),
        }
    }

    async fn run(
        &self,
        sql: &str,
        parameters: Vec<SqlParameter>,
        transaction: Option<&str>,
    ) -> Result<ExecuteStatementOutput, Failure> {
        let statement = self.statement(sql, transaction);
        let statement = statement.set_parameters(Some(parameters).filter(|all| !all.is_empty()));
        // Boxed: the future of a request is kilobytes, and every caller of callers would hold it.
        Box::pin(statement.send()).await.map_err(|error| Failure::of(&error))
    }

    /// Runs a query, whose answer tells its columns.
    async fn ask(&self, sql: &str, transaction: Option<&str>) -> Result<ExecuteStatementOutput, Failure> {
        let statement = self.statement(sql, transaction).include_result_metadata(true);
        Box::pin(statement.send()).await.map_err(|error| Failure::of(&error))
    }

    fn statement(&self, sql: &str, transaction: Option<&str>) -> ExecuteStatementFluentBuilder {
        let statement = self.client.execute_statement();
        let statement = statement.resource_arn(&self.cluster_arn).secret_arn(&self.secret_arn);
        statement.database(&self.name).sql(sql).set_transaction_id(transaction.map(str::to_owned))
    }
}

impl Transaction<'_> {
    /// Executes a statement of the transaction.
    pub async fn execute(
        &self,
        sql: &str,
        parameters: Vec<SqlParameter>,
    ) -> Result<ExecuteStatementOutput, Failure> {
        self.database.run(sql, parameters, Some(&self.id)).await
    }

    /// Commits it. Where the answer is lost, it may be committed.
    pub async fn commit(self) -> Result<(), Failure> {
        let Self { database, id } = self;
        let commit = database.client.commit_transaction();
        let commit = commit.resource_arn(&database.cluster_arn).secret_arn(&database.secret_arn);
        commit.transaction_id(id).send().await.map_err(|error| Failure::of(&error))?;
        Ok(())
    }

    /// Rolls it back now, for others not to wait for what it holds.
    pub async fn roll_back(self) -> Result<(), Failure> {
        let Self { database, id } = self;
        let back = database.client.rollback_transaction();
        let back = back.resource_arn(&database.cluster_arn).secret_arn(&database.secret_arn);
        back.transaction_id(id).send().await.map_err(|error| Failure::of(&error))?;
        Ok(())
    }
}
