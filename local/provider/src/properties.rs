//! The properties of Timestream's types, from the form in which custom resources get them.
//!
//! Names and meaning are those of
//! [`AWS::Timestream::Database`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-timestream-database.html)
//! and [`AWS::Timestream::Table`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-timestream-table.html).
//! A property that is not known here is an error: left out silently, the local table would differ from the real one.

use aws_sdk_timestreamwrite::error::BuildError;
use aws_sdk_timestreamwrite::types;
use custom_resource::Request;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::scalar::Scalar;

/// Properties of a database.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "the names of the type's properties")]
pub(crate) struct Database {
    #[serde(rename = "ServiceToken")]
    _service_token: Option<String>,
    #[serde(rename = "ServiceTimeout")]
    _service_timeout: Option<Value>,
    pub database_name: Option<String>,
    pub kms_key_id: Option<String>,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

/// Properties of a table.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "the names of the type's properties")]
pub(crate) struct Table {
    #[serde(rename = "ServiceToken")]
    _service_token: Option<String>,
    #[serde(rename = "ServiceTimeout")]
    _service_timeout: Option<Value>,
    pub database_name: String,
    pub table_name: Option<String>,
    pub retention_properties: Option<Retention>,
    pub magnetic_store_write_properties: Option<MagneticStoreWrites>,
    pub schema: Option<Schema>,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

/// What matters of the properties before an update.
///
/// They may be wrong: when a wrong update is rolled back, they are the wrong ones.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Former {
    pub kms_key_id: Option<String>,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

impl Former {
    pub(crate) fn of(request: &Request) -> Self {
        Self::deserialize(Value::Object(request.old_resource_properties.clone())).unwrap_or_default()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Tag {
    pub key: String,
    #[serde(default)]
    pub value: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Retention {
    /// Hours in the memory store.
    memory_store_retention_period_in_hours: Scalar<i64>,
    /// Days in the magnetic store.
    magnetic_store_retention_period_in_days: Scalar<i64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct MagneticStoreWrites {
    enable_magnetic_store_writes: Scalar<bool>,
    magnetic_store_rejected_data_location: Option<RejectedDataLocation>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RejectedDataLocation {
    #[serde(rename = "S3Configuration")]
    s3: Option<S3Configuration>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct S3Configuration {
    bucket_name: String,
    object_key_prefix: Option<String>,
    encryption_option: String,
    kms_key_id: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Schema {
    #[serde(default)]
    composite_partition_key: Vec<PartitionKey>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PartitionKey {
    r#type: String,
    name: Option<String>,
    enforcement_in_record: Option<String>,
}

impl From<&Tag> for Option<types::Tag> {
    fn from(tag: &Tag) -> Self {
        types::Tag::builder().key(&tag.key).value(&tag.value).build().ok()
    }
}

impl Retention {
    pub(crate) fn to_sdk(&self) -> Result<types::RetentionProperties, BuildError> {
        types::RetentionProperties::builder()
            .memory_store_retention_period_in_hours(self.memory_store_retention_period_in_hours.0)
            .magnetic_store_retention_period_in_days(self.magnetic_store_retention_period_in_days.0)
            .build()
    }
}

impl MagneticStoreWrites {
    pub(crate) fn to_sdk(&self) -> Result<types::MagneticStoreWriteProperties, BuildError> {
        let location =
            self.magnetic_store_rejected_data_location.as_ref().and_then(|location| location.s3.as_ref());
        let location = location.map(|s3| {
            let s3 = types::S3Configuration::builder()
                .bucket_name(&s3.bucket_name)
                .set_object_key_prefix(s3.object_key_prefix.clone())
                .encryption_option(s3.encryption_option.as_str().into())
                .set_kms_key_id(s3.kms_key_id.clone())
                .build();
            types::MagneticStoreRejectedDataLocation::builder().s3_configuration(s3).build()
        });
        types::MagneticStoreWriteProperties::builder()
            .enable_magnetic_store_writes(self.enable_magnetic_store_writes.0)
            .set_magnetic_store_rejected_data_location(location)
            .build()
    }
}

impl Schema {
    pub(crate) fn to_sdk(&self) -> Result<types::Schema, BuildError> {
        let key = |key: &PartitionKey| {
            types::PartitionKey::builder()
                .r#type(key.r#type.as_str().into())
                .set_name(key.name.clone())
                .set_enforcement_in_record(key.enforcement_in_record.as_deref().map(Into::into))
                .build()
        };
        let keys = self.composite_partition_key.iter().map(key).collect::<Result<_, _>>()?;
        Ok(types::Schema::builder().set_composite_partition_key(Some(keys)).build())
    }
}
