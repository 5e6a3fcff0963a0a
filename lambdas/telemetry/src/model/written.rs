//! How a measure's value is written in an event, and what is made of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What stands between the value that an event holds and the value that is stored. The steps are those of
/// the fields below, in this order; the default is none.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Written {
    /// The names of an element's members, where the measure is an array of readings.
    #[serde(default, skip_serializing_if = "Points::is_default")]
    pub points: Points,
    /// The field is text that stands for bytes, and the value is a part of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary: Option<Binary>,
    /// Texts that say that there is no value, for instance `unavailable` or `-999`. They are compared with
    /// the text of the value without the white space around it, or with the number as it is written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// What a text stands for, for instance `ON` for true. Compared as with `missing`; what is not in it is
    /// read as without it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, Mapped>,
    /// The unit behind a number in text, for instance `°C`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suffix: Option<String>,
    /// What separates the fraction of a number in text.
    #[serde(default, skip_serializing_if = "Decimal::is_point")]
    pub decimal: Decimal,
    /// What a number is multiplied by. Of a measure of type double alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<f64>,
    /// What is added to a number after that. Of a measure of type double alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<f64>,
}

/// The members of a reading that is an element of an array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Points {
    /// Its time, in the unit of the kind's time.
    pub time: String,
    /// Its value.
    pub value: String,
}

impl Default for Points {
    fn default() -> Self {
        Self { time: "ts".to_owned(), value: "value".to_owned() }
    }
}

impl Points {
    /// Whether the members have the names that they have where the model gives none.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A value in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binary {
    /// How the text stands for the bytes.
    pub encoding: Encoding,
    /// Where the value begins, in bytes from 0.
    pub offset: u32,
    /// What is there.
    #[serde(rename = "type")]
    pub kind: BinaryType,
    /// Which byte comes first.
    #[serde(default, skip_serializing_if = "Endian::is_big")]
    pub endian: Endian,
    /// Which bits of an unsigned integer are the value: the lowest, from 0, and how many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<(u8, u8)>,
}

/// How text stands for bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// [RFC 4648](https://www.rfc-editor.org/rfc/rfc4648), its usual or its URL-safe alphabet, with or
    /// without padding.
    Base64,
    /// Two digits a byte, of either case.
    Hex,
}

/// What a value in bytes is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "`U24` is an unsigned integer of 24 bits, and so on")]
pub enum BinaryType {
    U8,
    I8,
    U16,
    I16,
    U24,
    I24,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
}

impl BinaryType {
    /// How many bytes it takes.
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U24 | Self::I24 => 3,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }
}

/// Which byte of a value comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Endian {
    /// The highest.
    #[default]
    Big,
    /// The lowest.
    Little,
}

impl Endian {
    /// Whether the highest byte comes first.
    pub fn is_big(&self) -> bool {
        *self == Self::Big
    }
}

/// What separates the fraction of a number in text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decimal {
    /// `21.5`
    #[default]
    Point,
    /// `21,5`
    Comma,
}

impl Decimal {
    /// Whether numbers are written as JSON writes them.
    pub fn is_point(&self) -> bool {
        *self == Self::Point
    }
}

/// What a text stands for: a value that is read as if the event held it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Mapped {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Another number.
    Number(f64),
    /// Text.
    Text(String),
}
