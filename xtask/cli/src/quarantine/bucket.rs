//! The bucket for what the queue of the quarantine does not take, for batches that were given up, and for what
//! Timestream reports.

use anyhow::{Context as _, anyhow};
use jiff::Timestamp;

use session::Failure;
use session::sdk_error::{is_not_there, sentence};

/// The bucket.
#[derive(Debug)]
pub struct Bucket {
    /// Its client.
    pub client: aws_sdk_s3::Client,
    /// Its name.
    pub name: String,
}

/// An object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its name.
    pub key: String,
    /// How large it is.
    pub bytes: u64,
    /// When it was put there.
    pub at: Timestamp,
}

impl Bucket {
    /// The objects of a folder, in the order of their keys.
    pub async fn list(&self, folder: &str) -> Result<Vec<Object>, Failure> {
        let listed = self.client.list_objects_v2().bucket(&self.name).prefix(format!("{folder}/"));
        let mut pages = listed.into_paginator().send();
        let mut objects = Vec::new();
        while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| anyhow!("bucket {} cannot be listed: {}", self.name, sentence(&error)))?;
            objects.extend(page.contents().iter().filter_map(|object| {
                let at = object.last_modified().and_then(|time| time.to_millis().ok()).unwrap_or_default();
                Some(Object {
                    key: object.key()?.to_owned(),
                    bytes: u64::try_from(object.size().unwrap_or_default()).unwrap_or_default(),
                    at: Timestamp::from_millisecond(at).unwrap_or_default(),
                })
            }));
        }
        Ok(objects)
    }

    /// What an object holds; `None` where there is none.
    pub async fn read(&self, bucket: &str, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        let object = match self.client.get_object().bucket(bucket).key(key).send().await {
            Ok(object) => object,
            Err(error) if is_not_there(&error) => return Ok(None),
            Err(error) => return Err(anyhow!("{bucket}/{key} cannot be read: {}", sentence(&error)).into()),
        };
        let body = object.body.collect().await.with_context(|| format!("{bucket}/{key} cannot be read"))?;
        Ok(Some(body.into_bytes().to_vec()))
    }

    /// Deletes an object, of which a version stays for as long as the bucket keeps those.
    pub async fn delete(&self, bucket: &str, key: &str) -> Result<(), Failure> {
        let deleted = self.client.delete_object().bucket(bucket).key(key).send().await;
        deleted.map_err(|error| anyhow!("{bucket}/{key} cannot be deleted: {}", sentence(&error)))?;
        Ok(())
    }
}
