//! A client of the Rust SDK, and short ways to ask.

use std::path::Path;

use aws_sdk_rdsdata::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    error::{ProvideErrorMetadata, SdkError},
    operation::execute_statement::{ExecuteStatementOutput, builders::ExecuteStatementFluentBuilder},
    types::{Field, SqlParameter, TypeHint},
};
use local_rds_data::testing::{self, Instance};
use tempfile::TempDir;

/// A cluster, and a client that never tries again.
pub struct Fixture {
    pub instance: Instance,
    pub client: Client,
    pub state: TempDir,
}

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_local-rds-data");

/// Starts it with its state in a folder.
pub fn start(state: &Path, arguments: &[&str]) -> Instance {
    let mut command = testing::command(PROGRAM.as_ref(), state);
    command.args(arguments);
    Instance::of(command, state)
}

/// A client of a process.
pub fn connect(url: &str) -> Client {
    let config = aws_sdk_rdsdata::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}

impl Fixture {
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// One whose program has further arguments.
    pub fn with(arguments: &[&str]) -> Self {
        let state = TempDir::new().expect("a temporary folder");
        let instance = start(state.path(), arguments);
        let client = connect(&instance.url());
        Self { instance, client, state }
    }

    /// A statement of the master role.
    pub fn statement(&self, sql: &str) -> ExecuteStatementFluentBuilder {
        let cluster = &self.instance.cluster;
        self.client.execute_statement().resource_arn(&cluster.arn).secret_arn(&cluster.secret_arn).sql(sql)
    }

    /// Runs a statement that must not fail.
    pub async fn run(&self, sql: &str) -> ExecuteStatementOutput {
        self.statement(sql).send().await.unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    }

    /// The only field of the only record.
    pub async fn one(&self, sql: &str) -> Field {
        let records = self.run(sql).await.records.expect("records");
        let [record] = &records[..] else { panic!("one record: {records:?}") };
        let [field] = &record[..] else { panic!("one field: {record:?}") };
        field.clone()
    }

    /// The code and the sentence of a statement that must fail.
    pub async fn refusal(&self, sql: &str) -> (String, String) {
        refused(self.statement(sql).send().await)
    }
}

/// The code and the sentence of what must fail.
pub fn refused<T: std::fmt::Debug, E: ProvideErrorMetadata>(
    outcome: Result<T, SdkError<E>>,
) -> (String, String) {
    let error = outcome.expect_err("it fails");
    (error.code().unwrap_or_default().to_owned(), error.message().unwrap_or_default().to_owned())
}

/// A parameter.
pub fn parameter(name: &str, value: Field, hint: Option<TypeHint>) -> SqlParameter {
    SqlParameter::builder().name(name).value(value).set_type_hint(hint).build()
}
