//! What a bucket holds, counted: what is emptied is shown before it is.

use aws_sdk_s3::Client;
use serde::Serialize;

use super::buckets::EmptyError;
use crate::deploy::status::says_not_there;
use session::sdk_error::sentence;

/// What a bucket, or the part of it below a prefix, holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// The bucket.
    pub bucket: String,
    /// What the keys begin with; empty for the whole bucket.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// Objects, in their latest version.
    pub objects: u64,
    /// Earlier versions of objects, and marks of deleted ones.
    pub versions: u64,
    /// Size of all versions.
    pub bytes: u64,
}

impl Contents {
    /// Whether there is nothing to empty.
    pub fn is_empty(&self) -> bool {
        self.all() == 0
    }

    /// Versions and marks of all objects.
    pub fn all(&self) -> usize {
        usize::try_from(self.objects + self.versions).unwrap_or(usize::MAX)
    }

    /// Counts what a bucket holds below a prefix. A bucket that does not exist holds nothing.
    pub async fn of(client: &Client, bucket: &str, prefix: &str) -> Result<Self, EmptyError> {
        let mut contents = Self { bucket: bucket.to_owned(), prefix: prefix.to_owned(), ..Self::default() };
        let mut from = (None, None);
        loop {
            let (key, version) = from;
            let page = client.list_object_versions().bucket(bucket).prefix(prefix);
            let page = page.set_key_marker(key).set_version_id_marker(version).send().await;
            let page = match page {
                Ok(page) => page,
                Err(error) => {
                    let cause = sentence(&error);
                    if says_not_there(&cause) {
                        return Ok(contents);
                    }
                    return Err(EmptyError { bucket: bucket.to_owned(), cause });
                }
            };
            for version in page.versions() {
                match version.is_latest() {
                    Some(false) => contents.versions += 1,
                    _ => contents.objects += 1,
                }
                contents.bytes +=
                    version.size().and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
            }
            contents.versions += page.delete_markers().len() as u64;
            if page.is_truncated() != Some(true) || page.next_key_marker().is_none() {
                return Ok(contents);
            }
            from = (page.next_key_marker, page.next_version_id_marker);
        }
    }

    /// For instance `3 objects and 2 versions, 1.5 MiB`.
    pub fn text(&self) -> String {
        let versions = match self.versions {
            0 => String::new(),
            1 => " and 1 version".to_owned(),
            versions => format!(" and {versions} versions"),
        };
        let noun = if self.objects == 1 { "object" } else { "objects" };
        format!("{} {noun}{versions}, {}", self.objects, size(self.bytes))
    }
}

/// A size as a person reads it: `1.5 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1_024 {
        return format!("{bytes} bytes");
    }
    let (mut whole, mut rest, mut unit) = (bytes, 0, "");
    for next in UNITS {
        if whole < 1_024 {
            break;
        }
        (whole, rest, unit) = (whole / 1_024, whole % 1_024, next);
    }
    format!("{whole}.{} {unit}", rest * 10 / 1_024)
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_read_by_people() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1_023, "1023 bytes"),
            (1_024, "1.0 KiB"),
            (1_536, "1.5 KiB"),
            (1_048_575, "1023.9 KiB"),
            (1_048_576, "1.0 MiB"),
            (u64::MAX, "15.9 EiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
