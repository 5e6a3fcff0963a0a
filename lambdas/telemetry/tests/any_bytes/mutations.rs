//! The events of the vectors, damaged: what is nearly right reaches further than what is not.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::prelude::*;
use fastrand::Rng;
use md5::{Digest, Md5};
use serde_json::Value as Json;
use telemetry::kpl::{self, UserRecord};
use telemetry::{Arrival, Decoder, Model};
use timestream::LIMITS;

use crate::{ARRIVAL, invariants, random};

/// Inputs of a run, if `INPUTS` says nothing.
const INPUTS: u64 = 20_000;

/// What is put into events.
const TOKENS: [&str; 34] = [
    "null",
    "true",
    "1e999",
    "-0.0",
    "0",
    "9223372036854775808",
    "1609757175225",
    "1e-400",
    "\"\"",
    "\" \"",
    "\"\\ud800\"",
    "\"ON\"",
    "\"21,5 mm\"",
    "\"AAAAAAAAAAAAAAAA\"",
    "\"2021-03-28T02:30:00\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "{}",
    "[]",
    "[[[[[[[[[[[[[[[[",
    "\"id\":",
    "\"n\":",
    "\"v\":",
    "\"ts\":",
    "\"value\":",
    "\"bn\":",
    "\"x_\":1,",
    "\u{FFFF}",
];

/// An event of the vectors.
struct Seed {
    model: String,
    partition_key: String,
    payload: Vec<u8>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    files.sort();
    files
}

fn seeds() -> Vec<Seed> {
    let text = |json: &Json| json.as_str().map(str::to_owned);
    let vectors = files(&folder()).into_iter().flat_map(|path| {
        let vectors: Vec<Json> =
            serde_json::from_slice(&fs::read(path).expect("a readable file")).expect("vectors");
        vectors
    });
    vectors
        .map(|vector| Seed {
            model: text(&vector["model"]).expect("a model"),
            partition_key: text(&vector["partition_key"]).unwrap_or_else(|| "device-1".to_owned()),
            payload: text(&vector["event"]).map_or_else(
                || BASE64_STANDARD.decode(text(&vector["event_base64"]).expect("bytes")).expect("base64"),
                String::into_bytes,
            ),
        })
        .collect()
}

fn decoders() -> HashMap<String, Decoder> {
    let decoder = |path: PathBuf| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, Decoder::new(&Model::read(&path).expect("a model"), LIMITS))
    };
    files(&folder().join("models")).into_iter().map(decoder).collect()
}

fn range(rng: &mut Rng, len: usize) -> std::ops::Range<usize> {
    let start = rng.usize(..=len);
    start..rng.usize(start..=len.min(start + 40))
}

/// Puts another value in the place of one, or leaves it out.
fn rewrite(rng: &mut Rng, value: &mut Json, other: &Json) {
    let children = match value {
        Json::Array(elements) => elements.len(),
        Json::Object(members) => members.len(),
        _ => 0,
    };
    if children == 0 || rng.u8(..4) == 0 {
        *value = match rng.u8(..4) {
            0 => other.clone(),
            1 => Json::Array(vec![value.take(), other.clone()]),
            _ => random::scalar(rng),
        };
        return;
    }
    let at = rng.usize(..children);
    let leave_out = rng.u8(..8) == 0;
    match value {
        Json::Array(elements) if leave_out => drop(elements.remove(at)),
        Json::Array(elements) => rewrite(rng, &mut elements[at], other),
        Json::Object(members) => {
            let Some(name) = members.keys().nth(at).cloned() else { return };
            if leave_out {
                members.remove(&name);
            } else if let Some(member) = members.get_mut(&name) {
                rewrite(rng, member, other);
            }
        }
        _ => {}
    }
}

/// Damages a payload: as JSON, where it is that, or in one to three places of its bytes.
fn damage(rng: &mut Rng, payload: &mut Vec<u8>, seeds: &[Seed]) {
    if rng.u8(..8) > 2
        && let Ok(mut json) = serde_json::from_slice::<Json>(payload)
    {
        let other = serde_json::from_slice(&seeds[rng.usize(..seeds.len())].payload).unwrap_or_default();
        rewrite(rng, &mut json, &other);
        *payload = json.to_string().into_bytes();
        return;
    }
    for _ in 0..rng.usize(1..=3) {
        let len = payload.len();
        let at = rng.usize(..=len);
        match rng.u8(..7) {
            0 if at < len => payload[at] = rng.u8(..),
            1 if at < len => payload[at] ^= 1 << rng.u8(..8),
            2 => drop(payload.drain(range(rng, len))),
            3 => {
                let part = payload[range(rng, len)].to_vec();
                payload.splice(at..at, part);
            }
            4 => {
                let other = &seeds[rng.usize(..seeds.len())].payload;
                let part = other[range(rng, other.len())].to_vec();
                payload.splice(at..at, part);
            }
            5 => payload.truncate(at),
            _ => {
                let token = TOKENS[rng.usize(..TOKENS.len())];
                let over = range(rng, len);
                payload.splice(over, token.bytes());
            }
        }
    }
}

