//! The lake: marked events are lines of the objects that Firehose wrote.

use std::collections::HashSet;
use std::io::BufRead as _;

use anyhow::Context as _;
use jiff::{Timestamp, ToSpan as _};
use serde::de::IgnoredAny;
use telemetry::EventKind;

use super::Probe;
use crate::bucket::Bucket;
use crate::lake::{self, hour, partitions};
use engine::inventory::Inventory;
use session::{Failure, Session};

/// The folder of one kind in the bucket of an environment's lake.
#[derive(Debug)]
pub struct Lake {
    bucket: Bucket,
    partitions: String,
    marker: String,
    start: Timestamp,
    read: HashSet<String>,
}

impl Lake {
    /// The folder, restricted to objects that are written from now on and to devices whose names
    /// begin with `marker`.
    pub fn of(
        session: &Session,
        inventory: &Inventory,
        kind: &EventKind,
        marker: &str,
    ) -> Result<Self, Failure> {
        Ok(Self {
            bucket: lake::bucket(session, inventory)?,
            partitions: partitions(session, kind),
            marker: marker.to_owned(),
            start: Timestamp::now(),
            read: HashSet::new(),
        })
    }

    /// Partitions that can hold an event of this run: Firehose files a batch under the hour in which
    /// its first record arrived.
    fn partitions(&self) -> Vec<String> {
        let mut time = self.start - 1.minute();
        let end = Timestamp::now() + 1.hour();
        let mut partitions = Vec::new();
        while time < end {
            partitions.push(format!("{}{}/", self.partitions, hour(time)));
            time += 1.hour();
        }
        partitions
    }

    async fn new_objects(&self, partition: &str) -> Result<Vec<String>, Failure> {
        let mut keys = Vec::new();
        let new = |object: &aws_sdk_s3::types::Object| {
            // Whole seconds, and a clock that may be a little off.
            let is_fresh =
                object.last_modified().is_none_or(|time| time.secs() + 60 >= self.start.as_second());
            let fresh = object.key().filter(|key| is_fresh && !self.read.contains(*key));
            keys.extend(fresh.map(str::to_owned));
        };
        self.bucket.each(partition, None, new).await?;
        Ok(keys)
    }

    async fn devices(&self, key: &str) -> anyhow::Result<Vec<String>> {
        let mut devices = Vec::new();
        for line in lake::read(&self.bucket, key).await?.lines() {
            let line = line.with_context(|| format!("{key} is not lines of text"))?;
            if !line.contains(&self.marker) {
                continue;
            }
            serde_json::from_str::<IgnoredAny>(&line)
                .with_context(|| format!("{key} has a line that is not one JSON document"))?;
            devices.extend(devices_in(&line, &self.marker));
        }
        Ok(devices)
    }
}

/// The devices that a line names, wherever its kind has them: the marker is of this run alone, and nothing else
/// of an event begins with it.
fn devices_in(line: &str, marker: &str) -> Vec<String> {
    let rests = line.match_indices(marker).map(|(at, _)| &line[at + marker.len()..]);
    let numbers = rests.map(|rest| &rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())]);
    numbers.map(|number| format!("{marker}{number}")).collect()
}

impl Probe for Lake {
    const NAME: &'static str = "lake";

    async fn look(&mut self) -> Result<Vec<String>, Failure> {
        let mut devices = Vec::new();
        for partition in self.partitions() {
            for key in self.new_objects(&partition).await? {
                devices.extend(self.devices(&key).await?);
                self.read.insert(key);
            }
        }
        Ok(devices)
    }
}

#[cfg(test)]
mod tests {
    use super::devices_in;

    #[test]
    fn a_line_names_its_devices() {
        for (line, devices) in [
            (r#"{"DeviceID":"m-0001","x":1}"#, vec!["m-0001"]),
            (r#"{"device":"m-0001/1"}"#, vec!["m-0001"]),
            (r#"{"events":[{"bn":"m-0001:"},{"bn":"m-0012:"}]}"#, vec!["m-0001", "m-0012"]),
            (r#"{"x":"m"}"#, vec![]),
        ] {
            assert_eq!(devices_in(line, "m-"), devices, "{line}");
        }
    }
}
