//! Tables.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    epoch_seconds, paging, retention, schema,
    tags::{self, Tag},
};
use crate::{
    arn::{Identity, Resource},
    names,
    store::{MagneticStoreWriteProperties, RetentionProperties, Schema, Store, Table, Tags},
    wire,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Create {
    database_name: String,
    table_name: String,
    retention_properties: Option<RetentionProperties>,
    magnetic_store_write_properties: Option<MagneticStoreWriteProperties>,
    schema: Option<Schema>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Name {
    database_name: String,
    table_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Update {
    database_name: String,
    table_name: String,
    retention_properties: Option<RetentionProperties>,
    magnetic_store_write_properties: Option<MagneticStoreWriteProperties>,
    schema: Option<Schema>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    database_name: Option<String>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

/// Answers `CreateTable`.
pub fn create(store: &Store, identity: &Identity, body: Value) -> Result<Value, wire::Error> {
    let request: Create = wire::parse(body)?;
    names::check_resource("table", &request.table_name)?;
    let retention = request.retention_properties.unwrap_or_default();
    let magnetic_writes = request.magnetic_store_write_properties.unwrap_or_default();
    let schema = request.schema.unwrap_or_default();
    retention::check(retention)?;
    retention::check_magnetic_writes(&magnetic_writes)?;
    schema::check(&schema)?;
    let mut tags = Tags::new();
    tags::merge(&mut tags, request.tags)?;
    let now = store.now();
    let table = Table {
        database: request.database_name,
        name: request.table_name,
        retention,
        magnetic_writes,
        schema,
        created: now,
        updated: now,
        tags,
    };
    store.create_table(table.clone())?;
    Ok(json!({ "Table": describe(identity, &table) }))
}

/// Answers `DescribeTable`.
pub fn describe_one(store: &Store, identity: &Identity, body: Value) -> Result<Value, wire::Error> {
    let Name { database_name, table_name } = wire::parse(body)?;
    let table = store.table(&database_name, &table_name)?;
    Ok(json!({ "Table": describe(identity, &table) }))
}

/// Answers `ListTables`: of one database, or of all.
pub fn list(store: &Store, identity: &Identity, body: Value) -> Result<Value, wire::Error> {
    let List { database_name, max_results, next_token } = wire::parse(body)?;
    let mut keys = Vec::new();
    for database in database_name.map_or_else(|| store.databases(), |name| vec![name]) {
        let tables = store.tables(&database)?;
        keys.extend(
            tables.into_iter().map(|table| ((database.clone(), table.clone()), (database.clone(), table))),
        );
    }
    let (names, next) = paging::page(keys, max_results, next_token.as_deref())?;
    // A table that is deleted meanwhile is not there any more.
    let tables: Vec<Value> = names
        .iter()
        .filter_map(|(database, table)| store.table(database, table).ok())
        .map(|table| describe(identity, &table))
        .collect();
    let mut answer = json!({ "Tables": tables });
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

/// Answers `UpdateTable`. What the request leaves out stays.
pub fn update(store: &Store, identity: &Identity, body: Value) -> Result<Value, wire::Error> {
    let request: Update = wire::parse(body)?;
    let now = store.now();
    let table = store.update_table(&request.database_name, &request.table_name, |table| {
        if let Some(new) = request.retention_properties {
            retention::check(new)?;
            table.retention = new;
        }
        if let Some(new) = request.magnetic_store_write_properties {
            retention::check_magnetic_writes(&new)?;
            table.magnetic_writes = new;
        }
        if let Some(new) = request.schema {
            schema::check_change(&table.schema, &new)?;
            table.schema = new;
        }
        table.updated = now;
        Ok::<(), wire::Error>(())
    })?;
    Ok(json!({ "Table": describe(identity, &table) }))
}

/// Answers `DeleteTable`, with all its rows.
pub fn delete(store: &Store, _: &Identity, body: Value) -> Result<Value, wire::Error> {
    let Name { database_name, table_name } = wire::parse(body)?;
    store.delete_table(&database_name, &table_name)?;
    Ok(json!({}))
}

fn describe(identity: &Identity, table: &Table) -> Value {
    json!({
        "Arn": identity.arn(&Resource::Table(table.database.clone(), table.name.clone())),
        "TableName": table.name,
        "DatabaseName": table.database,
        "TableStatus": "ACTIVE",
        "RetentionProperties": table.retention,
        "MagneticStoreWriteProperties": table.magnetic_writes,
        "Schema": table.schema,
        "CreationTime": epoch_seconds(table.created),
        "LastUpdatedTime": epoch_seconds(table.updated),
    })
}
