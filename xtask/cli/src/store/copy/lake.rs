//! The lake as a source: objects by the hour in which their first line came, read one after the other.
//!
//! Firehose names an object for the moment at which it wrote it, to the second. Lines of one device come in order,
//! in an object and from one to the next, because they come from one shard.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::json;

use super::line::{Found, Lines, version};
use super::tally::{Left, point};
use super::windows::{Hours, Window};
use super::{Batch, OLDER, Reach, Survey};
use crate::bucket::Bucket;
use crate::lake::{self, partitions};
use engine::inventory::Inventory;
use session::{Failure, Session};
use telemetry::{Limits, Model};

/// Lines of an object that are written with one version.
const PART_LINES: usize = 5_000;

/// How long a line waits in a buffer before it is written, as far as that is assumed here. Firehose waits for up to
/// fifteen minutes, as long as a clock may be ahead: whoever has it wait longer than this takes clocks for right that
/// are ahead by as much more.
const LONGEST_BUFFER_SECONDS: u32 = 300;

/// The lake of an environment.
#[derive(Debug)]
pub struct Lake {
    bucket: Bucket,
    /// Where the partitions of each kind of the model begin.
    folders: Vec<String>,
    lines: Lines,
    buffer_seconds: u32,
}

/// An object with lines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Object {
    /// When it was written, in seconds since 1970.
    second: i64,
    key: String,
    kind: usize,
}

/// What a window has, part by part.
#[derive(Debug)]
pub struct Reader<'a> {
    lake: &'a Lake,
    reach: Reach,
    /// The last comes first.
    objects: Vec<Object>,
    open: Option<Open>,
}

/// An object on its way.
#[derive(Debug)]
struct Open {
    object: Object,
    text: String,
    /// Where the next part begins, and which it is.
    at: usize,
    part: usize,
    line: usize,
}

impl Lake {
    /// The lake of an environment, for a store with a model and limits.
    pub fn of(
        session: &Session,
        inventory: &Inventory,
        model: &Model,
        limits: Limits,
    ) -> Result<Self, Failure> {
        let lake = &session.environment.lake;
        Ok(Self {
            bucket: lake::bucket(session, inventory)?,
            folders: model.kinds.iter().map(|kind| partitions(session, kind)).collect(),
            lines: Lines::of(model, limits),
            buffer_seconds: lake.buffer_seconds.min(LONGEST_BUFFER_SECONDS),
        })
    }

    /// How many objects each hour has.
    pub async fn survey(&self, reach: Reach) -> Result<Survey, Failure> {
        let mut survey = Survey { hours: Hours::new(), older: 0, bytes: Some(0) };
        // An event comes after its time, or at most fifteen minutes before it.
        let first = super::windows::hour(reach.since.max(0)) - 1;
        let oldest = super::windows::hour(reach.span.from) - 1;
        for folder in &self.folders {
            let after = format!("{folder}{}", hour_text(first));
            let found = |object: &aws_sdk_s3::types::Object| {
                let Some(hour) = object.key().and_then(|key| hour_of(key.strip_prefix(folder)?)) else {
                    return;
                };
                if hour < oldest {
                    survey.older += 1;
                    return;
                }
                *survey.hours.entry(hour).or_default() += 1;
                let bytes = u64::try_from(object.size().unwrap_or_default()).unwrap_or_default();
                survey.bytes = survey.bytes.map(|all| all + bytes);
            };
            self.bucket.each(folder, Some(&after), found).await?;
        }
        Ok(survey)
    }

    /// Reads a window.
    pub async fn open(&self, window: Window, reach: Reach) -> Result<Reader<'_>, Failure> {
        let mut objects = Vec::new();
        for hour in window.from..window.until {
            for (kind, folder) in self.folders.iter().enumerate() {
                let prefix = format!("{folder}{}/", hour_text(hour));
                let found = |object: &aws_sdk_s3::types::Object| {
                    let Some(key) = object.key().map(str::to_owned) else { return };
                    let written = || object.last_modified().map_or(0, aws_smithy_types::DateTime::secs);
                    objects.push(Object { second: written_at(&key).unwrap_or_else(written), key, kind });
                };
                self.bucket.each(&prefix, None, found).await?;
            }
        }
        objects.sort();
        objects.reverse();
        Ok(Reader { lake: self, reach, objects, open: None })
    }
}

