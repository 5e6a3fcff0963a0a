//! Databases.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    epoch_seconds, paging,
    tags::{self, Tag},
};
use crate::{
    arn::{Identity, Resource},
    names,
    store::{Database, Store, Tags},
    wire,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Create {
    database_name: String,
    kms_key_id: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Name {
    database_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Update {
    database_name: String,
    kms_key_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    max_results: Option<usize>,
    next_token: Option<String>,
}

/// Answers `CreateDatabase`.
pub fn create(store: &Store, identity: &Identity, body: Value) -> Result<Value, wire::Error> {
    let Create { database_name: name, kms_key_id, tags: new } = wire::parse(body)?;
    names::check_resource("database", &name)?;
    let kms_key_id = kms_key_id.unwrap_or_else(|| identity.default_kms_key());
    let mut tags = Tags::new();
    tags::merge(&mut tags, new)?;
    let now = store.now();
    let database = Database { name, kms_key_id, created: now, updated: now, tags };
    store.create_database(database.clone())?;
    Ok(json!({ "Database": describe(identity, &database, 0) }))
}

/// Answers `DescribeDatabase`.
pub fn describe_one(store: &Store, identity: &Identity, body: Value) -> Result<Value, wire::Error> {
    let Name { database_name } = wire::parse(body)?;
    let (database, tables) = store.database(&database_name)?;
    Ok(json!({ "Database": describe(identity, &database, tables) }))
}

/// Answers `ListDatabases`.
pub fn list(store: &Store, identity: &Identity, body: Value) -> Result<Value, wire::Error> {
    let List { max_results, next_token } = wire::parse(body)?;
    let keys = store.databases().into_iter().map(|name| ((name.clone(), String::new()), name));
    let (names, next) = paging::page(keys, max_results, next_token.as_deref())?;
    // A database that is deleted meanwhile is not there any more.
    let databases: Vec<Value> = names
        .iter()
        .filter_map(|name| store.database(name).ok())
        .map(|(database, tables)| describe(identity, &database, tables))
        .collect();
    let mut answer = json!({ "Databases": databases });
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

/// Answers `UpdateDatabase`.
pub fn update(store: &Store, identity: &Identity, body: Value) -> Result<Value, wire::Error> {
    let Update { database_name, kms_key_id } = wire::parse(body)?;
    let now = store.now();
    let (database, tables) = store.update_database(&database_name, |database| {
        database.kms_key_id = kms_key_id;
        database.updated = now;
        Ok::<(), wire::Error>(())
    })?;
    Ok(json!({ "Database": describe(identity, &database, tables) }))
}

/// Answers `DeleteDatabase`, for a database without tables.
pub fn delete(store: &Store, _: &Identity, body: Value) -> Result<Value, wire::Error> {
    let Name { database_name } = wire::parse(body)?;
    store.delete_database(&database_name)?;
    Ok(json!({}))
}

fn describe(identity: &Identity, database: &Database, tables: usize) -> Value {
    json!({
        "Arn": identity.arn(&Resource::Database(database.name.clone())),
        "DatabaseName": database.name,
        "TableCount": tables,
        "KmsKeyId": database.kms_key_id,
        "CreationTime": epoch_seconds(database.created),
        "LastUpdatedTime": epoch_seconds(database.updated),
    })
}
