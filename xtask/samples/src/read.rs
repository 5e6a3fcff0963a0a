//! Files of samples.
//!
//! What is read, told apart by what it looks like:
//! - what `mosquitto_sub -v` prints: a topic, a blank and a payload on each line. A document over several lines is
//!   one payload. A line that begins with `#` is a remark on the sample after it;
//! - JSON lines: each line a payload, or `{"topic": …, "payload": …}`, whose payload may be any JSON, and is what the
//!   text says where it is text. With `payload_base64` it is bytes. What `quarantine export` says beside it is passed
//!   over;
//! - one JSON document, however it is laid out: one payload;
//! - any of these compressed with gzip, as the objects of the lake are.
//!
//! A payload is the bytes that are there, whether they are UTF-8 or not: what becomes of them is the model's business.

use std::io::Read as _;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use flate2::read::MultiGzDecoder;
use serde_json::Value;

/// How a compressed file begins.
const GZIP: &[u8] = &[0x1f, 0x8b];
/// How UTF-8 begins as some editors write it.
const UTF8_MARK: &[u8] = &[0xef, 0xbb, 0xbf];
/// How UTF-16 begins, in either order of bytes.
const UTF16_MARKS: [&[u8]; 2] = [&[0xff, 0xfe], &[0xfe, 0xff]];
/// What `mosquitto_sub -v` prints for a payload without bytes.
const NO_PAYLOAD: &[u8] = b"(null)";

/// What `quarantine export` says of an event.
const BESIDE: &str = "quarantine";

/// Lines of a document of which the first lines are no JSON.
const LONGEST_DOCUMENT: usize = 10_000;

/// A payload that a device sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Where it was published. `None`: the file does not say.
    pub topic: Option<String>,
    /// What was published. Nothing: a retained message was deleted.
    pub payload: Vec<u8>,
    /// What the file says of it.
    pub remark: Option<String>,
    /// The line where it begins, from 1.
    pub line: usize,
}

/// Why a file cannot be read as samples.
#[derive(Debug, thiserror::Error)]
pub enum ReadFault {
    /// It is compressed, and damaged.
    #[error("is not a complete gzip file: {0}")]
    Gzip(#[source] std::io::Error),
    /// It is text of another encoding.
    #[error("is UTF-16: save it as UTF-8")]
    Utf16,
    /// A line is neither a topic and a payload nor JSON.
    #[error(
        "line {line} is neither JSON nor a topic and a payload, as `mosquitto_sub -v` prints them: {text:?}"
    )]
    Line {
        /// From 1.
        line: usize,
        /// How it begins.
        text: String,
    },
    /// There is nothing in it.
    #[error("has no sample")]
    Empty,
}

/// Reads the samples of a file.
pub fn read(bytes: &[u8]) -> Result<Vec<Sample>, ReadFault> {
    let mut plain = Vec::new();
    if bytes.starts_with(GZIP) {
        MultiGzDecoder::new(bytes).read_to_end(&mut plain).map_err(ReadFault::Gzip)?;
    } else {
        plain.extend_from_slice(bytes);
    }
    if UTF16_MARKS.iter().any(|mark| plain.starts_with(mark)) {
        return Err(ReadFault::Utf16);
    }
    let plain = plain.strip_prefix(UTF8_MARK).unwrap_or(&plain);
    let samples = match plain.trim_ascii() {
        document @ [b'{' | b'[', ..] if is_json(document) => vec![sample_of(document, 1)],
        _ => lines(plain)?,
    };
    if samples.is_empty() { Err(ReadFault::Empty) } else { Ok(samples) }
}

fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok()
}

fn lines(text: &[u8]) -> Result<Vec<Sample>, ReadFault> {
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end).collect();
    let mut samples = Vec::new();
    let mut remark: Option<String> = None;
    let mut at = 0;
    while at < lines.len() {
        let (line, number) = (lines[at], at + 1);
        at += 1;
        if let Some(more) = line.strip_prefix(b"#") {
            let before = remark.take().map(|remark| remark + " ").unwrap_or_default();
            remark = Some(before + String::from_utf8_lossy(more).trim());
            continue;
        }
        if line.is_empty() {
            continue;
        }
        let sample = if is_json(line) {
            sample_of(line.trim_ascii(), number)
        } else if let Some((topic, payload)) = topic_of(line) {
            let (payload, more) = document(payload, &lines[at..]);
            at += more;
            Sample { topic: Some(topic.to_owned()), payload, remark: None, line: number }
        } else {
            let text = String::from_utf8_lossy(line).chars().take(60).collect();
            return Err(ReadFault::Line { line: number, text });
        };
        samples.push(Sample { remark: remark.take(), ..sample });
    }
    Ok(samples)
}

/// What JSON says: a topic and a payload, or a payload.
fn sample_of(json: &[u8], line: usize) -> Sample {
    let (topic, payload) = published(json).unwrap_or_else(|| (None, json.to_vec()));
    Sample { topic, payload, remark: None, line }
}

/// The topic and the payload of a line that says both.
fn published(line: &[u8]) -> Option<(Option<String>, Vec<u8>)> {
    let value: Value = serde_json::from_slice(line).ok()?;
    let topic = value.get("topic")?.as_str()?.to_owned();
    let members = value.as_object()?.len() - usize::from(value.get(BESIDE).is_some());
    let payload = match (members, value.get("payload"), value.get("payload_base64")) {
        (2, Some(Value::String(text)), None) => text.clone().into_bytes(),
        // As it stands there, digits and all.
        (2, Some(_), None) => sonic_rs::get(line, ["payload"]).ok()?.as_raw_str().as_bytes().to_vec(),
        (2, None, Some(Value::String(bytes))) => BASE64_STANDARD.decode(bytes).ok()?,
        _ => return None,
    };
    Some((Some(topic), payload))
}

