//! Databases and tables, by Timestream's own API.
//!
//! What CloudFormation's types do on AWS: a changed name is a replacement, everything else changes in
//! place, and what is already gone is deleted. Data goes only with its table or database, and those
//! only when `CloudFormation` asks for it: of a retained resource it never does.

use aws_sdk_timestreamwrite::error::{BuildError, DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_timestreamwrite::{Client, Error as ServiceError};
use custom_resource::{Provisioned, Request, RequestType, Unfit};

use crate::properties::{Database, Former, Table, Tag};

/// The types of custom resources that this stands behind.
pub(crate) const TYPES: [&str; 2] = [DATABASE, TABLE];
const DATABASE: &str = "Custom::TimestreamDatabase";
const TABLE: &str = "Custom::TimestreamTable";

/// Between database and table in a table's physical id, as in `AWS::Timestream::Table`.
const SEPARATOR: char = '|';

/// Why a request cannot be met.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Request(#[from] Unfit),
    #[error("a property lacks a member: {0}")]
    Incomplete(#[from] BuildError),
    #[error("{}", sentence(.0))]
    Service(Box<ServiceError>),
}

impl From<ServiceError> for Error {
    fn from(error: ServiceError) -> Self {
        Self::Service(Box::new(error))
    }
}

fn sentence(error: &ServiceError) -> String {
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("Timestream: {code}: {message}"),
        _ => format!("Timestream: {}", DisplayErrorContext(error)),
    }
}

/// Timestream's write API.
pub(crate) struct Timestream {
    client: Client,
}

impl Timestream {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Does what `request` asks for, of one of the [`TYPES`].
    pub(crate) async fn provision(&self, request: &Request) -> Result<Provisioned, Error> {
        match (request.resource_type.as_str(), request.request_type) {
            (DATABASE, RequestType::Delete) => self.delete_database(request).await,
            (DATABASE, _) => self.ensure_database(request).await,
            (_, RequestType::Delete) => self.delete_table(request).await,
            _ => self.ensure_table(request).await,
        }
    }

    async fn ensure_database(&self, request: &Request) -> Result<Provisioned, Error> {
        let wanted: Database = request.properties()?;
        let existing = request.subject()?;
        let name = match (&wanted.database_name, existing) {
            (Some(name), _) => name.clone(),
            (None, Some(id)) => id.to_owned(),
            (None, None) => request.generated_name(),
        };
        let database = if existing == Some(name.as_str()) {
            let old = Former::of(request);
            let database =
                if let Some(key) = wanted.kms_key_id.filter(|key| old.kms_key_id.as_ref() != Some(key)) {
                    let update = self.client.update_database().database_name(&name).kms_key_id(key);
                    update.send().await.map_err(ServiceError::from)?.database
                } else {
                    let describe = self.client.describe_database().database_name(&name);
                    describe.send().await.map_err(ServiceError::from)?.database
                };
            let arn = database.as_ref().and_then(|database| database.arn()).unwrap_or_default();
            self.tag(arn, &old.tags, &wanted.tags).await?;
            database
        } else {
            let create = self.client.create_database().database_name(&name).set_kms_key_id(wanted.kms_key_id);
            let create = create.set_tags(Some(wanted.tags.iter().filter_map(Option::from).collect()));
            create.send().await.map_err(ServiceError::from)?.database
        };
        let arn = database.and_then(|database| database.arn).unwrap_or_default();
        Ok(Provisioned { physical_id: name.clone(), attributes: vec![("Arn", arn), ("Name", name)] })
    }

    async fn ensure_table(&self, request: &Request) -> Result<Provisioned, Error> {
        let wanted: Table = request.properties()?;
        let existing = request.subject()?;
        let name = match (&wanted.table_name, existing.and_then(|id| id.split_once(SEPARATOR))) {
            (Some(name), _) => name.clone(),
            (None, Some((_, name))) => name.to_owned(),
            (None, None) => request.generated_name(),
        };
        let database = wanted.database_name;
        let physical_id = format!("{database}{SEPARATOR}{name}");
        let retention = wanted.retention_properties.map(|retention| retention.to_sdk()).transpose()?;
        let magnetic = wanted.magnetic_store_write_properties.map(|writes| writes.to_sdk()).transpose()?;
        let schema = wanted.schema.map(|schema| schema.to_sdk()).transpose()?;
        let table = if existing == Some(physical_id.as_str()) {
            let old = Former::of(request);
            let update = self.client.update_table().database_name(&database).table_name(&name);
            let update = update
                .set_retention_properties(retention)
                .set_magnetic_store_write_properties(magnetic)
                .set_schema(schema);
            let table = update.send().await.map_err(ServiceError::from)?.table;
            let arn = table.as_ref().and_then(|table| table.arn()).unwrap_or_default();
            self.tag(arn, &old.tags, &wanted.tags).await?;
            table
        } else {
            let create = self.client.create_table().database_name(&database).table_name(&name);
            let create = create
                .set_retention_properties(retention)
                .set_magnetic_store_write_properties(magnetic)
                .set_schema(schema)
                .set_tags(Some(wanted.tags.iter().filter_map(Option::from).collect()));
            create.send().await.map_err(ServiceError::from)?.table
        };
        let arn = table.and_then(|table| table.arn).unwrap_or_default();
        Ok(Provisioned { physical_id, attributes: vec![("Arn", arn), ("Name", name)] })
    }

    /// Makes the tags of a resource what they should be.
    async fn tag(&self, arn: &str, old: &[Tag], wanted: &[Tag]) -> Result<(), Error> {
        let gone: Vec<_> = old
            .iter()
            .map(|tag| &tag.key)
            .filter(|key| wanted.iter().all(|tag| tag.key != **key))
            .cloned()
            .collect();
        if !gone.is_empty() {
            let untag = self.client.untag_resource().resource_arn(arn).set_tag_keys(Some(gone));
            untag.send().await.map_err(ServiceError::from)?;
        }
        let new: Vec<_> = wanted.iter().filter(|tag| !old.contains(tag)).filter_map(Option::from).collect();
        if !new.is_empty() {
            let tag = self.client.tag_resource().resource_arn(arn).set_tags(Some(new));
            tag.send().await.map_err(ServiceError::from)?;
        }
        Ok(())
    }

    async fn delete_database(&self, request: &Request) -> Result<Provisioned, Error> {
        if let Some(name) = request.existing() {
            let delete = self.client.delete_database().database_name(name);
            if let Err(error) = delete.send().await {
                unless_gone(error.into())?;
            }
        }
        Ok(request.deleted())
    }

    async fn delete_table(&self, request: &Request) -> Result<Provisioned, Error> {
        if let Some((database, table)) = request.existing().and_then(|id| id.split_once(SEPARATOR)) {
            let delete = self.client.delete_table().database_name(database).table_name(table);
            if let Err(error) = delete.send().await {
                unless_gone(error.into())?;
            }
        }
        Ok(request.deleted())
    }
}

fn unless_gone(error: ServiceError) -> Result<(), Error> {
    match error {
        ServiceError::ResourceNotFoundException(_) => Ok(()),
        error => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
