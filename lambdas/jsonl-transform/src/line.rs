//! One record's payload becomes one line, or says why it cannot.
//!
//! Looks at bytes only: it knows neither base64 nor Firehose. It never changes the meaning of a
//! document: numbers, strings, key order and duplicate keys stay as they were sent.

use serde::de::IgnoredAny;

/// Why a payload is not a line of the lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nothing but whitespace. An empty line is a row without columns, so it is not written.
    Empty,
    /// Not UTF-8, the only encoding of JSON between systems (RFC 8259, section 8.1).
    NotUtf8,
    /// Not exactly one JSON document.
    NotJson,
}

/// How a payload becomes a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// The document, which lacks only its newline. Where it starts at the first byte of the payload,
    /// the caller can keep the encoded form that it already has.
    Whole(&'a [u8]),
    /// The document ran over several lines; the whitespace between its tokens is gone.
    Compacted(&'a [u8]),
}

/// Decides what becomes of `payload`; `scratch` holds the compacted form where there is one.
pub(crate) fn line<'a>(payload: &'a [u8], scratch: &'a mut Vec<u8>) -> Result<Line<'a>, Refusal> {
    let document = trim(payload);
    if document.is_empty() {
        return Err(Refusal::Empty);
    }
    // `IgnoredAny` checks the grammar without building anything, and without recursion, but takes
    // the bytes inside strings on trust.
    let text = std::str::from_utf8(document).map_err(|_| Refusal::NotUtf8)?;
    serde_json::from_str::<IgnoredAny>(text).map_err(|_| Refusal::NotJson)?;
    if memchr::memchr2(b'\n', b'\r', document).is_none() {
        return Ok(Line::Whole(document));
    }
    compact(document, scratch);
    Ok(Line::Compacted(scratch))
}

const fn is_whitespace(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Without JSON's whitespace at both ends; `trim_ascii` would take form feeds too.
fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && is_whitespace(*first)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && is_whitespace(*last)
    {
        bytes = rest;
    }
    bytes
}

/// Copies a valid document without the whitespace between its tokens.
fn compact(document: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let mut in_string = false;
    let mut escaped = false;
    for &byte in document {
        if !in_string && is_whitespace(byte) {
            continue;
        }
        if escaped {
            escaped = false;
        } else if byte == b'\\' {
            escaped = true;
        } else if byte == b'"' {
            in_string = !in_string;
        }
        out.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_become_lines() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        let cases: [(&str, &str, &str); 14] = [
            ("no newline", r#"{"a":1}"#, r#"{"a":1}"#),
            ("one newline", "{\"a\":1}\n", r#"{"a":1}"#),
            ("several newlines", "{\"a\":1}\n\n\n", r#"{"a":1}"#),
            ("carriage returns", "{\"a\":1}\r\n\r\n", r#"{"a":1}"#),
            ("leading newlines", "\r\n {\"a\":1}", r#"{"a":1}"#),
            ("pretty", "{\n  \"a\": 1,\r\n\t\"b\": [ 1, 2 ]\n}\n", r#"{"a":1,"b":[1,2]}"#),
            ("one lone carriage return", "[1,\r2]", "[1,2]"),
            ("blanks stay without a newline", r#"{ "a" : 1 }"#, r#"{ "a" : 1 }"#),
            ("blanks in strings stay", "{\"a b\":\n\"  c\\\" \\\\\"}", r#"{"a b":"  c\" \\"}"#),
            ("escaped newlines stay", "{\"a\":\n\"x\\ny\"}", r#"{"a":"x\ny"}"#),
            (
                "numbers stay as sent",
                "[1.0,\n1e999, 123456789012345678901234567890]",
                "[1.0,1e999,123456789012345678901234567890]",
            ),
            ("duplicate keys stay", "{\"a\":1,\n\"a\":2}", r#"{"a":1,"a":2}"#),
            ("scalars are JSON", " 42\n", "42"),
            ("depth is no limit", &deep, &deep),
        ];
        for (name, payload, expected) in cases {
            let mut scratch = vec![b'?'; 3];
            let found = match line(payload.as_bytes(), &mut scratch) {
                Ok(Line::Whole(bytes) | Line::Compacted(bytes)) => {
                    String::from_utf8_lossy(bytes).into_owned()
                }
                Err(refusal) => format!("{refusal:?}"),
            };
            assert!(found == expected, "{name}: {found:.200}");
        }
    }

    #[test]
    fn what_is_no_document_is_refused() {
        let cases: [(&str, &[u8], Refusal); 12] = [
            ("nothing", b"", Refusal::Empty),
            ("whitespace", b" \r\n\t", Refusal::Empty),
            ("latin 1", b"{\"a\":\"\xe9\"}", Refusal::NotUtf8),
            ("cut in a character", b"{\"a\":\"\xc3", Refusal::NotUtf8),
            ("encoded surrogate", b"\"\xed\xa0\x80\"", Refusal::NotUtf8),
            ("text", b"hello", Refusal::NotJson),
            ("cut off", b"{\"a\":1", Refusal::NotJson),
            ("two documents", b"{\"a\":1}\n{\"b\":2}", Refusal::NotJson),
            ("newline in a string", b"{\"a\":\"x\ny\"}", Refusal::NotJson),
            ("byte order mark", b"\xef\xbb\xbf{}", Refusal::NotJson),
            ("form feed", b"\x0c{}", Refusal::NotJson),
            ("NaN", b"{\"a\":NaN}", Refusal::NotJson),
        ];
        for (name, payload, expected) in cases {
            assert_eq!(line(payload, &mut Vec::new()), Err(expected), "{name}");
        }
    }
}
