//! The objects of an environment's lake, as Firehose names and writes them.

use std::io::Read as _;

use anyhow::{Context as _, anyhow};
use aws_sdk_s3::types::Object;
use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use stacks::environment::PARTITION;
use telemetry::EventKind;

use engine::inventory::Inventory;
use session::sdk_error::sentence;
use session::{Failure, Session};

/// How a compressed object begins.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// The bucket of a lake.
#[derive(Debug)]
pub struct Bucket {
    client: aws_sdk_s3::Client,
    name: String,
}

impl Bucket {
    /// That of an environment.
    pub fn of(session: &Session, inventory: &Inventory) -> Result<Self, Failure> {
        Ok(Self { client: session.s3(), name: inventory.output(session, "lake", "LakeBucket")?.to_owned() })
    }

    /// Shows each object whose key begins so and comes after `after`, in the order of their keys.
    pub async fn each(
        &self,
        prefix: &str,
        after: Option<&str>,
        mut show: impl FnMut(&Object),
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

    /// What an object holds, uncompressed.
    pub async fn read(&self, key: &str) -> anyhow::Result<Vec<u8>> {
        let object = self.client.get_object().bucket(&self.name).key(key).send().await;
        let object = object.map_err(|error| anyhow!("{key} cannot be read: {}", sentence(&error)))?;
        let bytes =
            object.body.collect().await.with_context(|| format!("{key} cannot be read"))?.into_bytes();
        if !bytes.starts_with(GZIP) {
            return Ok(bytes.to_vec());
        }
        let mut whole = Vec::new();
        let read = MultiGzDecoder::new(&bytes[..]).read_to_end(&mut whole);
        read.with_context(|| format!("{key} is not whole"))?;
        Ok(whole)
    }
}

/// The folder of a kind's partitions, with the beginning of their names.
pub fn partitions(session: &Session, kind: &EventKind) -> String {
    let prefix = &session.environment.lake.prefix;
    format!("{}/{PARTITION}=", stacks::lake_folder(prefix, kind.name.as_deref()))
}

/// How the partition of an hour goes on behind that.
pub fn hour(time: Timestamp) -> String {
    time.strftime("%Y/%m/%d/%H").to_string()
}
