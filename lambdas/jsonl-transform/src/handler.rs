//! A batch of Firehose becomes its answer: bytes in, bytes out, nothing else.
//!
//! Decides what Firehose does with each record, by the
//! [status model](https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html):
//!
//! * `Ok`: Firehose delivers the line.
//! * `ProcessingFailed`: Firehose writes the record as it arrived (`rawData`) below
//!   `processing-failed` and goes on. One bad record thereby costs its neighbours nothing.
//! * `Dropped`: Firehose counts the record as delivered and forgets it. Never answered here.
//! * No answer, or one above 6 MB: the invocation failed. Firehose repeats the whole batch (by default
//!   three times) and then writes all of it below `processing-failed`.
//!
//! Every record is answered exactly once and in order. `recordId`, `result` and `data` stand in every
//! answer, since Firehose takes the absence of any as a failure of its own.
//!
//! # Speed
//! Identities and data are borrowed from the event, and of a line that needs only its newline no more
//! than the last three bytes are encoded again: the base64 before them is copied as it came.

use std::borrow::Cow;

use base64_simd::STANDARD as BASE64;
use serde::Deserialize;
use sonic_rs::LazyValue;

use crate::device::DeviceField;
use crate::line::{Line, Refusal, line};

/// What Lambda returns at most to a synchronous caller, in bytes:
/// [6 MB](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
pub const RESPONSE_LIMIT: usize = 6 * 1024 * 1024;

const OPEN: &[u8] = br#"{"records":["#;
const CLOSE: &[u8] = b"]}";
const RECORD_ID: &[u8] = br#"{"recordId":""#;
const OK: &[u8] = br#"","result":"Ok","data":""#;
const FAILED: &[u8] = br#"","result":"ProcessingFailed","data":""#;
const END: &[u8] = br#""}"#;
/// Bytes of the shortest answer for a record, without its identity and with its comma.
const SHORTEST: usize = RECORD_ID.len() + FAILED.len() + END.len() + 1;

/// The answer to a batch, and what became of its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The JSON document for Firehose, of at most [`RESPONSE_LIMIT`] bytes.
    pub body: Vec<u8>,
    /// What became of the records.
    pub counts: Counts,
}

/// How many records of a batch had which end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines for the lake.
    pub lines: usize,
    /// Of these, events that lack their device, because Firehose did not say the partition key: it says it
    /// of every record of a stream.
    pub unnamed: usize,
    /// Failed: nothing but whitespace.
    pub empty: usize,
    /// Failed: the data is not base64. Firehose never sends this.
    pub not_base64: usize,
    /// Failed: not UTF-8.
    pub not_utf8: usize,
    /// Failed: UTF-8 that is not one JSON document.
    pub not_json: usize,
    /// Failed: a good line for which the answer had no room left.
    pub too_large: usize,
}

impl Counts {
    /// How many records Firehose writes below `processing-failed`.
    pub fn failed(&self) -> usize {
        self.empty + self.not_base64 + self.not_utf8 + self.not_json + self.too_large
    }
}

/// Why a batch has no answer. The invocation fails, and Firehose repeats it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The event is not what Firehose sends.
    #[error("the event is not a Firehose batch")]
    NotFirehose(#[source] sonic_rs::Error),
    /// Even answers without data would be too long. A batch of Firehose cannot be like this: each of
    /// its records is longer than the shortest answer to it.
    #[error("{records} records cannot be answered in {RESPONSE_LIMIT} bytes")]
    TooManyRecords {
        /// How many records the batch has.
        records: usize,
    },
}

impl Error {
    /// Stable name of the error, for filters of logs and alarms.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFirehose(_) => "NotFirehose",
            Self::TooManyRecords { .. } => "TooManyRecords",
        }
    }
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    records: Vec<Record<'a>>,
}

/// Borrowed unless a string holds escapes, which Firehose never writes but JSON allows.
#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, rename = "recordId")]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    data: Cow<'a, str>,
    /// Of a record of a stream.
    #[serde(borrow, default, rename = "kinesisRecordMetadata")]
    metadata: Option<LazyValue<'a>>,
}

