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
use telemetry::lake::{EVENTS_MEMBER, Form, VALUE_MEMBER};

use crate::kinds::{Kinds, Shape};
use crate::line::{Line, Refusal, line};
use crate::topic;

/// What Lambda returns at most to a synchronous caller, in bytes:
/// [6 MB](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
pub const RESPONSE_LIMIT: usize = 6 * 1024 * 1024;

const OPEN: &[u8] = br#"{"records":["#;
const CLOSE: &[u8] = b"]}";
const RECORD_ID: &[u8] = br#"{"recordId":""#;
const OK: &[u8] = br#"","result":"Ok","data":""#;
const FAILED: &[u8] = br#"","result":"ProcessingFailed","data":""#;
const QUOTE: u8 = b'"';
const END: u8 = b'}';
/// Bytes of the shortest answer for a record, without its identity and with its comma.
const SHORTEST: usize = RECORD_ID.len() + FAILED.len() + 3;

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
    /// Of these, events that lack what the topic says of them, such as their device: Firehose did not say the
    /// partition key, as it does of every record of a stream, or it is not one that the rule makes.
    pub unnamed: usize,
    /// Failed: nothing but whitespace.
    pub empty: usize,
    /// Failed: the data is not base64. Firehose never sends this.
    pub not_base64: usize,
    /// Failed: not UTF-8.
    pub not_utf8: usize,
    /// Failed: UTF-8 that is not one JSON document.
    pub not_json: usize,
    /// Failed: the model has several kinds of events, and the partition key names none of them.
    pub unknown_kind: usize,
    /// Failed: a good line for which the answer had no room left.
    pub too_large: usize,
}

impl Counts {
    /// How many records Firehose writes below `processing-failed`.
    pub fn failed(&self) -> usize {
        self.empty + self.not_base64 + self.not_utf8 + self.not_json + self.unknown_kind + self.too_large
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

/// Answers an event of Firehose with lines of these kinds.
///
/// Where nothing depends on the partition key, the sources `Direct PUT` and `Kinesis Data Streams` look the same
/// here.
pub fn transform(event: &[u8], kinds: &Kinds) -> Result<Answer, Error> {
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
        let key = metadata.as_ref().filter(|_| kinds.by_key()).and_then(partition_key);
        let mut fate = append_result(data.as_bytes(), kinds.of(key.as_deref()), &mut buffers, &mut body);
        body.push(END);
        if body.len() + reserved > RESPONSE_LIMIT {
            // Firehose has the record as it arrived, so its data need not travel back.
            body.truncate(after_id);
            body.extend_from_slice(FAILED);
            body.extend_from_slice(&[QUOTE, END]);
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
    UnknownKind,
    Refused(Refusal),
    TooLarge,
}

/// Memory that serves every record of a batch.
#[derive(Default)]
struct Buffers {
    payload: Vec<u8>,
    compacted: Vec<u8>,
    wrapped: Vec<u8>,
    named: Vec<u8>,
}

/// The partition key; `None` where it is missing or empty.
fn partition_key(metadata: &LazyValue<'_>) -> Option<String> {
    let key = sonic_rs::get(metadata.as_raw_str(), ["partitionKey"]).ok()?;
    let raw = key.as_raw_str();
    let plain = raw.strip_prefix('"')?.strip_suffix('"')?;
    let has_escapes = memchr::memchr(b'\\', plain.as_bytes()).is_some();
    let key = if has_escapes { serde_json::from_str(raw).ok()? } else { plain.to_owned() };
    Some(key).filter(|key| !key.is_empty())
}

/// Appends everything of an answer between the identity and the closing brace.
fn append_result(
    data: &[u8],
    kind: Option<(&Shape, Option<&str>)>,
    buffers: &mut Buffers,
    body: &mut Vec<u8>,
) -> Fate {
    let Buffers { payload, compacted, wrapped, named } = buffers;
    payload.clear();
    if BASE64.decode_append(data, payload).is_err() {
        // What is not base64 would spoil the whole answer.
        body.extend_from_slice(FAILED);
        body.push(QUOTE);
        return Fate::NotBase64;
    }
    let Some((shape, rest)) = kind else {
        body.extend_from_slice(FAILED);
        body.extend_from_slice(data);
        body.push(QUOTE);
        return Fate::UnknownKind;
    };
    match formed(payload, shape.form, compacted, wrapped) {
        Ok(line) => {
            body.extend_from_slice(OK);
            let (line, fate) = with_members(line, shape, rest, named);
            append_line(&line, payload, data, body);
            body.push(QUOTE);
            body.extend_from_slice(shape.metadata.as_bytes());
            fate
        }
        Err(refusal) => {
            body.extend_from_slice(FAILED);
            body.extend_from_slice(data);
            body.push(QUOTE);
            Fate::Refused(refusal)
        }
    }
}
/// The line of a payload: an object where its kind has one made of what is none.
fn formed<'a>(
    payload: &'a [u8],
    form: Form,
    compacted: &'a mut Vec<u8>,
    wrapped: &'a mut Vec<u8>,
) -> Result<Line<'a>, Refusal> {
    let mut wrap = |name: &str, document: &[u8]| {
        wrapped.clear();
        for part in [b"{\"", name.as_bytes(), b"\":", document, b"}"] {
            wrapped.extend_from_slice(part);
        }
    };
    match line(payload, compacted) {
        Ok(Line::Whole(document) | Line::Compacted(document))
            if form == Form::Events && document.starts_with(b"[") =>
        {
            wrap(EVENTS_MEMBER, document);
        }
        Ok(Line::Whole(document) | Line::Compacted(document))
            if form == Form::Value && !document.starts_with(b"{") && !document.starts_with(b"[") =>
        {
            wrap(VALUE_MEMBER, document);
        }
        Err(Refusal::NotJson) if form == Form::Value => {
            // It is UTF-8, or it would be refused as that.
            let text = String::from_utf8_lossy(payload);
            wrap(VALUE_MEMBER, serde_json::Value::from(text.trim()).to_string().as_bytes());
        }
        as_it_is => return as_it_is,
    }
    Ok(Line::Compacted(wrapped))
}

/// The line with what the topic says, where it is an event and the topic says something.
fn with_members<'a>(
    line: Line<'a>,
    shape: &Shape,
    rest: Option<&str>,
    named: &'a mut Vec<u8>,
) -> (Line<'a>, Fate) {
    let (Line::Whole(document) | Line::Compacted(document)) = line;
    if !shape.has_members() || !document.starts_with(b"{") {
        return (line, Fate::Line);
    }
    match rest.and_then(|rest| shape.members(rest)) {
        Some(members) => {
            topic::add(document, &members, named);
            (Line::Compacted(named), Fate::Line)
        }
        None => (line, Fate::Unnamed),
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
            Fate::UnknownKind => &mut self.unknown_kind,
            Fate::Refused(Refusal::Empty) => &mut self.empty,
            Fate::Refused(Refusal::NotUtf8) => &mut self.not_utf8,
            Fate::Refused(Refusal::NotJson) => &mut self.not_json,
            Fate::TooLarge => &mut self.too_large,
        };
        *count += 1;
    }
}
