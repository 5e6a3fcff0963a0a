//! Where archives and large templates lie, and how CloudFormation is told so.

/// The stack whose output names the bucket for archives and large templates, and that output, where an
/// environment has a bucket of its own.
pub const STORAGE: (&str, &str) = ("artifacts", "ArtifactBucket");

/// Where archives and large templates lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// The account's bucket, where the environment uses it. Otherwise the output of [`STORAGE`] names one.
    pub account_bucket: Option<String>,
    /// What the keys of templates begin with.
    pub templates: String,
}

/// How the URL of an object is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectUrl {
    /// A host for each bucket, in this Region.
    Host(String),
    /// A path for each bucket, below this endpoint.
    Path(String),
}

impl ObjectUrl {
    /// The URL of an object.
    pub fn of(&self, bucket: &str, key: &str) -> String {
        match self {
            Self::Host(region) => format!("https://{bucket}.s3.{region}.amazonaws.com/{key}"),
            Self::Path(endpoint) => format!("{endpoint}/{bucket}/{key}"),
        }
    }
}