impl Reader<'_> {
    /// The next part; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Batch>, Failure> {
        loop {
            if let Some(batch) = self.open.as_mut().and_then(|open| open.next(self.lake, self.reach)) {
                return Ok(Some(batch));
            }
            let Some(object) = self.objects.pop() else { return Ok(None) };
            // What is no text is no line of the transform: its faults are told.
            let text = String::from_utf8(lake::read(&self.lake.bucket, &object.key).await?)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
            self.open = Some(Open { object, text, at: 0, part: 0, line: 0 });
        }
    }
}

impl Open {
    fn next(&mut self, lake: &Lake, reach: Reach) -> Option<Batch> {
        let Self { object, text, at, part, line } = self;
        if *at >= text.len() {
            return None;
        }
        let version = version(object.second, *part);
        let arrival_ms = (object.second - i64::from(lake.buffer_seconds)) * 1000;
        let mut batch = Batch::default();
        for _ in 0..PART_LINES {
            let Some(rest) = text.get(*at..).filter(|rest| !rest.is_empty()) else { break };
            let end = rest.find('\n').unwrap_or(rest.len());
            *at += end + 1;
            *line += 1;
            if rest[..end].trim().is_empty() {
                continue;
            }
            batch.lines += 1;
            let Found { points, behind, faults } =
                lake.lines.read(object.kind, &rest[..end], arrival_ms, version);
            batch.faults.extend(faults);
            for record in points.into_iter().filter(|record| reach.wants(record.time)) {
                batch.read += 1;
                if record.time < reach.span.from {
                    batch.left.push(Left { reason: OLDER.to_owned(), what: point(&record) });
                } else {
                    batch.points.push(record);
                }
            }
            for (reason, record) in behind {
                batch.read += 1;
                let what = json!({"object": object.key, "line": *line, "device": device(&record)});
                batch.left.push(Left { reason: reason.to_owned(), what });
            }
        }
        *part += 1;
        // Of one version the first is written: what was sent last.
        batch.points.reverse();
        Some(batch)
    }
}

fn device(record: &telemetry::Record) -> Option<&str> {
    record.dimensions.first().map(|device| device.value.as_str())
}

/// The folder of an hour.
fn hour_text(hour: i64) -> String {
    lake::hour(super::windows::instant(hour.saturating_mul(super::windows::HOUR)))
}

/// The hour that the rest of a key begins with.
fn hour_of(rest: &str) -> Option<i64> {
    let [year, month, day, hour] = numbers(rest.split('/'))?;
    second_of([year, month, day, hour, 0, 0]).map(|second| second.div_euclid(3_600))
}

/// When an object was written, by
/// [its name](https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html): `stream-version-moment-random`.
fn written_at(key: &str) -> Option<i64> {
    let name = key.rsplit('/').next()?;
    let parts: Vec<&str> = name.split('-').collect();
    let moment = |parts: &[&str]| {
        let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        if lengths == [4, 2, 2, 2, 2, 2] { second_of(numbers(parts.iter().copied())?) } else { None }
    };
    parts.windows(6).rev().find_map(moment)
}

fn numbers<'a, const N: usize>(parts: impl Iterator<Item = &'a str>) -> Option<[i16; N]> {
    let numbers: Option<Vec<i16>> = parts.take(N).map(|part| part.parse().ok()).collect();
    numbers?.try_into().ok()
}

fn second_of([year, month, day, hour, minute, second]: [i16; 6]) -> Option<i64> {
    let small = |number: i16| i8::try_from(number).ok();
    let (month, day, hour) = (small(month)?, small(day)?, small(hour)?);
    let time = DateTime::new(year, month, day, hour, small(minute)?, small(second)?, 0).ok()?;
    TimeZone::UTC.to_timestamp(time).ok().map(jiff::Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_its_hour_and_when_it_was_written() {
        let name = "sluice-2026-01-dev-lake-Delivery-1-2026-03-01-00-00-07-0a1b2c3d-1111-2222-3333-444455556666.jsonl.gz";
        for (key, hour, second) in [
            (format!("2026/03/01/00/{name}"), Some(492_312), Some(1_772_323_207)),
            ("2026/03/01/00/other.jsonl".to_owned(), Some(492_312), None),
            ("2026/13/01/00/x".to_owned(), None, None),
            ("x".to_owned(), None, None),
        ] {
            assert_eq!((hour_of(&key), written_at(&key)), (hour, second), "{key}");
        }
        assert_eq!(hour_text(492_312), "2026/03/01/00");
    }
}
