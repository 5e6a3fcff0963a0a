//! A value of a result, from PostgreSQL's binary form to a field of the API.
//!
//! Which types there are,
//! [the documentation says](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.differences.html);
//! any other is refused, for a statement to cast it.

use std::error::Error as StdError;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_postgres::types::{FromSql, Kind, Type};

use crate::{
    numeric,
    wire::{Error, ErrorCode},
};

/// Microseconds from 1970 to 2000, from which PostgreSQL counts.
const EPOCH_MICROSECONDS: i64 = 946_684_800_000_000;

/// How numbers are written that JSON readers may round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Options {
    decimal_return_type: DecimalReturnType,
    long_return_type: LongReturnType,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum DecimalReturnType {
    #[default]
    String,
    DoubleOrLong,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum LongReturnType {
    #[default]
    Long,
    String,
}

/// A value as it came.
#[derive(Debug)]
pub struct Raw<'a> {
    kind: Type,
    /// `None` is null.
    pub bytes: Option<&'a [u8]>,
}

/// A value that can be read.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Null,
    Boolean(bool),
    Long(i64),
    Double(f64),
    Decimal(String),
    Text(String),
    Blob(Vec<u8>),
    Array(&'static str, Vec<Cell>),
}

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(kind: &Type, bytes: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self { kind: kind.clone(), bytes: Some(bytes) })
    }

    fn from_sql_null(kind: &Type) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self { kind: kind.clone(), bytes: None })
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl Raw<'_> {
    /// The field of a record.
    pub fn field(&self, options: Options) -> Result<Value, Error> {
        Ok(self.cell()?.with(options).field())
    }

    /// The value in a record that is written as JSON.
    pub fn json(&self, options: Options) -> Result<Value, Error> {
        Ok(self.cell()?.with(options).json())
    }

    fn cell(&self) -> Result<Cell, Error> {
        let Some(bytes) = self.bytes else { return Ok(Cell::Null) };
        cell(&self.kind, bytes)
    }
}

fn unsupported(kind: &Type) -> Error {
    let message = format!("The result contains the unsupported data type {}.", kind.name().to_uppercase());
    Error::new(ErrorCode::UnsupportedResult, message)
}

fn cell(kind: &Type, bytes: &[u8]) -> Result<Cell, Error> {
    if let Kind::Array(element) = kind.kind() {
        return array(element, bytes);
    }
    if let Kind::Enum(_) = kind.kind() {
        return Ok(Cell::Text(text(bytes)));
    }
    let malformed = || Error::new(ErrorCode::InternalServerError, format!("A {} is malformed.", kind.name()));
    let cell = match *kind {
        Type::BOOL => bytes.first().map(|byte| Cell::Boolean(*byte != 0)),
        Type::INT2 => fixed(bytes).map(|bytes| Cell::Long(i16::from_be_bytes(bytes).into())),
        Type::INT4 => fixed(bytes).map(|bytes| Cell::Long(i32::from_be_bytes(bytes).into())),
        Type::INT8 => fixed(bytes).map(|bytes| Cell::Long(i64::from_be_bytes(bytes))),
        Type::OID => fixed(bytes).map(|bytes| Cell::Long(u32::from_be_bytes(bytes).into())),
        // By its text, as drivers read it: 1.1 stays 1.1.
        Type::FLOAT4 => fixed(bytes)
            .and_then(|bytes| f32::from_be_bytes(bytes).to_string().parse().ok())
            .map(Cell::Double),
        Type::FLOAT8 => fixed(bytes).map(|bytes| Cell::Double(f64::from_be_bytes(bytes))),
        Type::NUMERIC => numeric::text(bytes).map(Cell::Decimal),
        Type::TEXT
        | Type::VARCHAR
        | Type::BPCHAR
        | Type::NAME
        | Type::CHAR
        | Type::JSON
        | Type::UNKNOWN
        | Type::VOID => Some(Cell::Text(text(bytes))),
        // A version is before its text.
        Type::JSONB => bytes.get(1..).map(|bytes| Cell::Text(text(bytes))),
        Type::UUID => fixed(bytes).map(|bytes| Cell::Text(uuid(u128::from_be_bytes(bytes)))),
        Type::BYTEA => Some(Cell::Blob(bytes.to_vec())),
        Type::DATE => fixed(bytes).and_then(|bytes| date(i32::from_be_bytes(bytes))).map(Cell::Text),
        Type::TIME => fixed(bytes).and_then(|bytes| time(i64::from_be_bytes(bytes))).map(Cell::Text),
        // One with a zone is written in UTC.
        Type::TIMESTAMP | Type::TIMESTAMPTZ => {
            fixed(bytes).and_then(|bytes| timestamp(i64::from_be_bytes(bytes))).map(Cell::Text)
        }
        _ => return Err(unsupported(kind)),
    };
    cell.ok_or_else(malformed)
}