/// The topic and the payload of a line, if its first word can be a topic.
fn topic_of(line: &[u8]) -> Option<(&str, &[u8])> {
    let blank = line.iter().position(|byte| *byte == b' ')?;
    let topic = std::str::from_utf8(&line[..blank]).ok()?;
    let is_topic = !topic.is_empty() && !topic.contains(['{', '}', '[', ']', '"', '+', '#']);
    is_topic.then_some((topic, &line[blank + 1..]))
}

/// A payload, and how many of the lines after it belong to it: a document may go on.
fn document(first: &[u8], rest: &[&[u8]]) -> (Vec<u8>, usize) {
    if first == NO_PAYLOAD {
        return (Vec::new(), 0);
    }
    if matches!(first.trim_ascii_start(), [b'{' | b'[', ..]) && !is_json(first) {
        let mut text = first.to_vec();
        for (index, line) in rest.iter().take(LONGEST_DOCUMENT).enumerate() {
            text.push(b'\n');
            text.extend_from_slice(line);
            if matches!(line.last(), Some(b'}' | b']')) && is_json(&text) {
                return (text, index + 1);
            }
        }
    }
    (first.to_vec(), 0)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn found(bytes: &[u8]) -> Vec<(Option<String>, String)> {
        let samples = read(bytes).unwrap_or_else(|fault| panic!("{fault}"));
        let text = |sample: Sample| String::from_utf8(sample.payload).expect("UTF-8");
        samples.into_iter().map(|sample| (sample.topic.clone(), text(sample))).collect()
    }

    #[test]
    fn samples_are_read_as_they_look() {
        let at = |topic: &str, payload: &str| (Some(topic.to_owned()), payload.to_owned());
        let plain = |payload: &str| (None, payload.to_owned());
        let cases = [
            ("a/b {\"x\": 1}\na/c ON\n\n", vec![at("a/b", "{\"x\": 1}"), at("a/c", "ON")]),
            ("a/b 21,5 °C\n", vec![at("a/b", "21,5 °C")]),
            ("a/b {\n  \"x\": 1\n}\na/c [\n1]\n", vec![at("a/b", "{\n  \"x\": 1\n}"), at("a/c", "[\n1]")]),
            ("a/b (null)\na/c ()\n", vec![at("a/b", ""), at("a/c", "()")]),
            ("\u{feff}a/b 1\r\na/c 2\r\n", vec![at("a/b", "1"), at("a/c", "2")]),
            ("\u{feff}{\"x\": 1}", vec![plain("{\"x\": 1}")]),
            ("# why\n# so\na/b {}", vec![at("a/b", "{}")]),
            ("{\"x\": 1}\n{\"x\": 2}\n", vec![plain("{\"x\": 1}"), plain("{\"x\": 2}")]),
            ("{\n \"x\": 1\n}\n", vec![plain("{\n \"x\": 1\n}")]),
            ("[{\"n\": 1}]", vec![plain("[{\"n\": 1}]")]),
            ("{\"topic\": \"t\", \"payload\": {\"x\": 1.0}}", vec![at("t", "{\"x\": 1.0}")]),
            ("{\"topic\": \"t\", \"payload\": \"ON\"}\n21.5", vec![at("t", "ON"), plain("21.5")]),
            ("{\"topic\": \"t\", \"payload_base64\": \"T04=\"}", vec![at("t", "ON")]),
            (
                "{\"payload_base64\": \"T04=\", \"quarantine\": {\"id\": \"1\"}, \"topic\": \"t\"}",
                vec![at("t", "ON")],
            ),
            ("{\"topic\": \"t\", \"x\": 1}", vec![plain("{\"topic\": \"t\", \"x\": 1}")]),
        ];
        for (text, expected) in cases {
            assert_eq!(found(text.as_bytes()), expected, "{text}");
        }
        let mut lake = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        lake.write_all(b"{\"x\":1}\n{\"x\":2}\n").expect("compressed");
        assert_eq!(found(&lake.finish().expect("complete")).len(), 2);
        assert_eq!(read(b"# why\n# so\na/b {}").expect("a sample")[0].remark.as_deref(), Some("why so"));
    }

    #[test]
    fn a_payload_is_the_bytes_that_are_there() {
        for (file, payload) in [
            (&b"a/b {\"x\": \"caf\xe9\"}\n"[..], &b"{\"x\": \"caf\xe9\"}"[..]),
            (b"a/b 21 \xb0C\n", b"21 \xb0C"),
            (b"{\"x\": \"caf\xe9\"}", b"{\"x\": \"caf\xe9\"}"),
            (b"a/b {\n\"x\": \"\xe9\"\n}\n", b"{\n\"x\": \"\xe9\"\n}"),
        ] {
            assert_eq!(read(file).expect("a sample")[0].payload, payload);
        }
    }

    #[test]
    fn what_is_no_sample_is_named() {
        let fault = |bytes: &[u8]| read(bytes).expect_err("no samples").to_string();
        assert_eq!(fault(b"\n \n"), "has no sample");
        assert!(
            fault(b"a/b 1\n{\"x\":\n").starts_with("line 2 is neither JSON nor"),
            "{}",
            fault(b"a/b 1\n{\"x\":\n")
        );
        assert_eq!(fault(b"\xff\xfea\0"), "is UTF-16: save it as UTF-8");
        assert_eq!(fault(b"\xfe\xff\0a"), "is UTF-16: save it as UTF-8");
        assert!(fault(&[0x1f, 0x8b, 0]).starts_with("is not a complete gzip file"));
    }
}
