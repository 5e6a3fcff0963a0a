//! The objects of an environment's lake, as Firehose names and writes them.

use std::io::Read as _;

use anyhow::{Context as _, anyhow};
use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use stacks::environment::PARTITION;
use telemetry::EventKind;

use crate::bucket::Bucket;
use engine::inventory::Inventory;
use session::{Failure, Session};

/// How a compressed object begins.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// The bucket of an environment's lake.
pub fn bucket(session: &Session, inventory: &Inventory) -> Result<Bucket, Failure> {
    let name = inventory.output(session, "lake", "LakeBucket")?.to_owned();
    Ok(Bucket { client: session.s3(), name })
}

/// What an object of it holds, uncompressed.
pub async fn read(bucket: &Bucket, key: &str) -> anyhow::Result<Vec<u8>> {
    let bytes = bucket.read(&bucket.name, key).await?;
    let bytes = bytes.ok_or_else(|| anyhow!("{key} cannot be read: it is not there"))?;
    if !bytes.starts_with(GZIP) {
        return Ok(bytes);
    }
    let mut whole = Vec::new();
    let read = MultiGzDecoder::new(&bytes[..]).read_to_end(&mut whole);
    read.with_context(|| format!("{key} is not whole"))?;
    Ok(whole)
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