/// A field of Protocol Buffers that holds bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let [low, high] = u16::try_from(bytes.len()).expect("few bytes").to_le_bytes();
    let length = [low | 0x80, (high << 1 | low >> 7) & 0x7F | 0x80, high >> 6];
    [&[number << 3 | 2], &length[..], bytes].concat()
}

/// An aggregate, damaged in its events or in its bytes, which often has the checksum of what it became.
fn aggregate(rng: &mut Rng, partition_key: &str, seeds: &[&Seed]) -> Vec<u8> {
    let all: Vec<u8> = seeds
        .iter()
        .flat_map(|seed| {
            let mut data = seed.payload.clone();
            data.truncate(10_000);
            field(3, &[&[0x08, 0x00], &field(3, &data)[..]].concat())
        })
        .collect();
    let mut message = [field(1, partition_key.as_bytes()), all].concat();
    if rng.bool() {
        let at = rng.usize(..message.len());
        message[at] = rng.u8(..);
    }
    let checksum = Md5::digest(&message);
    let mut bytes = [&[0xF3, 0x89, 0x9A, 0xC2], &message[..], &checksum[..]].concat();
    if rng.u8(..16) == 0 {
        bytes.truncate(rng.usize(..bytes.len()));
    }
    bytes
}

/// Decodes a record of the stream as the consumers do.
fn decode(decoder: &Decoder, payload: &[u8], arrival: Arrival<'_>) {
    match kpl::split(payload) {
        None => invariants::hold(&decoder.decode(payload, arrival), arrival),
        Some(Ok(records)) => {
            assert!(!records.is_empty(), "an aggregate vanished");
            for (nth, UserRecord { partition_key, data, .. }) in records.into_iter().enumerate() {
                let arrival = Arrival { partition_key, ..arrival };
                invariants::hold(&decoder.decode_user_record(data, arrival, nth), arrival);
            }
        }
        Some(Err(fault)) => assert_eq!(fault.code(), "kpl_aggregate"),
    }
}

fn run(inputs: u64, seed: u64) {
    let (seeds, decoders) = (seeds(), decoders());
    let mut rng = Rng::with_seed(seed);
    let mut random = random::Kind::new(&mut rng);
    for input in 0..inputs {
        let seed = &seeds[rng.usize(..seeds.len())];
        let decoder = &decoders[&seed.model];
        match input % 4 {
            0 => {
                let others: Vec<_> = seeds.iter().filter(|other| other.model == seed.model).collect();
                let chosen: Vec<_> = (0..rng.u8(..4)).map(|_| others[rng.usize(..others.len())]).collect();
                decode(decoder, &aggregate(&mut rng, &seed.partition_key, &chosen), ARRIVAL);
            }
            1 => {
                if rng.u8(..16) == 0 {
                    random = random::Kind::new(&mut rng);
                }
                let (payload, partition_key) = random.message(&mut rng);
                decode(&random.decoder, &payload, Arrival { partition_key: &partition_key, ..ARRIVAL });
            }
            _ => {
                let mut payload = seed.payload.clone();
                damage(&mut rng, &mut payload, &seeds);
                let partition_key = if rng.u8(..8) == 0 { "a/b" } else { seed.partition_key.as_str() };
                decode(decoder, &payload, Arrival { partition_key, ..ARRIVAL });
            }
        }
    }
}

/// As many as `INPUTS` says: `INPUTS=10000000 cargo test --release -p telemetry --test any_bytes damaged`.
#[test]
fn damaged_events_are_answered() {
    let inputs = std::env::var("INPUTS").map_or(INPUTS, |inputs| inputs.parse().expect("a number"));
    let seed =
        std::env::var("SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().expect("a number"));
    let answered = std::panic::catch_unwind(|| run(inputs, seed));
    assert!(answered.is_ok(), "SEED={seed} INPUTS={inputs} does so again");
}
