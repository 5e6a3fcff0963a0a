//! Puts files where CloudFormation and Lambda read them: a key that is there is never written again.

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::primitives::ByteStream;

use super::Archive;
use crate::failure::Explain;
use crate::sdk_error::sentence;

/// A file was not uploaded.
#[derive(Debug, thiserror::Error)]
#[error("cannot upload {key} to bucket {bucket}: {cause}")]
pub struct UploadError {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// What the SDK said.
    pub cause: String,
}

impl Explain for UploadError {}

/// Whether anything was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uploaded {
    /// It was.
    Now,
    /// The bucket had it.
    Before,
}

/// Uploads an archive, unless its bucket has it.
pub async fn archive(client: &Client, bucket: &str, archive: &Archive) -> Result<Uploaded, UploadError> {
    let failed = |cause: String| UploadError { bucket: bucket.to_owned(), key: archive.key.clone(), cause };
    if there(client, bucket, &archive.key).await.map_err(failed)? {
        return Ok(Uploaded::Before);
    }
    let body = ByteStream::from_path(&archive.path).await.map_err(|error| failed(error.to_string()))?;
    put(client, bucket, &archive.key, body).await.map_err(failed)?;
    Ok(Uploaded::Now)
}

/// Whether a bucket has this key. A bucket that is gone has none.
pub async fn has(client: &Client, bucket: &str, key: &str) -> Result<bool, UploadError> {
    let failed = |cause: String| UploadError { bucket: bucket.to_owned(), key: key.to_owned(), cause };
    there(client, bucket, key).await.map_err(failed)
}

/// Uploads a text under a key made from its content.
pub async fn text(client: &Client, bucket: &str, key: &str, text: &str) -> Result<Uploaded, UploadError> {
    let failed = |cause: String| UploadError { bucket: bucket.to_owned(), key: key.to_owned(), cause };
    if there(client, bucket, key).await.map_err(failed)? {
        return Ok(Uploaded::Before);
    }
    put(client, bucket, key, ByteStream::from(text.as_bytes().to_vec())).await.map_err(failed)?;
    Ok(Uploaded::Now)
}

async fn there(client: &Client, bucket: &str, key: &str) -> Result<bool, String> {
    match client.head_object().bucket(bucket).key(key).send().await {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(HeadObjectError::is_not_found) => Ok(false),
        Err(error) => Err(sentence(&error)),
    }
}

async fn put(client: &Client, bucket: &str, key: &str, body: ByteStream) -> Result<(), String> {
    let sent = client.put_object().bucket(bucket).key(key).body(body).send().await;
    sent.map(|_| ()).map_err(|error| sentence(&error))
}
