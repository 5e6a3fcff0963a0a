//! Puts files where CloudFormation and Lambda read them: a key that is there is never written again.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::primitives::ByteStream;

use super::Archive;
use session::Explain;
use session::sdk_error::sentence;

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
    /// The status of the answer, where S3 answered.
    pub status: Option<u16>,
}

impl UploadError {
    /// Whether the credentials do not allow it. Of a question without a body, S3 answers with a status alone.
    pub fn is_denied(&self) -> bool {
        self.status == Some(403)
    }
}

impl Explain for UploadError {}

/// What S3 said, and its status.
struct Fault {
    cause: String,
    status: Option<u16>,
}

impl Fault {
    fn of<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let status = error.raw_response().map(|answer| answer.status().as_u16());
        Self { cause: sentence(error), status }
    }

    fn at(self, bucket: &str, key: &str) -> UploadError {
        let Self { cause, status } = self;
        UploadError { bucket: bucket.to_owned(), key: key.to_owned(), cause, status }
    }
}

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
    let failed = |fault: Fault| fault.at(bucket, &archive.key);
    if there(client, bucket, &archive.key).await.map_err(failed)? {
        return Ok(Uploaded::Before);
    }
    let body = ByteStream::from_path(&archive.path)
        .await
        .map_err(|error| failed(Fault { cause: error.to_string(), status: None }))?;
    put(client, bucket, &archive.key, body).await.map_err(failed)?;
    Ok(Uploaded::Now)
}

/// Whether a bucket has this key. A bucket that is gone has none.
pub async fn has(client: &Client, bucket: &str, key: &str) -> Result<bool, UploadError> {
    let failed = |fault: Fault| fault.at(bucket, key);
    there(client, bucket, key).await.map_err(failed)
}

/// Uploads a text under a key made from its content.
pub async fn text(client: &Client, bucket: &str, key: &str, text: &str) -> Result<Uploaded, UploadError> {
    let failed = |fault: Fault| fault.at(bucket, key);
    if there(client, bucket, key).await.map_err(failed)? {
        return Ok(Uploaded::Before);
    }
    put(client, bucket, key, ByteStream::from(text.as_bytes().to_vec())).await.map_err(failed)?;
    Ok(Uploaded::Now)
}

async fn there(client: &Client, bucket: &str, key: &str) -> Result<bool, Fault> {
    match client.head_object().bucket(bucket).key(key).send().await {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(HeadObjectError::is_not_found) => Ok(false),
        Err(error) => Err(Fault::of(&error)),
    }
}

async fn put(client: &Client, bucket: &str, key: &str, body: ByteStream) -> Result<(), Fault> {
    let sent = client.put_object().bucket(bucket).key(key).body(body).send().await;
    sent.map(|_| ()).map_err(|error| Fault::of(&error))
}
