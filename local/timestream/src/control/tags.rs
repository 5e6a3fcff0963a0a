//! Tags of databases and tables.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    arn::{self, Identity, Resource},
    store::{Store, Tags},
    wire::{self, ErrorCode},
};

/// Tags of one resource.
const MAX_TAGS: usize = 200;
const MAX_KEY_CHARACTERS: usize = 128;
const MAX_VALUE_CHARACTERS: usize = 256;
const RESERVED_PREFIX: &str = "aws:";

/// A tag of a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    key: String,
    value: String,
}

#[derive(Deserialize)]
struct TagResource {
    #[serde(rename = "ResourceARN")]
    arn: String,
    #[serde(rename = "Tags")]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
struct UntagResource {
    #[serde(rename = "ResourceARN")]
    arn: String,
    #[serde(rename = "TagKeys")]
    keys: Vec<String>,
}

#[derive(Deserialize)]
struct ListTagsForResource {
    #[serde(rename = "ResourceARN")]
    arn: String,
}

/// Adds the tags of a request to those that are there, or replaces them by key.
pub fn merge(tags: &mut Tags, new: Vec<Tag>) -> Result<(), wire::Error> {
    for Tag { key, value } in new {
        let key_length = key.chars().count();
        if !(1..=MAX_KEY_CHARACTERS).contains(&key_length) || value.chars().count() > MAX_VALUE_CHARACTERS {
            return Err(wire::Error::validation(format!(
                "The tag \"{key}\" is invalid: its key must have 1 to {MAX_KEY_CHARACTERS} characters and its value at most {MAX_VALUE_CHARACTERS}."
            )));
        }
        if key.to_ascii_lowercase().starts_with(RESERVED_PREFIX) {
            return Err(wire::Error::validation(format!("The tag key \"{key}\" is reserved.")));
        }
        tags.insert(key, value);
    }
    if tags.len() > MAX_TAGS {
        let message = format!("A resource can have at most {MAX_TAGS} tags.");
        return Err(wire::Error::new(ErrorCode::ServiceQuotaExceeded, message));
    }
    Ok(())
}

/// Answers `TagResource`.
pub fn tag(store: &Store, identity: &Identity, body: Value) -> Result<Value, wire::Error> {
    let TagResource { arn, tags } = wire::parse(body)?;
    change(store, &identity.resource(&arn)?, |present| merge(present, tags))
}

/// Answers `UntagResource`.
pub fn untag(store: &Store, identity: &Identity, body: Value) -> Result<Value, wire::Error> {
    let UntagResource { arn, keys } = wire::parse(body)?;
    change(store, &identity.resource(&arn)?, |present| {
        present.retain(|key, _| !keys.contains(key));
        Ok(())
    })
}

/// Answers `ListTagsForResource`.
pub fn list(store: &Store, identity: &Identity, body: Value) -> Result<Value, wire::Error> {
    let ListTagsForResource { arn } = wire::parse(body)?;
    let tags = match identity.resource(&arn)? {
        Resource::Database(database) => store.database(&database)?.0.tags,
        Resource::Table(database, table) => store.table(&database, &table)?.tags,
    };
    let tags: Vec<Value> =
        tags.into_iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    Ok(json!({ "Tags": tags }))
}

fn change(
    store: &Store,
    resource: &Resource,
    change: impl FnOnce(&mut Tags) -> Result<(), wire::Error>,
) -> Result<Value, wire::Error> {
    match resource {
        Resource::Database(database) => {
            store.update_database(database, |about| change(&mut about.tags))?;
        }
        Resource::Table(database, table) => {
            store.update_table(database, table, |about| change(&mut about.tags))?;
        }
    }
    Ok(json!({}))
}

impl From<arn::Error> for wire::Error {
    fn from(error: arn::Error) -> Self {
        match error {
            arn::Error::Malformed { .. } => Self::validation(error.to_string()),
            arn::Error::Elsewhere { .. } => Self::not_found(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging() {
        let tag = |key: &str, value: &str| Tag { key: key.to_owned(), value: value.to_owned() };
        let long_key = "k".repeat(129);
        let long_value = "v".repeat(257);
        let many: Vec<Tag> = (0..200).map(|number| tag(&format!("key{number}"), "")).collect();
        for (what, new, expected) in [
            ("another", vec![tag("room", "kitchen")], Ok(2)),
            ("replaced", vec![tag("owner", "me")], Ok(1)),
            ("empty value", vec![tag("room", "")], Ok(2)),
            ("empty key", vec![tag("", "x")], Err(ErrorCode::Validation)),
            ("long key", vec![tag(&long_key, "x")], Err(ErrorCode::Validation)),
            ("long value", vec![tag("k", &long_value)], Err(ErrorCode::Validation)),
            ("reserved", vec![tag("aws:owner", "x")], Err(ErrorCode::Validation)),
            ("too many", many, Err(ErrorCode::ServiceQuotaExceeded)),
        ] {
            let mut tags = Tags::from([("owner".to_owned(), "you".to_owned())]);
            let outcome = merge(&mut tags, new).map(|()| tags.len()).map_err(|error| error.code);
            assert_eq!(outcome, expected, "{what}");
        }
    }
}
