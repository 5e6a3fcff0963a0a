//! Decodes events line by line, so that a decoder in another language can be compared with this one.
//!
//! Argument: the folder of models. A line in: the model's name, the arrival in milliseconds, the
//! sequence number, the partition key and the payload, both in base64, apart by tabs. A line out, for each: what became of the
//! event, as JSON; of an aggregate of the Kinesis Producer Library, an array of what became of each record. `DifferentialTest` of `flink-job` writes the same lines.

use std::collections::HashMap;
use std::io::{BufRead, BufWriter, Write};
use std::path::{Path, PathBuf};

use base64::prelude::*;
use serde::Serialize;
use telemetry::kpl::{self, UserRecord};
use telemetry::{Arrival, Decoded, Decoder, Measured, Model, Reason, Record, Value};

type Failure = Box<dyn std::error::Error>;

#[derive(Serialize)]
struct Line<'a> {
    records: Vec<RecordLine<'a>>,
    /// Code, field and, where it is the same in every language, the sentence.
    reasons: Vec<(&'static str, Option<&'a str>, Option<String>)>,
    omitted: usize,
    /// By how many nanoseconds the event was moved back.
    back: Option<i64>,
    undeclared: usize,
    out_of_range: usize,
}

#[derive(Serialize)]
struct RecordLine<'a> {
    dimensions: Vec<(&'a str, &'a str)>,
    measure_name: &'a str,
    layout: &'static str,
    /// Name, type and text. The only one of a single-measure record has the record's name.
    measures: Vec<(&'a str, &'static str, String)>,
    time: i64,
    version: i64,
    bytes: usize,
}

fn main() -> Result<(), Failure> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).ok_or("usage: decode FOLDER-OF-MODELS")?;
    let decoders = decoders(&folder)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let parts: Vec<&str> = line.split('\t').collect();
        let [model, time_ms, sequence_number, partition_key, payload] = parts[..] else {
            return Err(format!("not five columns: {line}").into());
        };
        let decoder = decoders.get(model).ok_or_else(|| format!("there is no model {model}"))?;
        let payload = BASE64_STANDARD.decode(payload)?;
        let partition_key = String::from_utf8(BASE64_STANDARD.decode(partition_key)?)?;
        let arrival = Arrival { time_ms: time_ms.parse()?, sequence_number, partition_key: &partition_key };
        match kpl::split(&payload) {
            Some(Ok(records)) => {
                let messages: Vec<_> = (0..)
                    .zip(records)
                    .map(|(nth, UserRecord { partition_key, data, .. })| {
                        decoder.decode_user_record(data, Arrival { partition_key, ..arrival }, nth)
                    })
                    .collect();
                serde_json::to_writer(&mut out, &messages.iter().map(described).collect::<Vec<_>>())?;
            }
            Some(Err(fault)) => serde_json::to_writer(&mut out, &described(&Decoded::refused(fault)))?,
            None => serde_json::to_writer(&mut out, &described(&decoder.decode(&payload, arrival)))?,
        }
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

fn decoders(folder: &Path) -> Result<HashMap<String, Decoder>, Failure> {
    let mut decoders = HashMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if let Some(name) = path.file_stem() {
            decoders.insert(
                name.to_string_lossy().into_owned(),
                Decoder::new(&Model::read(&path)?, timestream::LIMITS),
            );
        }
    }
    Ok(decoders)
}

fn described(decoded: &Decoded) -> Line<'_> {
    Line {
        records: decoded.records.iter().map(record).collect(),
        reasons: decoded.rejection.iter().flat_map(|rejection| &rejection.reasons).map(reason).collect(),
        omitted: decoded.rejection.as_ref().map_or(0, |rejection| rejection.omitted),
        back: decoded.corrected.map(|correction| correction.back),
        undeclared: decoded.undeclared,
        out_of_range: decoded.out_of_range,
    }
}

fn record(record: &Record) -> RecordLine<'_> {
    let (layout, measures) = match &record.measured {
        Measured::Single(value) => ("single", vec![measure(&record.measure_name, value)]),
        Measured::Multi(values) => {
            ("multi", values.iter().map(|one| measure(&one.name, &one.value)).collect())
        }
    };
    RecordLine {
        dimensions: record.dimensions.iter().map(|one| (&*one.name, one.value.as_str())).collect(),
        measure_name: &record.measure_name,
        layout,
        measures,
        time: record.time,
        version: record.version,
        bytes: timestream::size::bytes(record),
    }
}

fn measure<'a>(name: &'a str, value: &Value) -> (&'a str, &'static str, String) {
    (name, value.kind().name(), value.text().into_owned())
}

/// The parsers of JSON have their own words, and the versions of Unicode their own printable characters.
fn reason(reason: &Reason) -> (&'static str, Option<&str>, Option<String>) {
    let code = reason.fault.code();
    let sentence = reason.fault.to_string();
    let comparable = code != "not_json" && sentence.chars().all(|one| matches!(one, ' '..='~' | '…'));
    (code, reason.field.as_deref(), comparable.then_some(sentence))
}
