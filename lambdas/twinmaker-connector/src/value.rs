//! Values as TwinMaker writes them: [DataValue](https://docs.aws.amazon.com/iot-twinmaker/latest/apireference/API_DataValue.html).

use serde::Serialize;
use serde_json::Value;
use telemetry::MeasureType;

use crate::document::{Document, unexpected};
use crate::error::Error;
use crate::instant::Instant;
use crate::store::dialect::{Finite, Literal};

/// A value of a request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Given {
    /// `booleanValue`
    Boolean(bool),
    /// `doubleValue`
    Double(f64),
    /// `integerValue` or `longValue`
    Integer(i64),
    /// `stringValue`
    Text(String),
}

impl Given {
    const EXPECTED: &'static str =
        "exactly one of booleanValue, doubleValue, integerValue, longValue and stringValue";

    /// Reads a `DataValue`, which may have null in its other fields.
    pub fn read(value: &Value, path: &str) -> Result<Self, Error> {
        let fields = Document::new(value, path)?.fields();
        let mut there = fields.iter().filter(|(_, value)| !value.is_null());
        let (Some((name, content)), None) = (there.next(), there.next()) else {
            return Err(unexpected(path.trim_end_matches('.'), Self::EXPECTED, value));
        };
        let given = match (name.as_str(), content) {
            ("booleanValue", Value::Bool(boolean)) => Some(Self::Boolean(*boolean)),
            ("doubleValue", Value::Number(number)) => number.as_f64().map(Self::Double),
            ("integerValue" | "longValue", Value::Number(number)) => number.as_i64().map(Self::Integer),
            ("stringValue", Value::String(text)) => Some(Self::Text(text.clone())),
            _ => None,
        };
        let expected = match name.as_str() {
            "booleanValue" => "true or false",
            "doubleValue" => "a number",
            "integerValue" | "longValue" => "an integer of 64 bits",
            "stringValue" => "text",
            _ => return Err(unexpected(format!("{path}{name}"), Self::EXPECTED, content)),
        };
        given.ok_or_else(|| unexpected(format!("{path}{name}"), expected, content))
    }

    /// The literal that compares with a column of type `kind`; the other answer is what was expected.
    pub fn literal(&self, kind: MeasureType) -> Result<Literal, &'static str> {
        match (kind, self) {
            (MeasureType::Double | MeasureType::Bigint, Self::Double(number)) => {
                Finite::new(*number).map(Literal::Double).ok_or("a finite number")
            }
            (MeasureType::Double | MeasureType::Bigint, Self::Integer(number)) => {
                Ok(Literal::Bigint(*number))
            }
            (MeasureType::Double | MeasureType::Bigint, _) => {
                Err("a number, as doubleValue, integerValue or longValue")
            }
            (MeasureType::Boolean, Self::Boolean(boolean)) => Ok(Literal::Boolean(*boolean)),
            (MeasureType::Boolean, _) => Err("a truth value, as booleanValue"),
            (MeasureType::Varchar, Self::Text(text)) => Ok(Literal::Text(text.clone())),
            (MeasureType::Varchar, _) => Err("text, as stringValue"),
            (MeasureType::Timestamp, Self::Text(text)) => {
                let instant = Instant::parse(text).map(Instant::nanos);
                instant.map(Literal::Timestamp).ok_or("an ISO-8601 time, as stringValue")
            }
            (MeasureType::Timestamp, _) => Err("an ISO-8601 time, as stringValue"),
        }
    }
}

/// A value of an answer: JSON numbers and truth values, never text in their place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum DataValue {
    /// A truth value.
    #[serde(rename = "booleanValue")]
    Boolean(bool),
    /// A finite number.
    #[serde(rename = "doubleValue")]
    Double(f64),
    /// An integer of 32 bits.
    #[serde(rename = "integerValue")]
    Integer(i32),
    /// An integer of 64 bits.
    #[serde(rename = "longValue")]
    Long(i64),
    /// Text; of a measure of type timestamp ISO-8601 with nine digits of a second.
    #[serde(rename = "stringValue")]
    Text(String),
}

/// How values of a property are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `booleanValue`
    Boolean,
    /// `doubleValue`
    Double,
    /// `integerValue`
    Integer,
    /// `longValue`
    Long,
    /// `stringValue`
    Text,
    /// `stringValue`, of a timestamp
    Time,
}

impl Form {
    /// The form of a stored type, as the component type declares it; what it does not say, the model does.
    /// `None`: it declares something else.
    pub fn of(stored: MeasureType, declared: Option<&str>) -> Option<Self> {
        Some(match (stored, declared) {
            (MeasureType::Double, None | Some("DOUBLE")) | (MeasureType::Bigint, Some("DOUBLE")) => {
                Self::Double
            }
            (MeasureType::Bigint, None | Some("LONG")) => Self::Long,
            (MeasureType::Bigint, Some("INTEGER")) => Self::Integer,
            (MeasureType::Boolean, None | Some("BOOLEAN")) => Self::Boolean,
            (MeasureType::Varchar, None | Some("STRING")) => Self::Text,
            (MeasureType::Timestamp, None | Some("STRING")) => Self::Time,
            _ => return None,
        })
    }
}
