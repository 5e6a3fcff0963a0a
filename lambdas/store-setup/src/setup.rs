//! The way from what the database is to what the model wants, and its upkeep.
//!
//! All of it is one transaction, so that an attempt which fails leaves nothing behind, and done again it changes
//! nothing. What would lose data is refused. A deletion leaves everything as it is: the database goes with its cluster,
//! or stays with it.

use custom_resource::{Provisioned, Request, RequestType, Unfit};
use data_api::{Database, Failure, Transaction, only_text};
use postgres::schema::{Existing, GRAFANA, MAINTAIN, MigrationFault, READER, Schema, WRITER};
use serde::Deserialize;
use telemetry::Model;
use tokio::time::Instant;

use aws_sdk_rdsdata::types::Field;

use crate::password::{Password, SecretError};
use crate::patience::{Hope, patiently};
use crate::properties::Properties;

/// How long a statement waits for a table. Whoever comes after it waits as long: a minute of a query that reads must
/// not become a minute in which nothing is written.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '5s'";

/// Why the database is not what the model wants.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request cannot be met.
    #[error(transparent)]
    Request(#[from] Unfit),
    /// There is no model.
    #[error("{0}: the function's archive has to be made by `cargo xtask deploy`")]
    Model(String),
    /// A role has no password.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The model wants what would lose data.
    #[error(transparent)]
    Migration(#[from] MigrationFault),
    /// The database does not do it.
    #[error("{failure}; deploy again when that has changed: nothing was done by half")]
    Database {
        /// Why.
        #[from]
        failure: Failure,
    },
    /// An answer is not what was asked for.
    #[error("the database's answer to {0} is not understood: is it the schema of another version?")]
    Answer(&'static str),
    /// There was no answer.
    #[error("the database did not answer in the time of the function; deploy again when it does")]
    Late,
}

/// What an upkeep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Maintained {
    /// Partitions that were made.
    pub created: u64,
    /// Partitions that were dropped, with their rows.
    pub dropped: u64,
}

/// Sets databases up.
#[derive(Debug)]
pub struct Setup {
    /// Client of the Data API, without retries of its own.
    pub rds: aws_sdk_rdsdata::Client,
    /// Client of Secrets Manager.
    pub secrets: aws_sdk_secretsmanager::Client,
    /// The model, or why there is none: that too is told to `CloudFormation`.
    pub model: Result<Model, String>,
}

impl Setup {
    /// Does what `request` asks for, of `Custom::SluiceSchema`, until `until`.
    pub async fn provision(&self, request: &Request, until: Instant) -> Result<Provisioned, Error> {
        if request.request_type == RequestType::Delete {
            return Ok(request.deleted());
        }
        let wanted: Properties = request.properties()?;
        let model = self.model.as_ref().map_err(|reason| Error::Model(reason.clone()))?;
        let schema = Schema::of(model, &wanted.table, wanted.retention_days);
        let database = Database {
            client: self.rds.clone(),
            cluster_arn: wanted.cluster_arn.clone(),
            secret_arn: wanted.master_secret_arn.clone(),
            name: wanted.database.clone(),
        };
        let attempt = async || self.attempt(&wanted, &schema, &database).await;
        let Maintained { created, dropped } = patiently(until, attempt, hope, || Error::Late).await?;
        tracing::info!(table = wanted.table, created, dropped, "the schema is there");
        let physical_id = format!("{}.{}", wanted.database, wanted.table);
        Ok(Provisioned { physical_id, attributes: Vec::new() })
    }

    async fn attempt(
        &self,
        wanted: &Properties,
        schema: &Schema,
        database: &Database,
    ) -> Result<Maintained, Error> {
        let mut passwords = Vec::new();
        for (arn, role) in [
            (&wanted.writer_secret_arn, WRITER),
            (&wanted.reader_secret_arn, READER),
            (&wanted.grafana_secret_arn, GRAFANA),
        ] {
            passwords.push(Password::read(&self.secrets, arn, role).await?);
        }
        let transaction = database.begin().await?;
        match migrate(&transaction, schema, &passwords).await {
            Ok(maintained) => {
                transaction.commit().await?;
                Ok(maintained)
            }
            Err(error) => {
                // The service does it by itself, later.
                let _ = transaction.roll_back().await;
                Err(error)
            }
        }
    }
}

/// Makes the partitions of the days to come in a database that is set up, and drops those that are past.
pub async fn maintain(database: &Database, until: Instant) -> Result<Maintained, Error> {
    let attempt = async || maintained(only_text(&database.execute(MAINTAIN, Vec::new()).await?));
    patiently(until, attempt, hope, || Error::Late).await
}

async fn migrate(
    transaction: &Transaction<'_>,
    schema: &Schema,
    passwords: &[Password],
) -> Result<Maintained, Error> {
    transaction.execute(LOCK_TIMEOUT, Vec::new()).await?;
    let existing = transaction.execute(&schema.existing(), Vec::new()).await?;
    let existing: Option<Vec<Existing>> = existing.records().iter().map(|row| column(row)).collect();
    let existing = existing.ok_or(Error::Answer("the query of the columns"))?;
    let statements = schema.statements(&existing)?;
    for statement in statements.into_iter().chain(passwords.iter().map(Password::statement)) {
        transaction.execute(&statement, Vec::new()).await?;
    }
    maintained(only_text(&transaction.execute(MAINTAIN, Vec::new()).await?))
}

fn column(row: &[Field]) -> Option<Existing> {
    match row {
        [Field::StringValue(name), Field::StringValue(kind), Field::BooleanValue(in_place)] => {
            Some(Existing { name: name.clone(), kind: kind.clone(), in_place: *in_place })
        }
        _ => None,
    }
}

fn maintained(answer: Option<&str>) -> Result<Maintained, Error> {
    answer.and_then(|answer| serde_json::from_str(answer).ok()).ok_or(Error::Answer(MAINTAIN))
}

fn hope(error: &Error) -> Hope {
    match error {
        Error::Database { failure } if failure.is_passing() => Hope::Passing,
        Error::Database { failure: Failure::Unusable(_) | Failure::Schema { .. } }
        | Error::Secret(SecretError::Unread { .. }) => Hope::Settling,
        _ => Hope::Lost,
    }
}
