//! Databases and tables as the control plane describes them: the shapes of the API, kept as they are on disk.
//!
//! Plain data. The rules about it are in `control`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock;

/// Tags of a database or table, sorted by key.
pub type Tags = BTreeMap<String, String>;

/// A [database](https://docs.aws.amazon.com/timestream/latest/developerguide/API_Database.html).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Database {
    /// Unique in the endpoint.
    pub name: String,
    /// The key that encrypts the data. Kept, not used: nothing is encrypted here.
    pub kms_key_id: String,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub created: i64,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub updated: i64,
    /// What the owner hung on it.
    pub tags: Tags,
}

/// A [table](https://docs.aws.amazon.com/timestream/latest/developerguide/API_Table.html).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// The database that holds it.
    pub database: String,
    /// Unique in the database.
    pub name: String,
    /// How long rows are kept.
    pub retention: RetentionProperties,
    /// Whether and how rows older than the memory store are taken.
    pub magnetic_writes: MagneticStoreWriteProperties,
    /// How rows are partitioned.
    pub schema: Schema,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub created: i64,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub updated: i64,
    /// What the owner hung on it.
    pub tags: Tags,
}

/// How long rows stay in each store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RetentionProperties {
    /// Hours in the memory store, 1 to 8,766.
    pub memory_store_retention_period_in_hours: i64,
    /// Days in the magnetic store after that, 1 to 73,000.
    pub magnetic_store_retention_period_in_days: i64,
}

impl RetentionProperties {
    /// How far back the memory store reaches, in nanoseconds.
    pub fn memory(self) -> i64 {
        self.memory_store_retention_period_in_hours.saturating_mul(clock::HOUR)
    }

    /// How far back both stores together reach, in nanoseconds.
    pub fn total(self) -> i64 {
        self.memory().saturating_add(self.magnetic_store_retention_period_in_days.saturating_mul(clock::DAY))
    }
}

impl Default for RetentionProperties {
    /// What the service gives a table that asks for nothing: 6 hours and 73,000 days.
    fn default() -> Self {
        Self { memory_store_retention_period_in_hours: 6, magnetic_store_retention_period_in_days: 73_000 }
    }
}

/// Whether and how rows older than the memory store are taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MagneticStoreWriteProperties {
    /// Off: such rows are rejected.
    pub enable_magnetic_store_writes: bool,
    /// Where reports about rows go that fail after they were accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub magnetic_store_rejected_data_location: Option<MagneticStoreRejectedDataLocation>,
}

/// Where reports about rows go that fail after they were accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MagneticStoreRejectedDataLocation {
    /// A bucket. Kept, not used: reports stay in the state folder here.
    #[serde(rename = "S3Configuration", default, skip_serializing_if = "Option::is_none")]
    pub s3_configuration: Option<S3Configuration>,
}

/// A place in S3.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct S3Configuration {
    /// The bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket_name: Option<String>,
    /// What the keys begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_key_prefix: Option<String>,
    /// How the objects are encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption_option: Option<EncryptionOption>,
    /// With which key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
}

/// How objects in S3 are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EncryptionOption {
    /// With a key of S3.
    #[serde(rename = "SSE_S3")]
    S3,
    /// With a key of KMS.
    #[serde(rename = "SSE_KMS")]
    Kms,
}

/// How rows are partitioned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Schema {
    /// What rows are partitioned by.
    #[serde(default)]
    pub composite_partition_key: Vec<PartitionKey>,
}

impl Default for Schema {
    /// By measure name, as the service does for a table that asks for nothing.
    fn default() -> Self {
        Self {
            composite_partition_key: vec![PartitionKey {
                kind: PartitionKeyType::Measure,
                name: None,
                enforcement_in_record: None,
            }],
        }
    }
}

/// An attribute that rows are partitioned by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PartitionKey {
    /// What it is.
    #[serde(rename = "Type")]
    pub kind: PartitionKeyType,
    /// The dimension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether every record must carry the dimension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforcement_in_record: Option<Enforcement>,
}

/// What a partition key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PartitionKeyType {
    /// A dimension.
    Dimension,
    /// The measure name.
    Measure,
}

/// Whether every record must carry the dimension that rows are partitioned by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Enforcement {
    /// A record without it is rejected.
    Required,
    /// A record without it is stored.
    Optional,
}
