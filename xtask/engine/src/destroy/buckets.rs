//! Empties buckets: every object, every version of it, and every delete marker.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/empty-bucket.html>

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use crate::deploy::status::says_not_there;
use session::sdk_error::sentence;

/// The type of a bucket.
pub const TYPE: &str = "AWS::S3::Bucket";

/// A bucket was not emptied.
#[derive(Debug, thiserror::Error)]
#[error("cannot empty bucket {bucket}: {cause}")]
pub struct EmptyError {
    /// The bucket.
    pub bucket: String,
    /// What the SDK or the service said.
    pub cause: String,
}

/// Removes everything from a bucket, or all that has keys with this prefix, and returns how many versions and
/// markers that were. `seen` is told the number so far. A bucket that does not exist is empty.
pub async fn empty(
    client: &Client,
    bucket: &str,
    prefix: &str,
    seen: impl Fn(usize),
) -> Result<usize, EmptyError> {
    let failed = |cause: String| EmptyError { bucket: bucket.to_owned(), cause };
    let mut removed = 0;
    loop {
        let page = match client.list_object_versions().bucket(bucket).prefix(prefix).send().await {
            Ok(page) => identifiers(&page),
            Err(error) => {
                let cause = sentence(&error);
                if says_not_there(&cause) {
                    return Ok(removed);
                }
                return Err(failed(cause));
            }
        };
        if page.is_empty() {
            return Ok(removed);
        }
        let count = page.len();
        // A page has at most 1,000 entries, and that is what one request may delete.
        let delete = Delete::builder().set_objects(Some(page)).quiet(true).build();
        let delete = delete.map_err(|error| failed(error.to_string()))?;
        let answer = client.delete_objects().bucket(bucket).delete(delete).send().await;
        let answer = answer.map_err(|error| failed(sentence(&error)))?;
        if let Some(error) = answer.errors().first() {
            let (key, message) = (error.key().unwrap_or_default(), error.message().unwrap_or_default());
            return Err(failed(format!("{key}: {message}")));
        }
        removed += count;
        seen(removed);
    }
}

/// Versions and delete markers of a page. What was listed is deleted before the next page is asked
/// for, so the first page is always the next one.
fn identifiers(page: &ListObjectVersionsOutput) -> Vec<ObjectIdentifier> {
    let versions = page.versions().iter().map(|version| (version.key(), version.version_id()));
    let markers = page.delete_markers().iter().map(|marker| (marker.key(), marker.version_id()));
    versions
        .chain(markers)
        .filter_map(|(key, version)| {
            ObjectIdentifier::builder().key(key?).set_version_id(version.map(str::to_owned)).build().ok()
        })
        .collect()
}

#[cfg(test)]
mod tests;
