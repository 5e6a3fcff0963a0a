//! The properties of `Custom::SluiceSchema`.

use serde::{Deserialize, Deserializer};

/// What the template says. `Model`, the digest of the model, is not read: that it changes makes `CloudFormation` ask
/// again.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Properties {
    /// The cluster.
    pub cluster_arn: String,
    /// Secret of the role that owns the schema.
    pub master_secret_arn: String,
    /// Secret of the role that writes.
    pub writer_secret_arn: String,
    /// Secret of the role that reads for the connector and for people.
    pub reader_secret_arn: String,
    /// Secret of the role that reads for Grafana.
    pub grafana_secret_arn: String,
    /// Name of the database.
    pub database: String,
    /// Name of the table.
    pub table: String,
    /// For how many days the table keeps rows.
    #[serde(deserialize_with = "number")]
    pub retention_days: u32,
}

/// A number, which a custom resource gets as text.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| {
        serde::de::Error::custom(format!("RetentionDays is \"{text}\", and must be a whole number"))
    })
}
