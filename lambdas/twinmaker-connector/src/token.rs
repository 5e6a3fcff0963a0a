//! The token between two pages: where each property stopped.
//!
//! It is all that is kept, and it is kept by the caller. It has times, counts and hashes, and no name
//! and no value: TwinMaker [recommends](https://docs.aws.amazon.com/iot-twinmaker/latest/guide/time-series-data-connectors.html)
//! that it be free of anything sensitive. A position is a point and not a number of points, so that
//! points which arrive between two pages shift nothing.

use base64::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::instant::Instant;

/// Changes with the meaning of the content.
const VERSION: u8 = 1;

/// Why a token is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It was never made here.
    #[error("this is no token of this connector; send the last answer's nextToken unchanged, or none")]
    Unreadable,
    /// It was made for another request.
    #[error(
        "the token belongs to another request; a page is asked for with the same properties, filters, times, interpolation and order as the first"
    )]
    OtherRequest,
    /// It was made by a connector of another version.
    #[error("the token is of another version of this connector; ask for the first page again")]
    OtherVersion,
}

/// What a request asks for, its page size and token left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// Of what `content` serializes to.
    pub fn of(content: &impl Serialize) -> Self {
        // What requests consist of has no map with keys that are no text: this does not fail.
        let json = serde_json::to_vec(content).unwrap_or_default();
        Self(first_bytes(Sha256::digest(json).as_slice()))
    }

    /// A hash of the series that `parts` name, of no use for another request.
    pub fn series<'a>(self, parts: impl IntoIterator<Item = Option<&'a str>>) -> u64 {
        let mut hash = Sha256::new();
        hash.update(self.0.to_le_bytes());
        for part in parts {
            match part {
                None => hash.update([0]),
                Some(text) => {
                    hash.update([1]);
                    hash.update((text.len() as u64).to_le_bytes());
                    hash.update(text.as_bytes());
                }
            }
        }
        first_bytes(hash.finalize().as_slice())
    }
}

fn first_bytes(hash: &[u8]) -> u64 {
    hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Where a property stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Progress {
    /// Nothing was returned yet.
    #[default]
    Start,
    /// This point was the last.
    After(Position),
    /// Everything was returned.
    Done,
}

/// A point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Its time.
    pub time: Instant,
    /// Its series, hashed.
    pub series: u64,
    /// How many points of this time were returned, itself included: where several series have a point
    /// at one time, a page may end between them.
    pub seen: usize,
    /// With interpolation: the farthest stored point that points to come may be made of.
    pub reach: Option<Instant>,
}

/// The state between two pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The end of the range, where the request has none: the time of the first page.
    pub end: Option<Instant>,
    /// One for each selected property, in the order of the request.
    pub progress: Vec<Progress>,
}

/// As it is written: the shortest JSON that says it.
#[derive(Serialize, Deserialize)]
struct Wire {
    v: u8,
    r: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    e: Option<i64>,
    p: Vec<WireProgress>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum WireProgress {
    After(i64, u64, usize, Option<i64>),
    Done(bool),
}

impl Token {
    /// The text of the token.
    pub fn write(&self, request: Fingerprint) -> String {
        let progress = |one: &Progress| match *one {
            Progress::Start => WireProgress::Done(false),
            Progress::Done => WireProgress::Done(true),
            Progress::After(at) => {
                WireProgress::After(at.time.nanos(), at.series, at.seen, at.reach.map(Instant::nanos))
            }
        };
        let wire = Wire {
            v: VERSION,
            r: request.0,
            e: self.end.map(Instant::nanos),
            p: self.progress.iter().map(progress).collect(),
        };
        BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&wire).unwrap_or_default())
    }

    /// Reads a token of a request for `properties` properties.
    pub fn read(text: &str, request: Fingerprint, properties: usize) -> Result<Self, TokenError> {
        let json = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError::Unreadable)?;
        let wire: Wire = serde_json::from_slice(&json).map_err(|_| TokenError::Unreadable)?;
        if wire.v != VERSION {
            return Err(TokenError::OtherVersion);
        }
        if wire.r != request.0 || wire.p.len() != properties {
            return Err(TokenError::OtherRequest);
        }
        let progress = |one: WireProgress| match one {
            WireProgress::Done(false) => Progress::Start,
            WireProgress::Done(true) => Progress::Done,
            WireProgress::After(time, series, seen, reach) => Progress::After(Position {
                time: Instant::from_nanos(time),
                series,
                seen,
                reach: reach.map(Instant::from_nanos),
            }),
        };
        Ok(Self {
            end: wire.e.map(Instant::from_nanos),
            progress: wire.p.into_iter().map(progress).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written() {
        let request = Fingerprint::of(&"a request");
        let position = Position { time: Instant::from_nanos(-1), series: u64::MAX, seen: 3, reach: None };
        let token = Token {
            end: Some(Instant::from_nanos(i64::MAX)),
            progress: vec![
                Progress::Start,
                Progress::Done,
                Progress::After(position),
                Progress::After(Position { reach: Some(Instant::from_nanos(7)), ..position }),
            ],
        };
        let text = token.write(request);
        assert_eq!(Token::read(&text, request, 4), Ok(token));
        assert_eq!(Token::read(&text, Fingerprint::of(&"another"), 4), Err(TokenError::OtherRequest));
        assert_eq!(Token::read(&text, request, 3), Err(TokenError::OtherRequest));
        for garbage in ["", "qwertyuiop", "%%%", &text[1..], &text[..text.len() - 4]] {
            assert_eq!(Token::read(garbage, request, 4), Err(TokenError::Unreadable), "{garbage}");
        }
    }

    #[test]
    fn series_are_told_apart() {
        let request = Fingerprint::of(&"a request");
        let series = [
            request.series([Some("a"), Some("b")]),
            request.series([Some("ab"), Some("")]),
            request.series([Some("ab"), None]),
            request.series([Some("ab")]),
            Fingerprint::of(&"another").series([Some("ab")]),
        ];
        for (index, one) in series.iter().enumerate() {
            assert!(!series[..index].contains(one), "{index}");
        }
    }
}
