//! Files of samples.
//!
//! What is read, told apart by what it looks like:
//! - what `mosquitto_sub -v` prints: a topic, a blank and a payload on each line. A document over several lines is
//!   one payload. A line that begins with `#` is a remark on the sample after it;
//! - JSON lines: each line a payload, or `{"topic": …, "payload": …}`, whose payload may be any JSON, and is what the
//!   text says where it is text. With `payload_base64` it is bytes;
//! - one JSON document, however it is laid out: one payload;
//! - any of these compressed with gzip, as the objects of the lake are.

use std::io::Read as _;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use flate2::read::MultiGzDecoder;
use serde_json::Value;

/// How a compressed file begins.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// Lines of a document of which the first lines are no JSON.
const LONGEST_DOCUMENT: usize = 10_000;

/// A payload that a device sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Where it was published. `None`: the file does not say.
    pub topic: Option<String>,
    /// What was published.
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
    let text = String::from_utf8_lossy(&plain);
    let samples = if is_json(text.trim()) && !text.trim().contains(['\n']) || is_document(&text) {
        vec![sample_of(text.trim(), 1).unwrap_or_else(|| Sample {
            topic: None,
            payload: text.trim().as_bytes().to_vec(),
            remark: None,
            line: 1,
        })]
    } else {
        lines(&text)?
    };
    if samples.is_empty() { Err(ReadFault::Empty) } else { Ok(samples) }
}

/// Whether the text is one document over several lines.
fn is_document(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) && is_json(text.trim())
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

fn lines(text: &str) -> Result<Vec<Sample>, ReadFault> {
    let lines: Vec<&str> = text.lines().collect();
    let mut samples = Vec::new();
    let mut remark: Option<String> = None;
    let mut at = 0;
    while at < lines.len() {
        let (line, number) = (lines[at].trim_end(), at + 1);
        at += 1;
        if let Some(more) = line.strip_prefix('#') {
            let before = remark.take().map(|remark| remark + " ").unwrap_or_default();
            remark = Some(before + more.trim());
            continue;
        }
        if line.trim().is_empty() {
            continue;
        }
        let sample = match sample_of(line.trim(), number) {
            Some(sample) => sample,
            None => match line.split_once(' ') {
                Some((topic, payload)) if is_topic(topic) => {
                    let (payload, more) = document(payload, &lines[at..]);
                    at += more;
                    Sample { topic: Some(topic.to_owned()), payload, remark: None, line: number }
                }
                _ => {
                    let text = line.chars().take(60).collect();
                    return Err(ReadFault::Line { line: number, text });
                }
            },
        };
        samples.push(Sample { remark: remark.take(), ..sample });
    }
    Ok(samples)
}

/// A line that is JSON.
fn sample_of(line: &str, number: usize) -> Option<Sample> {
    if !is_json(line) {
        return None;
    }
    let published = serde_json::from_str::<Value>(line).ok().and_then(|value| published(line, &value));
    let (topic, payload) = published.unwrap_or_else(|| (None, line.as_bytes().to_vec()));
    Some(Sample { topic, payload, remark: None, line: number })
}

/// The topic and the payload of a line that says both.
fn published(line: &str, value: &Value) -> Option<(Option<String>, Vec<u8>)> {
    let topic = value.get("topic")?.as_str()?.to_owned();
    let payload = match (value.as_object()?.len(), value.get("payload"), value.get("payload_base64")) {
        (2, Some(Value::String(text)), None) => text.clone().into_bytes(),
        // As it stands there, digits and all.
        (2, Some(_), None) => sonic_rs::get(line, ["payload"]).ok()?.as_raw_str().as_bytes().to_vec(),
        (2, None, Some(Value::String(bytes))) => BASE64_STANDARD.decode(bytes).ok()?,
        _ => return None,
    };
    Some((Some(topic), payload))
}

/// Whether the first word of a line can be a topic.
fn is_topic(word: &str) -> bool {
    !word.is_empty() && !word.contains(['{', '}', '[', ']', '"', '+', '#'])
}

/// A payload, and how many of the lines after it belong to it: a document may go on.
fn document(first: &str, rest: &[&str]) -> (Vec<u8>, usize) {
    if first.trim_start().starts_with(['{', '[']) && !is_json(first) {
        let mut text = first.to_owned();
        for (index, line) in rest.iter().take(LONGEST_DOCUMENT).enumerate() {
            text.push('\n');
            text.push_str(line);
            if line.trim_end().ends_with(['}', ']']) && is_json(&text) {
                return (text.into_bytes(), index + 1);
            }
        }
    }
    (first.as_bytes().to_vec(), 0)
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
            ("# why\n# so\na/b {}", vec![at("a/b", "{}")]),
            ("{\"x\": 1}\n{\"x\": 2}\n", vec![plain("{\"x\": 1}"), plain("{\"x\": 2}")]),
            ("{\n \"x\": 1\n}\n", vec![plain("{\n \"x\": 1\n}")]),
            ("[{\"n\": 1}]", vec![plain("[{\"n\": 1}]")]),
            ("{\"topic\": \"t\", \"payload\": {\"x\": 1.0}}", vec![at("t", "{\"x\": 1.0}")]),
            ("{\"topic\": \"t\", \"payload\": \"ON\"}\n21.5", vec![at("t", "ON"), plain("21.5")]),
            ("{\"topic\": \"t\", \"payload_base64\": \"T04=\"}", vec![at("t", "ON")]),
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
    fn what_is_no_sample_is_named() {
        let fault = |bytes: &[u8]| read(bytes).expect_err("no samples").to_string();
        assert_eq!(fault(b"\n \n"), "has no sample");
        assert!(
            fault(b"a/b 1\n{\"x\":\n").starts_with("line 2 is neither JSON nor"),
            "{}",
            fault(b"a/b 1\n{\"x\":\n")
        );
        assert!(fault(&[0x1f, 0x8b, 0]).starts_with("is not a complete gzip file"));
    }
}
