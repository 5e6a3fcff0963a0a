//! A bucket: its objects, listed, read and deleted.

use anyhow::{Context as _, anyhow};
use aws_sdk_s3::types;
use jiff::Timestamp;

use session::Failure;
use session::sdk_error::{is_not_there, sentence};

/// A bucket.
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

impl Object {
    fn of(object: &types::Object) -> Option<Self> {
        let at = object.last_modified().and_then(|time| time.to_millis().ok()).unwrap_or_default();
        Some(Self {
            key: object.key()?.to_owned(),
            bytes: u64::try_from(object.size().unwrap_or_default()).unwrap_or_default(),
            at: Timestamp::from_millisecond(at).unwrap_or_default(),
        })
    }
}

impl Bucket {
    /// Shows each object whose key begins so and comes after `after`, in the order of their keys.
    pub async fn each(
        &self,
        prefix: &str,
        after: Option<&str>,
        mut show: impl FnMut(&types::Object),
    ) -> Result<(), Failure> {
        let listed = self.client.list_objects_v2().bucket(&self.name).prefix(prefix);
        let mut pages = listed.set_start_after(after.map(str::to_owned)).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| anyhow!("bucket {} cannot be listed: {}", self.name, sentence(&error)))?;
            page.contents().iter().for_each(&mut show);
        }
        Ok(())
    }

    /// The objects of a folder, in the order of their keys.
    pub async fn list(&self, folder: &str) -> Result<Vec<Object>, Failure> {
        let mut objects = Vec::new();
        self.each(&format!("{folder}/"), None, |object| objects.extend(Object::of(object))).await?;
        Ok(objects)
    }

    /// What an object holds, of this bucket or of another one; `None` where there is none.
    pub async fn read(&self, bucket: &str, key: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let object = match self.client.get_object().bucket(bucket).key(key).send().await {
            Ok(object) => object,
            Err(error) if is_not_there(&error) => return Ok(None),
            Err(error) => return Err(anyhow!("{bucket}/{key} cannot be read: {}", sentence(&error))),
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