/// Dimensions, a flag, the type of the elements; of each dimension its length and lower bound; of each element its
/// length and bytes.
fn array(element: &Type, bytes: &[u8]) -> Result<Cell, Error> {
    let malformed = || Error::new(ErrorCode::InternalServerError, "An array is malformed.");
    let Some(member) = cell_of(element) else { return Err(unsupported(element)) };
    let mut words = Words(bytes);
    let dimensions = words.next().ok_or_else(malformed)?;
    if dimensions > 1 {
        return Err(Error::new(
            ErrorCode::UnsupportedResult,
            "The result contains a multidimensional array.",
        ));
    }
    let (_flags, _element) = (words.next(), words.next());
    let (length, _bound) = if dimensions == 1 { (words.next(), words.next()) } else { (Some(0), None) };
    let mut cells = Vec::new();
    for _ in 0..length.ok_or_else(malformed)? {
        // A null has a length below zero.
        let Ok(length) = usize::try_from(words.next().ok_or_else(malformed)?) else {
            cells.push(Cell::Null);
            continue;
        };
        let (bytes, rest) = words.0.split_at_checked(length).ok_or_else(malformed)?;
        words.0 = rest;
        cells.push(cell(element, bytes)?);
    }
    Ok(Cell::Array(member, cells))
}

/// The member of an `arrayValue` that elements of this type are in.
fn cell_of(element: &Type) -> Option<&'static str> {
    match *element {
        Type::BOOL => Some("booleanValues"),
        Type::INT2 | Type::INT4 | Type::INT8 | Type::OID => Some("longValues"),
        Type::FLOAT4 | Type::FLOAT8 => Some("doubleValues"),
        Type::BYTEA => None,
        _ => Some("stringValues"),
    }
}

/// Big-endian words of four bytes.
struct Words<'a>(&'a [u8]);

impl Words<'_> {
    fn next(&mut self) -> Option<i32> {
        let (word, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(i32::from_be_bytes(*word))
    }
}

fn fixed<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn uuid(number: u128) -> String {
    let digits = format!("{number:032x}");
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

fn date(days: i32) -> Option<String> {
    match days {
        i32::MAX => Some("infinity".to_owned()),
        i32::MIN => Some("-infinity".to_owned()),
        _ => {
            let first = civil::date(2000, 1, 1);
            Some(first.checked_add(SignedDuration::from_hours(i64::from(days) * 24)).ok()?.to_string())
        }
    }
}

fn time(microseconds: i64) -> Option<String> {
    let midnight = civil::date(2000, 1, 1).at(0, 0, 0, 0);
    let time = midnight.checked_add(SignedDuration::from_micros(microseconds)).ok()?;
    // The last of a day has an hour that clocks do not show.
    Some(if time.day() > 1 { "24:00:00".to_owned() } else { time.time().to_string() })
}

fn timestamp(microseconds: i64) -> Option<String> {
    match microseconds {
        i64::MAX => Some("infinity".to_owned()),
        i64::MIN => Some("-infinity".to_owned()),
        _ => {
            let instant = Timestamp::from_microsecond(microseconds.checked_add(EPOCH_MICROSECONDS)?).ok()?;
            let utc = instant.to_zoned(TimeZone::UTC);
            Some(format!("{} {}", utc.date(), utc.time()))
        }
    }
}

impl Cell {
    fn with(self, options: Options) -> Self {
        match self {
            Self::Long(number) if options.long_return_type == LongReturnType::String => {
                Self::Text(number.to_string())
            }
            Self::Decimal(number) if options.decimal_return_type == DecimalReturnType::DoubleOrLong => {
                match (number.parse(), number.parse()) {
                    (Ok(long), _) => Self::Long(long),
                    (_, Ok(double)) => Self::Double(double),
                    _ => Self::Decimal(number),
                }
            }
            other => other,
        }
    }

    fn field(&self) -> Value {
        match self {
            Self::Null => json!({ "isNull": true }),
            Self::Boolean(_) => json!({ "booleanValue": self.json() }),
            Self::Long(_) => json!({ "longValue": self.json() }),
            Self::Double(_) => json!({ "doubleValue": self.json() }),
            Self::Decimal(_) | Self::Text(_) => json!({ "stringValue": self.json() }),
            Self::Blob(_) => json!({ "blobValue": self.json() }),
            Self::Array(member, _) => json!({ "arrayValue": { *member: self.json() } }),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Boolean(value) => json!(value),
            Self::Long(number) => json!(number),
            Self::Double(number) if number.is_nan() => json!("NaN"),
            Self::Double(number) if number.is_infinite() => {
                json!(if *number > 0.0 { "Infinity" } else { "-Infinity" })
            }
            Self::Double(number) => json!(number),
            Self::Decimal(text) | Self::Text(text) => json!(text),
            Self::Blob(bytes) => json!(STANDARD.encode(bytes)),
            Self::Array(_, cells) => cells.iter().map(Self::json).collect(),
        }
    }
}
