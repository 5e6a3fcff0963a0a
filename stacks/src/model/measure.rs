//! `[[measure]]`: what is measured, and where an event has it.

use telemetry::{Measure, MeasureType, Range};
use timestream::names::MEASURE_BYTES;

use super::fields::Sharing;
use super::reader::{Found, Reader, read_name};
use super::shared::Role;
use super::written::read_written;
use crate::config::{Fault, Section};

/// Longest unit, in characters: it stands in titles of panels.
const MAX_UNIT_CHARACTERS: usize = 64;

/// Why a measure cannot be used, although each of its keys is well formed.
#[derive(Debug, thiserror::Error)]
enum MeasureFault {
    #[error("is given for a {kind}, but only numbers have a range")]
    RangeOfNoNumber { kind: &'static str },
    #[error("is empty: `min` is {min}, more than {max}")]
    EmptyRange { min: f64, max: f64 },
    #[error("cannot be {unit:?}")]
    Unit { unit: String },
}

impl Fault for MeasureFault {
    fn help(&self) -> String {
        match self {
            Self::RangeOfNoNumber { .. } => "remove it, or change `type` to \"double\" or \"bigint\"".into(),
            Self::EmptyRange { .. } => "exchange `min` and `max`".into(),
            Self::Unit { .. } => {
                format!("write a unit of 1 to {MAX_UNIT_CHARACTERS} characters, or remove the key")
            }
        }
    }
}

pub(super) fn read_measure(section: &Section<'_>, reader: &Reader<'_>) -> Option<Measure> {
    const TYPES: [(&str, MeasureType); 5] = [
        ("double", MeasureType::Double),
        ("bigint", MeasureType::Bigint),
        ("boolean", MeasureType::Boolean),
        ("varchar", MeasureType::Varchar),
        ("timestamp", MeasureType::Timestamp),
    ];
    let mut kind = None;
    let named = read_name(section, MEASURE_BYTES, "measure", reader, |section| {
        kind = section.choice("type", &TYPES).required();
        kind.map(Role::Measure)
    });
    let unit = section.text("unit").check(|unit| check_unit(unit)).optional();
    let normal = section.optional_table("normal", read_range);
    if let Some(kind) = kind
        && section.has("normal")
        && !matches!(kind, MeasureType::Double | MeasureType::Bigint)
    {
        section.add("normal", MeasureFault::RangeOfNoNumber { kind: kind.name() });
    }
    let written = read_written(section, kind, reader.found);
    let (name, field) = named?;
    let by = format!("the measure \"{name}\"");
    match reader.found {
        Found::Path => {
            let sharing = if section.has("binary") { Sharing::Bytes } else { Sharing::Alone };
            reader.field(section, &field, &by, sharing)?;
        }
        Found::Name | Found::Senml => reader.measure_name(section, &field, &by)?,
    }
    Some(Measure { name, field, kind: kind?, unit: unit?, normal: normal?, written: written? })
}

fn read_range(section: &Section<'_>) -> Option<Range> {
    let min = section.number("min").required();
    let max = section.number("max").required();
    let (min, max) = (min?, max?);
    if min > max {
        section.add_here(MeasureFault::EmptyRange { min, max });
        return None;
    }
    Some(Range { min, max })
}

fn check_unit(unit: &str) -> Result<(), MeasureFault> {
    let usable = unit.trim() == unit
        && (1..=MAX_UNIT_CHARACTERS).contains(&unit.chars().count())
        && !unit.contains(char::is_control);
    if usable { Ok(()) } else { Err(MeasureFault::Unit { unit: unit.to_owned() }) }
}