/// Answers an event of Firehose.
///
/// With `device`, the partition key of each record becomes that member of its event. Without, the sources
/// `Direct PUT` and `Kinesis Data Streams` look the same here.
pub fn transform(event: &[u8], device: Option<&DeviceField>) -> Result<Answer, Error> {
    let Event { mut records } = sonic_rs::from_slice(event).map_err(Error::NotFirehose)?;
    for Record { id, .. } in &mut records {
        if let Cow::Owned(id) = id {
            *id = escaped(id);
        }
    }

    // What must stay free for the records that are not yet answered.
    let mut reserved = CLOSE.len() + records.iter().map(|r| SHORTEST + r.id.len()).sum::<usize>();
    if OPEN.len() + reserved > RESPONSE_LIMIT {
        return Err(Error::TooManyRecords { records: records.len() });
    }

    let mut counts = Counts::default();
    let mut buffers = Buffers::default();
    let mut body = Vec::with_capacity(event.len().min(RESPONSE_LIMIT));
    body.extend_from_slice(OPEN);
    for (index, Record { id, data, metadata }) in records.iter().enumerate() {
        reserved -= SHORTEST + id.len();
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(RECORD_ID);
        body.extend_from_slice(id.as_bytes());
        let after_id = body.len();
        let device = device.map(|field| (field, partition_key(metadata.as_ref())));
        let mut fate = append_result(data.as_bytes(), device.as_ref(), &mut buffers, &mut body);
        body.extend_from_slice(END);
        if body.len() + reserved > RESPONSE_LIMIT {
            // Firehose has the record as it arrived, so its data need not travel back.
            body.truncate(after_id);
            body.extend_from_slice(FAILED);
            body.extend_from_slice(END);
            if matches!(fate, Fate::Line | Fate::Unnamed) {
                fate = Fate::TooLarge;
            }
        }
        counts.add(fate);
    }
    body.extend_from_slice(CLOSE);
    Ok(Answer { body, counts })
}

/// What became of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Line,
    Unnamed,
    NotBase64,
    Refused(Refusal),
    TooLarge,
}

/// Memory that serves every record of a batch.
#[derive(Default)]
struct Buffers {
    payload: Vec<u8>,
    compacted: Vec<u8>,
    named: Vec<u8>,
}

/// A member for the line, and what becomes its value: a JSON string.
type Device<'a> = (&'a DeviceField, Option<LazyValue<'a>>);

/// The partition key as it stands in the event; `None` where it is missing or empty.
fn partition_key<'a>(metadata: Option<&'a LazyValue<'a>>) -> Option<LazyValue<'a>> {
    let key = sonic_rs::get(metadata?.as_raw_str(), ["partitionKey"]).ok()?;
    (key.as_raw_str().starts_with('"') && key.as_raw_str().len() > 2).then_some(key)
}

/// Appends everything of an answer between the identity and the closing brace.
fn append_result(
    data: &[u8],
    device: Option<&Device<'_>>,
    buffers: &mut Buffers,
    body: &mut Vec<u8>,
) -> Fate {
    let Buffers { payload, compacted, named } = buffers;
    payload.clear();
    if BASE64.decode_append(data, payload).is_err() {
        // What is not base64 would spoil the whole answer.
        body.extend_from_slice(FAILED);
        return Fate::NotBase64;
    }
    match line(payload, compacted) {
        Ok(line) => {
            body.extend_from_slice(OK);
            let (line, fate) = with_device(line, device, named);
            append_line(&line, payload, data, body);
            fate
        }
        Err(refusal) => {
            body.extend_from_slice(FAILED);
            body.extend_from_slice(data);
            Fate::Refused(refusal)
        }
    }
}

/// The line with its device, where it is an event and is to have one.
fn with_device<'a>(line: Line<'a>, device: Option<&Device<'_>>, named: &'a mut Vec<u8>) -> (Line<'a>, Fate) {
    let (Line::Whole(document) | Line::Compacted(document)) = line;
    match device {
        Some((field, key)) if document.starts_with(b"{") => match key {
            Some(key) => {
                field.name(document, key.as_raw_str(), named);
                (Line::Compacted(named), Fate::Line)
            }
            None => (line, Fate::Unnamed),
        },
        _ => (line, Fate::Line),
    }
}

/// Appends the base64 of a line and its newline. `data` is the base64 of `payload`.
fn append_line(line: &Line<'_>, payload: &[u8], data: &[u8], body: &mut Vec<u8>) {
    let rest = match *line {
        Line::Whole(document) if std::ptr::eq(document.as_ptr(), payload.as_ptr()) => {
            // Three bytes are four characters: all that are complete stay as they came.
            let (complete, rest) = document.split_at(document.len() / 3 * 3);
            body.extend_from_slice(&data[..complete.len() / 3 * 4]);
            rest
        }
        Line::Whole(document) | Line::Compacted(document) => {
            let (complete, rest) = document.split_at(document.len() / 3 * 3);
            BASE64.encode_append(complete, body);
            rest
        }
    };
    let mut tail = [b'\n'; 3];
    tail[..rest.len()].copy_from_slice(rest);
    BASE64.encode_append(&tail[..=rest.len()], body);
}

/// An identity as it stands between the quotes of a JSON string.
fn escaped(id: &str) -> String {
    let quoted = serde_json::Value::from(id).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

impl Counts {
    fn add(&mut self, fate: Fate) {
        let count = match fate {
            Fate::Line => &mut self.lines,
            Fate::Unnamed => {
                self.unnamed += 1;
                &mut self.lines
            }
            Fate::NotBase64 => &mut self.not_base64,
            Fate::Refused(Refusal::Empty) => &mut self.empty,
            Fate::Refused(Refusal::NotUtf8) => &mut self.not_utf8,
            Fate::Refused(Refusal::NotJson) => &mut self.not_json,
            Fate::TooLarge => &mut self.too_large,
        };
        *count += 1;
    }
}
