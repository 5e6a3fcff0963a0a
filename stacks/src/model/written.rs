//! How the value of a measure is written in an event: the keys of a measure that say so.

use std::collections::BTreeMap;

use telemetry::{Binary, BinaryType, Decimal, Encoding, Endian, Mapped, MeasureType, Points, Written};

use super::names::check_member;
use super::reader::Found;
use crate::config::{Fault, Section, Value};

/// Where a value in bytes may begin, at most.
const MAX_OFFSET: u32 = 65_535;

/// Most texts that a measure names.
const MAX_TEXTS: usize = 256;

/// Longest text that a measure names, in bytes.
const MAX_TEXT_BYTES: usize = 256;

const MAPPED: &str = "what each text stands for, such as { ON = true, OFF = false }";
const MISSING: &str = "what says that there is no value, such as [\"unavailable\", -999]";

/// Why a value cannot be written so.
#[derive(Debug, thiserror::Error)]
enum WrittenFault {
    #[error("is given for a {kind}, but only a double is scaled")]
    Scale { kind: &'static str },
    #[error("is 0, which makes every value the same")]
    Zero,
    #[error("is {found}, which no {kind} is")]
    Mapped { found: String, kind: &'static str },
    #[error("cannot be {found}")]
    Member { found: String, expected: &'static str },
    #[error("has {count} texts, but at most {MAX_TEXTS} are allowed")]
    Many { count: usize },
    #[error("has a text of {bytes} bytes, but at most {MAX_TEXT_BYTES} are allowed")]
    Long { bytes: usize },
    #[error("cannot be {suffix:?}")]
    Suffix { suffix: String },
    #[error("is given for a {kind}, but only numbers have a fraction")]
    Comma { kind: &'static str },
    #[error("has one name for both members")]
    SameMembers,
    #[error("is {kind}, but a value in bytes is a number")]
    BinaryOfText { kind: &'static str },
    #[error("is \"{found}\", which no {kind} is")]
    BinaryType { found: &'static str, kind: &'static str },
    #[error("are given for \"{found}\", but bits are those of an unsigned integer")]
    Bits { found: &'static str },
    #[error("end with bit {end}, but \"{found}\" has {width}")]
    BitsBeyond { end: usize, found: &'static str, width: usize },
}

impl Fault for WrittenFault {
    fn help(&self) -> String {
        match self {
            Self::Scale { .. } => "remove it, or change `type` to \"double\"".into(),
            Self::Zero => "write what a number is multiplied by, such as 0.1".into(),
            Self::Mapped { kind, .. } => match *kind {
                "double" => "write a number, such as 21.5".into(),
                "bigint" => "write a whole number".into(),
                "boolean" => "write true or false, without quotes".into(),
                "timestamp" => "write ISO-8601 text, or a number in the unit of [time]".into(),
                _ => "write text in double quotes".into(),
            },
            Self::Member { expected, .. } => format!("write {expected}"),
            Self::Many { .. } => "leave some out".into(),
            Self::Long { .. } => "shorten it".into(),
            Self::Suffix { .. } => {
                "write what stands behind the number, without white space around it".into()
            }
            Self::Comma { .. } => "remove it, or change `type` to \"double\" or \"bigint\"".into(),
            Self::SameMembers => "an element has a member for its time, and another for its value".into(),
            Self::BinaryOfText { .. } => {
                "change `type`, or write in `map` which text each number stands for".into()
            }
            Self::BinaryType { .. } => {
                "write an integer, such as \"i16\", or change the `type` of the measure".into()
            }
            Self::Bits { .. } => "write an unsigned type, such as \"u8\", or remove the bits".into(),
            Self::BitsBeyond { .. } => "bits count from 0, the lowest".into(),
        }
    }
}

/// Reads how a measure of type `kind` is written.
pub(super) fn read_written(
    section: &Section<'_>,
    kind: Option<MeasureType>,
    found: Found,
) -> Option<Written> {
    const DECIMALS: [(&str, Decimal); 2] = [("point", Decimal::Point), ("comma", Decimal::Comma)];
    let points = read_points(section, found);
    let binary = section.optional_table("binary", |binary| read_binary(binary, kind, section.has("map")));
    let missing = read_missing(section);
    let map = section.optional_table("map", |map| read_map(map, kind));
    let suffix = section.text_like("suffix", "the unit behind a number, such as \"°C\"");
    let suffix = suffix.check(|suffix| check_suffix(suffix)).optional();
    let decimal = section.choice("decimal", &DECIMALS).or(Decimal::Point);
    let scale = section.number("scale").optional();
    let offset = section.number("offset").optional();
    if scale == Some(Some(0.0)) {
        section.add("scale", WrittenFault::Zero);
    }
    if let Some(kind) = kind {
        for key in ["scale", "offset"] {
            if section.has(key) && kind != MeasureType::Double {
                section.add(key, WrittenFault::Scale { kind: kind.name() });
            }
        }
        if section.has("decimal") && !matches!(kind, MeasureType::Double | MeasureType::Bigint) {
            section.add("decimal", WrittenFault::Comma { kind: kind.name() });
        }
    }
    Some(Written {
        points: points?,
        binary: binary?,
        missing: missing?,
        map: map?.unwrap_or_default(),
        suffix: suffix?,
        decimal: decimal?,
        scale: scale?,
        offset: offset?,
    })
}

fn read_points(section: &Section<'_>, found: Found) -> Option<Points> {
    if found == Found::Senml {
        section.refuse("points", "with `senml = true`, where each record is a reading");
    }
    if section.has("binary") {
        section.refuse("points", "beside `binary`, whose bytes are one reading");
    }
    let read = |points: &Section<'_>| {
        let member = |name: &'static str, expected: &str| {
            points.text_like(name, expected).check(|name| check_member(name)).required()
        };
        let time = member("time", "the member of an element that holds its time, such as \"t\"");
        let value = member("value", "the member of an element that holds its value, such as \"v\"");
        let (time, value) = (time?, value?);
        if time == value {
            points.add_here(WrittenFault::SameMembers);
            return None;
        }
        Some(Points { time, value })
    };
    Some(section.optional_table("points", read)?.unwrap_or_default())
}

fn read_missing(section: &Section<'_>) -> Option<Vec<String>> {
    let members = section.array("missing", MISSING)?;
    let mut missing = Vec::new();
    for (spot, value) in &members {
        match value {
            Value::Text(text) if !text.trim().is_empty() => missing.push(text.trim().to_owned()),
            Value::Integer(written, value) => {
                missing.push(value.map_or_else(|| written.clone(), |value| value.to_string()));
            }
            Value::Float(number) if number.is_finite() => missing.push(number.to_string()),
            other => {
                let found = other.description();
                section.add_at(
                    spot,
                    WrittenFault::Member { found, expected: "text in double quotes or a number" },
                );
                return None;
            }
        }
    }
    check_texts(section, "missing", missing.iter().map(String::as_str))?;
    Some(missing)
}

fn read_map(section: &Section<'_>, kind: Option<MeasureType>) -> Option<BTreeMap<String, Mapped>> {
    let mut map = BTreeMap::new();
    let mut sound = true;
    for (spot, key, value) in section.members() {
        let mapped = match value {
            Value::Flag(flag) => Some(Mapped::Boolean(*flag)),
            Value::Integer(_, Some(integer)) => Some(Mapped::Integer(*integer)),
            Value::Float(number) if number.is_finite() => Some(Mapped::Number(*number)),
            Value::Text(text) => Some(Mapped::Text(text.clone())),
            _ => None,
        };
        let taken = mapped.filter(|mapped| kind.is_none_or(|kind| takes(kind, mapped)));
        match (taken, kind) {
            (Some(mapped), _) => drop(map.insert(key.trim().to_owned(), mapped)),
            (None, kind) => {
                sound = false;
                let found = value.description();
                let kind = kind.map_or("value", MeasureType::name);
                section.add_at(&spot, WrittenFault::Mapped { found, kind });
            }
        }
    }
    if map.is_empty() && sound {
        section.add_here(WrittenFault::Member { found: "empty".into(), expected: MAPPED });
        return None;
    }
    check_texts(section, "", map.keys().map(String::as_str))?;
    sound.then_some(map)
}

/// Whether a mapped value is one of a type.
fn takes(kind: MeasureType, mapped: &Mapped) -> bool {
    match kind {
        MeasureType::Double => matches!(mapped, Mapped::Integer(_) | Mapped::Number(_)),
        MeasureType::Bigint => matches!(mapped, Mapped::Integer(_)),
        MeasureType::Boolean => matches!(mapped, Mapped::Boolean(_)),
        MeasureType::Varchar => matches!(mapped, Mapped::Text(_)),
        MeasureType::Timestamp => matches!(mapped, Mapped::Integer(_) | Mapped::Number(_) | Mapped::Text(_)),
    }
}

fn check_texts<'t>(
    section: &Section<'_>,
    key: &'static str,
    texts: impl ExactSizeIterator<Item = &'t str>,
) -> Option<()> {
    let count = texts.len();
    let long = texts.map(str::len).find(|bytes| *bytes > MAX_TEXT_BYTES);
    let fault = if count > MAX_TEXTS {
        WrittenFault::Many { count }
    } else if let Some(bytes) = long {
        WrittenFault::Long { bytes }
    } else {
        return Some(());
    };
    if key.is_empty() {
        section.add_here(fault);
    } else {
        section.add(key, fault);
    }
    None
}

fn check_suffix(suffix: &str) -> Result<(), WrittenFault> {
    let usable = suffix.trim() == suffix
        && (1..=MAX_TEXT_BYTES).contains(&suffix.len())
        && !suffix.contains(char::is_control);
    if usable { Ok(()) } else { Err(WrittenFault::Suffix { suffix: suffix.to_owned() }) }
}

/// The name of a type of value in bytes, and what its values are.
const BINARY_TYPES: [(&str, BinaryType, Number); 12] = [
    ("u8", BinaryType::U8, Number::Unsigned),
    ("i8", BinaryType::I8, Number::Signed),
    ("u16", BinaryType::U16, Number::Unsigned),
    ("i16", BinaryType::I16, Number::Signed),
    ("u24", BinaryType::U24, Number::Unsigned),
    ("i24", BinaryType::I24, Number::Signed),
    ("u32", BinaryType::U32, Number::Unsigned),
    ("i32", BinaryType::I32, Number::Signed),
    ("u64", BinaryType::U64, Number::Unsigned),
    ("i64", BinaryType::I64, Number::Signed),
    ("f32", BinaryType::F32, Number::Fraction),
    ("f64", BinaryType::F64, Number::Fraction),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    Unsigned,
    Signed,
    Fraction,
}

fn read_binary(section: &Section<'_>, kind: Option<MeasureType>, is_mapped: bool) -> Option<Binary> {
    const ENCODINGS: [(&str, Encoding); 2] = [("base64", Encoding::Base64), ("hex", Encoding::Hex)];
    const ENDS: [(&str, Endian); 2] = [("big", Endian::Big), ("little", Endian::Little)];
    let encoding = section.choice("encoding", &ENCODINGS).required();
    let offset = section.integer("offset", 0..=MAX_OFFSET).or(0);
    let types = BINARY_TYPES.map(|(word, ..)| word).into_iter().zip(BINARY_TYPES);
    let types: Vec<_> = types.collect();
    let found = section.choice("type", &types).required();
    let endian = section.choice("endian", &ENDS).or(Endian::Big);
    let bits = section.optional_table("bits", |bits| {
        let lowest = bits.integer("lowest", 0..=63_u8).or(0);
        let count = bits.integer("count", 1..=64_u8).required();
        Some((lowest?, count?))
    });
    let (word, binary_type, number) = found?;
    if let Some(Some((lowest, count))) = bits {
        let (end, width) = (usize::from(lowest) + usize::from(count), 8 * binary_type.bytes());
        if number != Number::Unsigned {
            section.add("bits", WrittenFault::Bits { found: word });
        } else if end > width {
            section.add("bits", WrittenFault::BitsBeyond { end: end - 1, found: word, width });
        }
    }
    match kind {
        Some(MeasureType::Varchar) if !is_mapped => {
            section.add_here(WrittenFault::BinaryOfText { kind: "given for a varchar" });
        }
        Some(kind @ (MeasureType::Bigint | MeasureType::Boolean | MeasureType::Timestamp))
            if number == Number::Fraction && !is_mapped =>
        {
            section.add("type", WrittenFault::BinaryType { found: word, kind: kind.name() });
        }
        _ => {}
    }
    Some(Binary { encoding: encoding?, offset: offset?, kind: binary_type, endian: endian?, bits: bits? })
}
